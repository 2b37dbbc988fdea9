"""Texts out and in again: the same; and what sclite counts in them is what we count."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.engines.base import Segment
from workbench.errors import UnknownName, UsageError
from workbench.pipeline.transcript import join_texts
from workbench.runs.export import EXPORT_FORMATS, export_texts
from workbench.runs.hypotheses import parse_texts
from workbench.runs.nist import escape, unescape
from workbench.runs.records import ItemFailure, ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun
from workbench.runs.texts import score_files
from workbench.scoring.score import score
from workbench.text.rulers import find_ruler

sclite = pytest.mark.skipif(shutil.which("sctk") is None, reason="needs sclite (Debian package sctk)")

SPEC = RunSpec(
    eval_set="s", set_digest="", set_language="en", items=0, engine="e", model_id="", revision="", language="set",
    context="", chain="", device="", dtype="", batch_size=1,
)  # fmt: skip
RECORD = RunRecord(run_id="r", passed={}, spec=SPEC, environment={}, status="success", created="")

NASTY = [
    *("\n", "\r", "\t", " ", "\u3000", "\u2028", '"', "'", "'=", "=1+1", "-", "@", ",", "/", "%uh", "<b>", "&amp;"),
    *(
        "(a)",
        "(",
        ")",
        ";;",
        ";",
        "**",
        "*",
        "{",
        "}",
        "{ a / b }",
        "\\",
        "\\＠",
        "\\{",
        "𠮶",
        "好",
        "天",
        "café",
        "ｂ",
    ),
]
texts = st.lists(
    st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=8
).map("".join)


def result(name: str, text: str, reference: str = "", **fields: Any) -> ItemResult:
    return ItemResult(
        id=name,
        text=text,
        raw=text,
        reference=reference,
        language=None,
        finish="unknown",
        audio=f"/a/{name}.wav",
        **fields,
    )


def stored(*outcomes: ItemResult | ItemFailure) -> StoredRun:
    return StoredRun(record=RECORD, outcomes=outcomes)


def back(run: StoredRun, format: str, **arguments: Any) -> dict[str, str]:
    """Exported and read again."""
    content = export_texts(run, format, **arguments).content
    return {one.id: one.text for one in parse_texts(content.encode(), name="x", format=format).texts}


@given(several=st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
@example(several=[("'=1", "@"), ("\r\n", ";; (u0)"), ("", "\\＠ @ \\@")])
@pytest.mark.parametrize("format", ["jsonl", "nemo", "csv"])
def test_texts_come_back_as_they_were(format: str, several: list[tuple[str, str]]) -> None:
    run = stored(*(result(f"u{n}", text, reference) for n, (text, reference) in enumerate(several)))
    assert back(run, format) == {f"u{n}": text for n, (text, _) in enumerate(several)}
    content = export_texts(run, format).content.encode()
    said = parse_texts(content, name="x", format=format, side="reference").texts
    assert [one.text for one in said] == [reference for _, reference in several]


@given(text=texts, reference=texts)
@settings(max_examples=100, deadline=None)
@example(text=";; a comment (u1)", reference="@ \\＠ \\@")
def test_trn_changes_white_space_and_nothing_else(text: str, reference: str) -> None:
    run = stored(result("u", text, reference))
    assert back(run, "trn") == {"u": " ".join(text.split())}
    assert back(run, "trn", side="reference") == {"u": " ".join(reference.split())}


@given(parts=st.lists(texts, min_size=1, max_size=5))
@settings(max_examples=80, deadline=None)
def test_ctm_changes_spaces_beside_wide_characters_and_nothing_else(parts: list[str]) -> None:
    segments = tuple(Segment(start=float(n), end=n + 0.9, text=part) for n, part in enumerate(parts))
    heard = join_texts(word for part in parts for word in part.split())
    found = back_or_nothing(stored(result("u", " ".join(parts), segments=segments)))
    assert found == ({"u": heard} if heard else {})


def back_or_nothing(run: StoredRun) -> dict[str, str]:
    return back(run, "ctm") if export_texts(run, "ctm").content else {}


@given(word=texts.map(lambda text: "".join(text.split())))
@settings(max_examples=80, deadline=None)
def test_an_escaped_word_comes_back_and_holds_nothing_special(word: str) -> None:
    assert unescape(escape(word)) == word
    assert not re.search(r"[;*{}]|^@$|\\[!-~]", escape(word))


def test_segments_come_back_with_their_times() -> None:
    segments = (Segment(start=0.5, end=1.5, text="red fox"), Segment(start=2.0, end=3.0, text="ran"))
    run = stored(result("u", "red fox ran", segments=segments))
    content = export_texts(run).content.encode()
    assert parse_texts(content, name="x", format="jsonl").texts[0].segments == segments
    assert export_texts(run, "ctm").content.splitlines() == [
        "u 1 0.500 0.500 red",
        "u 1 1.000 0.500 fox",
        "u 1 2.000 1.000 ran",
    ]


def test_a_nemo_manifest_has_nemos_fields() -> None:
    run = stored(result("u", "heard", "said", duration=1.5), result("v", "heard"))
    first, second = map(json.loads, export_texts(run, "nemo").content.splitlines())
    assert first == {"audio_filepath": "/a/u.wav", "duration": 1.5, "text": "said", "pred_text": "heard", "id": "u"}
    assert "duration" not in second


def test_csv_opens_as_text_in_a_spreadsheet() -> None:
    content = export_texts(stored(result("u", '=HYPERLINK("x")', "-1")), "csv").content
    assert content == '\ufeffid,reference,text\r\nu,\'-1,"\'=HYPERLINK(""x"")"\r\n'


def test_clips_that_failed_have_no_text_and_are_named() -> None:
    failure = ItemFailure(id="v", reference="said", error="AudioUnreadable", message="It is damaged.")
    for format in EXPORT_FORMATS:
        segments = (Segment(start=0, end=1, text="heard"),)
        found = export_texts(stored(result("u", "heard", segments=segments), failure), format)
        assert (found.items, found.left_out) == (1, ("v",))
        assert "said" not in found.content


def test_texts_without_times_cannot_be_ctm() -> None:
    timed = result("u", "red fox", segments=(Segment(start=0, end=1, text="red fox"),))
    with pytest.raises(UsageError, match="1 of 2 texts lack them: v"):
        export_texts(stored(timed, result("v", "red")), "ctm")
    part = result("w", "red fox", segments=(Segment(start=0, end=1, text="red"),))
    with pytest.raises(UsageError, match="no text has them: w"):
        export_texts(stored(part), "ctm")
    assert export_texts(stored(timed, result("v", " ")), "ctm").items == 2


@pytest.mark.parametrize(
    ("format", "name"), [("trn", "a b"), ("trn", "a\nb"), ("trn", "a(1)"), ("ctm", "a b"), ("ctm", "")]
)
def test_ids_that_a_format_cannot_hold_are_refused(format: str, name: str) -> None:
    run = stored(result(name, "x", segments=(Segment(start=0, end=1, text="x"),)))
    if format == "trn" and name == "a b":
        assert back(run, "trn") == {"a b": "x"}
        return
    with pytest.raises(UsageError, match="cannot hold"):
        export_texts(run, format)


def test_what_cannot_be_asked_for_is_said() -> None:
    with pytest.raises(UnknownName, match="no format named 'docx'"):
        export_texts(stored(), "docx")
    for format in ("jsonl", "csv", "nemo", "ctm"):
        with pytest.raises(UsageError, match="reference"):
            export_texts(stored(), format, side="reference")


# Against sclite ------------------------------------------------------------------------------------------------------


def ask_sclite(folder: Path, run: StoredRun, *options: str, **arguments: Any) -> int:
    """Errors that sclite counts between a run's exported references and hypotheses."""
    for side in ("reference", "hypothesis"):
        exported = export_texts(run, "trn", side=side, **arguments)  # pyright: ignore[reportArgumentType]
        (folder / f"{side}.trn").write_text(exported.content, encoding="utf-8")
    words = ["sctk", "sclite", "-r", "reference.trn", "trn", "-h", "hypothesis.trn", "trn", "-i", "wsj", "-s"]
    return errors_in(folder, [*words, *options, "-o", "pra", "stdout"], len(run.outcomes))


def errors_in(folder: Path, command: list[str], size: int) -> int:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True)
    scores = re.findall(r"Scores: \(#C #S #D #I\) \d+ (\d+) (\d+) (\d+)", done.stdout)
    assert len(scores) == size
    return sum(int(one) for three in scores for one in three)


def ours(run: StoredRun, metric: str, ruler: str = "raw") -> int:
    results = [one for one in run.outcomes if isinstance(one, ItemResult)]
    found = score([(one.id, one.reference, one.text) for one in results], find_ruler(ruler))
    return found.metrics[metric].counts.errors + found.metrics[metric].insertions_on_empty  # type: ignore[index]


HOSTILE = [
    ("a @ c", "a x c"),
    ("{ um / uh } I", "um I"),
    ("x{y", "x y"),
    (";; b c", "b c"),
    ("** b", "b"),
    ("a;b c", "a c"),
    ("a* b", "a b"),
    ("x\\y", "xy"),
    ("he (said) so", "he so"),
    ("&amp; co", "& co"),
    ("one\ntwo", "one two"),
    ("", "@"),
    ("只係 @ 講", "只係 講"),
]


@sclite
def test_sclite_counts_what_we_count_in_texts_with_its_own_signs(tmp_path: Path) -> None:
    run = stored(*(result(f"u{n:02}", heard, said) for n, (said, heard) in enumerate(HOSTILE)))
    assert ask_sclite(tmp_path, run, "-e", "utf-8") == ours(run, "wer") > 10
    assert ask_sclite(tmp_path, run, "-c", "-e", "utf-8") == ours(run, "cer") > 20


@pytest.mark.speech
@sclite
@pytest.mark.parametrize(
    ("metric", "options"), [("wer", ()), ("cer", ("-c", "-e", "utf-8")), ("mer", ("-c", "NOASCII", "-e", "utf-8"))]
)
def test_sclite_counts_what_we_count_in_real_texts(
    speech: Path, tmp_path: Path, metric: str, options: tuple[str, ...]
) -> None:
    lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    said = {item["id"]: item.get("text") or "" for item in map(json.loads, lines)}
    heard = parse_texts((speech / "hypotheses" / "whisper-base.jsonl").read_bytes(), name="x", format="jsonl").texts
    run = stored(*(result(one.id, one.text, said[one.id]) for one in heard))
    assert len(heard) > 100
    # Apostrophes and Latin digits beside Han are units of sclite's own: NOASCII is compared under the ruler it fits.
    ruler = find_ruler("zh")
    assert ask_sclite(tmp_path, run, *options, ruler=ruler) == ours(run, metric, "zh")


@sclite
def test_sclite_reads_our_ctm(tmp_path: Path) -> None:
    said, heard = "the red fox @ ran {away}", "the red box ; ran {away} *now*"
    segments = (Segment(start=0.0, end=1.0, text="the red box ;"), Segment(start=1.5, end=2.5, text="ran {away} *now*"))
    run = stored(result("u", heard, said, segments=segments))
    (tmp_path / "hyp.ctm").write_text(export_texts(run, "ctm").content, encoding="utf-8")
    written = " ".join(map(escape, said.split()))
    (tmp_path / "ref.stm").write_text(f"u 1 spk 0.0 3.0 {written}\n", encoding="utf-8")
    command = [
        "sctk",
        "sclite",
        "-r",
        "ref.stm",
        "stm",
        "-h",
        "hyp.ctm",
        "ctm",
        "-s",
        "-e",
        "utf-8",
        "-o",
        "pra",
        "stdout",
    ]
    assert errors_in(tmp_path, command, 1) == ours(run, "wer") == 3


def test_an_exported_run_scores_as_the_run(tmp_path: Path) -> None:
    run = stored(result("u", "red box", "red fox"), result("v", "=1 好", "@ 好"))
    for format in ("jsonl", "csv"):
        file = tmp_path / f"run.{format}"
        file.write_text(export_texts(run, format).content, encoding="utf-8")
        found = score_files(file, file, ruler=find_ruler("basic"))
        assert found.score.metrics["wer"].counts.errors == ours(run, "wer", "basic") > 0

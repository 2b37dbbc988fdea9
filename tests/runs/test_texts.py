"""Two files of texts, paired by id and scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import ManifestError, RunError, UsageError
from workbench.runs.texts import score_files
from workbench.text.rulers import find_ruler

RULER = find_ruler("basic")


def lines(path: Path, texts: dict[str, str]) -> Path:
    written = "".join(json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items())
    path.write_text(written, encoding="utf-8")
    return path


def test_texts_are_paired_by_id_whatever_their_order(tmp_path: Path) -> None:
    ref = lines(tmp_path / "ref.jsonl", {"a": "red fox", "b": "one"})
    hyp = lines(tmp_path / "hyp.jsonl", {"b": "one", "a": "red box"})
    found = score_files(ref, hyp, ruler=RULER)
    assert found.score.metrics["wer"].rate == pytest.approx(1 / 3)
    assert (found.missing, found.unexpected) == ((), ())


def test_leaving_out_is_not_rewarded_and_extra_texts_are_named(tmp_path: Path) -> None:
    ref = lines(tmp_path / "ref.jsonl", {"a": "red fox", "b": "one two"})
    hyp = lines(tmp_path / "hyp.jsonl", {"a": "red fox", "c": "three"})
    found = score_files(ref, hyp, ruler=RULER)
    assert found.score.metrics["wer"].counts.deletions == 2
    assert found.score.metrics["wer"].rate == 0.5
    assert (found.missing, found.unexpected) == (("b",), ("c",))


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    ref = lines(tmp_path / "ref.jsonl", {"a": "x"})
    hyp = tmp_path / "hyp.jsonl"
    hyp.write_text(
        '{"id": "a", "text": "x"}\nnot json\n[1]\n{"id": 7.5, "text": "x"}\n{"id": "b"}\n{"id": "a", "text": ""}\n'
    )
    with pytest.raises(ManifestError) as caught:
        score_files(ref, hyp, ruler=RULER)
    assert [fault.split(": ")[0] for fault in caught.value.faults] == [f"hyp.jsonl:{n}" for n in (2, 3, 4, 5, 6)]
    assert "there twice" in caught.value.faults[-1]


def test_files_that_cannot_be_scored_are_said(tmp_path: Path) -> None:
    ref, other = lines(tmp_path / "ref.jsonl", {"a": "x"}), lines(tmp_path / "other.jsonl", {"b": "x"})
    with pytest.raises(RunError, match="no id in common"):
        score_files(ref, other, ruler=RULER)
    with pytest.raises(UsageError, match=r"no file gone\.jsonl"):
        score_files(ref, tmp_path / "gone.jsonl", ruler=RULER)
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ManifestError, match="no lines"):
        score_files(ref, tmp_path / "empty.jsonl", ruler=RULER)
    (tmp_path / "latin.jsonl").write_bytes('{"id": "a", "text": "é"}\n'.encode("latin-1"))
    with pytest.raises(ManifestError, match="not UTF-8"):
        score_files(ref, tmp_path / "latin.jsonl", ruler=RULER)


def test_a_mark_at_the_start_of_the_file_is_no_part_of_it(tmp_path: Path) -> None:
    ref = lines(tmp_path / "ref.jsonl", {"a": "x"})
    hyp = tmp_path / "hyp.jsonl"
    hyp.write_text('{"id": "a", "text": "x"}\n', encoding="utf-8-sig")
    assert score_files(ref, hyp, ruler=RULER).score.metrics["wer"].rate == 0


WRITTEN = {
    "jsonl": '{"id": "a", "text": "red fox"}\n{"id": "b", "text": "one"}\n',
    "csv": "id,text\na,red fox\nb,one\n",
    "tsv": "id\ttext\na\tred fox\nb\tone\n",
    "trn": "red fox (a)\none (b)\n",
    "ctm": "a 1 0.0 0.5 red\na 1 0.5 0.5 fox\nb 1 0 1 one\n",
}


@pytest.mark.parametrize("of_ref", WRITTEN)
@pytest.mark.parametrize("of_hyp", WRITTEN)
def test_any_format_is_scored_against_any_other(tmp_path: Path, of_ref: str, of_hyp: str) -> None:
    ref, hyp = tmp_path / f"ref.{of_ref}", tmp_path / f"hyp.{of_hyp}"
    ref.write_text(WRITTEN[of_ref], encoding="utf-8")
    hyp.write_text(WRITTEN[of_hyp].replace("fox", "box"), encoding="utf-8")
    found = score_files(ref, hyp, ruler=RULER)
    assert found.score.metrics["wer"].rate == pytest.approx(1 / 3)
    assert (found.missing, found.unexpected) == ((), ())


def test_recordings_are_paired_by_the_ends_of_their_paths(tmp_path: Path) -> None:
    ref, hyp = tmp_path / "ref.json", tmp_path / "hyp.trn"
    rows = [{"audio_filepath": f"/data/{name}.wav", "text": "one"} for name in ("a/1", "b/1", "b/2")]
    ref.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    hyp.write_text("one (2)\none (a/1)\none (c/1)\n", encoding="utf-8")
    found = score_files(ref, hyp, ruler=RULER)
    assert (found.missing, found.unexpected) == (("/data/b/1.wav",), ("c/1",))
    hyp.write_text("one (1)\none (2)\none (b/2)\n", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        score_files(ref, hyp, ruler=RULER)
    assert caught.value.faults == (
        "hyp.trn:1: '1' fits 2 clips: /data/a/1.wav, /data/b/1.wav",
        "hyp.trn:3: 'b/2' is /data/b/2.wav, whose text is on line 2",
    )

"""Stored runs held against the labels of their set."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.audio.io import read_clip
from workbench.engines.base import DecodeOptions
from workbench.engines.builtin import PLUGIN
from workbench.errors import RunError, UsageError
from workbench.evalsets.corrections import Correction, Corrections
from workbench.evalsets.model import EvalSet
from workbench.runs.records import ItemResult, RunStarted
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.suspects import SuspectLabels, find_suspect_labels, suspects_ruler
from workbench.scoring.suspects import ClipTexts, find_suspects
from workbench.settings import Settings
from workbench.text.rulers import find_ruler

NOBODY = Corrections(set="tones")
VISIBLE = (
    *("english/harvard_spk1_snt2", "english/harvard_spk2_snt1", "english/harvard_spk2_snt3"),
    "english_telephone/ast_dictate_enter_filename",
)
"""English clips whose published label is known to be wrong."""

Hear = Callable[..., StoredRun]


@pytest.fixture
def hear(run, tones: EvalSet, store: RunStore) -> Hear:
    """A stored run over six tones, heard as they are labelled but for the texts given."""

    def make(name: str, *, engine: str = "scripted", chain: str = "", beam_size: int = 1, **texts: str) -> StoredRun:
        events = list(run(tones, on_existing="again"))
        stored = store.load_run(next(one for one in events if isinstance(one, RunStarted)).run_id)
        options = {"beam_size": beam_size, "vad_filter": False}
        spec = replace(stored.record.spec, engine=engine, chain=chain, options=options)
        outcomes = tuple(
            replace(one, text=texts.get(one.id, one.reference)) if isinstance(one, ItemResult) else one
            for one in stored.outcomes
        )
        return replace(stored, record=replace(stored.record, run_id=name, spec=spec), outcomes=outcomes)

    return make


def judge(*runs: StoredRun, corrections: Corrections = NOBODY, limit: int | None = None) -> SuspectLabels:
    return find_suspect_labels(runs, ruler=find_ruler("en"), corrections=corrections, limit=limit)


def test_a_doubted_label_comes_with_what_is_needed_to_check_it(hear: Hear, tones: EvalSet) -> None:
    runs = [hear(name, t3="tune 3") for name in "abc"]
    said = Correction(id="t3", published="tone 3", status="wrong")
    found = judge(*runs, corrections=Corrections(set="tones", entries=(said,)))
    (row,) = found.rows
    assert (row.rank, row.suspect.id, row.suspect.consensus, row.suspect.agreeing) == (
        1,
        "t3",
        "tune 3",
        ("a", "b", "c"),
    )
    assert row.audio == str(tones.items[3].audio)
    assert row.tags["parity"] == "odd"
    assert row.correction == said
    assert (found.eval_set, found.judged, found.doubted, found.ruler) == ("tones", 6, 1, "en@1")


def test_witnesses_are_told_apart(hear: Hear) -> None:
    found = judge(hear("a", engine="builtin"), hear("b", engine="builtin", beam_size=5), hear("c", chain="highpass"))
    assert [one.name for one in found.witnesses] == ["builtin beam_size=1", "builtin beam_size=5", "scripted highpass"]
    assert [one.name for one in judge(hear("a"), hear("b")).witnesses] == ["scripted a", "scripted b"]


def test_only_as_many_rows_as_asked_for(hear: Hear) -> None:
    runs = [hear(name, t1="tune 1", t2="bone") for name in "ab"]
    found = judge(*runs, limit=1)
    assert (len(found.rows), found.doubted) == (1, 2)
    with pytest.raises(UsageError, match="limit of 0"):
        judge(*runs, limit=0)


def test_clips_whose_references_differ_between_runs_are_named(hear: Hear) -> None:
    one, other = hear("a"), hear("b")
    changed = (replace(other.outcomes[0], reference="tone zero"), *other.outcomes[1:])
    found = judge(one, replace(other, outcomes=changed))
    assert (found.reference_differs, found.judged) == (("t0",), 5)


def test_a_failed_clip_is_heard_by_the_others(hear: Hear) -> None:
    runs = [hear(name, t3="tune 3") for name in "abc"]
    short = replace(runs[2], outcomes=runs[2].outcomes[:3])
    found = judge(*runs[:2], short)
    assert found.judged == 6
    assert set(found.rows[0].suspect.texts) == {"a", "b"}


def test_runs_must_be_two_and_over_the_same_set(hear: Hear) -> None:
    one = hear("a")
    for runs in ((), (one,), (one, one)):
        with pytest.raises(UsageError, match="several runs"):
            judge(*runs)
    elsewhere = replace(hear("b"), outcomes=tuple(replace(outcome, id=f"x{outcome.id}") for outcome in one.outcomes))
    with pytest.raises(RunError, match="No clip"):
        judge(one, elsewhere)


def test_english_is_english_in_a_set_of_several_languages() -> None:
    assert [suspects_ruler(language) for language in ("mixed", "zh", "en", "fr")] == ["mixed", "zh", "en", "basic"]


@pytest.mark.speech
@pytest.mark.weights
@pytest.mark.long
def test_known_wrong_labels_rank_in_the_top_tenth(speech: Path, builtin_home: Path) -> None:
    """The English clips, by the given hypotheses and the built-in engine; it hears those that are not yet as labelled.

    What both have as labelled can be no suspect whatever a second system says of it, so it is taken to be heard alike.
    """
    ruler = find_ruler("en")
    given = {row["id"]: row["text"] for row in map(json.loads, (speech / "hypotheses/whisper-base.jsonl").open())}
    engine = PLUGIN.load(None, Settings(home=builtin_home))
    options = DecodeOptions(language="en", extra={"beam_size": 1, "temperature_fallback": False})
    clips = list[ClipTexts]()
    for row in map(json.loads, (speech / "manifest.jsonl").open(encoding="utf-8")):
        if row["language"] != "en" or row["id"] not in given:
            continue
        own = given[row["id"]]
        if ruler.apply(own) != ruler.apply(row["text"]):
            audio = read_clip(speech / row["audio_filepath"], sample_rate=16_000)
            (heard,) = engine.transcribe([audio], options)
            own = heard.text
        texts = {"given": given[row["id"]], "builtin": own}
        clips.append(ClipTexts(id=row["id"], reference=row["text"], texts=texts, group="en"))
    engine.close()
    ranked = [one.id for one in find_suspects(clips, ruler).suspects]
    ranks = {name: ranked.index(name) + 1 for name in VISIBLE}
    assert len(clips) == 71
    assert max(ranks.values()) <= len(clips) // 10, ranks

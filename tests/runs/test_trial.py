"""Systems on recordings without labels: what is labelled, and what the labels say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from workbench.errors import RunError
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun
from workbench.runs.sweep_store import Setting
from workbench.runs.trial import Label, Trial, assess_trial
from workbench.text.rulers import find_ruler

BASIC = find_ruler("basic")
GOOD, BAD = Setting("good", ""), Setting("bad", "")
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def run_of(texts: Mapping[str, str | None]) -> StoredRun:
    spec = RunSpec(
        eval_set="own", set_digest="d", set_language="en", items=len(texts), engine="e", model_id="m", revision="",
        language="set", context="", chain="", device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    outcomes: list[ItemOutcome] = [
        ItemFailure(id=id, reference="", error="E", message="It failed.")
        if text is None
        else ItemResult(id=id, reference="", text=text, raw=text, language=None, finish="eos", audio=f"{id}.flac")
        for id, text in texts.items()
    ]
    record = RunRecord(run_id="r", passed={}, spec=spec, environment={}, status="success", created="2026")
    return StoredRun(record=record, outcomes=tuple(outcomes))


@pytest.fixture(scope="module")
def heard() -> tuple[dict[str, str], dict[Setting, StoredRun]]:
    """What was said in 150 clips, and two systems of which one leaves out three times as many words."""
    draw = np.random.default_rng(1)
    said = {f"c{n:03d}": " ".join(draw.choice(WORDS, draw.integers(4, 20))) for n in range(150)}

    def system(chance: float) -> StoredRun:
        def text(spoken: str) -> str:
            words = spoken.split()
            return " ".join(word for word in words if draw.random() > chance)

        return run_of({id: text(spoken) for id, spoken in said.items()})

    return said, {GOOD: system(0.1), BAD: system(0.3)}


def assess(heard: Any, labelled: int, **changed: Any) -> tuple[Trial, dict[str, Label]]:
    """Label the clips that are asked for, one after the other."""
    said, runs = heard
    labels: dict[str, Label] = {}
    for _ in range(labelled):
        queue = assess_trial("t", runs, labels, ruler=BASIC, **changed).queue
        labels[queue[0]] = Label(text=said[queue[0]])
    return assess_trial("t", runs, labels, ruler=BASIC, **changed), labels


def rate(runs: Mapping[Setting, StoredRun], said: Mapping[str, str], setting: Setting) -> float:
    left_out = sum(
        len(said[one.id].split()) - len(one.text.split())
        for one in runs[setting].outcomes
        if isinstance(one, ItemResult)
    )
    return left_out / sum(len(text.split()) for text in said.values())


def test_before_any_label_there_is_an_order_and_no_rate(heard: Any) -> None:
    found, _ = assess(heard, 0)
    assert (found.labelled, found.wanted, found.draws, len(found.queue)) == (0, 20, 0, 20)
    assert [one.rate.value for one in found.systems] == [None, None]
    assert [one.apart for one in found.clips] == sorted((one.apart for one in found.clips), reverse=True)
    drawn = {one.id: one.apart for one in found.clips}
    assert np.mean([drawn[id] for id in found.queue]) > np.mean(list(drawn.values()))


def test_twenty_labels_tell_a_good_system_from_a_bad_one(heard: Any) -> None:
    said, runs = heard
    found, _ = assess(heard, 20)
    assert (found.labelled, found.queue) == (20, ())
    assert found.draws >= 20
    good, bad = found.systems
    for one, setting in ((good, GOOD), (bad, BAD)):
        assert one.rate.ci95 is not None
        assert one.rate.ci95[0] < rate(runs, said, setting) < one.rate.ci95[1]
    assert bad.verdict == "worse"
    assert bad.sentence.startswith("worse (+")


def test_systems_that_say_the_same_are_not_told_apart(heard: Any) -> None:
    said, runs = heard
    same = {GOOD: runs[GOOD], BAD: runs[GOOD]}
    found, _ = assess((said, same), 20)
    assert found.systems[1].verdict == "no difference shown"
    assert all(one.apart == 0 for one in found.clips)


def test_labels_of_clips_that_somebody_chose_do_not_count(heard: Any) -> None:
    said, runs = heard
    found, labels = assess(heard, 12)
    beyond = {id: Label(text=said[id]) for id in said if id not in {*found.queue, *labels}}
    more = assess_trial("t", runs, labels | beyond, ruler=BASIC)
    assert more.draws == found.draws
    assert [one.rate for one in more.systems] == [one.rate for one in found.systems]


def test_more_clips_to_label_begin_with_the_same_ones(heard: Any) -> None:
    few, many = assess(heard, 0)[0].queue, assess(heard, 0, wanted=40)[0].queue
    assert many[:20] == few
    assert len(assess(heard, 0, wanted=9999)[0].queue) == 150


def test_what_cannot_be_understood_is_in_no_rate(heard: Any) -> None:
    _, runs = heard
    found, _ = assess(heard, 0)
    nothing = {id: Label(text="", usable=False) for id in found.queue}
    told = assess_trial("t", runs, nothing, ruler=BASIC)
    assert told.labelled == 20
    assert [one.rate.value for one in told.systems] == [None, None]


def test_a_clip_that_a_system_failed_on_is_left_out(heard: Any) -> None:
    said, runs = heard
    texts = {one.id: one.text for one in runs[BAD].outcomes if isinstance(one, ItemResult)}
    broken = run_of(texts | {"c000": None, "c001": None})
    found = assess_trial("t", {GOOD: runs[GOOD], BAD: broken}, {}, ruler=BASIC)
    assert (len(found.clips), found.lacking) == (148, 2)
    with pytest.raises(RunError, match="transcribed by all"):
        assess_trial("t", {GOOD: runs[GOOD], BAD: run_of(dict.fromkeys(said))}, {}, ruler=BASIC)

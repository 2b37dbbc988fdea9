"""What differs between two runs, by what it can change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import jiwer
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.runs.environment import PACKAGES, environment
from workbench.runs.made import EFFECTS, compare_making, environment_facts, spec_facts
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.run_diff import diff_json, diff_runs
from workbench.runs.store import StoredRun
from workbench.text.rulers import find_ruler

SPEC = RunSpec(
    eval_set="s", set_digest="d", set_language="en", items=3, engine="e", model_id="m", revision="1", language="set",
    context="", options={"beam_size": 5, "vad": True}, chain="gain@1", device="cpu", dtype="int8", batch_size=1,
)  # fmt: skip
HERE: Mapping[str, Any] = {
    "packages": {"torch": "2.0", "gradio": "6"}, "python": "3.11", "platform": "Linux", "cpu": "c", "cpus": 2,
    "cpus_usable": 2, "memory_bytes": 1, "threads": {"OMP_NUM_THREADS": None},
    "git": {"commit": "abc", "dirty": False}, "gpus": [], "rulers": {"en@1": "aa"},
}  # fmt: skip
BASIC = find_ruler("basic")


def result(name: str, text: str, reference: str = "r") -> ItemResult:
    return ItemResult(id=name, reference=reference, text=text, raw=text, language=None, finish="eos")


def stored(*outcomes: ItemOutcome, spec: RunSpec = SPEC, environment: Mapping[str, Any] = HERE) -> StoredRun:
    record = RunRecord(run_id="r", passed={}, spec=spec, environment=environment, status="success", created="")
    return StoredRun(record=record, outcomes=outcomes)


def test_every_field_of_a_spec_and_of_an_environment_is_a_fact() -> None:
    one = replace(SPEC, **{field.name: getattr(SPEC, field.name) for field in fields(SPEC)})
    assert len(list(spec_facts(one))) == len(fields(SPEC)) - 1 + len(SPEC.options)
    here = environment()
    names = {fact.name for fact in environment_facts(here)}
    singles = set(here) - {"packages", "threads", "rulers", "git"}
    assert len(names) == len(singles) + len(PACKAGES) + len(here["threads"]) + len(here["rulers"]) + 2


def test_nothing_differs_from_itself() -> None:
    found = compare_making(SPEC, HERE, SPEC, json.loads(json.dumps(HERE)))
    assert found.differences == ()
    assert found.doubts == ()
    assert {"engine", "option beam_size", "package torch", "code", "OMP_NUM_THREADS", "ruler en@1"} <= set(found.same)


def test_differences_are_told_by_what_they_can_change() -> None:
    there = {
        **HERE,
        "packages": {"torch": "2.1", "gradio": "7"},
        "cpus": 8,
        "git": {"commit": "abd", "dirty": False},
        "rulers": {"en@1": "bb"},
    }
    spec = replace(SPEC, eval_set="other", options={"beam_size": 1, "vad": True}, chain="gain@2", dtype="float16")
    found = compare_making(SPEC, HERE, spec, there)
    names = {effect: {one.name for one in found.that_change(effect)} for effect in EFFECTS}
    assert names == {
        "text": {"option beam_size", "chain", "precision", "package torch", "code"},
        "time": {"processors"},
        "neither": {"set", "package gradio", "ruler en@1"},
    }
    chain = next(one for one in found.differences if one.name == "chain")
    assert (chain.a, chain.b) == ("gain@1", "gain@2")
    assert all(one.why.endswith(".") for one in found.differences)


def test_what_cannot_be_told_is_a_doubt_and_no_difference() -> None:
    older = {name: value for name, value in HERE.items() if name not in ("threads", "rulers")}
    found = compare_making(SPEC, older, SPEC, HERE)
    assert found.differences == ()
    assert found.doubts == ("Not recorded of A, so whether it differs is not known: OMP_NUM_THREADS, ruler en@1.",)
    changed = {**HERE, "git": {"commit": "abc", "dirty": True}}
    [doubt] = compare_making(SPEC, changed, SPEC, changed).doubts
    assert "changes since its commit" in doubt
    assert [one.name for one in compare_making(SPEC, HERE, SPEC, changed).differences] == ["code changed"]


def test_texts_are_held_against_each_other_clip_by_clip() -> None:
    failed = ItemFailure(id="f", reference="r", error="E", message="M.")
    a = stored(
        result("same", "one two"), result("case", "One two."), result("word", "one 二三"), failed, result("a", "x")
    )
    b = stored(
        result("word", "one 二 four"),
        result("same", "one two"),
        result("case", "one two"),
        result("f", "y"),
        result("b", "x", "s"),
    )
    texts = diff_runs(a, b, ruler=BASIC).texts
    assert (texts.compared, texts.identical) == (3, 2 - 1)
    assert [(one.id, one.counts.errors, one.same_under_ruler) for one in texts.differing] == [
        ("case", 2, True),
        ("word", 1, False),
    ]
    assert (texts.counts.substitutions, texts.counts.errors) == (3, 3)
    assert (texts.only_in_a, texts.only_in_b) == (("a",), ("b",))
    assert (texts.failed_in_a, texts.failed_in_b) == (("f",), ())
    assert not texts.all_identical
    assert texts.sentence == (
        "Texts identical in 1 of 3 clips; 2 differ, by 3 units in all, 1 of them also under the ruler "
        f"basic@1 {BASIC.hash}."
    )


words = st.lists(st.sampled_from(["one", "two", "three", "Four"]), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=5))
def test_units_are_those_of_an_outside_scorer_and_add(pairs: list[tuple[str, str]]) -> None:
    a = stored(*(result(f"i{n}", one) for n, (one, _) in enumerate(pairs)))
    b = stored(*(result(f"i{n}", other) for n, (_, other) in enumerate(pairs)))
    texts = diff_runs(a, b, ruler=BASIC).texts
    oracle = [jiwer.process_words(one, other) for one, other in pairs]
    assert texts.counts.errors == sum(one.substitutions + one.deletions + one.insertions for one in oracle)
    assert texts.identical == sum(one == other for one, other in pairs)
    other_way = diff_runs(b, a, ruler=BASIC).texts
    assert other_way.counts.errors == texts.counts.errors
    document = diff_json(diff_runs(a, b, ruler=BASIC))
    assert sum(one["differing"] for one in document["texts"]["items"]) == document["texts"]["units"]["differing"]

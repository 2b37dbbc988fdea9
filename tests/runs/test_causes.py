"""A stored run's errors, taken apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import pytest

from workbench.engines.scripted import ScriptedPlugin
from workbench.evalsets.model import EvalSet
from workbench.runs.causes import find_causes
from workbench.runs.causes_report import MOST_CONFUSIONS, causes_json
from workbench.runs.store import RunStore
from workbench.runs.summary import summarise
from workbench.scoring.codeswitch import CodeSwitch
from workbench.scoring.counts import Tally
from workbench.scoring.hallucination import Hallucinations
from workbench.scoring.terms import TermCounts
from workbench.text.rulers import find_ruler


@pytest.mark.parametrize(
    ("language", "has_sounds", "has_mandarin"), [("yue", True, True), ("zh-en", True, False), ("en", False, False)]
)
def test_causes_add_up_to_the_runs_own_errors(
    run: Callable[..., Any],
    store: RunStore,
    scripted: ScriptedPlugin,
    tones: EvalSet,
    language: str,
    has_sounds: bool,
    has_mandarin: bool,
) -> None:
    scripted.script = {"*": "佢是 the 先生"}
    items = tuple(replace(item, reference="佢係 a 先生", language=language) for item in tones.items)
    *_, last = run(replace(tones, items=items, language=language))
    stored = store.load_run(last.run_id)
    ruler = find_ruler("zh")
    found = find_causes(stored, ruler=ruler)
    measured = summarise(stored, ruler=ruler).metrics["mer"].counts
    last_of_ruler = [stage for stage in found.waterfall.stages if not stage.beyond][-1]
    assert last_of_ruler.total("mer").counts == measured
    assert found.analysis.codeswitch.han + found.analysis.codeswitch.latin + found.analysis.codeswitch.other == measured
    assert (found.analysis.sounds is not None) == has_sounds
    assert (found.analysis.written_mandarin is not None) == has_mandarin
    if found.analysis.written_mandarin is not None:
        assert found.analysis.written_mandarin.rewritten == len(items)


def test_tags_divide_what_the_run_has(
    run: Callable[..., Any], store: RunStore, scripted: ScriptedPlugin, tones: EvalSet
) -> None:
    scripted.script = {"t0.wav": "佢是 the GPU", "t1.wav": "佢係 a CPU", "*": "佢係 a GPU 先生"}
    items = tuple(replace(item, reference="佢係 a GPU 先生", language="zh-en") for item in tones.items)
    *_, last = run(replace(tones, items=items, language="zh-en"))
    stored = store.load_run(last.run_id)
    found = find_causes(stored, ruler=find_ruler("zh"), terms=["GPU", "先生", "CPU", "TPU"])
    assert found.run_id == last.run_id
    assert found.analysis.terms == {
        "GPU": TermCounts(found=5, missed=1),
        "先生": TermCounts(found=4, missed=2),
        "CPU": TermCounts(inserted=1),
        "TPU": TermCounts(),
    }
    halves = [one for one in found.by_tag if one.tag == "parity"]
    assert [(one.value, one.scored) for one in halves] == [("even", 3), ("odd", 3)]
    whole = [stage for stage in found.waterfall.stages if not stage.beyond][-1].total("mer")
    assert reduce(add, (one.total for one in halves), Tally()) == whole
    assert reduce(add, (one.kinds.codeswitch for one in halves), CodeSwitch()) == found.analysis.codeswitch
    assert reduce(add, (one.kinds.hallucinations for one in halves), Hallucinations()) == found.analysis.hallucinations
    assert halves[0].kinds.sounds is not None
    assert halves[1].kinds.sounds is not None
    assert halves[0].kinds.sounds + halves[1].kinds.sounds == found.analysis.sounds
    assert halves[0].kinds.terms == {"GPU": TermCounts(found=3), "先生": TermCounts(found=2, missed=1)}
    assert halves[1].kinds.terms["CPU"] == TermCounts(inserted=1)


def test_causes_are_a_document(
    run: Callable[..., Any], store: RunStore, scripted: ScriptedPlugin, tones: EvalSet
) -> None:
    scripted.script = {"*": " ".join(f"word{n}" for n in range(MOST_CONFUSIONS + 9))}
    *_, last = run(tones)
    found = find_causes(store.load_run(last.run_id), ruler=find_ruler("basic"), terms=["tone", "word3"])
    document = json.loads(json.dumps(causes_json(found), allow_nan=False))
    assert document["terms"]["tone"] == {"found": 0, "missed": 6, "inserted": 0, "recall": 0.0, "precision": None}
    assert document["terms"]["word3"]["recall"] is None
    assert [stage["group"] for stage in document["waterfall"]] == ["raw", "punctuation", "fillers"]
    assert document["waterfall"][1]["metrics"]["wer"]["reference_length"] == 12
    of_all = document["confusions"]
    assert sum(one["kinds"] for one in of_all.values()) >= MOST_CONFUSIONS + 9
    assert all(len(one["most_frequent"]) == min(MOST_CONFUSIONS, one["kinds"]) for one in of_all.values())
    assert {(one["tag"], one["value"], one["scored"]) for one in document["by_tag"]} == {
        ("parity", "even", 3),
        ("parity", "odd", 3),
    }
    assert sum(one["errors"] for one in document["by_tag"]) == document["waterfall"][1]["metrics"]["wer"]["errors"]
    assert document["sounds"] is document["written_mandarin"] is None

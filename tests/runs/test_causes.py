"""A stored run's errors, taken apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbench.engines.scripted import ScriptedPlugin
from workbench.evalsets.model import EvalSet
from workbench.runs.causes import find_causes
from workbench.runs.store import RunStore
from workbench.runs.summary import summarise
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

"""Engines × chains × sets: run once, gone on with, held against each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineUnavailable, RunError, UnknownName
from workbench.evalsets.model import EvalSet
from workbench.pipeline.measurement import Measurement
from workbench.runs.charts.scatter import CostPoint, trade_off_chart
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemResult, RunEvent, RunRecord, RunSpec
from workbench.runs.report import sweep_json
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.sheets import sweep_csv
from workbench.runs.reporting.sweep_report import report_sweep
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.sweep import CellDone, CellFailed, CellStarted, SweepStarted, run_sweep
from workbench.runs.sweep_store import Cell, CellRun, Setting, SweepRecord, SweepStore
from workbench.runs.sweep_table import frontier, pool_runs, tabulate
from workbench.settings import Settings
from workbench.text.rulers import find_ruler

Run = Callable[..., Generator[RunEvent, None, None]]
BASIC = find_ruler("basic")
CHAINS = ("", "gain", "highpass")
SAID = "one two three four five six seven eight nine ten"


@pytest.fixture
def sweeps(settings: Settings) -> SweepStore:
    return SweepStore(settings)


@pytest.fixture
def sets(tones: EvalSet) -> dict[str, EvalSet]:
    """Two sets with the same ids."""
    return {"tones": tones, "others": replace(tones, name="others", items=tones.items[:3])}


def begun(sweeps: SweepStore, **changed: Any) -> SweepRecord:
    settings = [Setting("scripted", chain) for chain in CHAINS]
    return sweeps.begin(**{"settings": settings, "sets": ["tones", "others"], "passed": {}} | changed)


def cell_runner(run: Run, sets: dict[str, EvalSet]) -> Callable[[Cell], Generator[RunEvent, None, None]]:
    return lambda cell: run(sets[cell.eval_set], chain=cell.setting.chain, on_existing="resume")


def transcribed(scripted: ScriptedPlugin) -> int:
    """How many clips of the sets were heard, with the one that warms up for each run that has something to do."""
    return sum(clip.source.endswith(".wav") for call in scripted.journal.calls for clip in call.clips)


def drained(events: Iterator[Any]) -> list[Any]:
    return list(events)


# Running -------------------------------------------------------------------------------------------------------------


def test_every_cell_is_run_once_and_a_second_sweep_transcribes_nothing(
    run: Run, sets: dict[str, EvalSet], sweeps: SweepStore, scripted: ScriptedPlugin
) -> None:
    first = drained(run_sweep(begun(sweeps), run=cell_runner(run, sets), store=sweeps))
    assert [event.cells for event in first if isinstance(event, SweepStarted)] == [6]
    assert [event.reused for event in first if isinstance(event, CellDone)] == [False] * 6
    assert transcribed(scripted) == 3 * (6 + 3) + 6
    record = begun(sweeps)
    assert record.finished
    again = drained(run_sweep(record, run=cell_runner(run, sets), store=sweeps))
    assert [event.reused for event in again if isinstance(event, CellDone)] == [True] * 6
    assert transcribed(scripted) == 3 * (6 + 3) + 6
    assert [one.run_id for one in begun(sweeps).runs] == [one.run_id for one in record.runs]


def test_a_sweep_that_was_stopped_goes_on_and_says_the_same(
    run: Run, sets: dict[str, EvalSet], sweeps: SweepStore, store: RunStore, scripted: ScriptedPlugin
) -> None:
    events = run_sweep(begun(sweeps), run=cell_runner(run, sets), store=sweeps)
    heard = 0
    for event in events:  # stopped in the middle of the third cell
        heard += isinstance(event, ItemResult)
        if heard == 11:
            break
    events.close()
    stopped = begun(sweeps)
    assert len(stopped.runs) == 2
    assert not stopped.finished
    with pytest.raises(RunError, match="nothing to compare yet: 1 of 3"):
        tabulate(stopped, load=store.load_run, ruler=BASIC)
    drained(run_sweep(stopped, run=cell_runner(run, sets), store=sweeps))
    assert transcribed(scripted) == 3 * (6 + 3) + 7
    whole = tabulate(begun(sweeps), load=store.load_run, ruler=BASIC)
    alone = SweepStore(Settings(home=store.folder.parent / "elsewhere"))
    drained(run_sweep(begun(alone), run=cell_runner(run, sets), store=alone))
    same = tabulate(begun(alone), load=store.load_run, ruler=BASIC)
    assert [(row.setting, row.rank.metrics) for row in whole.rows] == [
        (row.setting, row.rank.metrics) for row in same.rows
    ]


def test_a_cell_that_fails_does_not_stop_the_others_and_is_tried_again(
    run: Run, sets: dict[str, EvalSet], sweeps: SweepStore, store: RunStore
) -> None:
    broken = True

    def sometimes(cell: Cell) -> Generator[RunEvent, None, None]:
        if broken and cell.setting.chain == "gain" and cell.eval_set == "others":
            raise EngineUnavailable("scripted", "it is away", hint="Wait.")
        yield from cell_runner(run, sets)(cell)

    events = drained(run_sweep(begun(sweeps), run=sometimes, store=sweeps))
    (failed,) = [event for event in events if isinstance(event, CellFailed)]
    assert "it is away" in failed.message
    assert sum(isinstance(event, CellStarted) for event in events) == 6
    found = tabulate(begun(sweeps), load=store.load_run, ruler=BASIC)
    assert {row.setting.chain for row in found.rows} == {"", "highpass"}
    assert found.lacking == (Cell(Setting("scripted", "gain"), "others"),)
    broken = False
    drained(run_sweep(begun(sweeps), run=sometimes, store=sweeps))
    assert len(tabulate(begun(sweeps), load=store.load_run, ruler=BASIC).rows) == 3


def test_a_sweep_is_known_by_what_it_does(sweeps: SweepStore) -> None:
    first = begun(sweeps)
    spelt = [Setting("scripted", chain) for chain in ("none", "gain@1:peak_db=-3", "highpass:order=4")]
    assert begun(sweeps, settings=spelt).sweep_id == first.sweep_id
    assert begun(sweeps, passed={"limit": 3}).sweep_id != first.sweep_id
    assert begun(sweeps, again=True).created >= first.created
    sweeps.delete(first.sweep_id)
    with pytest.raises(UnknownName):
        sweeps.load(first.sweep_id)


def test_a_damaged_sweep_is_named_when_it_is_asked_for(sweeps: SweepStore) -> None:
    record = begun(sweeps)
    (sweeps.folder / f"{record.sweep_id}.json").write_text('{"format_version": 1')
    assert sweeps.list_sweeps() == []
    with pytest.raises(RunError, match="cannot be read"):
        sweeps.load(record.sweep_id)


# The answer ----------------------------------------------------------------------------------------------------------


def stored(name: str, chain: str, errors: list[int], *, rtf: float, language: str = "en") -> StoredRun:
    spec = RunSpec(
        eval_set=name, set_digest="d", set_language=language, items=len(errors), engine="e", model_id="m", revision="",
        language="set", context="", chain=chain, device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    cost = Measurement(wall_seconds=10 * rtf, cpu_seconds=1.0, audio_seconds=10.0, peak_rss_bytes=10**8)
    return StoredRun(
        record=RunRecord(
            run_id=f"{name}-{chain}", passed={}, spec=spec, environment={}, status="success",
            created="2026-01-01T00:00:00+00:00", wall_seconds=10 * rtf * len(errors),
        ),
        outcomes=tuple(
            ItemResult(
                id=f"i{place}", reference=SAID, text=" ".join(SAID.split()[wrong:]), raw="", language=None,
                finish="eos", measurement=cost,
            )
            for place, wrong in enumerate(errors)
        ),
    )  # fmt: skip


def planted(effects: dict[str, tuple[float, float]], *, clips: int = 120) -> tuple[SweepRecord, dict[str, StoredRun]]:
    """A sweep whose settings make so many errors a clip, and take so long.

    Args:
        effects: By chain: the mean number of errors among ten words, and the real-time factor.
        clips: In each of two sets.
    """
    draw = np.random.default_rng(5)
    runs: dict[str, StoredRun] = {}
    record = SweepRecord(
        sweep_id="s", settings=tuple(Setting("e", chain) for chain in effects), sets=("calls", "talks"), created="2026"
    )
    for name in record.sets:
        hardness = draw.gamma(2.0, 0.5, clips)
        for chain, (mean, rtf) in effects.items():
            errors = np.minimum(draw.poisson(mean * hardness), 10)
            runs[f"{name}-{chain}"] = stored(name, chain, errors.tolist(), rtf=rtf)
            record = record.with_run(CellRun(cell=Cell(Setting("e", chain), name), run_id=f"{name}-{chain}"))
    return record, runs


def test_a_planted_effect_is_found_and_a_planted_nothing_is_not() -> None:
    record, runs = planted({"": (2.0, 0.2), "gain": (2.0, 0.3), "denoise": (3.0, 0.5), "trim": (1.2, 0.4)})
    found = tabulate(record, load=runs.__getitem__, ruler=BASIC)
    assert found.baseline == Setting("e", "")
    verdicts = {row.setting.chain: row.rank.against_baseline for row in found.rows}
    assert verdicts[""] is None
    assert {chain: one.verdict for chain, one in verdicts.items() if one is not None} == {
        "trim": "better", "gain": "no difference shown", "denoise": "worse",
    }  # fmt: skip
    assert found.rows[0].setting.chain == "trim"
    assert {row.setting.chain: set(row.best) for row in found.rows} == {
        "trim": {"time", "memory"}, "": {"time"}, "gain": set(), "denoise": set(),
    }  # fmt: skip
    gain = next(one for one in found.rows if one.setting.chain == "gain")
    assert gain.rank.against_baseline is not None
    assert gain.rank.against_baseline.more_needed is None or "more" in gain.rank.against_baseline.sentence
    assert {one.difference.among for row in found.rows for one in row.sets if one.difference} == {6}


def test_all_sets_together_add_errors_and_units() -> None:
    record, runs = planted({"": (2.0, 0.2), "gain": (1.0, 0.3)}, clips=20)
    runs["talks-"] = replace(runs["talks-"], outcomes=runs["talks-"].outcomes[:5])
    runs["talks-gain"] = replace(runs["talks-gain"], outcomes=runs["talks-gain"].outcomes[:5])
    found = tabulate(record, load=runs.__getitem__, ruler=BASIC)
    for row in found.rows:
        parts = [one.rate.counts for one in row.sets]
        together = row.rank.metrics[found.metric].counts
        assert together.errors == sum(one.errors for one in parts)
        assert together.reference_length == sum(one.reference_length for one in parts) == 250


def test_pooled_runs_rank_as_one_set_of_their_clips() -> None:
    record, runs = planted({"": (2.0, 0.2), "gain": (1.0, 0.3)}, clips=30)
    pooled = [
        pool_runs([runs[f"{name}-{chain}"] for name in record.sets], label=chain or "none") for chain in ("", "gain")
    ]
    assert rank_runs(pooled, ruler=BASIC).common == 60
    assert {outcome.tags["set"] for outcome in pooled[0].outcomes} == {"calls", "talks"}
    assert len({outcome.id for outcome in pooled[0].outcomes}) == 60
    mixed = pool_runs([runs["calls-"], stored("duo", "", [1], rtf=0.1, language="zh")], label="x")
    assert mixed.record.spec.set_language == "mixed"


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=9))
def test_the_frontier_is_what_nobody_beats(points: list[tuple[int, int]]) -> None:
    found = frontier([(float(x), float(y)) for x, y in points])
    for place, (x, y) in enumerate(points):
        beaten = any((a < x and b <= y) or (a <= x and b < y) for a, b in points)
        assert (place in found) == (not beaten)


def test_what_is_not_known_is_on_no_frontier() -> None:
    assert frontier([(None, 1.0), (0.1, None), (0.5, 0.5)]) == {2}


def test_documents_of_a_sweep_hold_its_figures() -> None:
    record, runs = planted({"": (2.0, 0.2), "gain": (1.0, 0.3), "trim": (1.0, 0.4)}, clips=30)
    found = tabulate(record, load=runs.__getitem__, ruler=BASIC)
    document = json.loads(json.dumps(sweep_json(found)))
    assert [row["place"] for row in document] == [row.rank.place for row in found.rows]
    assert [len(row["sets"]) for row in document] == [2, 2, 2]
    lines = sweep_csv(found).splitlines()
    assert len(lines) == 1 + 3 * (1 + 2)
    page = write_html(report_sweep(found))
    assert "workbench sweep calls talks --chain &#x27;&#x27; --chain gain --chain trim --engine e" in page
    assert page.count('class="wb-chart"') >= 4
    for row in found.rows:
        assert row.setting.label in page


def test_a_chart_with_hostile_names_and_missing_costs_is_drawn() -> None:
    points = [
        CostPoint(mark="A", label="<script>alert(1)</script>", rate=0.1, interval=(0.05, 3.0), cost=0.2, best=True),
        CostPoint(mark="B", label="降噪", rate=0.2, interval=None, cost=0.2, best=False),
        CostPoint(mark="C", label="not measured", rate=0.2, interval=None, cost=None, best=False),
    ]
    drawn = trade_off_chart(
        points, title="t", cost="rtf", say_cost=lambda value: "–" if value is None else f"{value:g}"
    )
    assert "<script" not in drawn
    assert drawn.count("<g>") == 2
    assert "C. not measured" in drawn
    assert "nan" not in drawn
    assert "Nothing was measured." in trade_off_chart(points[2:], title="t", cost="rtf", say_cost=str)

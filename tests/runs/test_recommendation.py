"""Which setting to take for a recording, from a sweep over others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RunError
from workbench.pipeline.measurement import Measurement
from workbench.runs.recommendation import Conditions, Recommendation, recommend
from workbench.runs.records import ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun
from workbench.runs.sweep_store import Cell, CellRun, Setting, SweepRecord
from workbench.runs.sweep_table import SweepTable, tabulate
from workbench.text.rulers import find_ruler

BASIC = find_ruler("basic")
SAID = "one two three four five six seven eight nine ten"
CLEAN, NOISY = 30.0, 5.0
EFFECTS = {"": {CLEAN: 1.0, NOISY: 3.0}, "denoise": {CLEAN: 2.0, NOISY: 1.5}, "gain": {CLEAN: 1.0, NOISY: 3.0}}
"""Mean errors among ten words: denoising helps where there is noise, and harms where there is none."""


def stored(chain: str, errors: list[int], levels: list[float]) -> StoredRun:
    spec = RunSpec(
        eval_set="talks", set_digest="d", set_language="en", items=len(errors), engine="e", model_id="m", revision="",
        language="set", context="", chain=chain, device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    cost = Measurement(wall_seconds=1.0, cpu_seconds=1.0, audio_seconds=10.0)
    return StoredRun(
        record=RunRecord(run_id=f"r-{chain}", passed={}, spec=spec, environment={}, status="success", created="2026"),
        outcomes=tuple(
            ItemResult(
                id=f"i{place}", reference=SAID, text=" ".join(SAID.split()[wrong:]), raw="", language=None,
                finish="eos", measurement=cost, tags={"snr_db": level},
            )
            for place, (wrong, level) in enumerate(zip(errors, levels, strict=True))
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def swept() -> tuple[SweepTable, dict[str, Conditions]]:
    """A sweep over as many clean clips as noisy ones, and how they sound."""
    draw = np.random.default_rng(3)
    levels = [CLEAN, NOISY] * 100
    hardness = draw.gamma(3.0, 1 / 3, len(levels))
    record = SweepRecord(
        sweep_id="s", settings=tuple(Setting("e", chain) for chain in EFFECTS), sets=("talks",), created="2026"
    )
    runs: dict[str, StoredRun] = {}
    for chain, effect in EFFECTS.items():
        means = np.array([effect[level] for level in levels]) * hardness
        runs[f"r-{chain}"] = stored(chain, np.minimum(draw.poisson(means), 10).tolist(), levels)
        record = record.with_run(CellRun(cell=Cell(Setting("e", chain), "talks"), run_id=f"r-{chain}"))
    jitter = draw.normal(0.0, 1.0, len(levels))
    conditions = {f"i{place}": sounding(level + jitter[place]) for place, level in enumerate(levels)}
    return tabulate(record, load=runs.__getitem__, ruler=BASIC), conditions


def sounding(snr_db: float | None, **changed: Any) -> Conditions:
    return replace(Conditions(snr_db=snr_db, bandwidth_hz=7800.0, speech_dbfs=-20.0), **changed)


def asked(swept: tuple[SweepTable, dict[str, Conditions]], conditions: Conditions) -> Recommendation:
    return recommend(conditions, *swept, ruler=BASIC)


def test_what_helps_in_noise_is_recommended_there_and_not_elsewhere(
    swept: tuple[SweepTable, dict[str, Conditions]],
) -> None:
    noisy, clean = asked(swept, sounding(4.0)), asked(swept, sounding(32.0))
    assert (noisy.recommended, clean.recommended) == ("e · denoise", "e · none")
    assert noisy.sentence.startswith("Take e · denoise: on the 60 clips most like it, it is better (−")
    assert noisy.snr_db is not None
    assert noisy.snr_db[1] < 10
    assert clean.sentence == "Take e · none: on the 60 clips most like it, no other setting is shown to be better."
    assert {row.run_id: row.against_baseline.verdict for row in clean.ranking.rows if row.against_baseline} == {
        "e · denoise": "worse",
        "e · gain": "no difference shown",
    }


def test_a_recording_unlike_all_clips_is_told_so(swept: tuple[SweepTable, dict[str, Conditions]]) -> None:
    far = asked(swept, sounding(17.0, bandwidth_hz=900.0, speech_dbfs=-50.0))
    assert not far.alike
    assert far.recommended is None
    assert far.sentence.startswith("Nothing in the sweep sounds much like it")


def test_without_recordings_nothing_is_recommended(swept: tuple[SweepTable, dict[str, Conditions]]) -> None:
    with pytest.raises(RunError, match="can be read any more"):
        recommend(sounding(4.0), swept[0], {}, ruler=BASIC)


levels = st.none() | st.floats(-10, 60)
conditions = st.builds(
    Conditions,
    snr_db=levels,
    bandwidth_hz=st.none() | st.floats(300, 24_000),
    speech_dbfs=st.none() | st.floats(-70, 0),
)


@given(conditions, conditions)
def test_a_distance_is_the_same_both_ways_and_nothing_from_itself(one: Conditions, other: Conditions) -> None:
    assert one.steps_from(other) == pytest.approx(other.steps_from(one))
    assert one.steps_from(one) == 0
    assert one.steps_from(other) >= 0

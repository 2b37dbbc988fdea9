"""The chunk length on the page: asked for, shown with the run, and an axis of curves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.runs.records import RunRecord, RunSpec
from workbench.settings import Settings
from workbench.ui.benchmark_form import arguments, equivalent_command
from workbench.ui.compare_systems import name_systems
from workbench.ui.context import PageContext
from workbench.ui.curve_tab import axis_choices
from workbench.ui.labels import ENGLISH
from workbench.ui.sweep_events import SweepTab
from workbench.ui.tables import run_label

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
FORM: dict[str, Any] = {
    "sets": ["english-demo"], "own_set": "", "engine": "e", "language": "set", "chain": "", "context": "", "limit": "",
    "batch_size": 1, "chunk_seconds": "", "measure": "", "again": False,
}  # fmt: skip


@pytest.fixture
def context(tmp_path: Path) -> PageContext:
    return PageContext(pool=EnginePool(Settings(home=tmp_path)), engines=(), folder=tmp_path, labels=ENGLISH)


@pytest.mark.parametrize(("typed", "meant"), [("", None), (" ", None), ("20", 20.0), ("12.5 s", 12.5)])
def test_what_is_typed_is_asked_for_and_in_the_command(context: PageContext, typed: str, meant: float | None) -> None:
    asked = arguments(context, FORM | {"chunk_seconds": typed})
    assert asked["chunk_seconds"] == meant
    command = equivalent_command(asked, "")
    assert ("--chunk-seconds" in command) == (meant is not None)
    shown: Any = None
    swept = SweepTab(context, shown)._asked(FORM | {"engines": ["e"], "chains": [""], "chunk_seconds": typed})
    assert swept.get("chunk_seconds") == meant
    assert ("chunk_seconds" in swept) == (meant is not None)  # a sweep of before goes on as it was


def test_what_is_no_number_is_refused(context: PageContext) -> None:
    with pytest.raises(UsageError, match="not a number of seconds"):
        arguments(context, FORM | {"chunk_seconds": "long"})


def test_runs_that_differ_in_it_are_told_apart(context: PageContext) -> None:
    records = [a_run(None), a_run(5.0), a_run(20.0)]
    assert [one.settings for one in name_systems(records)] == ["", "chunks of 5 s", "chunks of 20 s"]
    assert name_systems(records[1:2] * 2)[0].settings.startswith("begun ")
    labels = [run_label(one, {}) for one in records]
    assert "chunks" not in labels[0]
    assert labels[2].endswith("e · chunks of 20 s")
    assert ("chunk_seconds · Chunk length (s)", "chunk_seconds") in axis_choices(context)


def a_run(chunk_seconds: float | None) -> RunRecord:
    spec = RunSpec(
        eval_set="s", set_digest="", set_language="en", items=1, engine="e", model_id="", revision="", language="set",
        context="", chain="", device="", dtype="", batch_size=1, chunk_seconds=chunk_seconds,
    )  # fmt: skip
    return RunRecord(run_id="r", passed={}, spec=spec, environment={}, status="success", created="2026-01-01T00:00:00")


@pytest.fixture
def long_set(tmp_path: Path) -> Path:
    """One recording of five clips with pauses between them; its text is the test's own."""
    parts = [part for path in SAMPLES[:5] for part in (read_clip(path, sample_rate=16_000).samples, np.zeros(8000))]
    samples = np.concatenate(parts).astype(np.float32)
    write_clip(AudioClip(samples=samples, sample_rate=16_000, source="long.wav"), tmp_path / "long.wav")
    row = {"id": "long", "audio_filepath": "long.wav", "text": f"all of {tmp_path.name}", "language": "en"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.browser
def test_a_recording_is_cut_on_the_page_and_the_length_is_an_axis(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], long_set: Path
) -> None:
    page, scripted = chromium_page, page_server.scripted
    before = scripted.script
    scripted.script = lambda clip: f"{clip.duration:.1f}"
    try:
        page.get_by_role("tab", name="Benchmark", exact=True).click()
        page.get_by_label("Mandarin demo").locator("visible=true").uncheck()
        page.get_by_label("Or a set of your own").locator("visible=true").fill(str(long_set))
        choose_engine(page, "scripted", tab="benchmark")
        page.locator(".wb-advanced:visible > button").first.click()
        page.get_by_label("Chunk length (s)").locator("visible=true").fill("4")
        page.get_by_role("button", name="Run benchmark").click()
        page.wait_for_selector(".wb-downloads a[download$='.csv']")
        assert "--chunk-seconds 4" in page.locator("#bench-command").inner_text()
        run = next(one for one in services.list_runs(pool=page_server.pool) if one.spec.eval_set == long_set.name)
        assert run.spec.chunk_seconds == 4.0
        (heard,) = services.load_run(run.run_id, pool=page_server.pool).outcomes
        lengths = [float(word) for word in heard.text.split()]  # type: ignore[union-attr]
        assert len(lengths) > 2
        assert max(lengths) <= 4.0

        page.get_by_role("tab", name="Compare", exact=True).click()
        page.get_by_role("tab", name="Curves", exact=True).click()
        page.locator(".wb-axis input:visible").click()
        page.get_by_role("option", name="chunk_seconds").first.click()
        page.get_by_label("Values along it").locator("visible=true").fill("4, 8")
        page.get_by_label("Or a set of your own").locator("visible=true").fill(str(long_set))
        engines = page.locator(".wb-engine:visible").first
        for _ in range(engines.locator(".token").count()):
            engines.locator(".token-remove").first.click()
        engines.locator("input").click()
        page.get_by_role("option", name="scripted", exact=True).first.click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Run and draw").click()
        page.locator(".wb-curves svg").wait_for()
        page.locator(".wb-curve-places summary").first.click()
        places = page.locator(".wb-curve-places details[open] tbody th").all_inner_texts()
        assert places == ["8", "4"]
        command = page.locator("#curve-command").inner_text()
        assert "--axis chunk_seconds --values 4,8" in command
    finally:
        scripted.script = before

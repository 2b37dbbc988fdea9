"""A full or faulty disk at every write point of what runs leave behind: said, nothing lost, and gone on from."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from failing_disk import check_every_fault, content

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin
from workbench.evalsets.corrections import Correction, load_corrections, save_correction
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.bundle import write_bundle
from workbench.runs.executors.fits import Fit, Fits
from workbench.runs.records import ItemResult
from workbench.runs.rescoring import sealing_rulers
from workbench.runs.store import RunStore
from workbench.runs.sweep_store import Cell, CellRun, Setting, SweepStore
from workbench.runs.trial import Label
from workbench.runs.trial_store import TrialStore
from workbench.runs.verification import import_bundle
from workbench.settings import Settings

SETTING = Setting("scripted", "")
TALK = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio"


def benchmark(home: Path, eval_set: EvalSet) -> list[tuple[str, str]]:
    """Run or resume it; what is on disk then."""
    pool, settings = EnginePool(Settings(home=home)), Settings(home=home)
    ref, chain = EngineRef("scripted"), parse_chain("")
    list(run_benchmark(eval_set, pool=pool, engine=ref, chain=chain, on_existing="resume"))
    [record] = [one for one in RunStore(settings).list_runs() if one.spec.eval_set == eval_set.name]
    assert record.status == "success"
    found = RunStore(settings).load_run(record.run_id).outcomes
    return [(one.id, one.text) for one in found if isinstance(one, ItemResult)]


def read_runs(home: Path) -> None:
    """Every folder of a run is one, and can be read."""
    store = RunStore(Settings(home=home))
    folders = [path.name for path in (home / "runs").iterdir()]
    assert sorted(folders) == sorted(store.load_run(name).record.run_id for name in folders)


@pytest.fixture
def before(tones: EvalSet, scripted: ScriptedPlugin, tmp_path: Path) -> Path:
    """A home with a finished run in it."""
    home = tmp_path / "before"
    benchmark(home, replace(tones, name="earlier", items=tones.items[:1]))
    return home


def test_a_benchmark_says_so_and_goes_on(before: Path, tones: EvalSet, tmp_path: Path) -> None:
    two = replace(tones, items=tones.items[:2])
    faults = check_every_fault(before, lambda home: benchmark(home, two), tmp_path, reads=read_runs)
    assert {"mkdir", "open", "os.open", "write", "fsync", "replace", "truncate"} <= {one.refused for one in faults}
    assert sum(one.error is not None for one in faults) > 40


def test_a_sweep_is_as_it_was_or_as_it_should_be(before: Path, tmp_path: Path) -> None:
    def sweep(home: Path) -> Any:
        store = SweepStore(Settings(home=home))
        store.save(store.begin([SETTING], ["tones"], {}).with_run(CellRun(Cell(SETTING, "tones"), "a-run")))
        [found] = store.list_sweeps()
        return found.runs, found.sets

    assert check_every_fault(before, sweep, tmp_path, reads=lambda home: SweepStore(Settings(home=home)).list_sweeps())


def test_a_correction_is_kept_or_not_and_the_others_stay(before: Path, tmp_path: Path) -> None:
    first = Correction(id="a", published="so", status="corrected", text="this", created="2026")
    save_correction("tones", first, Settings(home=before))

    def correct(home: Path) -> Any:
        return save_correction("tones", replace(first, id="b"), Settings(home=home))

    def read(home: Path) -> None:
        assert load_corrections("tones", Settings(home=home)).entries

    assert check_every_fault(before, correct, tmp_path, changes=("corrections/tones.jsonl",), reads=read)


def test_a_trial_is_there_or_not(before: Path, tmp_path: Path) -> None:
    def create(home: Path) -> Any:
        store = TrialStore(Settings(home=home))
        known = [one.name for one in store.list_trials()]
        if "mine" not in known:
            store.create("mine", [TALK / "e01.flac"], language="en", settings=[SETTING], passed={}, max_seconds=12.0)
        return store.load("mine").clips, content(store.folder_of("mine"), but=("trial.json",))

    def read(home: Path) -> None:
        store = TrialStore(Settings(home=home))
        folders = [path.name for path in (home / "trials").glob("*")] if (home / "trials").is_dir() else []
        assert folders == [one.name for one in store.list_trials()]

    assert check_every_fault(before, create, tmp_path, reads=read)


def test_labels_of_a_trial_stay(before: Path, tmp_path: Path) -> None:
    store = TrialStore(Settings(home=before))
    store.create("mine", [TALK / "e01.flac"], language="en", settings=[SETTING], passed={}, max_seconds=12.0)
    store.save_label("mine", "one", Label(text="heard"))

    def label(home: Path) -> Any:
        store = TrialStore(Settings(home=home))
        store.save_label("mine", "two", Label(text="heard too"))
        store.save(replace(store.load("mine"), sweep_id="a-sweep"))
        return store.labels("mine"), store.load("mine").sweep_id

    changes = ("trials/mine/labels.json", "trials/mine/trial.json")
    assert check_every_fault(before, label, tmp_path, changes=changes)


def test_a_bundle_is_written_and_taken_in_whole_or_not_at_all(before: Path, tmp_path: Path) -> None:
    store = RunStore(Settings(home=before))
    run = store.load_run(store.list_runs()[0].run_id)
    (before / "run.zip").write_bytes(b"an older one")

    def write(home: Path) -> Any:
        return write_bundle(run, home / "run.zip", rulers=sealing_rulers("en"), audio=True).seal

    assert check_every_fault(before, write, tmp_path / "writing", changes=("run.zip",), codes=(errno.ENOSPC,))
    sealed = tmp_path / "run.zip"
    write_bundle(run, sealed, rulers=sealing_rulers("en"), audio=True)
    store.delete_run(run.record.run_id)

    def take_in(home: Path) -> Any:
        record = import_bundle(sealed, store=RunStore(Settings(home=home))).record
        outcomes = RunStore(Settings(home=home)).load_run(record.run_id).outcomes
        return record.run_id, [Path(one.audio).read_bytes() for one in outcomes]

    assert check_every_fault(before, take_in, tmp_path / "taking", reads=read_runs)


def test_what_only_saves_time_is_left_out_where_it_cannot_be_kept(before: Path, tmp_path: Path) -> None:
    class Work:
        ref, info = "scripted", ScriptedPlugin().info(None, Settings(home=before))

    def keep(home: Path) -> Any:
        Fits(Settings(home=home)).keep(Work(), Fit(rtf=0.5))  # pyright: ignore[reportArgumentType]  all that is read
        return None

    faults = check_every_fault(before, keep, tmp_path)
    assert faults
    assert all(one.error is None for one in faults)

"""Choosing a system on recordings without labels: transcribe, label a few, and see."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.audio.held import HeldPath
from workbench.engines.pool import EnginePool
from workbench.errors import RunError, UnknownName, UsageError
from workbench.evalsets.replacing import put_in_place
from workbench.evalsets.written import card_text, manifest_text, new_set_folder
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.pipeline.clips import CLIP_SECONDS
from workbench.runs.store import RunStore
from workbench.runs.sweep import SweepEvent, SweepStarted
from workbench.runs.sweep_store import Cell, Setting, SweepStore
from workbench.runs.trial import LABELS_WANTED, Label, Trial, assess_trial
from workbench.runs.trial_store import TrialRecord, TrialStore, labelled_rows
from workbench.services.inspection import find_recordings
from workbench.services.process import DEFAULT_ENGINE, default_pool, hosted_pool
from workbench.services.sweeps import check_settings, sweep_events
from workbench.storage import told, write_new
from workbench.text.languages import language_code
from workbench.text.rulers import default_ruler, find_ruler


def try_out_events(
    name: str,
    files: Sequence[Path | str] = (),
    *,
    chains: Sequence[str] = ("",),
    engines: Sequence[str] = (DEFAULT_ENGINE,),
    language: str = "",
    clip_seconds: float = CLIP_SECONDS,
    pool: EnginePool | None = None,
    **arguments: Any,
) -> Generator[SweepEvent, None, None]:
    """Cut recordings without labels into clips, and transcribe each with every engine and chain.

    Given a name alone, a trial goes on where it was stopped.

    Args:
        name: A new trial's, or that of one to go on with.
        files: Recordings, and folders of them; none goes on with a trial.
        chains: Ways of preprocessing; "" is none.
        engines: One or more; the first with the first chain is the baseline.
        language: A code or an English name of what is spoken; it is told to the engines and decides the ruler. Empty
            lets the engines decide.
        clip_seconds: The longest clip, 1 or more.
        pool: Loaded engines; None is this process's own.
        **arguments: As `bench_events`.

    Yields:
        As `sweep_events`.

    Raises:
        UsageError: Fewer than two settings, no recording, clips that are too short, or a trial of that name.
        UnknownName: No such engine, step, language or trial.
        AudioError: A recording cannot be used.
    """
    pool = pool or hosted_pool()
    store = TrialStore(pool.settings)
    if files:
        settings = [Setting(engine, chain) for engine in engines for chain in chains]
        check_settings(settings)
        if not 1 <= clip_seconds < math.inf:
            raise UsageError(f"Clips cannot last {clip_seconds:g} s.", hint="Use --clip-seconds 1 or more.")
        checked_chunk_seconds(arguments.get("chunk_seconds"))
        record = store.create(
            name,
            [path for file in files for path in _recordings_of(file)],
            language=language_code(language) if language else "",
            settings=settings,
            passed=arguments,
            max_seconds=clip_seconds,
        )
    else:
        record = store.load(name)
    asked = {
        "chains": list(dict.fromkeys(one.chain for one in record.settings)),
        "engines": list(dict.fromkeys(one.engine for one in record.settings)),
        "language": "set" if record.language else "auto",
    }
    with closing(sweep_events(str(store.folder_of(name)), pool=pool, **asked, **record.passed)) as events:
        for event in events:
            if isinstance(event, SweepStarted):
                store.save(replace(record, sweep_id=event.sweep_id))
            yield event


def _recordings_of(file: Path | str) -> list[Path]:
    """A file, or those of a folder; one without a name on the disk stays what it is."""
    return [file] if isinstance(file, HeldPath) else [Path(one.file) for one in find_recordings([file])]


def trial(name: str, *, wanted: int = LABELS_WANTED, ruler: str | None = None, pool: EnginePool | None = None) -> Trial:
    """Where a trial stands: clips by disagreement, which to label next, and what the labels say of each system.

    Args:
        name: The trial's.
        wanted: How many clips to label; more of them begin with the same ones.
        ruler: How texts are compared; None is what suits the language.
        pool: Whose settings say where trials are.

    Raises:
        UnknownName: No such trial or ruler.
        UsageError: Fewer than one clip is wanted.
        RunError: Not all its runs are there.
    """
    if wanted < 1:
        raise UsageError(f"{wanted} labels say nothing.", hint="Label 20 or so.")
    settings = (pool or default_pool()).settings
    store = TrialStore(settings)
    record = store.load(name)
    if not record.sweep_id:
        raise RunError(f"The trial {name} has no runs yet.", hint="Go on with it.")
    sweep = SweepStore(settings).load(record.sweep_id)
    runs = {one: sweep.run_of(Cell(one, sweep.sets[0])) for one in sweep.settings}
    whole = {one: RunStore(settings).load_run(run_id) for one, run_id in runs.items() if run_id}
    if len(whole) < len(runs):
        raise RunError(f"{len(whole)} of {len(runs)} systems of the trial {name} are done.", hint="Go on with it.")
    chosen = find_ruler(ruler or default_ruler(record.language))
    return assess_trial(name, whole, store.labels(name), ruler=chosen, wanted=wanted)


def label_clip(
    name: str, clip: str, *, text: str | None = None, unusable: bool = False, pool: EnginePool | None = None
) -> None:
    """Keep what was said in a clip of a trial; with neither a text nor `unusable`, forget it.

    Args:
        name: The trial's.
        clip: The clip's id.
        text: What was said; empty where nothing was.
        unusable: It cannot be told what was said; the clip is in no rate.
        pool: Whose settings say where trials are.

    Raises:
        UnknownName: No such trial or clip.
        UsageError: Both a text and `unusable`.
    """
    store = TrialStore((pool or default_pool()).settings)
    record = store.load(name)
    if text is not None and unusable:
        raise UsageError("A clip has a text, or cannot be understood.", hint="Give one of the two.")
    if not (store.folder_of(record.name) / "audio" / f"{clip}.flac").is_file():
        known = [path.stem for path in (store.folder_of(record.name) / "audio").glob("*.flac")]
        raise UnknownName("clip", clip, known)
    label = None if text is None and not unusable else Label(text=(text or "").strip(), usable=not unusable)
    store.save_label(record.name, clip, label)


def keep_labels(name: str, set_name: str, *, pool: EnginePool | None = None) -> Path:
    """The labelled clips of a trial as a private eval set; the drawn ones are harder than the recordings as a whole.

    Args:
        name: The trial's.
        set_name: The set's; there is none yet.
        pool: Whose settings say where trials and sets are.

    Returns:
        The set's folder.

    Raises:
        UnknownName: No such trial.
        UsageError: There is such a set, or nothing was labelled.
    """
    settings = (pool or default_pool()).settings
    store = TrialStore(settings)
    record = store.load(name)
    folder = new_set_folder(set_name, settings)
    if folder.exists():
        raise UsageError(f"There is already a set named {set_name}.", hint="Choose another name.")
    rows = labelled_rows(store.folder_of(name), store.labels(name))
    if not rows:
        raise UsageError(f"Nothing in the trial {name} was labelled yet.", hint="Label some clips first.")
    draft = folder.parent / f".{set_name}.{os.getpid()}"
    try:
        with told(f"The set {set_name}"):
            (draft / "audio").mkdir(parents=True)
            for row in rows:
                shutil.copyfile(store.folder_of(name) / row["audio_filepath"], draft / row["audio_filepath"])
        card = {
            "name": set_name,
            "title": f"Labelled clips of {name}",
            "language": record.language,
            "description": "Drawn where systems disagree, and so harder than the recordings they are of.",
        }
        with told(f"The set {set_name}"):
            write_new(draft / "set.toml", card_text(card, {}).encode())
            write_new(draft / "manifest.jsonl", manifest_text(rows).encode())
        put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def list_trials(*, pool: EnginePool | None = None) -> list[TrialRecord]:
    """All trials, newest first."""
    return TrialStore((pool or default_pool()).settings).list_trials()


def delete_trial(name: str, *, pool: EnginePool | None = None) -> None:
    """Remove a trial with its clips and labels; its runs stay.

    Args:
        name: The trial's.
        pool: Whose settings say where trials are.

    Raises:
        UnknownName: No such trial.
    """
    TrialStore((pool or default_pool()).settings).delete(name)

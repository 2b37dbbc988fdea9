"""Eval sets made of what people have: layouts imported, public sets fetched, noise variants derived."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.evalsets.conditions import parse_conditions
from workbench.evalsets.deriving import Derived, DeriveProgress, DeriveRequest, derive_events
from workbench.evalsets.draft import Imported, ImportRequest
from workbench.evalsets.fetching import Fetched, FetchPlan, FetchProgress, fetch_events
from workbench.evalsets.fetching import plan_fetch as _plan_fetch
from workbench.evalsets.importing import ImportProgress, import_events
from workbench.evalsets.layouts.reading import ReadOptions
from workbench.evalsets.load import find_set
from workbench.evalsets.model import EvalSet
from workbench.evalsets.recipes import Recipe, find_recipe
from workbench.evalsets.recipes import list_recipes as _list_recipes
from workbench.evalsets.selection import where as _where
from workbench.services.process import default_pool


def check_set(set: str | Path, *, pool: EnginePool | None = None) -> EvalSet:
    """Check every line and recording of a set.

    Args:
        set: Name of a set, a folder or a manifest.
        pool: Whose settings say where private sets are.

    Raises:
        UnknownName: No such set.
        ManifestError: It has faults; all are listed.
    """
    return find_set(set, (pool or default_pool()).settings)


def import_set_events(
    layout: str,
    folder: str | Path,
    *,
    name: str = "",
    split: str = "",
    language: str = "",
    encoding: str = "utf-8",
    audio_root: str | Path | None = None,
    text_column: str = "",
    audio_column: str = "",
    id_column: str = "",
    header: Sequence[str] = (),
    drop: Sequence[str] = (),
    title: str = "",
    licence: str = "",
    source: str = "",
    copy: bool = False,
    skip_faulty: bool = False,
    keep_empty: bool = False,
    replace: bool = False,
    pool: EnginePool | None = None,
) -> Generator[ImportProgress | Imported, None, None]:
    """Make a private eval set of labelled recordings that lie on this disk, in one of the usual layouts.

    Every recording is decoded. One fault refuses all, and every fault is listed; importing again changes nothing.

    Args:
        layout: nemo, kaldi, common-voice, audiofolder, parquet, fleurs, aishell, thchs30, librispeech,
            table, labels or pairs.
        folder: Where it lies; for nemo, table and parquet the file itself is fine too.
        name: Of the set; empty is made of the folder's name and the split.
        split: The part to import, as the layout has it: a folder, or the beginning or a part of a file's name.
        language: Code of utterances that say none themselves, such as yue, zh, en.
        encoding: Of the layout's text files; none is guessed.
        audio_root: Where relative paths of recordings begin, if not where the layout has them.
        text_column: A table's column of labels, if its name does not tell.
        audio_column: A table's column of recordings, if its name does not tell.
        id_column: A table's column of ids, if its name does not tell.
        header: Names of a table's columns, if its first line does not have them.
        drop: Marks to take out of labels, such as <SPOKEN_NOISE>.
        title: For people; empty is the name.
        licence: Of texts and recordings, kept with the set.
        source: Where it is from, a URL or a citation; empty is the folder.
        copy: Put the recordings into the set; else its manifest points to where they are.
        skip_faulty: Import what can be used, and keep a list of the rest.
        keep_empty: An empty label means that nothing is said, and is no fault.
        replace: Take the place of a set of that name that is another.
        pool: Whose settings say where private sets are.

    Yields:
        Progress by recordings, and last what became of it.

    Raises:
        ManifestError: There are faults; all are listed.
        UsageError: The name is taken, or there is no such folder, split, column or encoding.
    """
    columns = {"text": text_column, "audio": audio_column, "id": id_column}
    read = ReadOptions(
        split=split,
        encoding=encoding,
        audio_root=None if audio_root is None else Path(audio_root),
        columns={what: column for what, column in columns.items() if column},
        keep_empty=keep_empty,
        header=tuple(header),
        drop=tuple(drop),
    )
    request = ImportRequest(
        layout=layout,
        folder=Path(folder),
        read=read,
        name=name,
        title=title,
        language=language,
        licence=licence,
        source=source,
        copy=copy,
        skip_faulty=skip_faulty,
        replace=replace,
    )
    yield from import_events(request, (pool or default_pool()).settings)


def import_set(layout: str, folder: str | Path, **arguments: Any) -> Imported:
    """`import_set_events`, drained."""
    last = None
    for event in import_set_events(layout, folder, **arguments):
        last = event
    assert isinstance(last, Imported), "the last event is the result"
    return last


def derive_set_events(
    set: str | Path,
    *,
    noise: Sequence[str] = (),
    snr: Sequence[float] = (20.0, 10.0, 5.0, 0.0),
    room: Sequence[str] = ("none",),
    codec: Sequence[str] = ("none",),
    name: str = "",
    title: str = "",
    seed: int = 0,
    clean: bool = True,
    limit: int | None = None,
    where: Mapping[str, str] | None = None,
    skip_faulty: bool = False,
    replace: bool = False,
    pool: EnginePool | None = None,
) -> Generator[DeriveProgress | Derived, None, None]:
    """Put the clips of a set into other conditions, as a set of its own: room first, then noise, then codec.

    The SNR is that over speech, as silero-vad hears it, at 16 kHz, before the codec. A clip in a condition is the same
    to the bit for the same seed, whatever else is asked for. A command that broke off goes on where it was.

    Args:
        set: Name of a set, a folder or a manifest.
        noise: white, pink, hum, hum:60, babble (of other clips of the set), keyboard, a recording or a folder of some.
        snr: In decibels, each for every noise.
        room: none, rt60:0.6 for a made-up room of 0.6 s, or a recorded impulse response.
        codec: none, mp3:32, opus:12, amr:4.75, telephone, or steps as a chain has them.
        name: Of the new set; empty is that of the set with `-conditions`.
        title: For people.
        seed: Of all that is drawn.
        clean: Whether each room and codec is there without noise, too.
        limit: Only the first so many clips; babble is made of all.
        where: Only clips whose tags have these values; babble is made of all.
        skip_faulty: Leave out clips that cannot be used, and keep a list of them.
        replace: Take the place of a set of that name that is another.
        pool: Whose settings say where private sets are.

    Yields:
        Progress by variants, and last what became of it.

    Raises:
        UnknownName: No such set, or no step of a codec's name.
        UsageError: A condition cannot be read, or the name is taken.
        ManifestError: Clips cannot be used.
    """
    settings = (pool or default_pool()).settings
    if isinstance(noise, str) or isinstance(room, str) or isinstance(codec, str):
        raise UsageError("Noise, room and codec are lists.", hint='Write ["white"].')
    conditions = parse_conditions(noise, snr, room, codec, clean=clean)
    source = find_set(set, settings)
    chosen = _where(source, where or {}, limit=limit) if where or limit is not None else None
    request = DeriveRequest(
        source=source,
        items=None if chosen is None else frozenset(item.id for item in chosen.items),
        conditions=conditions,
        name=name or f"{source.name}-conditions",
        seed=seed,
        title=title,
        skip_faulty=skip_faulty,
        replace=replace,
    )
    yield from derive_events(request, settings)


def derive_set(set: str | Path, **arguments: Any) -> Derived:
    """`derive_set_events`, drained."""
    last = None
    for event in derive_set_events(set, **arguments):
        last = event
    assert isinstance(last, Derived), "the last event is the result"
    return last


def list_recipes(name: str | None = None) -> list[Recipe]:
    """The public sets and noises that the workbench knows of.

    Args:
        name: Only this one.

    Raises:
        UnknownName: There is none of that name.
    """
    return _list_recipes() if name is None else [find_recipe(name)]


def plan_fetch(name: str, *, pool: EnginePool | None = None) -> FetchPlan:
    """What fetching a public set would download, from where, how much, and under which licence; it asks the server.

    Args:
        name: Of a recipe.
        pool: Whose settings say where sets go.

    Raises:
        UnknownName: There is no such recipe.
        UsageError: It cannot be fetched, and how one comes by it.
        WorkbenchError: The server cannot be reached, or has it no more.
    """
    return _plan_fetch(find_recipe(name), (pool or default_pool()).settings)


def fetch_set_events(
    plan: FetchPlan, *, pool: EnginePool | None = None
) -> Generator[FetchProgress | ImportProgress | Fetched, None, None]:
    """Fetch what was planned, and import it; with fetching models the only verb that goes out.

    Args:
        plan: Of `plan_fetch`, once a person has agreed.
        pool: Whose settings say where sets go.

    Raises:
        WorkbenchError: The download broke off, or a file is not the one it should be.
        ManifestError: What was fetched has faults.
    """
    yield from fetch_events(plan, (pool or default_pool()).settings)

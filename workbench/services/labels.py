"""Labels that may be wrong: found, corrected beside the set, and left out or replaced when a run is scored again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.errors import UnknownName, UsageError
from workbench.evalsets.corrections import (
    Correction,
    Corrections,
    load_corrections,
    owning_set,
    remove_correction,
    save_correction,
)
from workbench.evalsets.load import find_set
from workbench.runs.corrected import apply_corrections
from workbench.runs.store import StoredRun
from workbench.runs.suspects import SuspectLabels, find_suspect_labels, suspects_ruler
from workbench.services.lists import load_run
from workbench.services.process import default_pool
from workbench.settings import Settings
from workbench.text.rulers import find_ruler


def suspects(
    runs: Sequence[str | Path],
    *,
    ruler: str | None = None,
    limit: int | None = None,
    pool: EnginePool | None = None,
) -> SuspectLabels:
    """The labels of a set that are probably wrong: where runs agree with each other and not with the label.

    Args:
        runs: Two or more runs over the same set, as `summary` takes them; three of different models say much more.
        ruler: How texts are compared; None is what suits the set's language.
        limit: Only the first so many.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        UsageError: Fewer than two different runs.
        RunError: They have no clip in common.
    """
    stored = [load_run(run, pool=pool) for run in runs]
    spec = stored[0].record.spec if stored else None
    return find_suspect_labels(
        stored,
        ruler=find_ruler(ruler or suspects_ruler(spec.set_language if spec else "")),
        corrections=load_corrections(spec.eval_set if spec else "", (pool or default_pool()).settings),
        limit=limit,
    )


def correct(
    set: str,
    id: str,
    *,
    text: str | None = None,
    wrong: bool = False,
    undo: bool = False,
    note: str = "",
    published: str | None = None,
    pool: EnginePool | None = None,
) -> Corrections:
    """Say what is right about one label, beside the set: nothing is written into the set.

    Args:
        set: Name of the set, or the path it was run from.
        id: Of the clip.
        text: What was said; empty where nothing was.
        wrong: The label is wrong, and what was said is not known: the clip is left out.
        undo: Take back what was said of this clip's label.
        note: Why.
        published: The label as it is; None looks it up in the set.
        pool: Whose settings say where corrections are.

    Returns:
        All corrections of the set.

    Raises:
        UsageError: Not exactly one of a text, wrong and undo, or somebody else is writing.
        UnknownName: No such set, clip or correction.
    """
    if (text is not None) + wrong + undo != 1:
        raise UsageError(
            "A label gets a text, or is wrong, or its correction is undone.", hint="Give one of text, wrong and undo."
        )
    settings = (pool or default_pool()).settings
    name = _set_name(set, settings)
    if undo:
        return remove_correction(name, id, settings)
    correction = Correction(
        id=id,
        published=_published(set, id, settings) if published is None else published,
        status="wrong" if wrong else "corrected",
        text=text,
        note=note,
    )
    return save_correction(name, correction, settings)


def list_corrections(set: str, *, pool: EnginePool | None = None) -> Corrections:
    """The corrections of a set's labels.

    Args:
        set: Name of the set, or the path it was run from.
        pool: Whose settings say where corrections are.

    Raises:
        ManifestError: The file of corrections has faults.
    """
    settings = (pool or default_pool()).settings
    return load_corrections(_set_name(set, settings), settings)


def load_labelled(run: str | Path, *, corrected: bool, pool: EnginePool | None = None) -> StoredRun:
    """A stored run with its published references, or as its set's corrections have it; see `load_run`."""
    stored = load_run(run, pool=pool)
    if not corrected:
        return stored
    settings = (pool or default_pool()).settings
    return apply_corrections(stored, load_corrections(stored.record.spec.eval_set, settings))


def _set_name(set: str, settings: Settings) -> str:
    """A path's set by its name; anything else is a name, whether there is such a set here or only runs over it."""
    try:
        return find_set(set, settings).name
    except UnknownName:
        return set


def _published(set: str, item: str, settings: Settings) -> str:
    """The label as the set has it now."""
    owner, name = owning_set(set, item)
    labels = {one.id: one.reference for one in find_set(owner, settings).items}
    if name not in labels:
        raise UnknownName("clip", name, labels)
    return labels[name]

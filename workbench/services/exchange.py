"""Texts of other systems in, ours out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from workbench.audio.held import as_path
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.evalsets.load import find_set
from workbench.runs import imported
from workbench.runs.export import ExportedTexts, export_texts
from workbench.runs.given import Side
from workbench.runs.hypotheses import TextFile, parse_texts, read_texts
from workbench.runs.imported import ImportedRun, Missing, Unknown
from workbench.runs.store import RunStore
from workbench.runs.verification import import_bundle
from workbench.services.lists import load_run
from workbench.services.process import default_pool
from workbench.text.rulers import find_ruler

BUNDLE_SUFFIX = ".zip"
"""By which a bundle is told from a file of texts."""


def import_run(
    path: Path | str,
    *,
    set: str | None = None,
    system: str | None = None,
    format: str | None = None,
    model: str = "",
    revision: str = "",
    missing: Missing = "refuse",
    unknown: Unknown = "refuse",
    on_existing: Literal["reuse", "again"] = "reuse",
    pool: EnginePool | None = None,
) -> ImportedRun:
    """Another system's texts as a stored run over a set, to be scored, compared and looked at like our own.

    A sealed bundle (`export_bundle`) comes in as the run that it is, with its own set and system.

    Args:
        path: A file of texts: JSON Lines, CSV, TSV, sclite's trn, CTM, or a NeMo manifest with pred_text; or a bundle.
        set: What the texts are of: a set's name, folder or manifest. A bundle says that itself.
        system: What the system is called in tables. A bundle says that itself.
        format: jsonl, csv, tsv, trn, ctm or nemo; left out, the file's name decides.
        model: Which weights it has, where that is known.
        revision: Which version of them; left out, the file's sha256 stands for it.
        missing: What a clip without a text is: refuse the file, an empty text (all deletions), or fail, a failure.
        unknown: What a text of no clip is: refuse the file, or skip it.
        on_existing: Find the run of the same file, set and name again (reuse), or make another (again).
        pool: Whose settings say where sets and runs are; None is this process's own.

    Raises:
        UnknownName: No such set or format.
        UsageError: The file cannot be read, or is no bundle and no set or no system was named.
        RunError: A bundle was changed, or another run has its id.
        ManifestError: It has faults, or its ids are not those of the set; all are listed.
    """
    if as_path(path).suffix.lower() == BUNDLE_SUFFIX and format is None:
        return import_bundle(as_path(path), store=RunStore((pool or default_pool()).settings), on_existing=on_existing)
    return _import(
        read_texts(as_path(path), format=format),
        pool,
        set=set,
        system=system,
        model=model,
        revision=revision,
        missing=missing,
        unknown=unknown,
        on_existing=on_existing,
    )


def import_texts(
    content: str | bytes, *, name: str, format: str = "jsonl", pool: EnginePool | None = None, **arguments: Any
) -> ImportedRun:
    """As `import_run`, of a file's content.

    Args:
        content: What the file holds.
        name: What it is called in the record and in faults.
        format: One of `runs.hypotheses.FORMATS`.
        pool: As `import_run`.
        **arguments: As `import_run`.
    """
    given = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return _import(parse_texts(given, name=name, format=format), pool, **arguments)


def _import(
    texts: TextFile, pool: EnginePool | None, *, set: str | None, system: str | None, **arguments: Any
) -> ImportedRun:
    if set is None or system is None:
        raise UsageError(
            f"The texts of {texts.name} need a set and a system.",
            hint="Say what they are of with --set, and what the system is called with --system.",
        )
    settings = (pool or default_pool()).settings
    passed: Mapping[str, Any] = {"file": texts.name, "format": texts.format, "set": set, "system": system, **arguments}
    return imported.import_run(
        find_set(set, settings), texts, system=system, store=RunStore(settings), passed=passed, **arguments
    )


def export_run(
    run: str | Path,
    format: str = "jsonl",
    *,
    side: Side = "hypothesis",
    ruler: str | None = None,
    pool: EnginePool | None = None,
) -> ExportedTexts:
    """A stored run's texts as a file for other tools.

    Args:
        run: Its id, the beginning of one, or its folder.
        format: jsonl, csv, trn, ctm or nemo.
        side: Of trn, which holds one text a clip: the hypothesis or the reference.
        ruler: What is done to the texts first; None leaves them as they are.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run, format or ruler.
        UsageError: The format cannot hold these texts.
    """
    stored = load_run(run, pool=pool)
    return export_texts(stored, format, side=side, ruler=None if ruler is None else find_ruler(ruler))

"""Public sets fetched by their recipe, unpacked below HOME/corpora, and imported."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.evalsets.downloads import RemoteFile, fetch_file, plan_hub, plan_urls, unpack
from workbench.evalsets.draft import Imported, ImportRequest
from workbench.evalsets.importing import ImportProgress, import_events
from workbench.evalsets.layouts.reading import ReadOptions
from workbench.evalsets.recipes import HOW_TO_OBTAIN, Recipe
from workbench.settings import Settings
from workbench.storage import sync_folder, told, write_new

_RECORD = "fetched.json"
_DOWNLOADED = "downloaded.json"
"""Is there while archives are unpacked, after which they are gone: what is unpacked is not downloaded again."""
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """What would be fetched, to be shown before it is.

    Attributes:
        recipe: Of what.
        files: Each with its size where the server says one.
        commit: Of the hub; empty for archives.
        folder: Where it goes.
        fetched: Whether it is there already; then nothing is downloaded.
    """

    recipe: Recipe
    files: tuple[RemoteFile, ...]
    commit: str
    folder: Path
    fetched: bool = False

    @property
    def size(self) -> int | None:
        """In bytes; None where one is not known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProgress:
    """How much is downloaded.

    Attributes:
        file: The one at hand.
        done: Bytes of all files.
        total: The same; None where a size is not known.
    """

    file: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was fetched.

    Attributes:
        recipe: By name.
        folder: Where it is.
        commit: Of the hub; empty for archives.
        imported: The set; None for noise.
    """

    recipe: str
    folder: Path
    commit: str
    imported: Imported | None


def plan_fetch(recipe: Recipe, settings: Settings) -> FetchPlan:
    """Ask its server what would be fetched; nothing is downloaded.

    Raises:
        UsageError: It cannot be fetched, and how one comes by it.
        WorkbenchError: The server cannot be reached, or has it no more.
    """
    folder = settings.home / "corpora" / recipe.name
    if not recipe.can_be_fetched:
        raise UsageError(
            f"{recipe.name} is {HOW_TO_OBTAIN[recipe.obtain]}: {recipe.homepage}",
            hint=f"Get it there, then: {recipe.import_command}",
        )
    if (folder / _RECORD).is_file():
        commit = json.loads((folder / _RECORD).read_text(encoding="utf-8"))["commit"]
        return FetchPlan(recipe=recipe, files=(), commit=commit, folder=folder, fetched=True)
    if recipe.hub is not None:
        commit, files = plan_hub(recipe.hub)
    else:
        commit, files = "", plan_urls(recipe.urls)
    plan = FetchPlan(recipe=recipe, files=tuple(files), commit=commit, folder=folder)
    _check_room(plan, settings)
    return plan


def fetch_events(
    plan: FetchPlan, settings: Settings
) -> Generator[FetchProgress | ImportProgress | Fetched, None, None]:
    """Download, check, unpack and import; a download that broke off goes on where it stopped.

    Raises:
        WorkbenchError: The download broke off, or a file is not the one it should be.
        DiskError: The disk is full or faulty; what is downloaded stays, and is not downloaded again.
        ManifestError: What was fetched has faults.
    """
    if not plan.fetched:
        yield from _download(plan)
    imported = None
    if plan.recipe.read.layout:
        for event in import_events(_request(plan), settings):
            if isinstance(event, ImportProgress):
                yield event
            else:
                imported = event
    yield Fetched(recipe=plan.recipe.name, folder=plan.folder, commit=plan.commit, imported=imported)


def _download(plan: FetchPlan) -> Generator[FetchProgress, None, None]:
    draft = _draft(plan.folder)
    with told(plan.recipe.name):
        draft.mkdir(parents=True, exist_ok=True)
        record = _read_downloaded(plan, draft)
        if record is None:
            record = yield from _download_all(plan, draft)
            write_new(draft / _DOWNLOADED, _json({"commit": plan.commit, "files": record}))
        for archive in _archives(plan, draft):
            if archive.is_file():  # not yet unpacked with the one that it was in
                unpack(archive)
        write_new(draft / _RECORD, _json({"recipe": plan.recipe.name, "commit": plan.commit, "files": record}))
        (draft / _DOWNLOADED).unlink()
        draft.rename(plan.folder)
        sync_folder(plan.folder.parent)


def _download_all(plan: FetchPlan, draft: Path) -> Generator[FetchProgress, None, list[dict[str, Any]]]:
    before, record = 0, list[dict[str, Any]]()
    for file in plan.files:
        digest, downloading = "", fetch_file(file, draft)
        while True:
            try:
                there = next(downloading)
            except StopIteration as end:
                digest = end.value
                break
            yield FetchProgress(file=file.path, done=before + there, total=plan.size)
        size = (draft / file.path).stat().st_size
        before += size
        record.append({"url": file.url, "path": file.path, "size": size, "sha256": digest})
    return record


def _read_downloaded(plan: FetchPlan, draft: Path) -> list[dict[str, Any]] | None:
    """What an earlier attempt had downloaded whole before it unpacked; None where it did not come so far."""
    try:
        found = json.loads((draft / _DOWNLOADED).read_bytes())
    except (OSError, ValueError):
        return None
    return found["files"] if found["commit"] == plan.commit else None


def _archives(plan: FetchPlan, draft: Path) -> list[Path]:
    """What may still have to be unpacked: files that were downloaded, then archives that were in them."""
    files = [draft / file.path for file in plan.files]
    inner = [path for suffix in ("*.tar.gz", "*.tgz") for path in sorted(draft.rglob(suffix)) if path not in files]
    return [*files, *inner]


def _draft(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.partial")


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _request(plan: FetchPlan) -> ImportRequest:
    recipe, read = plan.recipe, plan.recipe.read
    folder = plan.folder / read.folder
    roots = [plan.folder / root for root in read.audio_roots]
    where = f" at {plan.commit}" if plan.commit else ""
    return ImportRequest(
        layout=read.layout,
        folder=folder,
        read=ReadOptions(
            split=read.split,
            header=read.header,
            drop=read.drop,
            audio_root=next((root for root in roots if root.is_dir()), None),
        ),
        name=recipe.name,
        title=recipe.title,
        language=read.language,
        licence=recipe.licence,
        source=f"{recipe.homepage}{where}",
        tables={"recipe": {"name": recipe.name, "citation": recipe.citation, "commit": plan.commit}},
    )


def _check_room(plan: FetchPlan, settings: Settings) -> None:
    """Archives take their size twice, while they are unpacked; what an earlier attempt left is there already."""
    with told(str(settings.home)):
        settings.home.mkdir(parents=True, exist_ok=True)
    there = sum(path.stat().st_size for path in _draft(plan.folder).rglob("*") if path.is_file())
    free, needed = shutil.disk_usage(settings.home).free, 2 * (plan.size or 0) - there
    if needed > free:
        raise UsageError(
            f"{plan.recipe.name} takes {needed / _GIB:.1f} GiB, and {free / _GIB:.1f} GiB are free in {settings.home}.",
            hint="Free some space, or set WORKBENCH_HOME to a larger disk.",
        )

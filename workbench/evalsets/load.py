"""Eval sets by name or path, checked line by line."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ManifestError, UnknownName
from workbench.evalsets.manifest import MANIFEST_SUFFIXES
from workbench.evalsets.manifest_items import read_items
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.evalsets.replacing import put_back
from workbench.evalsets.selection import common_language, first_items, join_sets, where, with_language
from workbench.settings import Settings

__all__ = [
    "SetInfo",
    "checked_json",
    "find_set",
    "first_items",
    "join_sets",
    "list_sets",
    "load_manifest",
    "set_folders",
    "where",
]

_CARD_TEXTS = ("name", "title", "version", "licence", "language", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetInfo:
    """A set in a list.

    Attributes:
        name: What `find_set` knows it by.
        title: Its name for people.
        language: Its code; "mixed" where items differ, empty where not labelled.
        items: How many; None where the manifest has faults.
        seconds: Labelled length of all items; None where one is not labelled.
        licence: Of texts and recordings.
        synthetic: Whether the speech was made by a machine.
        description: A few sentences.
        path: Its folder.
        fault: Why it cannot be used as it is; empty where nothing was seen. Recordings are not looked for.
        derived: Whether its clips are in noise of a known SNR.
    """

    name: str
    title: str
    language: str
    items: int | None
    seconds: float | None
    licence: str
    synthetic: bool
    description: str
    path: Path
    fault: str = ""
    derived: bool = False


def set_folders(settings: Settings) -> tuple[Path, Path]:
    """Where sets have names: the shipped ones (in a checkout or an installation), then the private ones."""
    checkout = Path(__file__).resolve().parents[2] / "eval_sets"
    shipped = checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "asr-workbench" / "eval_sets"
    return shipped, settings.sets


def find_set(name_or_path: str | Path, settings: Settings) -> EvalSet:
    """The set of that name or at that path, every line checked.

    Args:
        name_or_path: A shipped or private set's name; a folder with `set.toml` and `manifest.jsonl`, with a manifest
            alone, or with exactly one .jsonl, .csv or .tsv file; or a manifest.
        settings: Where the private sets are.

    Raises:
        UnknownName: Neither a set's name nor a path.
        ManifestError: It has faults; all are listed.
    """
    text = str(name_or_path)
    named = dict(_named_folders(settings))
    if text in named:
        return _load_folder(named[text])
    path = _existing(text)
    if path is None:
        raise UnknownName("set", text, named)
    return _load_folder(path) if path.is_dir() else load_manifest(path)


def list_sets(settings: Settings) -> list[SetInfo]:
    """The shipped and private sets by name. Manifests are read; recordings are neither opened nor looked for."""
    return [_info(name, folder) for name, folder in sorted(_named_folders(settings))]


def checked_json(checked: EvalSet) -> Mapping[str, Any]:
    """The `sets check --json` document of a set without faults."""
    return {
        "name": checked.name,
        "title": checked.title,
        "version": checked.version,
        "language": checked.language,
        "licence": checked.licence,
        "synthetic": checked.synthetic,
        "items": len(checked.items),
        "seconds": checked.seconds,
        "faults": [],
    }


def load_manifest(path: Path) -> EvalSet:
    """The set that a manifest describes.

    JSON Lines, CSV or TSV in UTF-8 with the fields `audio_filepath` (or `audio`; absolute, or relative to the
    manifest's folder), `text` (or `sentence`, `reference`; may be empty), and optionally `id` (`line-N` where it is not
    given), `duration` in seconds and `language`. Every other plain value becomes a tag of the item.

    Raises:
        ManifestError: It has faults; all are listed with their lines.
    """
    if path.suffix.lower() not in MANIFEST_SUFFIXES:
        raise ManifestError(
            path.name, [f"{path.name}: is no {', '.join(MANIFEST_SUFFIXES)} file"], hint="Name it by what it holds."
        )
    name = path.absolute().parent.name if path.stem == "manifest" else path.stem
    return _build(name or path.stem, {}, read_items(path))


def _named_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    put_back(settings.sets)
    seen: set[str] = set()
    for root in set_folders(settings):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.name not in seen and (_manifests(folder) or (folder / "set.toml").is_file()):
                seen.add(folder.name)
                yield folder.name, folder


def _existing(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if text and (path.is_dir() or path.is_file()) else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, the home of nobody
        return None


def _info(name: str, folder: Path) -> SetInfo:
    fault = ""
    loaded = None
    try:
        loaded = _load_folder(folder, check_audio=False)
    except ManifestError as error:
        fault = error.message.strip()
    return SetInfo(
        name=name,
        title=(loaded.title if loaded else "") or name,
        language=loaded.language if loaded else "",
        items=len(loaded.items) if loaded else None,
        seconds=loaded.seconds if loaded else None,
        licence=loaded.licence if loaded else "",
        synthetic=loaded.synthetic if loaded else False,
        description=loaded.description if loaded else "",
        path=folder,
        fault=fault,
        derived=any("snr_db" in item.tags for item in loaded.items) if loaded else False,
    )


def _load_folder(folder: Path, *, check_audio: bool = True) -> EvalSet:
    manifest = _manifest_of(folder)
    card = _read_card(folder)
    return _build(folder.absolute().name, card, read_items(manifest, check_audio=check_audio))


def _manifests(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    suffixes = [suffix for suffix in MANIFEST_SUFFIXES if suffix != ".json"]
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.is_file())


def _manifest_of(folder: Path) -> Path:
    if (folder / "manifest.jsonl").is_file():
        return folder / "manifest.jsonl"
    manifests = _manifests(folder)
    if len(manifests) == 1:
        return manifests[0]
    found = f"holds several manifests: {', '.join(path.name for path in manifests)}" if manifests else "no manifest"
    raise ManifestError(folder.name, [f"{folder.name}: {found}"], hint="Name the one to use manifest.jsonl.")


def _read_card(folder: Path) -> Mapping[str, Any]:
    path = folder / "set.toml"
    if not path.is_file():
        return {}
    try:
        card = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ManifestError(folder.name, [f"set.toml: cannot be read ({error})"]) from None
    faults = [f"set.toml: {name!r} is not text" for name in _CARD_TEXTS if not isinstance(card.get(name, ""), str)]
    if not isinstance(card.get("synthetic", False), bool):
        faults.append("set.toml: 'synthetic' is neither true nor false")
    if faults:
        raise ManifestError(folder.name, faults)
    return card


def _build(name: str, card: Mapping[str, Any], items: Sequence[EvalItem]) -> EvalSet:
    language = card.get("language") or common_language(items)
    return EvalSet(
        name=card.get("name") or name,
        items=with_language(items, card.get("language", "")),
        version=card.get("version", ""),
        licence=card.get("licence", ""),
        language=language,
        title=card.get("title", ""),
        description=card.get("description", ""),
        synthetic=card.get("synthetic", False),
    )

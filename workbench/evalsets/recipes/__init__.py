"""Public sets and noises by name: what each is, its licence, where it is from, and how it is read. Data, not code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import pydantic

from workbench.errors import UnknownName

__all__ = ["HubSource", "ReadAs", "Recipe", "UrlSource", "find_recipe", "list_recipes"]

Obtain = Literal["hub", "url", "form", "page", "paid"]

HOW_TO_OBTAIN: Mapping[Obtain, str] = {
    "hub": "open on the Hugging Face hub",
    "url": "an open archive",
    "form": "on application",
    "page": "downloaded by hand from its page",
    "paid": "paid for",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSource:
    """Files of a dataset on the Hugging Face hub.

    Attributes:
        repo: `owner/name`.
        revision: A branch, tag or commit; what is fetched is recorded with its commit.
        files: Paths or patterns in it.
    """

    repo: str
    revision: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """An archive.

    Attributes:
        url: Where it is.
        sha256: Of the archive; empty where it is not known.
        md5: The same.
    """

    url: str
    sha256: str = ""
    md5: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How the unpacked files are imported; see `services.import_set_events`.

    Attributes:
        layout: Empty for noise.
        folder: In what was unpacked.
        split: As the layout has it.
        language: Of utterances that say none.
        header: Of a table without one.
        drop: Marks taken out of labels.
        audio_roots: Folders of which the first that is there has the recordings.
    """

    layout: str = ""
    folder: str = ""
    split: str = ""
    language: str = ""
    header: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    audio_roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One public set or collection of noises.

    Attributes:
        name: As `sets fetch` takes it.
        title: For people.
        kind: Speech with labels, or noise.
        languages: Codes.
        licence: Empty where it is not known.
        citation: Of its paper.
        homepage: Where it is described.
        obtain: How one comes by it.
        read: How it is imported.
        hours: Of this split; None where not known.
        utterances: The same; of noise, files.
        bytes: Of what is downloaded; None where not known.
        hub: Where obtained from the hub.
        urls: Where obtained as archives.
        note: What one should know.
        verified: What was checked, and where; all else is from general knowledge.
    """

    name: str
    title: str
    kind: Literal["speech", "noise"]
    languages: tuple[str, ...]
    licence: str
    citation: str
    homepage: str
    obtain: Obtain
    read: ReadAs
    hours: float | None = None
    utterances: int | None = None
    bytes: int | None = None
    hub: HubSource | None = None
    urls: tuple[UrlSource, ...] = ()
    note: str = ""
    verified: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def can_be_fetched(self) -> bool:
        """Whether `sets fetch` can get it: open, without an account."""
        return self.obtain in ("hub", "url")

    @property
    def import_command(self) -> str:
        """How what was obtained by hand is imported."""
        read = self.read
        if not read.layout:
            return f"workbench sets derive SET --noise {read.folder or 'FOLDER'}"
        folder = f"FOLDER/{read.folder}" if read.folder else "FOLDER"
        flags = [("--split", read.split), ("--language", read.language), ("--header", ",".join(read.header))]
        flags += [("--audio-root", f"FOLDER/{read.audio_roots[0]}" if read.audio_roots else "")]
        words = [f"{flag} {value}" for flag, value in flags if value] + [f"--drop '{mark}'" for mark in read.drop]
        return " ".join(["workbench sets import", read.layout, folder, *words, f"--name {self.name}"])


_ALL = pydantic.TypeAdapter(dict[str, Recipe])


@cache
def _recipes() -> Mapping[str, Recipe]:
    text = files(__name__).joinpath("recipes.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return _ALL.validate_python({name: {"name": name, **table} for name, table in tables.items()})


def list_recipes() -> list[Recipe]:
    """Every recipe, speech before noise."""
    return sorted(_recipes().values(), key=lambda one: one.kind == "noise")


def find_recipe(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in _recipes():
        raise UnknownName("recipe", name, _recipes())
    return _recipes()[name]

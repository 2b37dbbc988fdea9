"""Sets by name and by path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from workbench.errors import ManifestError, UnknownName
from workbench.evalsets import load
from workbench.evalsets.load import find_set, list_sets
from workbench.evalsets.selection import where
from workbench.settings import Settings

CARD = """name = "mine"
title = "Mine"
version = "3"
licence = "CC0-1.0"
language = "yue"
synthetic = true
description = "Two clips."
how_made = "by hand"
"""


@pytest.fixture
def private(settings: Settings, recording: str, tmp_path: Path) -> Path:
    """A private set named `mine`."""
    folder = settings.sets / "mine"
    folder.mkdir(parents=True)
    shutil.copy(tmp_path / recording, folder / "a.wav")
    (folder / "set.toml").write_text(CARD)
    (folder / "manifest.jsonl").write_text(
        '{"id": "1", "audio": "a.wav", "text": "唔該", "duration": 1.5}\n'
        '{"id": "2", "audio": "a.wav", "text": "hello", "duration": 2, "language": "en"}\n'
    )
    return folder


def test_a_private_set_has_a_name(private: Path, settings: Settings) -> None:
    found = find_set("mine", settings)
    assert (found.name, found.title, found.version, found.licence) == ("mine", "Mine", "3", "CC0-1.0")
    assert (found.language, found.synthetic, found.seconds) == ("yue", True, 3.5)
    assert [item.language for item in found.items] == ["yue", "en"]


def test_a_folder_and_its_manifest_are_the_same_items(private: Path, settings: Settings) -> None:
    by_manifest = find_set(private / "manifest.jsonl", settings)
    assert by_manifest.name == "mine"
    assert by_manifest.digest() == find_set(str(private), settings).digest()


@pytest.mark.parametrize("name", ["list.jsonl", "list.csv", "list.tsv"])
def test_a_folder_with_one_manifest_of_any_name(tmp_path: Path, recording: str, settings: Settings, name: str) -> None:
    comma = "\t" if name.endswith("tsv") else ","
    line = '{"audio": "a.wav", "text": "x"}\n' if name.endswith("jsonl") else f"audio{comma}text\na.wav{comma}x\n"
    (tmp_path / name).write_text(line)
    found = find_set(tmp_path, settings)
    assert found.name == tmp_path.name
    assert [item.reference for item in found.items] == ["x"]
    assert find_set(tmp_path / name, settings).name == "list"


def test_a_folder_with_several_manifests_or_none_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ManifestError, match="no manifest"):
        find_set(tmp_path, settings)
    for name in ("a.csv", "b.jsonl"):
        (tmp_path / name).write_text("")
    with pytest.raises(ManifestError, match=r"several manifests: a\.csv, b\.jsonl"):
        find_set(tmp_path, settings)


@pytest.mark.parametrize("name", ["min", "", "nowhere/at/all", "a\0b", "a" * 5000, "~nobody-of-that-name/x"])
def test_what_is_neither_name_nor_path_is_said_with_the_nearest_name(
    private: Path, settings: Settings, name: str
) -> None:
    with pytest.raises(UnknownName, match="There is no set named") as caught:
        find_set(name, settings)
    assert "mine" in caught.value.hint
    assert ("Did you mean 'mine'?" in caught.value.hint) == (name == "min")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("name = ", "set.toml: cannot be read"),
        ("title = 3", "'title' is not text"),
        ('synthetic = "no"', "'synthetic'"),
    ],
)
def test_a_bad_card_is_a_fault(private: Path, settings: Settings, card: str, said: str) -> None:
    (private / "set.toml").write_text(card)
    with pytest.raises(ManifestError, match=said):
        find_set("mine", settings)


def test_sets_are_listed_without_looking_for_recordings(private: Path, settings: Settings) -> None:
    (private / "a.wav").unlink()
    mine = next(info for info in list_sets(settings) if info.name == "mine")
    assert (mine.items, mine.seconds, mine.language, mine.title) == (2, 3.5, "yue", "Mine")
    assert (mine.synthetic, mine.path, mine.fault) == (True, private, "")
    with pytest.raises(ManifestError, match=r"no audio file a\.wav"):
        find_set("mine", settings)


def test_a_faulty_set_is_listed_with_its_fault(private: Path, settings: Settings) -> None:
    (private / "manifest.jsonl").write_text("{}")
    mine = next(info for info in list_sets(settings) if info.name == "mine")
    assert mine.items is None
    assert "no 'text'" in mine.fault


def test_shipped_sets_come_from_the_installation_where_there_is_no_checkout(
    private: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "prefix" / "share" / "asr-workbench" / "eval_sets"
    shutil.copytree(private, shipped / "theirs")
    monkeypatch.setattr(load, "__file__", str(tmp_path / "site-packages" / "workbench" / "evalsets" / "load.py"))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "prefix"))
    assert [info.name for info in list_sets(settings)] == ["mine", "theirs"]
    assert len(find_set("theirs", settings).items) == 2


@pytest.mark.speech
def test_the_development_recordings_load(speech: Path, settings: Settings) -> None:
    found = find_set(speech, settings)
    assert (len(found.items), found.language) == (172, "mixed")
    assert sum(not item.reference for item in found.items) == 30
    english = where(found, {"category": "english"})
    assert (len(english.items), english.language) == (24, "en")

"""A full or faulty disk while a set is imported, derived or replaced: it is whole, or as it was, or not there."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from failing_disk import check_every_fault, content, failing_disk

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import DiskError
from workbench.evalsets import replacing
from workbench.evalsets.load import find_set, list_sets
from workbench.evalsets.replacing import put_in_place, put_in_the_place_of
from workbench.settings import Settings


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two recordings with texts, of which the second is two utterances, and a list of them."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    tone = 0.1 * np.sin(np.arange(3200) / 5)
    lines: list[str] = []
    for number in range(2):
        soundfile.write(folder / f"{number}.wav", np.roll(tone, number), 16_000)
        lines.append(json.dumps({"audio_filepath": f"{number}.wav", "text": f"text {number}", "id": f"c{number}"}))
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A home with another set of the name `mine`."""
    home = tmp_path / "before"
    made = home / "eval_sets" / "mine"
    made.mkdir(parents=True)
    soundfile.write(made / "old.wav", np.zeros(1600), 16_000)
    (made / "set.toml").write_text('name = "mine"\nlanguage = "en"\n')
    (made / "manifest.jsonl").write_text(json.dumps({"id": "old", "audio": "old.wav", "text": "an old one"}))
    return home


def whole(before: Path) -> Callable[[Path], None]:
    """Reads the set of that name: the old one, all of it, or the new one, all of it."""
    old = content(before / "eval_sets" / "mine")

    def read(home: Path) -> None:
        found = find_set("mine", Settings(home=home))
        assert all(item.audio.is_file() for item in found.items)
        if [item.id for item in found.items] == ["old"]:
            assert content(home / "eval_sets" / "mine") == old
        else:
            assert len(found.items) == 2

    return read


def set_of(home: Path) -> Any:
    """What the set is, wherever it lies."""
    folder = home / "eval_sets" / "mine"
    return find_set("mine", Settings(home=home)).digest(), sorted(content(folder, but=("set.toml", "refused.jsonl")))


def test_an_import_that_replaces_a_set(before: Path, corpus: Path, tmp_path: Path) -> None:
    def bring_in(home: Path) -> Any:
        pool = EnginePool(Settings(home=home))
        services.import_set("nemo", corpus / "manifest.jsonl", name="mine", copy=True, replace=True, pool=pool)
        return set_of(home)

    assert check_every_fault(before, bring_in, tmp_path / "t", changes=tuple(content(before)), reads=whole(before))


def test_noise_variants_that_replace_a_set(before: Path, corpus: Path, tmp_path: Path) -> None:
    def derive(home: Path) -> Any:
        pool = EnginePool(Settings(home=home))
        services.derive_set(corpus, noise=["white"], snr=[10], clean=False, name="mine", replace=True, pool=pool)
        return set_of(home)

    assert check_every_fault(before, derive, tmp_path / "t", changes=tuple(content(before)), reads=whole(before))


def test_where_names_cannot_change_places_the_old_set_comes_back(before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "exchange", lambda *_: False)
    old, new = before / "eval_sets" / "mine", before / "eval_sets" / ".mine-new"
    new.mkdir()
    (new / "manifest.jsonl").write_text("new")
    there = content(old)
    with failing_disk(before, 2, errno.EIO) as disk, pytest.raises(DiskError, match="mine cannot be written"):
        put_in_the_place_of(new, old)
    assert disk.refused == ("rename",)
    assert content(old) == there
    put_in_the_place_of(new, old)
    assert content(old) == {"manifest.jsonl": b"new"}
    assert [path.name for path in old.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize("at", ["before the second rename", "after it"])
def test_after_a_kill_between_two_renames_the_set_is_the_old_one_or_the_new_one(
    before: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder, new = before / "eval_sets" / "mine", before / "eval_sets" / ".mine-new"
    shutil.copytree(folder, new)
    (new / "manifest.jsonl").write_text(json.dumps({"id": "new", "audio": "old.wav", "text": "a new one"}))
    monkeypatch.setattr(replacing, "exchange", lambda *_: False)

    def killed(made: Path, target: Path) -> None:
        assert not folder.exists()
        assert "mine" not in {one.name for one in list_sets(Settings(home=before))}, "who is at it is left alone"
        if at == "after it":
            put_in_place(made, target)
        os._exit(9)

    monkeypatch.setattr(replacing, "put_in_place", killed)
    child = os.fork()
    if child == 0:
        try:
            put_in_the_place_of(new, folder)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    (item,) = find_set("mine", Settings(home=before)).items
    assert item.id == ("old" if at == "before the second rename" else "new")
    left = sorted(path.name for path in folder.parent.iterdir())
    assert left == ([".mine-new", "mine"] if item.id == "old" else ["mine"])

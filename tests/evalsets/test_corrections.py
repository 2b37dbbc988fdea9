"""Corrections lie beside the sets, hold for one label, and survive whatever happens while they are written."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.evalsets.corrections import (
    Correction,
    Corrections,
    corrections_path,
    load_corrections,
    remove_correction,
    save_correction,
)
from workbench.settings import Settings

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def corrected(item: str, published: str, text: str, **more: str) -> Correction:
    return Correction(id=item, published=published, status="corrected", text=text, **more)


def wrong(item: str, published: str) -> Correction:
    return Correction(id=item, published=published, status="wrong")


def test_there_are_none_and_nothing_is_made(settings: Settings) -> None:
    assert load_corrections("demo", settings) == Corrections(set="demo")
    assert not settings.home.exists()


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(name=TEXT.filter(bool), item=TEXT.filter(bool), published=TEXT, text=TEXT, note=TEXT)
def test_what_was_saved_is_read_again(
    settings: Settings, name: str, item: str, published: str, text: str, note: str
) -> None:
    saved = save_correction(name, corrected(item, published, text, note=note), settings)
    found = load_corrections(name, settings)
    assert found == saved
    (one,) = [entry for entry in found.entries if (entry.id, entry.published) == (item, published)]
    assert (one.text, one.note, one.status) == (text, note, "corrected")
    assert one.created
    assert all(path.parent == settings.home / "corrections" for path in settings.home.rglob("*.jsonl"))


def test_the_latest_wins_for_the_same_label_and_no_other(settings: Settings) -> None:
    save_correction("demo", corrected("a", "tue", "to"), settings)
    save_correction("demo", corrected("a", "too", "two"), settings)
    found = save_correction("demo", corrected("a", "tue", "two"), settings)
    assert {key: one.text for key, one in found.by_label.items()} == {("a", "tue"): "two", ("a", "too"): "two"}
    assert save_correction("demo", wrong("a", "tue"), settings).by_label["a", "tue"].status == "wrong"


def test_undo_removes_what_was_said_of_a_clip(settings: Settings) -> None:
    save_correction("demo", corrected("a", "tue", "two"), settings)
    save_correction("demo", wrong("b", "x"), settings)
    assert [one.id for one in remove_correction("demo", "a", settings).entries] == ["b"]
    with pytest.raises(UnknownName, match="'a'"):
        remove_correction("demo", "a", settings)


def test_a_label_that_has_changed_is_named() -> None:
    found = Corrections(set="demo", entries=(corrected("a", "tue", "two"), wrong("b", "x"), wrong("c", "y")))
    assert [one.id for one in found.stale({"a": "two", "b": "x"})] == ["a"]


def test_the_hash_is_of_what_decides_a_score() -> None:
    one = corrected("a", "tue", "two")
    same = corrected("a", "tue", "two", note="heard twice", created="2026-01-01T00:00:00+00:00")
    other = wrong("b", "x")

    def hashed(*entries: Correction) -> str:
        return Corrections(set="demo", entries=entries).hash

    assert hashed(one, other) == hashed(other, same)
    assert len({hashed(), hashed(one), hashed(other), hashed(one, other), hashed(corrected("a", "tue", "too"))}) == 5


def test_a_joined_set_has_the_corrections_of_its_parts(settings: Settings) -> None:
    save_correction("left", corrected("a", "tue", "two"), settings)
    found = save_correction("left+right", wrong("right/b", "x"), settings)
    assert [(one.id, one.status) for one in found.entries] == [("left/a", "corrected"), ("right/b", "wrong")]
    assert [one.id for one in load_corrections("right", settings).entries] == ["b"]
    assert [one.id for one in remove_correction("left+right", "left/a", settings).entries] == ["right/b"]


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", "", "嘅" * 300, "con\nsole"])
def test_no_name_leads_out_of_the_folder(settings: Settings, name: str) -> None:
    path = corrections_path(name, settings)
    assert path.parent == settings.home / "corrections"
    save_correction(name, wrong("a", "x"), settings)
    assert load_corrections(name, settings).entries[0].id == "a"


def test_every_fault_of_a_file_is_listed(settings: Settings) -> None:
    path = corrections_path("demo", settings)
    path.parent.mkdir(parents=True)
    lines = [
        '{"id": "a", "published": "x", "status": "wrong"}',
        "not json",
        '{"id": "b", "published": "x", "status": "maybe"}',
        '{"id": "c", "published": "x", "status": "corrected"}',
        "null",
        '{"id": "d", "published": "x", "status": "wrong", "colour": "red"}',
    ]
    path.write_text("\n".join(lines))
    with pytest.raises(ManifestError) as raised:
        load_corrections("demo", settings)
    assert [fault.split(":")[1] for fault in raised.value.faults] == ["2", "3", "4", "5", "6"]
    with pytest.raises(ManifestError):
        save_correction("demo", wrong("e", "x"), settings)
    assert path.read_text() == "\n".join(lines)


def test_half_a_character_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="note"):
        save_correction("demo", corrected("a", "x", "y", note="\ud800"), settings)


def test_a_writer_that_fails_leaves_the_old_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    save_correction("demo", wrong("a", "x"), settings)

    def fail(handle: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no space"):
            save_correction("demo", wrong("b", "x"), settings)
    assert [one.id for one in load_corrections("demo", settings).entries] == ["a"]
    assert {path.suffix for path in corrections_path("demo", settings).parent.iterdir()} == {".jsonl", ".lock"}


def _save_many(home: Path, letter: str) -> None:
    settings = Settings(home=home)
    done = 0
    while done < 20:
        try:
            save_correction("demo", wrong(f"{letter}{done}", "x"), settings)
            done += 1
        except UsageError:  # the other one writes
            continue


def test_two_processes_lose_nothing_of_each_other(settings: Settings) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_save_many, args=(settings.home, letter)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert {one.id for one in load_corrections("demo", settings).entries} == {
        f"{letter}{number}" for letter in "ab" for number in range(20)
    }
    assert len([json.loads(line) for line in corrections_path("demo", settings).read_text().splitlines()]) == 40

"""Items that are read again from their manifest are those that would be held, whatever is done with the set."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.evalsets import manifest_items
from workbench.evalsets.load import first_items, join_sets, load_manifest, where
from workbench.evalsets.model import EvalSet
from workbench.evalsets.selection import with_language
from workbench.evalsets.streamed import JoinedItems, StreamedItems

Write = Callable[..., Path]

fields = st.fixed_dictionaries(
    {"audio": st.just("a.wav"), "text": st.text(max_size=6)},
    optional={"language": st.sampled_from(["", "en", "zh"]), "noise": st.sampled_from("ab"), "duration": st.just(1.5)},
)
manifests = st.lists(st.none() | fields, min_size=1, max_size=12).filter(any)  # None: a blank line
steps = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.integers(1, 14)),
        st.tuples(st.just("noise"), st.sampled_from("ab")),
        st.tuples(st.just("join"), st.booleans()),
        st.tuples(st.just("language"), st.sampled_from(["yue", ""])),
    ),
    max_size=4,
)
reuse = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def write_set(path: Path, rows: list[dict[str, object] | None]) -> Path:
    path.write_text("\n".join("" if row is None else json.dumps(row) for row in rows))
    return path


def load_streamed(path: Path) -> EvalSet:
    with patch.object(manifest_items, "HELD_ITEMS", 0):
        found = load_manifest(path)
    assert isinstance(found.items, StreamedItems)
    return found


@reuse
@given(manifests, manifests, steps)
def test_parts_and_sums_of_streamed_sets_are_those_of_held_ones(
    tmp_path: Path,
    recording: str,
    rows: list[dict[str, object] | None],
    more: list[dict[str, object] | None],
    todo: object,
) -> None:
    first, second = write_set(tmp_path / "first.jsonl", rows), write_set(tmp_path / "second.jsonl", more)
    held, streamed = (change(load(first), load(second), todo) for load in (load_manifest, load_streamed))
    mixed = change(load_streamed(first), load_manifest(second), todo)
    for other in (streamed, mixed):
        if isinstance(held, str) or isinstance(other, str):
            assert held == other
            continue
        assert tuple(other.items) == held.items
        assert (other.name, other.language, other.seconds) == (held.name, held.language, held.seconds)
    if not isinstance(held, str) and not isinstance(streamed, str):
        assert streamed.digest() == held.digest()


def change(found: EvalSet, other: EvalSet, todo: object) -> EvalSet | str:
    """What comes of it, or what the refusal says."""
    assert isinstance(todo, list)
    try:
        for number, (step, value) in enumerate(todo):
            if step == "limit":
                found = first_items(found, value)
            elif step == "noise":
                found = where(found, {"noise": value})
            elif step == "language":
                items = with_language(found.items, value)
                found = EvalSet(name=found.name, items=items, language=value)
            else:
                parts = [EvalSet(name=f"{number}", items=other.items), found]
                found = join_sets(parts if value else parts[::-1])
    except (UnknownName, UsageError) as error:
        return error.sentence
    return found


@reuse
@given(st.data())
def test_a_streamed_sequence_is_indexed_like_a_tuple(tmp_path: Path, recording: str, data: st.DataObject) -> None:
    path = write_set(tmp_path / "m.jsonl", [{"audio": "a.wav", "text": f"{number}"} for number in range(7)])
    held, items = load_manifest(path).items, load_streamed(path).items
    for _ in range(2):  # of the whole, and of a part
        assert len(items) == len(held)
        for place in range(-len(held), len(held)):
            assert items[place] == held[place]
        for beyond in (len(held), -len(held) - 1):
            with pytest.raises(IndexError):
                items[beyond]
        bounds = st.none() | st.integers(-9, 9)
        part = slice(data.draw(bounds), data.draw(bounds), data.draw(st.sampled_from([None, 1, 2, -1, -3])))
        held, items = held[part], items[part]
        assert tuple(items) == held
        assert bool(items) == bool(held)


def test_nothing_joined_is_empty() -> None:
    assert (len(JoinedItems([])), list(JoinedItems([()]))) == (0, [])


@pytest.fixture
def streamed(manifest: Write) -> tuple[Path, EvalSet]:
    path = manifest(*(json.dumps({"id": f"i{n}", "audio": "a.wav", "text": f"text {n}"}) for n in range(4)))
    return path, load_streamed(path)


def test_a_line_that_is_another_than_was_checked_is_named(streamed: tuple[Path, EvalSet]) -> None:
    path, found = streamed
    path.write_text(path.read_text().replace("text 2", "TEXT 2"))
    assert found.items[1].reference == "text 1"
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:3: is not what it was when the set was read") as caught:
        list(found.items)
    assert "start again" in caught.value.hint


def test_a_manifest_that_lost_its_end_is_another(streamed: tuple[Path, EvalSet]) -> None:
    path, found = streamed
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:4: is not"):
        found.digest()


def test_lines_added_meanwhile_do_not_matter(streamed: tuple[Path, EvalSet]) -> None:
    path, found = streamed
    before = found.digest()
    with path.open("a") as file:
        file.write('\n{"id": "new"')
    assert (len(found.items), found.digest()) == (4, before)


def test_a_manifest_that_is_gone_is_said(streamed: tuple[Path, EvalSet]) -> None:
    path, found = streamed
    path.unlink()
    with pytest.raises(ManifestError, match=r"manifest\.jsonl: cannot be read any more \(No such file"):
        found.items[0]


def test_a_manifest_is_found_again_from_another_folder(
    streamed: tuple[Path, EvalSet], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = streamed
    monkeypatch.chdir(tmp_path)
    found, (audio, *_) = load_streamed(Path(path.name)), load_manifest(path).items
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert found.items[0] == audio


@pytest.mark.parametrize(("name", "header"), [("m.csv", "id,audio,text"), ("m.tsv", "id\taudio\ttext")])
def test_tables_are_streamed_too(manifest: Write, name: str, header: str) -> None:
    mark = "\ufeff" + header
    comma = "\t" if name.endswith("tsv") else ","
    path = manifest(mark, "", *(comma.join((f"i{n}", "a.wav", f"你好 {n}")) for n in range(3)), name=name)
    assert tuple(load_streamed(path).items) == load_manifest(path).items


def test_all_faults_of_a_large_manifest_are_found_in_their_order(manifest: Write) -> None:
    lines = [json.dumps({"id": f"i{n}", "audio": "a.wav", "text": "x"}) for n in range(6)]
    lines[2] = "nonsense"
    lines[4] = '{"id": "i0", "audio": "b.wav", "text": "x"}'
    lines[5] = '{"id": "i0", "audio": "a.wav"}'
    path = manifest(*lines)
    said: list[tuple[str, ...]] = []
    for most in (0, 3, 100):
        with patch.object(manifest_items, "HELD_ITEMS", most), pytest.raises(ManifestError) as caught:
            load_manifest(path)
        said.append(caught.value.faults)
    assert (
        said[0]
        == said[1]
        == said[2]
        == (
            "manifest.jsonl:3: not JSON (Expecting value at column 1)",
            "manifest.jsonl:5: no audio file b.wav",
            "manifest.jsonl:5: id 'i0' is already that of line 1",
            "manifest.jsonl:6: no 'text'",
            "manifest.jsonl:6: id 'i0' is already that of line 1",
        )
    )


def test_ids_with_the_same_hash_are_no_repetition(manifest: Write) -> None:
    path = manifest(*(json.dumps({"id": f"i{n}", "audio": "a.wav", "text": "x"}) for n in range(4)))
    with patch.object(manifest_items, "hash", lambda _: 1, create=True):
        assert [item.id for item in load_manifest(path).items] == ["i0", "i1", "i2", "i3"]


def test_a_large_set_is_not_held(manifest: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """16 bytes an item, and what an `array` keeps free at its end; 8 more for a part."""
    monkeypatch.setattr(manifest_items, "HELD_ITEMS", 500)
    line = {"audio": "a.wav", "text": "words", "language": "en"}
    path = manifest(*(json.dumps({"id": f"i{n}", **line}) for n in range(2000)))
    load_manifest(path)  # caches fill
    tracemalloc.start()
    try:
        found = where(load_manifest(path), {"language": "en"})
        assert sum(1 for _ in found.items) == 2000
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 50 * 2000
    assert most > 500 * 500  # of those held until there were too many: what is measured, is


def test_a_set_of_the_most_items_that_are_held_is_a_tuple(manifest: Write, recording: str, tmp_path: Path) -> None:
    shutil.copy(tmp_path / recording, tmp_path / "b.wav")
    lines = ['{"audio": "a.wav", "text": "x"}', '{"audio": "b.wav", "text": "y"}']
    with patch.object(manifest_items, "HELD_ITEMS", 2):
        assert isinstance(load_manifest(manifest(*lines)).items, tuple)
        assert isinstance(load_manifest(manifest(*lines, lines[0])).items, StreamedItems)

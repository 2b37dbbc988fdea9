"""Runs by spec, by id and by path."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest

from workbench.errors import RunError, UnknownName, UsageError
from workbench.runs.records import RunSpec
from workbench.runs.store import RunStore, spec_key

SPEC = RunSpec(
    eval_set="我的 Set/1",
    set_digest="d",
    set_language="yue",
    items=2,
    engine="qwen3-asr:0.6B",
    model_id="m",
    revision="r",
    language="set",
    context="",
    options={"beam": 5},
    chain="",
    device="cpu",
    dtype="float32",
    batch_size=1,
)


@pytest.mark.parametrize("name", [field.name for field in fields(RunSpec)])
def test_whatever_differs_makes_another_key(name: str) -> None:
    value = getattr(SPEC, name)
    others = {"options": {"beam": 6}, "chunk_seconds": 20.0}
    other = others.get(name) or (value + 1 if isinstance(value, int) else value + "x")
    assert spec_key(replace(SPEC, **{name: other})) != spec_key(SPEC)


def test_a_run_from_before_there_were_chunk_lengths_is_found_and_read(store: RunStore) -> None:
    """Its key is that of then, computed by the code of then; None is no part of it."""
    assert spec_key(SPEC) == "bdb02ed9f0d4f6cc62042e24dee703c384dfa553b850b17df354c6e99d823ab8"
    record = store.create_run(SPEC, {})
    path = store.folder / record.run_id / "run.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["spec"].pop("chunk_seconds", 0) is None
    path.write_text(json.dumps(written), encoding="utf-8")
    found = store.find_existing(SPEC)
    assert found == record
    assert found is not None
    assert found.spec.chunk_seconds is None
    assert store.find_existing(replace(SPEC, chunk_seconds=20.0)) is None


def test_the_order_and_kind_of_options_make_no_difference() -> None:
    one, other = {"a": (1, 2), "b": 1}, {"b": 1, "a": [1, 2]}
    assert spec_key(replace(SPEC, options=one)) == spec_key(replace(SPEC, options=other))


def test_a_run_id_says_when_what_and_with_what(store: RunStore) -> None:
    record = store.create_run(SPEC, {})
    assert re.fullmatch(r"\d{8}-\d{6}-我的-set-1-qwen3-asr-0-6b-[0-9a-f]{6}", record.run_id)
    assert record.status == "started"
    again = store.create_run(SPEC, {})
    assert again.run_id != record.run_id


def test_a_long_name_makes_a_folder_that_exists(store: RunStore) -> None:
    record = store.create_run(replace(SPEC, eval_set="😀說" * 200, engine="說" * 200), {})
    assert (store.folder / record.run_id / "run.json").is_file()


def test_a_record_is_read_as_it_was_written(store: RunStore) -> None:
    record = store.create_run(SPEC, {"sets": ["a"], "limit": None}, load_seconds=1.5)
    assert store.load_run(record.run_id).record == record


def test_the_newest_success_is_found_before_newer_ones_that_did_not_end(store: RunStore) -> None:
    assert store.find_existing(SPEC) is None
    runs = [store.create_run(SPEC, {}) for _ in range(3)]
    other = store.create_run(replace(SPEC, seed=1), {})
    assert store.find_existing(SPEC) == runs[2]
    store.save_record(replace(runs[0], status="success"))
    store.save_record(replace(runs[1], status="success"))
    found = store.find_existing(SPEC)
    assert found is not None
    assert found.run_id == runs[1].run_id
    assert store.find_existing(replace(SPEC, seed=1)) == other


def test_runs_are_found_by_id_by_its_beginning_and_by_path(store: RunStore, tmp_path: Path) -> None:
    record = store.create_run(SPEC, {})
    folder = store.folder / record.run_id
    elsewhere = tmp_path / "copy"
    shutil.copytree(folder, elsewhere)
    for name in (record.run_id, record.run_id[:17], folder, elsewhere):
        assert store.load_run(name).record == record
    second = store.create_run(SPEC, {})
    with pytest.raises(UsageError, match="fits 2 runs"):
        store.load_run(record.run_id[:8])
    assert store.load_run(record.run_id).record == record  # a whole id is never a mere beginning of another
    assert [run.run_id for run in store.list_runs()] == [second.run_id, record.run_id]


@pytest.mark.parametrize("name", ["", "nowhere", "../runs", "a\0b", "a" * 5000])
def test_an_unknown_run_is_a_sentence(store: RunStore, name: str) -> None:
    store.create_run(SPEC, {})
    with pytest.raises(UnknownName, match="There is no run named"):
        store.load_run(name)


def test_there_are_no_runs_in_an_empty_home(store: RunStore) -> None:
    assert store.list_runs() == []
    with pytest.raises(UnknownName, match="no run named 'x'"):
        store.load_run("x")
    assert not store.folder.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"format_version": 1', '"format_version": 2'), "written by a newer version"),
        (lambda text: text.replace('"run_id"', '"run"'), "cannot be read"),
        (lambda text: text.replace('"chain"', '"colour": 1, "chain"'), r"spec\.colour: Unexpected"),
        (lambda text: text[:-10], "cannot be read"),
        (lambda text: "null", "run.json is empty"),
        (lambda text: "[]", "cannot be read"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_sentence_and_hides_no_other(
    store: RunStore, change: Callable[[str], str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = store.create_run(SPEC, {}), store.create_run(SPEC, {})
    path = store.folder / bad.run_id / "run.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(RunError, match=said):
        store.load_run(bad.run_id)
    assert store.list_runs() == [good]
    assert bad.run_id in caplog.text


def test_replacing_a_record_leaves_no_other_file(store: RunStore) -> None:
    record = store.create_run(SPEC, {})
    store.save_record(replace(record, status="error"))
    assert [path.name for path in (store.folder / record.run_id).iterdir()] == ["run.json"]


def test_a_record_that_cannot_be_written_leaves_the_old_one(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    record = store.create_run(SPEC, {})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save_record(replace(record, status="error"))
    assert store.load_run(record.run_id).record == record
    assert [path.name for path in (store.folder / record.run_id).iterdir()] == ["run.json"]


def test_a_deleted_run_is_gone(store: RunStore) -> None:
    record = store.create_run(SPEC, {})
    with store.open_journal(record.run_id), pytest.raises(RunError, match="is being written"):
        store.delete_run(record.run_id)
    store.delete_run(record.run_id)
    assert store.list_runs() == []
    with pytest.raises(UnknownName, match="no run"):
        store.delete_run(record.run_id)


def test_a_run_elsewhere_is_not_deleted(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({}))
    with pytest.raises(RunError, match="not a run of this home"):
        store.delete_run(str(tmp_path))
    assert (tmp_path / "run.json").exists()


def test_the_record_names_packages_and_neither_user_nor_host(store: RunStore) -> None:
    environment = store.create_run(SPEC, {}).environment
    assert environment["packages"]["numpy"]
    assert environment["python"].startswith("3.")
    assert environment["memory_bytes"] > 0
    text = json.dumps(environment)
    assert platform.node() not in text
    assert str(Path.home()) not in text


def test_reading_and_scoring_runs_loads_no_torch() -> None:
    code = (
        "import sys, workbench.runs.store, workbench.runs.summary, workbench.runs.compare;"
        "print([name for name in ('torch', 'transformers', 'gradio', 'faster_whisper') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

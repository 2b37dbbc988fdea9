"""What is kept on this machine: listed whole, deleted one by one, and nothing outside HOME can be named."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench import services
from workbench.errors import RunError, UnknownName
from workbench.services.saved import DELETABLE


def write(path: Path, text: str = "x" * 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def kept(workbench_home: Path) -> dict[str, Path]:
    return {
        "runs": write(workbench_home / "runs" / "torn" / "items.jsonl").parent,
        "sweeps": write(workbench_home / "sweeps" / "torn.json"),
        "trials": write(workbench_home / "trials" / "torn" / "audio" / "a.flac").parents[1],
        "sets": write(workbench_home / "eval_sets" / "mine" / "manifest.jsonl").parent,
        "corrections": write(workbench_home / "corrections" / "mine.jsonl"),
        "transcripts": write(workbench_home / "transcripts" / "abc" / "chunks.jsonl").parent,
    }


def test_everything_is_listed_and_a_run_says_which_sweep_needs_it(workbench: Any, demo_set: Path) -> None:
    done = workbench("sweep", demo_set, "--engine", "scripted", "--chain", "", "--chain", "gain:peak_db=-3", "--json")
    assert done.code == 0
    sweep_id = workbench("sweeps", "--json").document[0]["sweep_id"]
    listed = workbench("saved", "--json").document
    runs = [one for one in listed if one["kind"] == "runs"]
    assert len(runs) == 2
    assert all(one["used_by"] == [sweep_id] and one["bytes"] > 0 and one["can_delete"] for one in runs)
    assert [one["id"] for one in listed if one["kind"] == "sweeps"] == [sweep_id]
    outcome = workbench("saved", "delete", "runs", runs[0]["id"])
    assert outcome.code == 0
    assert "It was part of a sweep, which now lacks it" in outcome.out
    assert [one["id"] for one in workbench("saved", "list", "--kind", "runs", "--json").document] == [runs[1]["id"]]


def test_also_what_is_damaged_is_listed_and_deleted(workbench: Any, kept: dict[str, Path]) -> None:
    listed = workbench("saved", "--json").document
    assert {one["kind"] for one in listed} == set(DELETABLE)
    for one in listed:
        assert one["files"] == 1
        assert one["bytes"] == 10
        assert workbench("saved", "delete", one["kind"], one["id"], "--json").document["item"]["id"] == one["id"]
        assert not kept[one["kind"]].exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "/etc", "mine/../../secret", "\0", "min"])
def test_only_what_is_listed_can_be_deleted(
    scripted: Any, kept: dict[str, Path], workbench_home: Path, name: str
) -> None:
    secret = write(workbench_home / "secret")
    with pytest.raises(UnknownName):
        services.delete_saved("sets", name)
    assert secret.exists()
    assert all(path.exists() for path in kept.values())


def test_what_is_the_workbenchs_own_cannot_be_deleted_here(scripted: Any, workbench_home: Path) -> None:
    write(workbench_home / "models" / "m" / "model.bin")
    assert [item.can_delete for item in services.list_saved(kind="models")] == [False]
    with pytest.raises(UnknownName):
        services.delete_saved("models", "m")


def test_a_transcript_under_way_is_left_alone(scripted: Any, kept: dict[str, Path]) -> None:
    with (kept["transcripts"] / "chunks.jsonl").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="being written"):
            services.delete_saved("transcripts", "abc")
    services.delete_saved("transcripts", "abc")
    assert not kept["transcripts"].exists()


def test_a_link_is_removed_and_not_followed(scripted: Any, workbench_home: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "a").parent
    (workbench_home / "eval_sets").mkdir(parents=True)
    (workbench_home / "eval_sets" / "linked").symlink_to(outside)
    services.delete_saved("sets", "linked")
    assert (outside / "a").exists()


def test_over_http(server: Any, kept: dict[str, Path]) -> None:
    with httpx.Client(base_url=f"{server.url}/v1/workbench") as client:
        assert {one["kind"] for one in client.get("/saved", params={"kind": "sets"}).json()} == {"sets"}
        assert client.delete("/saved/sets/..%2F..%2Fsecret").status_code == 404
        assert client.delete("/saved/sets/nobody").status_code == 404
        assert client.delete("/saved/sets/mine").json()["item"]["bytes"] == 10
        assert json.loads(client.get("/saved", params={"kind": "sets"}).text) == []

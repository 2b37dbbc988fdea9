"""A full disk under what a command writes and what a server takes in: said, and nothing half-written has its name."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from failing_disk import check_every_fault, every_fault
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import DiskError, WorkbenchError
from workbench.http.access import Tokens
from workbench.http.uploads import received_form
from workbench.settings import Settings

Command = Callable[..., Any]
SPOKEN = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
ENGINE = ("--engine", "scripted")


class _Told(WorkbenchError):
    """What a command said, as its exit code and error."""


def check(command: Command, words: Callable[[Path], tuple[object, ...]], file: str, tmp_path: Path) -> None:
    """A command that writes one file where another is: that one is there, or the new one."""
    before = tmp_path / "before"
    before.mkdir(parents=True)
    (before / file).write_bytes(b"an older one")
    assert command(*words(before)).code == 0
    new = (before / file).read_bytes()
    (before / file).write_bytes(b"an older one")

    def say(home: Path) -> int:
        outcome = command(*words(home))
        if outcome.code:
            raise _Told(outcome.err, hint=str(outcome.code))
        return outcome.code

    refused: list[str] = []
    for fault in every_fault(before, say, tmp_path, codes=(errno.ENOSPC,)):
        refused.append(fault.refused)
        there = (fault.home / file).read_bytes()
        assert len(list(fault.home.iterdir())) == 1, fault.refused
        if fault.error is None:
            assert there == new, fault.refused
            continue
        # New only where the disk has it and does not say that its name will stay: then its folder's fsync was refused.
        assert there == b"an older one" or (there == new and refused[-2:] == ["replace", "fsync"]), refused
        assert fault.error.hint == "1"
        assert "cannot be written: No space left on device.\nMake room on the disk" in fault.error.message
    assert {"write", "fsync", "replace"} <= set(refused)


def test_what_commands_write(workbench: Command, demo_set: Path, tmp_path: Path, scripted: ScriptedPlugin) -> None:
    run = workbench("bench", demo_set, *ENGINE, "--json").document["run_id"]
    transcript = tmp_path / "made"
    workbench("transcribe", SPOKEN, *ENGINE, "--format", "json", "--output", transcript)
    commands: dict[str, Callable[[Path], tuple[object, ...]]] = {
        "e01.srt": lambda to: ("transcribe", SPOKEN, *ENGINE, "--format", "srt", "--output", to),
        "e01.txt": lambda to: ("transcript", "export", transcript / "e01.json", "--output", to / "e01.txt"),
        "report.html": lambda to: ("runs", "report", run, "--output", to / "report.html"),
        "report.md": lambda to: ("runs", "report", run, "--format", "md", "--output", to / "report.md"),
        "texts.jsonl": lambda to: ("runs", "export", run, "--output", to / "texts.jsonl"),
        "run.zip": lambda to: ("runs", "export", run, "--bundle", to / "run.zip"),
        "clips.csv": lambda to: ("bench", demo_set, *ENGINE, "--on-existing", "reuse", "--csv", to / "clips.csv"),
    }
    for number, (file, words) in enumerate(commands.items()):
        check(workbench, words, file, tmp_path / str(number))


def test_a_link_a_pipe_and_a_file_that_is_not_to_be_written(workbench: Command, demo_set: Path, tmp_path: Path) -> None:
    run = workbench("bench", demo_set, *ENGINE, "--json").document["run_id"]
    report = ("runs", "report", run, "--format", "md", "--output")
    real, link, folder = tmp_path / "real.md", tmp_path / "link.md", tmp_path / "none" / "r.md"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert workbench(*report, link).code == 0
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8").startswith("#")
    assert real.stat().st_mode & 0o777 == 0o640
    assert workbench(*report, "/dev/null").code == 0
    refused = workbench(*report, folder)
    assert (refused.code, "Choose another place." in refused.err) == (2, True)
    full = workbench(*report, "/dev/full")
    assert (full.code, "Make room on the disk" in full.err) == (1, True)


def test_an_upload_is_refused_with_507(settings: Settings, tmp_path: Path) -> None:
    built = httpx.Request("POST", "http://here/", data={"a": "b"}, files={"file": ("a.wav", bytes(50_000))})
    body, kind = built.read(), built.headers["content-type"].encode()

    def take_in(home: Path) -> int:
        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def run() -> int:
            request = Request(
                {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind)]}, receive
            )
            async with received_form(request, Settings(home=home)) as form:
                assert form.file is not None
                return len(form.file.read_bytes())

        try:
            return anyio.run(run)
        except HTTPException as error:
            error_of = WorkbenchError(error.detail)
            error_of.http_status = error.status_code
            raise error_of from None

    before = tmp_path / "before"
    before.mkdir()
    refused: list[str] = []
    for fault in every_fault(before, take_in, tmp_path):
        refused.append(fault.refused)
        status = 200 if fault.error is None else fault.error.http_status
        assert status == 507 or fault.result == 50_000, fault.refused
        assert [path for path in fault.home.rglob("*") if path.is_file()] == [], fault.refused
    assert {"mkdir", "write"} <= set(refused)


def test_the_token_s_file_is_whole_or_not_there(tmp_path: Path) -> None:
    before = tmp_path / "before"
    (before / "tokens").mkdir(parents=True)
    (before / "tokens" / "7861").write_text("another server's")

    def write(home: Path) -> str:
        return Tokens("secret").write(home / "tokens" / "7860").read_text()

    faults = check_every_fault(before, write, tmp_path / "t")
    told = [one.error for one in faults if one.error is not None]  # a folder that is there need not be made
    assert len(told) > 6
    assert all(isinstance(error, DiskError) for error in told)
    assert all("The file of the token cannot be written" in error.message for error in told)


PROGRAM = """
import json, os, sys
from pathlib import Path
from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import WorkbenchError
from workbench.evalsets.load import load_manifest
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult
from workbench.settings import Settings

disk, manifest = Path(sys.argv[1]), load_manifest(Path(sys.argv[2]))

def benchmark(home):
    said = []
    try:
        pool, ref = EnginePool(Settings(home=home)), EngineRef("scripted")
        for event in run_benchmark(manifest, pool=pool, engine=ref, chain=parse_chain(""), on_existing="resume"):
            if isinstance(event, ItemResult):
                said.append((event.id, event.text))
    except WorkbenchError as error:
        return said, error.message
    return said, ""

with offered(ScriptedPlugin()):
    for room in range(0, 40, 4):
        home, filler = disk / f"home-{room}", disk / "filler"
        home.mkdir()
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(max(0, file.tell() // 4096 * 4096 - room * 1024))
        first, error = benchmark(home)
        filler.unlink()
        again, _ = benchmark(home)
        print(json.dumps([room, first, error, again]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a mount namespace")
def test_a_benchmark_on_a_disk_that_is_really_full(demo_set: Path, tmp_path: Path) -> None:
    disk, program = tmp_path / "disk", tmp_path / "program.py"
    disk.mkdir()
    program.write_text(PROGRAM)
    mount = f'mount -t tmpfs -o size=1m tmpfs "{disk}"'
    if (
        os.geteuid()
        or subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs the right to mount in a namespace of its own")
    command = f'{mount} && exec "{sys.executable}" "{program}" "{disk}" "{demo_set / "manifest.jsonl"}"'
    made = subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr

    found = [json.loads(line) for line in made.stdout.splitlines()]
    assert len(found) == 10
    whole = [["one", "1.00 seconds"], ["two", "1.00 seconds"], ["three", "1.00 seconds"]]
    assert all(again == whole for *_, again in found)
    assert all(first == whole[: len(first)] for _, first, *_ in found)
    full = [error for _, _, error, _ in found if error]
    assert full
    assert all("No space left on device" in error for error in full)
    assert any(not error for _, _, error, _ in found)

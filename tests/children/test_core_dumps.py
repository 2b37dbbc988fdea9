"""A process that is ended by a fault leaves no memory on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

resource = pytest.importorskip("resource", reason="Windows has no such limits")

FORBID = "from workbench.children.core_dumps import forbid_core_dumps\nforbid_core_dumps()\n"
SAY = """
import json, pathlib, resource
filter = pathlib.Path("/proc/self/coredump_filter")
print(json.dumps([resource.getrlimit(resource.RLIMIT_CORE)[0], int(filter.read_text(), 16) if filter.exists() else 0]))
"""


def allow(hard: int) -> None:
    """As a shell does in which `ulimit -c unlimited` was said, or where more is not allowed."""
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def dumps(code: str, folder: Path) -> bool:
    """Whether the system says that it wrote a dump of a program that ends in a fault."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}import os\nos.abort()"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: allow(resource.getrlimit(resource.RLIMIT_CORE)[1]),
    )
    _, status = os.waitpid(process.pid, 0)
    process.returncode = status
    assert os.WIFSIGNALED(status)
    return os.WCOREDUMP(status)


def test_no_dump_is_written_where_one_would_be(tmp_path: Path) -> None:
    if not dumps("", tmp_path):
        pytest.skip("this machine writes none anyway")
    for path in tmp_path.iterdir():
        path.unlink()
    assert not dumps(FORBID, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("hard", "soft"), [(resource.RLIM_INFINITY, 1), (0, 0)])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems hand dumps to no program")
def test_no_program_that_takes_dumps_is_given_any_memory(hard: int, soft: int) -> None:
    if hard and resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("core dumps are forbidden here already")
    said = subprocess.run(
        [sys.executable, "-c", FORBID + SAY], capture_output=True, text=True, check=True, preexec_fn=lambda: allow(hard)
    )
    assert said.stdout.strip() == f"[{soft}, 0]"


@pytest.mark.parametrize("verb", ["transcribe", "serve", "bench"])
def test_every_command_forbids_them_before_anything_else(verb: str, tmp_path: Path) -> None:
    code = f"""
import contextlib, resource, sys
from workbench import cli
sys.argv = ["workbench", {verb!r}, "--engine", "nobody", "nothing.wav"]
with contextlib.suppress(SystemExit):
    cli.main()
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""
    environment = os.environ | {"WORKBENCH_HOME": str(tmp_path), "WORKBENCH_SEAL": "0"}
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        preexec_fn=lambda: allow(resource.getrlimit(resource.RLIMIT_CORE)[1]),
    )
    assert said.stdout.splitlines()[-1] in ("0", "1")

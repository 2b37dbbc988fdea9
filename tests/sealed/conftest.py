"""What this kernel allows, and a Python of its own to try it in: a seal cannot be taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@cache
def refusal(module: str) -> str:
    """Why this kernel refuses a layer; empty where it does not."""
    code = f"from workbench.sealed import {module}; {module}.enter()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.fixture
def namespaces() -> None:
    """Skips where no network namespace can be had."""
    if refusal("namespace"):
        pytest.skip(f"the kernel refuses network namespaces here: {refusal('namespace')}")


@pytest.fixture
def filters() -> None:
    """Skips where no filter of system calls can be had."""
    if refusal("syscall_filter"):
        pytest.skip(f"the kernel refuses filters of system calls here: {refusal('syscall_filter')}")


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Run some code in a fresh process; what it prints last is JSON."""

    def run(code: str, *words: str, **settings: Any) -> Any:
        environment = os.environ | {"WORKBENCH_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, env=environment, **settings
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run

"""NIST's sclite (Debian package sctk) as an outside oracle for counts and alignments."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from workbench.scoring.alignment import Edit

PATH = re.compile(r'<PATH id="\(u-(\d+)\)".*?>\n(.*?)\n?</PATH>', re.S)
STEP = re.compile(r'([CSDI]),(?:"([^"]*)")?,(?:"([^"]*)")?(?::|$)')
OPERATIONS = {"C": "hit", "S": "substitution", "D": "deletion", "I": "insertion"}

AskSclite = Callable[..., list[list[Edit]]]


@pytest.fixture
def ask_sclite(tmp_path: Path) -> AskSclite:
    """sclite's own alignments of pairs of texts: `ask(pairs, *options, name="a")`; its file is then `a.sgml`."""
    if shutil.which("sctk") is None:
        pytest.skip("needs sclite (Debian package sctk)")

    def ask(pairs: Sequence[tuple[str, str]], *options: str, name: str = "a") -> list[list[Edit]]:
        for side, ending in enumerate(("ref", "hyp")):
            lines = [f"{pair[side]} (u-{place:06d})\n" for place, pair in enumerate(pairs)]
            (tmp_path / f"{name}.{ending}").write_text("".join(lines), encoding="utf-8")
        command = ["sctk", "sclite", "-r", f"{name}.ref", "trn", "-h", f"{name}.hyp", "trn", "-i", "rm", "-s"]
        command += ["-e", "utf-8", *options, "-o", "sgml", "-O", ".", "-n", name]
        subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        paths = PATH.findall((tmp_path / f"{name}.sgml").read_text(encoding="utf-8"))
        found = {
            int(place): [Edit(OPERATIONS[op], said, heard) for op, said, heard in STEP.findall(path)]
            for place, path in paths
        }
        assert sorted(found) == list(range(len(pairs)))
        return [found[place] for place in range(len(pairs))]

    return ask

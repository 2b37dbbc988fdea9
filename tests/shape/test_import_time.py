"""What is loaded when little is asked."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "gradio", "transformers", "faster_whisper", "ctranslate2", "fastapi", "uvicorn", "pandas", "scipy"),
    *("librosa", "jiwer", "huggingface_hub", "silero_vad", "opencc", "wetext", "pyloudnorm", "docx"),
}
REPORT = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
roots = sorted({name.partition('.')[0] for name in sys.modules})
print(json.dumps([roots, used.ru_utime + used.ru_stime]))
"""


def loaded_by(code: str) -> tuple[set[str], float]:
    """Top-level modules in a fresh process after some code, and the processor seconds it took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, check=True, env=environment
    )
    modules, seconds = json.loads(done.stdout.splitlines()[-1])
    return set(modules), seconds


def test_the_detector_sees_what_is_heavy() -> None:
    assert "jiwer" in loaded_by("import jiwer")[0] & HEAVY


def test_importing_the_package_loads_nothing_but_itself() -> None:
    modules, _ = loaded_by("import workbench")
    assert modules & (HEAVY | {"numpy", "pydantic", "av"}) == set()


@pytest.mark.parametrize("words", [["--help"], ["bench", "--help"], ["sets", "--json"], ["runs", "--json"]])
def test_what_needs_no_model_loads_none(words: list[str], tmp_path) -> None:
    code = f"""
import contextlib, io, os
os.environ["WORKBENCH_HOME"] = {str(tmp_path)!r}
from workbench.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main({words!r})
"""
    modules, seconds = loaded_by(code)
    assert modules & HEAVY == set()
    # Processor time, since the clock of a shared machine says how busy others are.
    assert seconds < 1.0


def test_stored_texts_are_scored_without_torch(tmp_path) -> None:
    (tmp_path / "texts.jsonl").write_text('{"id": "a", "text": "一二三 API"}\n', encoding="utf-8")
    path = str(tmp_path / "texts.jsonl")
    code = f"""
from workbench import score
found = score(ref={path!r}, hyp={path!r}, ruler="zh")
assert found.score.metrics["cer"].rate == 0.0
"""
    modules, _ = loaded_by(code)
    assert "opencc" in modules
    assert modules & {"torch", "gradio", "transformers", "ctranslate2"} == set()


def test_processor_time_is_there_to_be_read() -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime > 0

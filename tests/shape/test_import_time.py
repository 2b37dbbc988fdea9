"""What is loaded when little is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "gradio", "transformers", "faster_whisper", "ctranslate2", "fastapi", "uvicorn", "pandas", "scipy"),
    *("librosa", "jiwer", "huggingface_hub", "silero_vad", "opencc", "wetext", "pyloudnorm", "docx"),
}
REPORT = """
import json, sys
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))
"""


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh process after some code."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, check=True, env=environment
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_detector_sees_what_is_heavy() -> None:
    assert "jiwer" in loaded_by("import jiwer") & HEAVY


def test_importing_the_package_loads_nothing_but_itself() -> None:
    modules = loaded_by("import workbench")
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
    modules = loaded_by(code)
    assert modules & (HEAVY | {"av"}) == set()


def test_stored_texts_are_scored_without_torch(tmp_path) -> None:
    (tmp_path / "texts.jsonl").write_text('{"id": "a", "text": "一二三 API"}\n', encoding="utf-8")
    path = str(tmp_path / "texts.jsonl")
    code = f"""
from workbench import score
found = score(ref={path!r}, hyp={path!r}, ruler="zh")
assert found.score.metrics["cer"].rate == 0.0
"""
    modules = loaded_by(code)
    assert "opencc" in modules
    assert modules & {"torch", "gradio", "transformers", "ctranslate2"} == set()

"""Engines by name: the built-in ones, and those that another package brings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines import registry
from workbench.engines.registry import EngineRef, engine_names, plugin
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import EngineUnavailable, UnknownName, WorkbenchError
from workbench.settings import Settings

PACKAGE = Path(__file__).parents[1] / "plugin_package"
OURS = ["builtin", "faster-whisper", "openai-http", "qwen3-asr", "sherpa-onnx", "transformers", "whisper"]

ASK = """
import json
from pathlib import Path
import numpy as np
from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.registry import engine_names, plugin
from workbench.settings import Settings
engine = plugin("scripted-demo").load(None, Settings(home=Path("nowhere")))
clip = AudioClip(samples=np.ones(8000, dtype=np.float32), sample_rate=16_000)
print(json.dumps([engine_names(), engine.info.name, engine.transcribe([clip], DecodeOptions())[0].text]))
"""
CHEAP = """
import sys
from workbench.engines.registry import engine_names, plugin
for name in engine_names():
    plugin(name)
heavy = {"sherpa_onnx", "torch", "transformers", "ctranslate2", "faster_whisper", "huggingface_hub", "gradio", "jiwer"}
print(*sorted(heavy & set(sys.modules)))
"""


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_our_engines_are_there_and_the_default_is_first() -> None:
    names = engine_names()
    assert names[0] == "builtin"
    assert set(OURS) <= set(names)


@pytest.mark.parametrize("name", OURS)
def test_a_plug_in_says_what_it_is_and_checks_without_loading(name: str, settings: Settings) -> None:
    found = plugin(name)
    assert found.name == name
    assert found.summary.endswith(".")
    info = found.info(None, settings)
    assert info.name == name
    assert info.validated({}) == info.options()
    availability = found.check(None, settings)
    assert availability.reason.endswith(".")
    assert not settings.home.exists(), "checking writes nothing"


@pytest.mark.parametrize("name", OURS)
def test_every_option_says_what_it_does(name: str, settings: Settings) -> None:
    for option in plugin(name).info(None, settings).options.__dataclass_fields__.values():
        assert option.metadata["help"].endswith("."), option.name


@pytest.mark.parametrize("name", ["faster-whisper", "whisper", "qwen3-asr"])
def test_a_model_that_is_not_here_names_the_command_that_gets_it(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    availability = plugin(name).check(None, settings)
    assert not availability.ok
    assert availability.command.startswith(f"workbench models fetch {name}:")
    with pytest.raises(WorkbenchError, match="is not on this machine"):
        plugin(name).load(None, settings)


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownName) as caught:
        plugin("faster-wisper")
    assert "Did you mean 'faster-whisper'?" in caught.value.hint


def test_a_package_that_does_not_import_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "workbench_no_such_module:PLUGIN", registry.GROUP)
    monkeypatch.setattr(registry, "_entries", lambda: {"broken": broken})
    with pytest.raises(EngineUnavailable, match="its package does not import"):
        plugin("broken")


def test_offering_a_plug_in_ends_with_its_block() -> None:
    with offered(ScriptedPlugin(name="passing")) as passing:
        assert plugin("passing") is passing
    assert "passing" not in engine_names()


def test_importing_all_engines_loads_nothing_heavy() -> None:
    assert python(CHEAP).strip() == ""


def test_an_installed_package_brings_its_engine(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="needs hatchling to build the plug-in without a network")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(tmp_path), str(PACKAGE)], check=True, capture_output=True)
    names, name, text = json.loads(python(ASK, PYTHONPATH=str(tmp_path)))
    assert names[0] == "builtin"
    assert "scripted-demo" in names
    assert (name, text) == ("scripted-demo", "0.50 seconds")
    assert "scripted-demo" not in engine_names()


@given(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), st.none() | st.text("abc:/.#@ ", min_size=1))
def test_a_ref_reads_what_it_writes(name: str, model: str | None) -> None:
    ref = EngineRef(name, model.strip() or None if model else None)
    assert EngineRef.parse(str(ref)) == ref

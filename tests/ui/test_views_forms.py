"""What forms offer and what they come to: engines, languages, options, chains, commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.held import new_file
from workbench.audio.steps import parse_chain
from workbench.engines.base import EngineInfo
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import UsageError
from workbench.settings import Settings
from workbench.ui.choices import (
    PRESETS,
    chosen_options,
    engine_choices,
    find_info,
    language_choices,
    option_fields,
)
from workbench.ui.commands import command_line, transcribe_command
from workbench.ui.controls import chain_note
from workbench.ui.labels import ENGLISH
from workbench.ui.samples import SAMPLES, copy_sample, find_samples
from workbench.ui.temporary import private_folder
from workbench.ui.transcribe_form import parse_seconds, parse_speakers, speaker_choices
from workbench.ui.uploaded import uploaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    beam_size: int = field(default=5, metadata={"help": "How wide."})
    threshold: float = 0.6
    vad_filter: bool = False
    task: Literal["transcribe", "translate"] = "transcribe"
    prompt: str | None = None


INFO = EngineInfo(name="e", model_id="m", languages=("fr", "zh", "en"), options=Options)


def test_a_form_is_derived_from_the_options_an_engine_declares() -> None:
    found = {one.name: one for one in option_fields(INFO)}
    assert {name: one.kind for name, one in found.items()} == {
        "beam_size": "number",
        "threshold": "number",
        "vad_filter": "flag",
        "task": "choice",
        "prompt": "text",
    }
    assert found["beam_size"].help == "How wide."
    assert found["vad_filter"].label == "VAD filter"
    assert found["task"].choices == ("transcribe", "translate")
    assert option_fields(None) == ()


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ({"beam_size": 5, "threshold": 0.6, "vad_filter": False, "task": "transcribe", "prompt": ""}, {}),
        ({"beam_size": 1.0}, {"beam_size": 1}),
        ({"threshold": None, "prompt": "names"}, {"prompt": "names"}),
        ({"vad_filter": True, "unknown": 3}, {"vad_filter": True}),
    ],
)
def test_only_what_differs_from_the_defaults_is_chosen(values: Mapping[str, Any], chosen: Mapping[str, Any]) -> None:
    assert chosen_options(INFO, values) == chosen
    INFO.validated(chosen)


def test_languages_begin_with_ours_and_cantonese_is_offered_wherever_chinese_is() -> None:
    codes = [code for _, code in language_choices(INFO, ("Auto", "auto"))]
    assert codes == ["auto", "zh", "yue", "en", "fr"]
    assert language_choices(None, ("Auto", "auto")) == [("Auto", "auto")]


def test_every_offered_language_can_be_told_to_the_engine() -> None:
    able = EngineInfo(name="e", model_id="m", languages=("zh",), capabilities=frozenset({"language"}))
    for _, code in language_choices(able):
        able.resolve_language(code)


def test_engines_that_can_run_come_first_and_each_model_is_a_choice(settings: Settings) -> None:
    with offered(ScriptedPlugin(models=("small", "large"))):
        choices = engine_choices(settings)
    refs = [choice.ref for choice in choices]
    assert {"scripted", "scripted:large"} <= set(refs)
    runnable = [choice.availability.ok for choice in choices]
    assert runnable == sorted(runnable, reverse=True)
    assert all(choice.availability.reason for choice in choices if not choice.availability.ok)
    assert find_info(choices, "scripted:large", settings) is not None
    assert find_info(choices, "no-such-engine", settings) is None


@pytest.mark.parametrize("chain", [chain for _, chain in PRESETS])
def test_every_preset_is_a_chain_and_says_what_it_does(chain: str) -> None:
    assert parse_chain(chain).steps
    assert "wb-note" in chain_note(chain)


def test_a_chain_that_is_none_is_told_in_a_sentence() -> None:
    assert "highpas" in chain_note("highpas:cutoff=90")
    assert "wb-warning" in chain_note("gain:peak_db=loud")
    assert chain_note("") == ""


def test_a_command_leaves_out_what_was_not_asked() -> None:
    assert (
        transcribe_command("a.wav", engine="builtin", language="auto") == "workbench transcribe a.wav --engine builtin"
    )


def test_a_command_says_everything_that_was_asked() -> None:
    command = transcribe_command(
        "my file.m4a",
        engine="qwen3-asr:0.6B",
        language="yue",
        chain="highpass+gain",
        context="Kwun Tong 觀塘",
        options={"beam_size": 1, "vad_filter": True, "threshold": 0.25},
        chunk_seconds=20.0,
    )
    assert shlex.split(command) == [
        "workbench", "transcribe", "my file.m4a", "--engine", "qwen3-asr:0.6B", "--language", "yue",
        "--chain", "highpass+gain", "--context", "Kwun Tong 觀塘",
        "--option", "beam_size=1", "--option", "vad_filter=true", "--option", "threshold=0.25",
        "--chunk-seconds", "20",
    ]  # fmt: skip


@given(st.text(min_size=1), st.lists(st.text(min_size=1), max_size=3))
def test_any_text_survives_the_shell(file: str, chains: list[str]) -> None:
    words = shlex.split(command_line("sweep", [file], chain=chains))
    name = f"./{file}" if file.startswith("-") else file
    assert words == ["workbench", "sweep", name, *(word for chain in chains for word in ("--chain", chain))]


def test_a_command_of_the_page_is_one_that_the_command_line_takes() -> None:
    parser = pytest.importorskip("workbench.cli.parser")
    command = transcribe_command(
        "a.wav", engine="builtin", language="en", chain="gain", context="x", options={"a": 1}, chunk_seconds=9,
        channel="left", speakers=parse_speakers("3"), word_times=True,
    )  # fmt: skip
    arguments = parser.build_parser().parse_args(shlex.split(command)[1:])
    assert arguments.engine == "builtin"
    assert (arguments.channel, arguments.speakers, arguments.word_times) == ("left", 3, True)
    assert arguments.chunk_seconds == 9


def test_speakers_are_off_estimated_or_counted() -> None:
    assert [parse_speakers(value) for _, value in speaker_choices(ENGLISH)[:3]] == [None, "auto", 2]
    assert "speakers" not in transcribe_command("a.wav", engine="builtin", speakers=parse_speakers(""))
    with pytest.raises(UsageError):
        parse_speakers("many")


@pytest.mark.parametrize("text", ["soon", "1,5", "nan", "inf", "30 s s"])
def test_seconds_that_are_no_number_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_seconds(text)


def test_a_path_that_a_browser_names_must_stand_for_an_upload_or_a_sample(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    (folder / SAMPLES).mkdir(parents=True)
    inside, outside = folder / "r.webm", tmp_path / "secret"
    inside.write_bytes(b"x")
    outside.write_bytes(b"x")
    (folder / SAMPLES / "link").symlink_to(outside)
    (folder / SAMPLES / "e25.flac").write_bytes(b"x")
    sent = new_file(folder, "talk.wav", b"sound")
    assert uploaded(f"/anywhere/{sent.key}", folder) is sent
    assert uploaded("/copied/once/more/e25.flac", folder) == folder / SAMPLES / "e25.flac"
    for text in (
        "",
        str(outside),
        f"{folder}/../secret",
        str(folder / SAMPLES / "link"),
        str(folder),
        str(folder / "none"),
        "\0",
    ):
        with pytest.raises(UsageError, match="no longer here"):
            uploaded(text, folder)


def test_the_private_folder_is_private_and_leftovers_of_the_dead_are_removed(settings: Settings) -> None:
    dead = settings.temporary / "page-999999999"
    dead.mkdir(parents=True)
    (dead / "voice.wav").write_bytes(b"x")
    folder = private_folder(settings)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not dead.exists()
    assert folder.is_dir()


def test_samples_are_copied_to_where_they_may_be_served_from(settings: Settings, tmp_path: Path) -> None:
    samples = find_samples(settings)
    assert samples, "the shipped sets should be found"
    assert len({sample.label for sample in samples}) == len(samples)
    copy = copy_sample(samples[0], tmp_path)
    assert copy.is_relative_to(tmp_path)
    assert copy.read_bytes() == samples[0].path.read_bytes()

"""The command line as a contract: one document on standard output, sentences on standard error, four exit codes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.cli.console import aligned, shown
from workbench.engines.base import Hypothesis
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineError

Command = Callable[..., Any]
SCRIPTED = ("--engine", "scripted")
METRIC_FIELDS = {
    *("rate", "errors", "substitutions", "deletions", "insertions", "hits", "reference_length", "ci95"),
}


def refusal(outcome: Any) -> dict[str, str]:
    """The error of a command that refused: exit code 2, the sentence on standard error and in the document."""
    assert outcome.code == 2
    error = outcome.document["error"]
    assert set(error) - {"kind"} == {"code", "message", "hint"}
    assert f"error: {error['message']}\n" in outcome.err
    assert error["hint"]
    assert error["hint"] in outcome.err
    assert "Traceback" not in outcome.err
    return error


# Transcribe ----------------------------------------------------------------------------------------------------------


def test_text_alone_goes_to_standard_output(workbench: Command, spoken: Path) -> None:
    outcome = workbench("transcribe", spoken, *SCRIPTED)
    assert (outcome.code, outcome.out) == (0, "somebody spoke\n")
    assert "transcribed in" in outcome.err


def test_the_document_of_a_transcript(workbench: Command, spoken: Path) -> None:
    outcome = workbench("transcribe", spoken, *SCRIPTED, "--language", "English", "--json")
    (entry,) = outcome.document
    assert outcome.code == 0
    assert entry["file"] == str(spoken)
    assert entry["text"] == "somebody spoke"
    assert entry["language"] == "en"
    assert entry["duration_seconds"] == pytest.approx(soundfile.info(spoken).duration, abs=1e-3)
    assert entry["segments"] == [{"start": 0.0, "end": entry["duration_seconds"], "text": "somebody spoke"}]
    assert entry["complete"] is True
    assert entry["warnings"] == []
    assert entry["measurement"]["kind"] == "single"
    assert entry["measurement"]["gpu_seconds"] is None


def test_several_files_share_one_loaded_model_and_one_bad_file_stops_none(
    workbench: Command, spoken: Path, bad_files: dict[str, Path], scripted: ScriptedPlugin
) -> None:
    outcome = workbench("transcribe", spoken, bad_files["text"], spoken, *SCRIPTED, "--json")
    first, bad, last = outcome.document
    assert outcome.code == 1
    assert first["text"] == last["text"] == "somebody spoke"
    assert bad["file"] == str(bad_files["text"])
    assert bad["error"]["code"] == "AudioUnreadable"
    assert "letter.wav" in outcome.err
    assert scripted.journal.loads == 1


def test_files_of_which_none_can_be_used_are_unusable_input(workbench: Command, bad_files: dict[str, Path]) -> None:
    outcome = workbench("transcribe", *bad_files.values(), *SCRIPTED, "--json")
    assert outcome.code == 2
    assert [entry["error"]["code"] for entry in outcome.document] == [
        *("AudioNotFound", "AudioUnreadable", "AudioUnreadable", "AudioUnreadable"),
    ]


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "video"])
def test_a_file_that_cannot_be_used_is_said_in_a_sentence(
    workbench: Command, bad_files: dict[str, Path], kind: str
) -> None:
    error = refusal(workbench("transcribe", bad_files[kind], *SCRIPTED, "--json"))
    assert bad_files[kind].name in error["message"]
    plain = workbench("transcribe", bad_files[kind], *SCRIPTED)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err == f"error: {error['message']}\n{error['hint']}\n"


def test_an_engine_that_fails_on_one_file_goes_on_with_the_next(
    workbench: Command, spoken: Path, scripted: ScriptedPlugin
) -> None:
    answers: list[Any] = [EngineError("It stumbled.", hint="Try again."), "well", "well"]
    scripted.script = lambda clip: answers.pop(0)
    outcome = workbench("transcribe", spoken, spoken, *SCRIPTED, "--json")
    assert outcome.code == 1
    assert outcome.document[0]["error"]["message"] == "It stumbled."
    assert outcome.document[1]["text"] == "well"


def test_a_transcript_that_ran_out_of_tokens_is_incomplete(
    workbench: Command, spoken: Path, scripted: ScriptedPlugin
) -> None:
    scripted.script = {"*": Hypothesis(text="half a", raw="half a", finish="length")}
    outcome = workbench("transcribe", spoken, *SCRIPTED, "--json")
    assert outcome.code == 1
    assert outcome.document[0]["complete"] is False
    assert "warning:" in outcome.err


def test_a_format_goes_to_standard_output(workbench: Command, spoken: Path) -> None:
    outcome = workbench("transcribe", spoken, *SCRIPTED, "--format", "srt")
    assert outcome.code == 0
    assert outcome.out.startswith("1\n00:00:00,000 --> 00:00:03,400\nsomebody spoke\n")


def test_files_are_written_beside_each_other(workbench: Command, spoken: Path, tmp_path: Path) -> None:
    second = tmp_path / "e01.wav"
    soundfile.write(second, soundfile.read(spoken)[0], soundfile.info(spoken).samplerate)
    folder = tmp_path / "texts"
    formats = ("--format", "txt", "--format", "vtt", "--format", "docx")
    outcome = workbench("transcribe", spoken, second, *SCRIPTED, *formats, "--output", folder, "--json")
    assert outcome.code == 0
    names = [f"e01.{kind}.{name}" for kind in ("flac", "wav") for name in ("txt", "vtt", "docx")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert (folder / "e01.wav.txt").read_text(encoding="utf-8") == "somebody spoke\n"
    assert [Path(path).name for entry in outcome.document for path in entry["written"]] == names


@pytest.mark.parametrize("formats", [["docx"], ["srt", "vtt"]])
def test_what_cannot_go_to_standard_output_is_refused(workbench: Command, spoken: Path, formats: list[str]) -> None:
    words = [word for name in formats for word in ("--format", name)]
    assert "--output" in refusal(workbench("transcribe", spoken, *SCRIPTED, *words, "--json"))["hint"]


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(
    workbench: Command, spoken: Path, tmp_path: Path, scripted: ScriptedPlugin
) -> None:
    (tmp_path / "taken").touch()
    refusal(workbench("transcribe", spoken, *SCRIPTED, "--output", tmp_path / "taken" / "in", "--json"))
    assert scripted.journal.loads == 0


def test_engine_arguments_reach_the_engine(workbench: Command, spoken: Path, scripted: ScriptedPlugin) -> None:
    workbench("transcribe", spoken, *SCRIPTED, "--context", "Kwun Tong", "--language", "yue", "--chunk-seconds", "2")
    assert {call.options.context for call in scripted.journal.calls} == {"Kwun Tong"}
    assert {call.options.language for call in scripted.journal.calls} == {"yue"}
    assert max(call.clips[0].duration for call in scripted.journal.calls) <= 2.0


def test_a_terminal_is_not_obeyed(workbench: Command, spoken: Path, scripted: ScriptedPlugin) -> None:
    scripted.script = {"*": "a\x1b]0;owned\x07b\x9bc"}
    outcome = workbench("transcribe", spoken, *SCRIPTED)
    assert outcome.out == "a\ufffd]0;owned\ufffdb\ufffdc\n"


# Unusable arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["transcribe", "SPOKEN", "--engine", "scriptet"], "engine"),
        (["transcribe", "SPOKEN", *SCRIPTED, "--chain", "hipass"], "step"),
        (["transcribe", "SPOKEN", *SCRIPTED, "--language", "Klingonese"], "language"),
        (["transcribe", "SPOKEN", *SCRIPTED, "--format", "pdf"], "format"),
        (["transcribe", "SPOKEN", *SCRIPTED, "--option", "beam=5"], "option"),
        (["bench", "englich-demo", *SCRIPTED], "set"),
        (["bench", "SET", "--engine", "nobody"], "engine"),
        (["bench", "SET", *SCRIPTED, "--ruler", "yard"], "ruler"),
        (["bench", "SET", *SCRIPTED, "--where", "colour=red"], "tag"),
        (["sweep", "SET", *SCRIPTED, "--chain", "", "--chain", "hipass"], "step"),
        (["sweep", "SET", *SCRIPTED, "--chain", "", "--chain", "gain", "--ruler", "yard"], "ruler"),
        (["score", "no-such-run"], "run"),
        (["score", "--ref", "SET/manifest.jsonl", "--hyp", "SET/manifest.jsonl", "--ruler", "yard"], "ruler"),
        (["compare", "one", "other"], "run"),
        (["sets", "englich-demo"], "set"),
        (["runs", "show", "no-such-run"], "run"),
        (["runs", "delete", "no-such-run"], "run"),
        (["models", "fetch", "nobody:small"], "engine"),
        (["serve", "--engine", "nobody"], "engine"),
    ],
)
def test_an_unknown_name_is_said_with_the_known_ones(
    workbench: Command, spoken: Path, demo_set: Path, scripted: ScriptedPlugin, words: list[str], named: str
) -> None:
    filled = [word.replace("SPOKEN", str(spoken)).replace("SET", str(demo_set)) for word in words]
    error = refusal(workbench(*filled, "--json"))
    assert error["code"] == "UnknownName"
    assert error["message"].startswith(f"There is no {named}")
    assert "Known:" in error["hint"] or "There is none yet." in error["hint"]
    assert scripted.journal.calls == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["translate"],
        ["transcribe"],
        ["bench"],
        ["bench", "demo", "--limit", "three"],
        ["bench", "demo", "--executor", "slurm"],
        ["bench", "demo", "--on-existing", "overwrite"],
        ["bench", "demo", "--lim", "3"],
        ["compare", "one"],
        ["score"],
        ["score", "--ref", "a.jsonl"],
        ["score", "run", "--ref", "a.jsonl", "--hyp", "b.jsonl"],
        ["score", "--ref", "nowhere.jsonl", "--hyp", "nowhere.jsonl"],
        ["runs", "show"],
        ["runs", "delete"],
        ["runs", "erase"],
        ["models", "fetch"],
        ["serve", "--host", "0.0.0.0"],
        ["serve", "--host", "192.168.1.7"],
        ["serve", "--host", "0.0.0.0", "--allow-remote"],
        ["serve", "--host", "192.0.2.7", "--allow-remote"],
        ["serve", "--host", "workbench.example"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "-1"],
    ],
)
def test_arguments_that_cannot_be_used_are_a_sentence(workbench: Command, words: list[str]) -> None:
    error = refusal(workbench(*words, "--json"))
    assert error["message"].endswith(".")
    assert error["code"] == "UsageError"


@pytest.mark.parametrize(
    "words",
    [
        ["--limit", "0"],
        ["--batch-size", "0"],
        ["--option", "beam"],
        ["--where", "=1"],
        ["--csv", "/nowhere/at/all.csv"],
    ],
)
def test_values_that_leave_nothing_to_do_are_refused(workbench: Command, demo_set: Path, words: list[str]) -> None:
    refusal(workbench("bench", demo_set, *SCRIPTED, *words, "--json"))


def test_a_manifest_names_every_fault_with_its_line(workbench: Command, tmp_path: Path, spoken: Path) -> None:
    manifest = tmp_path / "talks.jsonl"
    lines = [{"audio_filepath": str(spoken), "text": "fine"}, {"audio_filepath": str(spoken)}, {"text": "no sound"}]
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for words in (["bench", manifest, *SCRIPTED], ["sets", manifest]):
        error = refusal(workbench(*words, "--json"))
        assert error["code"] == "ManifestError"
        assert "talks.jsonl:2: no 'text'" in error["message"]
        assert "talks.jsonl:3: no 'audio_filepath'" in error["message"]


def test_a_table_without_a_column_is_refused(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "talks.csv").write_text("audio_filepath,duration\na.wav,1.0\n", encoding="utf-8")
    assert "'text'" in refusal(workbench("bench", tmp_path / "talks.csv", *SCRIPTED, "--json"))["message"]


def test_a_port_in_use_is_said_before_anything_is_loaded(workbench: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = refusal(workbench("serve", "--port", port, "--engine", "scripted", "--json"))
    assert error["message"] == f"Port {port} is in use."


def test_help_and_version_are_no_errors(workbench: Command) -> None:
    assert workbench("--help").code == 0
    assert workbench("--version").out.startswith("workbench 0.")
    assert "--batch-size" in workbench("bench", "--help").out


# Benchmark -----------------------------------------------------------------------------------------------------------


def test_the_document_of_a_benchmark(workbench: Command, demo_set: Path) -> None:
    outcome = workbench("bench", demo_set, *SCRIPTED, "--json")
    document = outcome.document
    assert outcome.code == 0
    assert (document["status"], document["scored"], document["failed"]) == ("success", 3, 0)
    assert set(document["metrics"]) == {"wer", "cer", "mer"}
    assert all(set(metric) >= METRIC_FIELDS for metric in document["metrics"].values())
    assert document["headline"] == "mer"
    mer = document["metrics"]["mer"]
    # one substitution (lights), two characters left out (文档)
    assert (mer["errors"], mer["substitutions"], mer["deletions"], mer["reference_length"]) == (3, 1, 2, 14)
    assert mer["rate"] == pytest.approx(3 / 14)
    assert document["measurement"]["audio_seconds"] == pytest.approx(3.0)
    assert document["measurement"]["gpu_seconds"] is None
    assert document["run_id"]


def test_a_benchmark_tells_every_clip_and_names_the_ruler_beside_each_figure(
    workbench: Command, demo_set: Path
) -> None:
    outcome = workbench("bench", demo_set, *SCRIPTED)
    assert [line for line in outcome.err.splitlines() if line.startswith("[")] == [
        line for line in outcome.err.splitlines() if "/3]" in line
    ]
    assert "[2/3] two" in outcome.err
    assert "turn the lights off" in outcome.err
    rows = [line for line in outcome.out.splitlines() if line.split()[0] in ("MER", "CER", "WER")]
    assert [row.split()[0] for row in rows] == ["MER", "WER", "CER"]
    summary = services.summary(services.list_runs()[0].run_id)
    assert all(row.endswith(f"{summary.ruler} {summary.ruler_hash}") for row in rows)
    assert "21.43 %" in rows[0]
    assert "Scored 3 of 3, 0 failed." in outcome.out


def test_a_clip_that_cannot_be_read_fails_and_the_rest_goes_on(workbench: Command, demo_set: Path) -> None:
    (demo_set / "two.wav").write_text("not a recording")
    outcome = workbench("bench", demo_set, *SCRIPTED, "--json")
    assert outcome.code == 1
    assert (outcome.document["scored"], outcome.document["failed"]) == (2, 1)
    assert "two  failed: two.wav cannot be read" in outcome.err


def test_a_benchmark_is_reused_resumed_or_run_again(
    workbench: Command, demo_set: Path, scripted: ScriptedPlugin
) -> None:
    first = workbench("bench", demo_set, *SCRIPTED, "--json").document
    calls = len(scripted.journal.calls)
    reused = workbench("bench", demo_set, *SCRIPTED, "--on-existing", "reuse", "--json").document
    assert reused == first
    assert len(scripted.journal.calls) == calls
    again = workbench("bench", demo_set, *SCRIPTED, "--on-existing", "again", "--json").document
    assert again["run_id"] != first["run_id"]
    assert again["metrics"] == first["metrics"]


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(
    workbench: Command, demo_set: Path, scripted: ScriptedPlugin
) -> None:
    def interrupted(clip: AudioClip) -> str:
        if clip.source == "three.wav":
            raise KeyboardInterrupt
        return "turn the light on"

    scripted.script = interrupted
    outcome = workbench("bench", demo_set, *SCRIPTED, "--json")
    assert outcome.code == 130
    assert outcome.document["error"]["code"] == "Cancelled"
    (record,) = services.list_runs()
    assert record.status == "cancelled"
    assert len(services.load_run(record.run_id).outcomes) == 2

    scripted.script = {"*": "turn the light on"}
    scripted.journal.calls.clear()
    resumed = workbench("bench", demo_set, *SCRIPTED, "--json")
    assert resumed.code == 0
    assert resumed.document["run_id"] == record.run_id
    assert resumed.document["scored"] == 3
    assert {clip.source for call in scripted.journal.calls for clip in call.clips} & {"one.wav", "two.wav"} == set()


def test_a_table_of_every_clip(workbench: Command, demo_set: Path, tmp_path: Path) -> None:
    workbench("bench", demo_set, *SCRIPTED, "--csv", tmp_path / "clips.csv")
    lines = (tmp_path / "clips.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    assert "请打开 API 文档" in lines[3]


# Score, compare, sweep -----------------------------------------------------------------------------------------------


def test_a_stored_run_is_scored_as_it_was_after_the_benchmark(workbench: Command, demo_set: Path) -> None:
    bench = workbench("bench", demo_set, *SCRIPTED, "--json").document
    score = workbench("score", bench["run_id"], "--json")
    assert score.code == 0
    assert score.document["metrics"] == bench["metrics"]
    raw = workbench("score", bench["run_id"], "--ruler", "raw", "--unit", "char", "--json").document
    assert raw["ruler"].startswith("raw@")
    assert set(raw["metrics"]) == {"cer"}


def test_texts_are_scored_by_id(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "ref.jsonl").write_text('{"id": "a", "text": "one two three"}\n{"id": "b", "text": "four"}\n')
    (tmp_path / "hyp.jsonl").write_text('{"id": "b", "text": "four"}\n{"id": "a", "text": "one too three"}\n')
    outcome = workbench("score", "--ref", tmp_path / "ref.jsonl", "--hyp", tmp_path / "hyp.jsonl", "--json")
    wer = outcome.document["metrics"]["wer"]
    assert outcome.code == 0
    assert (wer["errors"], wer["hits"], wer["reference_length"], wer["rate"]) == (1, 3, 4, 0.25)


def test_the_document_of_a_comparison(workbench: Command, demo_set: Path, scripted: ScriptedPlugin) -> None:
    one = workbench("bench", demo_set, *SCRIPTED, "--json").document["run_id"]
    scripted.script = {"*": "nothing of the kind"}
    other = workbench("bench", demo_set, *SCRIPTED, "--chain", "gain", "--json").document["run_id"]
    outcome = workbench("compare", one, other, "--json")
    assert outcome.code == 0
    assert outcome.document["common"] == 3
    assert outcome.document["dropped"] == {}
    assert set(outcome.document["metrics"]) == {"wer", "cer", "mer"}
    for metric in outcome.document["metrics"].values():
        assert set(metric) >= {"a", "b", "delta", "ci95", "p_value", "verdict"}
        assert metric["delta"] == pytest.approx(metric["b"] - metric["a"])
        assert metric["verdict"] in ("better", "worse", "no difference shown")
    assert outcome.document["cost"]["wall_seconds"]["a"] > 0
    plain = workbench("compare", one, other)
    assert "MER" in plain.out
    assert "3 clips in common" in plain.out


def test_a_sweep_ranks_its_cells_against_the_first(
    workbench: Command, demo_set: Path, scripted: ScriptedPlugin
) -> None:
    def worse_when_loud(clip: AudioClip) -> str:
        return "nothing" if abs(clip.samples).max() > 0.6 else "turn the light on"

    scripted.script = worse_when_loud
    words = ("sweep", demo_set, *SCRIPTED, "--chain", "gain:peak_db=-3", "--chain", "gain:peak_db=-12")
    outcome = workbench(*words, "--json")
    best, first = outcome.document
    assert outcome.code == 0
    assert (best["chain"], first["chain"]) == ("gain:peak_db=-12", "gain:peak_db=-3")
    assert first["against"] is None
    assert best["against"]["metrics"]["mer"]["delta"] < 0
    assert best["metrics"]["mer"]["rate"] < first["metrics"]["mer"]["rate"]
    assert [cell["place"] for cell in outcome.document] == ["1–2", "1–2"]
    again = workbench(*words)
    assert again.out.splitlines()[1].split()[:3] == ["1–2", "scripted", "gain:peak_db=-12"]
    assert "warning: 3 clips: intervals are not reliable" in again.err


def test_a_sweep_of_one_cell_is_no_sweep(workbench: Command, demo_set: Path) -> None:
    refusal(workbench("sweep", demo_set, *SCRIPTED, "--json"))


# Lists ---------------------------------------------------------------------------------------------------------------


def test_sets_are_listed_and_checked(workbench: Command, demo_set: Path) -> None:
    listed = workbench("sets", "--json").document
    assert {one["name"] for one in listed} >= {"english-demo", "mandarin-demo", "noisy-demo"}
    checked = workbench("sets", demo_set, "--json")
    assert (checked.code, checked.document["items"], checked.document["faults"]) == (0, 3, [])
    assert "english-demo" in workbench("sets").out


def test_engines_say_whether_they_can_run_here(workbench: Command) -> None:
    listed = {one["name"]: one for one in workbench("engines", "--json").document}
    assert listed["scripted"]["availability"]["ok"] is True
    assert all(one["availability"]["reason"] for one in listed.values())
    assert "scripted: It runs anywhere." in workbench("engines").out


def test_runs_are_listed_shown_and_deleted(workbench: Command, demo_set: Path) -> None:
    assert workbench("runs", "--json").document == []
    run_id = workbench("bench", demo_set, *SCRIPTED, "--json").document["run_id"]
    assert [one["run_id"] for one in workbench("runs", "list", "--json").document] == [run_id]
    shown_run = workbench("runs", "show", run_id, "--json").document
    assert shown_run["record"]["spec"]["engine"] == "scripted"
    assert shown_run["scored"] == 3
    assert run_id in workbench("runs", "show", run_id).out
    assert workbench("runs", "delete", run_id, "--json").document == {"deleted": run_id}
    assert workbench("runs", "--json").document == []


def test_the_machine_is_held_against_the_engines(workbench: Command) -> None:
    report = workbench("doctor", "--json")
    assert report.code == 0
    assert report.document["facts"]["ram_total_bytes"] > 0
    assert "scripted" in {one["name"] for one in report.document["engines"]}
    assert "Memory: " in workbench("doctor").out


def test_models_are_listed(workbench: Command) -> None:
    listed = workbench("models", "--json").document
    here = {one["name"]: one["availability"]["ok"] for one in listed}
    assert here["scripted:script"] is True
    assert "qwen3-asr:0.6B" in here


def test_our_own_mistake_is_still_one_document(workbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(services, "list_runs", broken)
    outcome = workbench("runs", "--json")
    assert outcome.code == 1
    assert outcome.document["error"]["code"] == "RuntimeError"
    assert "RuntimeError\n" in outcome.err
    assert "in broken" in outcome.err, "where it happened"
    assert "a bug" not in outcome.err, "what it said may quote a recording"


# Rendering -----------------------------------------------------------------------------------------------------------


def test_columns_line_up_under_chinese() -> None:
    assert aligned([("中文", "a"), ("b", "c")]).splitlines() == ["中文  a", "b     c"]


def test_control_characters_are_shown_and_line_breaks_kept() -> None:
    assert shown("a\x1b[2J\nb\tc\x7f") == "a\ufffd[2J\nb\tc\ufffd"

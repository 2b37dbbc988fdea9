"""sherpa-onnx as it is installed, in its child process, on ONNX graphs that are made here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.children.process import ChildDied, ChildProcess
from workbench.engines import sherpa
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.onnx_metadata import onnx_metadata
from workbench.engines.sherpa import PLUGIN, SherpaEngine
from workbench.engines.sherpa_kinds import KINDS, read_folder
from workbench.errors import AudioInvalid, EngineError, EngineUnavailable, ModelMissing, UnknownName, UsageError
from workbench.settings import Settings

onnx = pytest.importorskip("onnx", reason="builds the models of these tests")
pytest.importorskip("sherpa_onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  only where it is installed

FEATURES = 80
STACKED = 7 * FEATURES
"""SenseVoice and Paraformer take seven frames at once, every sixth (LFR)."""
MARKS = ["</s>", "<|zh|>", "<|en|>", "<|yue|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"]
WORDS = ["<blank>", "▁one", "▁two", "▁three", "four", "我", "们"]
TOKENS = WORDS + MARKS
VOCABULARY = len(TOKENS)
Nodes = list[Any]


def constant(name: str, value: np.ndarray) -> Any:
    return numpy_helper.from_array(value, name)


def directions(rows: int, seed: int) -> np.ndarray:
    """Weights that make different sounds different words; marks and the blank never win."""
    weights = np.random.default_rng(seed).normal(0, 1, (rows, VOCABULARY)).astype(np.float32)
    weights -= weights.mean(0)
    weights[:, [0, *range(len(WORDS), VOCABULARY)]] = 0
    return weights


def write_model(
    path: Path, nodes: Nodes, inputs: list[Any], outputs: list[Any], held: list[Any], **about: object
) -> None:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializer=held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {key: str(value) for key, value in about.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    lines = [f"{token} {index}" for index, token in enumerate(TOKENS)]
    (path.parent / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def stack(**about: object) -> dict[str, object]:
    mean = ",".join(["0"] * STACKED)
    scale = ",".join(["1"] * STACKED)
    return about | {"lfr_window_size": 7, "lfr_window_shift": 6, "neg_mean": mean, "inv_stddev": scale}


def sense_voice(folder: Path) -> None:
    """Four marks, as the real one, of which the first is the language told (0: Chinese), then a word for each frame."""
    marks = np.full((1, 4, VOCABULARY), -9, np.float32)
    for place, token in enumerate(("<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>")):
        marks[0, place, TOKENS.index(token)] = 9
    told = np.full((16, 1, 4, VOCABULARY), 0, np.float32)
    for number, token in ((3, "<|zh|>"), (4, "<|en|>"), (7, "<|yue|>")):
        told[number, 0, 0, TOKENS.index(token)] = 30
    nodes = [
        helper.make_node("MatMul", ["x", "weights"], ["words"]),
        helper.make_node("Gather", ["told", "language"], ["chosen"]),
        helper.make_node("Squeeze", ["chosen", "first"], ["by_language"]),
        helper.make_node("Add", ["marks", "by_language"], ["head"]),
        helper.make_node("Concat", ["head", "words"], ["logits"], axis=1),
    ]
    held = [
        constant("weights", directions(STACKED, 0)),
        constant("marks", marks),
        constant("told", told),
        constant("first", np.array([0], np.int64)),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", STACKED]),
        *(
            helper.make_tensor_value_info(name, TensorProto.INT32, ["N"])
            for name in ("x_length", "language", "text_norm")
        ),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "U", VOCABULARY])]
    about = stack(
        model_type="sense_voice_ctc",
        vocab_size=VOCABULARY,
        normalize_samples=0,
        lang_auto=0,
        lang_zh=3,
        lang_en=4,
        lang_yue=7,
        lang_ja=11,
        lang_ko=12,
        with_itn=14,
        without_itn=15,
    )
    write_model(folder / "model.onnx", nodes, inputs, outputs, held, **about)


def zipformer_ctc(folder: Path) -> None:
    """A word for every fourth frame."""
    nodes = [
        helper.make_node("Slice", ["x", "start", "end", "axis", "step"], ["thinned"]),
        helper.make_node("MatMul", ["thinned", "weights"], ["scores"]),
        helper.make_node("LogSoftmax", ["scores"], ["log_probs"], axis=-1),
        helper.make_node("Div", ["x_lens", "step"], ["log_probs_len"]),
    ]
    held = [
        constant("weights", directions(FEATURES, 1)),
        constant("start", np.array([0], np.int64)),
        constant("end", np.array([1 << 30], np.int64)),
        constant("axis", np.array([1], np.int64)),
        constant("step", np.array([4], np.int64)),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", FEATURES]),
        helper.make_tensor_value_info("x_lens", TensorProto.INT64, ["N"]),
    ]
    outputs = [
        helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["N", "U", VOCABULARY]),
        helper.make_tensor_value_info("log_probs_len", TensorProto.INT64, ["N"]),
    ]
    write_model(folder / "model.onnx", nodes, inputs, outputs, held, model_type="zipformer2_ctc", vocab_size=VOCABULARY)


def paraformer(folder: Path) -> None:
    """A word for each stacked frame, as many as there are."""
    nodes = [
        helper.make_node("MatMul", ["speech", "weights"], ["logits"]),
        helper.make_node("Identity", ["speech_lengths"], ["token_num"]),
    ]
    held = [constant("weights", directions(STACKED, 2))]
    inputs = [
        helper.make_tensor_value_info("speech", TensorProto.FLOAT, ["N", "T", STACKED]),
        helper.make_tensor_value_info("speech_lengths", TensorProto.INT32, ["N"]),
    ]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "U", VOCABULARY]),
        helper.make_tensor_value_info("token_num", TensorProto.INT32, ["N"]),
    ]
    about = stack(model_type="paraformer", vocab_size=VOCABULARY)
    write_model(folder / "model.int8.onnx", nodes, inputs, outputs, held, **about)


BUILDERS = {"sense-voice": sense_voice, "zipformer-ctc": zipformer_ctc, "paraformer": paraformer}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("sherpa-home"), device="cpu")


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sherpa") / request.param
    BUILDERS[request.param](found)
    return found


@pytest.fixture(scope="module")
def engine(folder: Path, home: Settings) -> Iterator[SherpaEngine]:
    loaded = PLUGIN.load(str(folder), home)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def clips() -> list[AudioClip]:
    """Tones that change, of two lengths."""
    found: list[AudioClip] = []
    for index, seconds in enumerate((1.0, 1.6)):
        moment = np.arange(round(seconds * 16_000)) / 16_000
        sound = 0.3 * np.sin(2 * np.pi * (200 + 300 * index + 600 * moment) * moment)
        found.append(AudioClip(samples=sound.astype(np.float32), sample_rate=16_000, source=f"tone {index}"))
    return found


class TestText:
    def test_the_words_come_out_and_depend_on_the_sound(self, engine: SherpaEngine, clips: list[AudioClip]) -> None:
        heard = engine.transcribe(clips, DecodeOptions())
        assert all(set("".join(one.text.split())) <= set("onetwthrfu我们") and one.text for one in heard)
        assert heard[0].text != heard[1].text
        assert {one.finish for one in heard} == {"eos"}

    def test_several_clips_give_what_each_gives_alone(self, engine: SherpaEngine, clips: list[AudioClip]) -> None:
        together = engine.transcribe(clips, DecodeOptions())
        assert together == [engine.transcribe([clip], DecodeOptions())[0] for clip in clips]

    def test_times_of_words_hold_the_whole_text(
        self, engine: SherpaEngine, folder: Path, clips: list[AudioClip]
    ) -> None:
        (heard,) = engine.transcribe(clips[1:], DecodeOptions(word_times=True))
        words = [word for segment in heard.segments for word in segment.words]
        assert bool(words) == ("word_timestamps" in engine.info.capabilities) == (folder.name != "paraformer")
        if not words:
            return
        assert "".join(word.text for word in words) == "".join(heard.text.split())
        starts = [word.start for word in words]
        assert starts == sorted(starts)
        assert 0.8 < words[-1].end <= 1.6

    def test_the_info_before_loading_is_the_info_after_but_for_device(
        self, engine: SherpaEngine, folder: Path, home: Settings
    ) -> None:
        before = PLUGIN.info(str(folder), home)
        assert before.revision
        assert (before.capabilities, before.languages) == (engine.info.capabilities, engine.info.languages)
        assert engine.info.dtype == ("int8" if folder.name == "paraformer" else "float32")
        assert PLUGIN.check(str(folder), home).reason == f"It runs on the CPU as a model of the kind {folder.name}."

    def test_what_it_cannot_be_told_is_said(self, engine: SherpaEngine, clips: list[AudioClip]) -> None:
        (heard,) = engine.transcribe(clips[:1], DecodeOptions(context="Siobhan"))
        assert "takes no context" in heard.warnings[0]
        if "language" not in engine.info.capabilities:
            (told,) = engine.transcribe(clips[:1], DecodeOptions(language="zh"))
            assert "cannot be told a language" in told.warnings[0]
        with pytest.raises(AudioInvalid, match="8000 Hz"):
            engine.transcribe([AudioClip(samples=np.ones(800, np.float32), sample_rate=8000)], DecodeOptions())


class TestSenseVoice:
    @pytest.fixture
    def sense(self, tmp_path: Path, home: Settings) -> Iterator[SherpaEngine]:
        sense_voice(tmp_path / "sense")
        loaded = PLUGIN.load(str(tmp_path / "sense"), home)
        yield loaded
        loaded.close()

    def test_a_language_is_told_and_read_back(self, sense: SherpaEngine, clips: list[AudioClip]) -> None:
        for code in ("yue", None):
            (heard,) = sense.transcribe(clips[:1], DecodeOptions(language=code))
            assert (heard.language, heard.warnings) == (code or "zh", ())
        with pytest.raises(UsageError, match="does not know German"):
            sense.transcribe(clips[:1], DecodeOptions(language="de"))


def damaged(folder: Path) -> Path:
    """A model whose metadata are whole and whose graph has a weight of another shape."""
    zipformer_ctc(folder)
    model = onnx.load(folder / "model.onnx")
    model.graph.initializer[0].CopyFrom(constant("weights", directions(FEATURES - 1, 1)))
    onnx.save(model, folder / "model.onnx")
    return folder


class TestChild:
    def test_a_damaged_model_ends_the_child_alone(self, tmp_path: Path, home: Settings) -> None:
        with pytest.raises(EngineUnavailable) as caught:
            PLUGIN.load(str(damaged(tmp_path / "damaged")), home)
        assert "sherpa-onnx" in caught.value.message
        assert "onnxruntime" in caught.value.message.lower() or "MatMul" in caught.value.message

    def test_a_model_that_ends_its_process_does_not_end_ours(self, tmp_path: Path, home: Settings) -> None:
        zipformer_ctc(tmp_path / "no-words")
        (tmp_path / "no-words" / "tokens.txt").write_text("one two three\n", encoding="utf-8")
        with pytest.raises(EngineUnavailable, match=r"ended|failed"):
            PLUGIN.load(str(tmp_path / "no-words"), home)

    def test_a_dead_child_is_an_error_and_the_next_clip_starts_another(
        self, tmp_path: Path, home: Settings, clips: list[AudioClip]
    ) -> None:
        zipformer_ctc(tmp_path / "model")
        engine = PLUGIN.load(str(tmp_path / "model"), home)
        before = engine.transcribe(clips[:1], DecodeOptions())
        assert engine._child is not None
        os.kill(engine._child.pid, signal.SIGSTOP)  # so that the question is asked before it ends
        died: list[Exception] = []
        ender = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -KILL {engine._child.pid}"])
        try:
            engine.transcribe(clips[:1], DecodeOptions())
        except EngineError as error:
            died.append(error)
        ender.wait()
        assert "SIGKILL" in str(died[0])
        assert engine.transcribe(clips[:1], DecodeOptions()) == before
        engine.close()
        assert engine._child is None

    def test_a_child_that_takes_too_long_is_ended(self, tmp_path: Path, home: Settings, clips: list[AudioClip]) -> None:
        zipformer_ctc(tmp_path / "model")
        engine = PLUGIN.load(str(tmp_path / "model"), home)
        child = engine._child
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(ChildDied, match="did not answer within 1 s"):
            engine.transcribe(clips[:1], DecodeOptions(extra={"timeout_seconds": 1}))
        assert not child.alive
        assert engine.transcribe(clips[:1], DecodeOptions())[0].text
        engine.close()

    def test_the_last_words_of_a_child_are_repeated(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "doomed.py").write_text("import sys; sys.exit('no such tensor')", encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        child = ChildProcess("doomed", name="The child")
        with pytest.raises(ChildDied, match=r"The child ended \(exit status 1\): no such tensor"):
            child.ask({}, timeout_seconds=60)

    def test_it_ends_with_its_parent(self, tmp_path: Path) -> None:
        zipformer_ctc(tmp_path / "model")
        code = (
            "import sys, os\nfrom pathlib import Path\nfrom workbench.engines.sherpa import PLUGIN\n"
            "from workbench.settings import Settings\n"
            f"engine = PLUGIN.load({str(tmp_path / 'model')!r}, Settings(home=Path({str(tmp_path)!r})))\n"
            "print(engine._child.pid, flush=True)\nos._exit(0)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        status = Path(f"/proc/{int(done.stdout)}/stat")
        for _ in range(50):
            if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.1)
        pytest.fail("the child outlives its parent")


class TestFolders:
    def test_the_kind_is_read_from_files_and_metadata(self, folder: Path) -> None:
        assert read_folder(folder).name == folder.name
        assert onnx_metadata(next(folder.glob("*.onnx")))["vocab_size"] == str(VOCABULARY)

    @pytest.mark.parametrize("name", sorted(set(KINDS) - set(BUILDERS) - {"nemo-ctc", "wenet-ctc"}))
    def test_kinds_that_were_not_run_are_told_by_their_files(self, name: str, tmp_path: Path) -> None:
        kind = KINDS[name]
        for argument, patterns in kind.files.items():
            path = tmp_path / patterns[-1].replace("*", "")
            if argument == "tokenizer":
                path.mkdir()
            elif path.suffix == ".txt":
                path.write_text("a 0\n")
            else:
                props = {"model_type": kind.model_types[0]} if kind.model_types else {}
                onnx.save(_with_props(props), path)
        assert read_folder(tmp_path).name == name

    @pytest.mark.parametrize("name", sorted(KINDS))
    def test_every_constructor_takes_what_it_is_given(self, name: str) -> None:
        import inspect

        import sherpa_onnx

        kind = KINDS[name]
        taken = inspect.signature(getattr(sherpa_onnx.OfflineRecognizer, kind.constructor)).parameters
        given = {*kind.files, *kind.given, kind.language, kind.hotwords, "num_threads"} - {""}
        assert given <= set(taken)

    def test_a_kind_may_be_named(self, folder: Path, home: Settings) -> None:
        assert PLUGIN.check(f"{folder}#{folder.name}", home).ok
        with pytest.raises(UnknownName, match="no kind of model"):
            PLUGIN.load(f"{folder}#parafomer", home)
        refused = PLUGIN.check(f"{folder}#transducer", home)
        assert not refused.ok
        assert "no model of the kind transducer" in refused.reason

    def test_an_unknown_model_is_refused_without_a_child(
        self, tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "model.onnx").write_bytes(b"\x0a\xff\xff\xff\xff\x0fnothing")
        (tmp_path / "tokens.txt").write_text("a 0\n")
        monkeypatch.setattr(sherpa, "_start", lambda: pytest.fail("a child was started"))
        with pytest.raises(EngineUnavailable, match="cannot be told from its files"):
            PLUGIN.load(str(tmp_path), home)

    def test_a_model_that_is_not_here_names_its_command(self, home: Settings) -> None:
        with pytest.raises(ModelMissing) as caught:
            PLUGIN.load("someone/model", home)
        assert caught.value.command == "workbench models fetch sherpa-onnx:someone/model"

    def test_without_the_package_the_extra_is_named(self, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sherpa, "find_spec", lambda name: None)
        found = PLUGIN.check(None, home)
        assert (found.ok, found.command) == (False, "pip install 'asr-workbench[sherpa]'")
        with pytest.raises(EngineUnavailable, match="not installed"):
            PLUGIN.load(None, home)


def _with_props(props: dict[str, str]) -> Any:
    model = helper.make_model(helper.make_graph([], "empty", [], []))
    helper.set_model_props(model, props)
    return model


def test_a_hypothesis_without_probabilities_has_no_confidence(engine: SherpaEngine, clips: list[AudioClip]) -> None:
    heard: Hypothesis = engine.transcribe(clips[:1], DecodeOptions())[0]
    assert heard.confidence is None or 0 < heard.confidence <= 1

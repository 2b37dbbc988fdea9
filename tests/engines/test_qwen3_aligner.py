"""Times of words by the forced aligner, on the checkpoint of scripts/train_tiny_qwen3_aligner.py."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import Qwen3ASRProcessor
from transformers.models.qwen3_asr import processing_qwen3_asr as official

from workbench.audio.clip import AudioClip
from workbench.engines import qwen3_aligner
from workbench.engines.aligned_text import BareWord, place_words, segments_of
from workbench.engines.base import DecodeOptions
from workbench.engines.fetch import hub_model
from workbench.engines.qwen3 import PLUGIN
from workbench.engines.qwen3_aligner import ALIGNER, LANGUAGES, Qwen3Aligner, find_aligner, load_aligner
from workbench.engines.weights import fetched_folder
from workbench.errors import AudioInvalid, EngineUnavailable, ModelMissing, UsageError
from workbench.settings import Settings
from workbench.text.languages import language_name

FIXTURES = Path(__file__).parents[1] / "fixtures"
TINY, ALIGNER_FOLDER = FIXTURES / "tiny-qwen3-asr", FIXTURES / "tiny-qwen3-aligner"
RATE = 16_000
GRID = 0.08

# What the clips hold by construction: 0.06 s an ASCII character, 0.16 s any other (`syllable` in the script).
SUNG: dict[str, tuple[str, str, dict[str, tuple[float, float]]]] = {
    "english.flac": (
        "en",
        "The meeting starts at nine.",
        {"The": (0, 0.18), "meeting": (0.24, 0.66), "starts": (0.72, 1.08), "at": (1.14, 1.26), "nine.": (1.32, 1.56)},
    ),
    "mixed.flac": (
        "zh",
        "这个 API 的 latency 太高了。",
        {"这": (0, 0.16), "个": (0.16, 0.32), "API": (0.38, 0.56), "的": (0.62, 0.78), "latency": (0.84, 1.26),
         "太": (1.32, 1.48), "高": (1.48, 1.64), "了。": (1.64, 1.80)},
    ),
    "cantonese.flac": (
        "yue",
        "我哋聽日一齊飲茶啦。",
        {word: (0.16 * place, 0.16 * place + 0.16)
         for place, word in enumerate(["我", "哋", "聽", "日", "一", "齊", "飲", "茶", "啦。"])},
    ),
}  # fmt: skip


def read(file: str, delay: float = 0.0) -> AudioClip:
    samples, rate = soundfile.read(TINY / "clips" / file, dtype="float32")
    silence = np.zeros(round(delay * rate), np.float32)
    return AudioClip(samples=np.concatenate([silence, samples]), sample_rate=rate, source=file)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home into which the aligner was fetched."""
    settings = Settings(home=tmp_path_factory.mktemp("aligner-home"), device="cpu")
    settings.models.mkdir(parents=True)
    shutil.copytree(ALIGNER_FOLDER, fetched_folder("qwen3-asr", ALIGNER, settings))
    return settings


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return Settings(home=tmp_path / "home", device="cpu")


@pytest.fixture
def own_copy(empty_home: Settings) -> Path:
    """The aligner in a home of its own, to be spoilt."""
    empty_home.models.mkdir(parents=True)
    return Path(shutil.copytree(ALIGNER_FOLDER, fetched_folder("qwen3-asr", ALIGNER, empty_home)))


@pytest.fixture(scope="module")
def aligner(home: Settings) -> Qwen3Aligner:
    return load_aligner(home)


# Times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0.0, 0.32, 0.96])
@pytest.mark.parametrize("file", SUNG)
def test_words_and_characters_have_the_times_at_which_they_are_sung(
    aligner: Qwen3Aligner, file: str, delay: float
) -> None:
    language, text, sung = SUNG[file]
    (segment,) = aligner.align(read(file, delay), text, language)
    assert [word.text for word in segment.words] == list(sung)
    for word, (start, end) in zip(segment.words, sung.values(), strict=True):
        assert word.start == pytest.approx(start + delay, abs=GRID), word
        assert word.end == pytest.approx(end + delay, abs=GRID), word
    assert segment.text == text
    assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)


def test_times_are_whole_steps_of_80_ms(aligner: Qwen3Aligner) -> None:
    language, text, _ = SUNG["english.flac"]
    (segment,) = aligner.align(read("english.flac"), text, language)
    assert all(round(word.start / GRID, 6).is_integer() for word in segment.words)


def test_the_language_may_be_unknown(aligner: Qwen3Aligner) -> None:
    _, text, sung = SUNG["mixed.flac"]
    (segment,) = aligner.align(read("mixed.flac"), text)
    assert [word.text for word in segment.words] == list(sung)


@pytest.mark.parametrize("text", ["", "  ", "……。?!", "♪"])
def test_a_text_without_letters_has_no_words(aligner: Qwen3Aligner, text: str) -> None:
    assert aligner.align(read("silence.flac"), text, "en") == ()


def test_a_text_that_is_not_what_is_said_still_has_times_inside_the_clip(aligner: Qwen3Aligner) -> None:
    clip = read("english.flac")
    segments = aligner.align(clip, "Nothing of this 全部都没有 was <|im_end|> <timestamp> sung. At all!", "en")
    words = [word for segment in segments for word in segment.words]
    assert [word.text for word in words[3:8]] == ["全", "部", "都", "没", "有"]
    assert all(0 <= word.start <= word.end <= clip.duration for word in words)
    assert all(left.start <= right.start for left, right in pairwise(words))


# What it cannot do ----------------------------------------------------------------------------------------------------


def test_languages_it_lacks_are_refused(aligner: Qwen3Aligner) -> None:
    with pytest.raises(UsageError, match="has no times of words for Arabic"):
        aligner.align(read("english.flac"), "سلام", "ar")
    assert {language_name(code) for code in LANGUAGES} == official.FORCED_ALIGNER_LANGUAGES


def test_a_language_whose_package_is_not_installed_is_refused(
    aligner: Qwen3Aligner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qwen3_aligner, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match="need the package nagisa") as caught:
        aligner.align(read("english.flac"), "会議", "ja")
    assert caught.value.hint == "pip install nagisa"


def test_sound_that_is_too_long_or_at_another_rate_is_refused(aligner: Qwen3Aligner) -> None:
    with pytest.raises(UsageError, match="301 s are too long"):
        aligner.align(AudioClip(samples=np.zeros(301 * RATE, np.float32), sample_rate=RATE), "a", "en")
    with pytest.raises(AudioInvalid, match="8000 Hz"):
        aligner.align(AudioClip(samples=np.zeros(8000, np.float32), sample_rate=8000), "a", "en")


def test_weights_that_are_not_here_are_a_sentence_with_the_command(empty_home: Settings) -> None:
    assert find_aligner(empty_home) is None
    with pytest.raises(ModelMissing, match=f"The model {ALIGNER} of qwen3-asr") as caught:
        load_aligner(empty_home)
    assert caught.value.command == "workbench models fetch qwen3-asr:aligner"
    assert hub_model("qwen3-asr:aligner") == ("qwen3-asr", ALIGNER)


def test_missing_tensors_are_found(own_copy: Path, empty_home: Settings) -> None:
    tensors = load_file(own_copy / "model.safetensors")
    del tensors["score.weight"]
    save_file(tensors, own_copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match="lacks 1 of the model's tensors"):
        load_aligner(empty_home)


def test_one_is_not_taken_for_the_other(own_copy: Path, empty_home: Settings) -> None:
    with pytest.raises(EngineUnavailable, match="holds Qwen3ASRForTokenClassification, which is for something else"):
        PLUGIN.load(str(own_copy), empty_home)
    shutil.rmtree(own_copy)
    shutil.copytree(TINY, own_copy)
    with pytest.raises(EngineUnavailable, match="holds Qwen3ASRForConditionalGeneration") as caught:
        load_aligner(empty_home)
    assert "workbench models fetch qwen3-asr:aligner" in caught.value.hint


# In the engine --------------------------------------------------------------------------------------------------------


def test_the_engine_gives_times_of_the_words_it_heard(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = PLUGIN.load(str(TINY), home)
    assert "word_timestamps" in engine.info.capabilities
    assert engine.info == PLUGIN.load(str(TINY), home).info
    clips = [read("english.flac"), read("silence.flac"), read("mixed.flac")]
    plain = engine.transcribe(clips, DecodeOptions())
    assert engine._aligner is None, "loaded only when it is needed"
    timed = engine.transcribe(clips, DecodeOptions(word_times=True))
    assert [one.text for one in timed] == [one.text for one in plain]
    assert all(one.segments == () for one in (*plain, timed[1]))
    for file, heard in (("english.flac", timed[0]), ("mixed.flac", timed[2])):
        (segment,) = heard.segments
        assert [word.text for word in segment.words] == list(SUNG[file][2])
    engine.close()
    assert engine._aligner is None


def test_a_heard_language_that_has_no_times_is_a_warning(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qwen3_aligner, "LANGUAGES", ("fr",))
    engine = PLUGIN.load(str(TINY), home)
    (heard,) = engine.transcribe([read("english.flac")], DecodeOptions(word_times=True))
    assert (heard.text, heard.segments) == ("The meeting starts at nine.", ())
    assert heard.warnings == ("The forced aligner has no times of words for English.",)


def test_without_the_aligner_the_engine_says_how_to_get_it(empty_home: Settings) -> None:
    info = PLUGIN.info(str(TINY), empty_home)
    assert "word_timestamps" not in info.capabilities
    assert info.word_times_hint == "Get the forced aligner with: workbench models fetch qwen3-asr:aligner"


# Words back on the text -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def split() -> Any:
    return Qwen3ASRProcessor.from_pretrained(ALIGNER_FOLDER, local_files_only=True).split_words_for_alignment


def bare(words: list[str]) -> list[BareWord]:
    return [BareWord(start=place, end=place + 0.5, text=word) for place, word in enumerate(words)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He said “Hello, world!” twice.", ["He", "said", "“Hello,", "world!”", "twice."]),
        ("don't don’t 3.5%, state-of-the-art", ["don't", "don’t", "3.5%,", "state-of-the-art"]),
        ("我们说：「好。」用API吧（真的）", ["我", "们", "说：", "「好。」", "用", "API", "吧", "（真", "的）"]),
        ("… well — yes", ["… well", "— yes"]),
        ("hello   world\n", ["hello", "world"]),
        ("the the the", ["the", "the", "the"]),
    ],
)
def test_words_get_their_marks_back(split: Any, text: str, expected: list[str]) -> None:
    placed = place_words(text, bare(split(text)), 100)
    assert [one.word.text for one in placed] == expected
    assert [one.word.start for one in placed] == list(range(len(expected)))


@given(st.text(alphabet=st.one_of(st.sampled_from("ab Z9'’“”「」，。…-\n我们𠮶ñé́"), st.characters()), max_size=40))
@example("a\u0301b")
def test_no_character_is_lost_and_none_is_there_twice(split: Any, text: str) -> None:
    words = split(text)
    placed = place_words(text, bare(words), 1e9)
    assert len(placed) == len(words)
    if placed:
        assert "".join("".join(one.word.text for one in placed).split()) == "".join(text.split())
        joined = "".join(segment.text for segment in segments_of(text, placed))
        assert "".join(joined.split()) == "".join(text.split())


def test_a_word_that_is_not_in_the_text_is_left_out() -> None:
    placed = place_words("one two three", bare(["one", "2", "three"]), 100)
    assert [(one.word.text, one.word.start) for one in placed] == [("one", 0), ("two three", 2)]


def test_segments_end_with_sentences_and_before_pauses() -> None:
    text = "Is it? It is 3.5 or so. 好的。再见"
    words = [BareWord(start=at, end=at + 0.4, text=word) for at, word in [
        (0, "Is"), (0.5, "it"), (1, "It"), (1.5, "is"), (2, "35"), (4, "or"), (4.5, "so"),
        (5, "好"), (5.4, "的"), (6, "再"), (6.4, "见")]]  # fmt: skip
    segments = segments_of(text, place_words(text, words, 6.5))
    assert [one.text for one in segments] == ["Is it?", "It is 3.5", "or so.", "好的。", "再见"]
    times = [(round(one.start, 3), round(one.end, 3)) for one in segments]
    assert times == [(0, 0.9), (1, 2.4), (4, 4.9), (5, 5.8), (6, 6.5)]


def test_the_clips_are_still_those_the_aligner_learnt() -> None:
    lessons = {one["file"]: one["text"] for one in json.loads((TINY / "clips" / "clips.json").read_text("utf-8"))}
    assert all(lessons[file] == text for file, (_, text, _) in SUNG.items())

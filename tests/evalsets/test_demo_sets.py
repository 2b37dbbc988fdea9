"""The shipped evaluation sets are complete, small, and say what they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "eval_sets"
SPOKEN = ("mandarin-demo", "code-mixed-demo", "english-demo", "cantonese-demo")
KOKORO = ("mandarin-demo", "code-mixed-demo", "english-demo")
NAMES = (*SPOKEN, "noisy-demo")
LANGUAGES = {
    "mandarin-demo": "zh",
    "code-mixed-demo": "zh-en",
    "english-demo": "en",
    "cantonese-demo": "yue",
    "noisy-demo": "mixed",
}

Item = dict[str, Any]


def about(name: str) -> dict[str, Any]:
    return tomllib.loads((SETS / name / "set.toml").read_text("utf-8"))


def items(name: str) -> list[Item]:
    return [json.loads(line) for line in (SETS / name / "manifest.jsonl").read_text("utf-8").splitlines()]


def samples(name: str, item: Item) -> np.ndarray:
    return soundfile.read(SETS / name / item["audio_filepath"], dtype="float32")[0]


def test_all_sets_together_stay_small() -> None:
    ours = [path for name in NAMES for path in (SETS / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in ours) < 15_000_000


@pytest.mark.parametrize("name", NAMES)
class TestEverySet:
    def test_set_says_what_it_is(self, name: str) -> None:
        fields = about(name)
        assert set(fields) == {
            *("name", "version", "title", "description", "licence"),
            *("language", "condition", "synthetic", "how_made"),
        }
        assert fields["name"] == name
        assert fields["language"] == LANGUAGES[name]
        assert fields["synthetic"] is True
        assert "CC0-1.0" in fields["licence"]
        assert "synthetic" in fields["licence"]

    def test_items_have_the_fields_and_types_of_the_format(self, name: str) -> None:
        for item in items(name):
            for field in ("id", "audio_filepath", "text", "language", "speaker", "domain"):
                assert isinstance(item[field], str), (item["id"], field)
                assert item[field].strip() == item[field] != "", (item["id"], field)
            assert item["domain"] in {"meeting", "medicine", "technology", "everyday"}
            assert item["language"] in {"zh", "en", "yue", "zh-en"}
            assert not any(isinstance(value, (dict, list)) for value in item.values())

    def test_ids_are_unique(self, name: str) -> None:
        counts = Counter(item["id"] for item in items(name))
        assert [item_id for item_id, count in counts.items() if count > 1] == []

    def test_audio_folder_holds_the_clips_and_nothing_else(self, name: str) -> None:
        listed = {item["audio_filepath"] for item in items(name)}
        found = {path.relative_to(SETS / name).as_posix() for path in (SETS / name / "audio").rglob("*")}
        assert found == listed
        beside = {path.name for path in (SETS / name).iterdir()}
        assert beside == {"set.toml", "manifest.jsonl", "audio"}

    def test_clips_are_16_khz_mono_flac_of_the_duration_written(self, name: str) -> None:
        for item in items(name):
            header = soundfile.info(SETS / name / item["audio_filepath"])
            shape = (header.samplerate, header.channels, header.format, header.subtype)
            assert shape == (16_000, 1, "FLAC", "PCM_16"), item["id"]
            assert item["duration"] == pytest.approx(header.duration, abs=0.005), item["id"]
            assert 1.0 <= item["duration"] <= 13.0, item["id"]

    def test_clips_sound_and_do_not_clip(self, name: str) -> None:
        for item in items(name):
            clip = samples(name, item)
            assert 0.5 < np.abs(clip).max() < 1.0, item["id"]
            assert np.sqrt(np.square(clip).mean()) > 0.01, item["id"]

    def test_lines_are_utf_8_without_escapes_and_without_absolute_paths(self, name: str) -> None:
        for path in (SETS / name / "set.toml", SETS / name / "manifest.jsonl"):
            text = path.read_text("utf-8")
            assert "\\u" not in text
            assert not re.search(r"""["' (]/[a-z]""", text), path
            assert text.endswith("\n")


@pytest.mark.parametrize("name", SPOKEN)
class TestSpokenSets:
    def test_there_are_enough_different_sentences(self, name: str) -> None:
        texts = {item["text"] for item in items(name)}
        assert len(texts) == len(items(name)) >= 24
        assert {item["language"] for item in items(name)} == {LANGUAGES[name]}
        assert {item["domain"] for item in items(name)} == {"meeting", "medicine", "technology", "everyday"}

    def test_lengths_vary(self, name: str) -> None:
        seconds = [item["duration"] for item in items(name)]
        assert min(seconds) < 3.5
        assert max(seconds) > 8

    def test_silence_around_the_speech_is_short_and_the_peak_is_at_minus_3_dbfs(self, name: str) -> None:
        for item in items(name):
            clip = np.abs(samples(name, item))
            assert clip.max() == pytest.approx(10 ** (-3 / 20), abs=1e-3), item["id"]
            loud = np.flatnonzero(clip > 0.05)
            assert loud[0] < 0.5 * 16_000, item["id"]
            assert len(clip) - loud[-1] < 0.6 * 16_000, item["id"]


@pytest.mark.parametrize("name", KOKORO)
def test_five_voices_speak_equally_often(name: str) -> None:
    speakers = Counter(item["speaker"] for item in items(name))
    assert len(speakers) == 5
    assert max(speakers.values()) - min(speakers.values()) <= 1


def test_ids_differ_between_the_spoken_sets() -> None:
    ids = [item["id"] for name in SPOKEN for item in items(name)]
    assert len(set(ids)) == len(ids)


class TestTexts:
    def test_mandarin_has_no_latin_letters(self) -> None:
        assert not [item["id"] for item in items("mandarin-demo") if re.search(r"[A-Za-z]", item["text"])]

    def test_every_code_mixed_sentence_has_both(self) -> None:
        for item in items("code-mixed-demo"):
            assert re.search(r"[A-Za-z]{2}", item["text"]), item["id"]
            assert len(re.findall(r"[\u4e00-\u9fff]", item["text"])) >= 4, item["id"]

    def test_english_is_ascii_but_for_the_pound_sign(self) -> None:
        assert all(item["text"].replace("£", "").isascii() for item in items("english-demo"))

    def test_cantonese_is_colloquial_and_traditional(self) -> None:
        texts = "".join(item["text"] for item in items("cantonese-demo"))
        missing = [word for word in ("係", "嘅", "咗", "喺", "佢哋", "唔該") if word not in texts]
        assert missing == []
        assert not re.search("[这个们说时会]", texts)
        assert sum(bool(re.search("[A-Za-z]", item["text"])) for item in items("cantonese-demo")) >= 4

    @pytest.mark.parametrize("name", KOKORO)
    def test_numbers_are_written_with_digits_somewhere(self, name: str) -> None:
        assert sum(bool(re.search(r"\d", item["text"])) for item in items(name)) >= 3

    def test_cantonese_set_warns_that_it_measures_nothing(self) -> None:
        fields = about("cantonese-demo")
        assert "never to measure accuracy" in fields["description"]
        assert "plumbing" in fields["how_made"]


class TestNoisySet:
    def test_every_clip_has_a_clean_source_with_the_same_words(self) -> None:
        clean = {item["id"]: item for name in KOKORO for item in items(name)}
        for item in items("noisy-demo"):
            source = clean[item["source"]]
            for field in ("text", "language", "speaker", "domain", "duration"):
                assert item[field] == source[field], (item["id"], field)

    def test_every_source_is_in_every_condition(self) -> None:
        conditions: dict[str, set[tuple[Any, ...]]] = {}
        for item in items("noisy-demo"):
            tags = (item["condition"], item.get("snr_db"), item.get("rt60_seconds"))
            conditions.setdefault(item["source"], set()).add(tags)
        noises = {(noise, snr, None) for noise in ("hum", "babble", "keyboard") for snr in (20, 10, 5, 0)}
        for found in conditions.values():
            assert noises < found
            rooms = found - noises
            assert rooms
            assert all(kind == "room" and snr is None and rt60 > 0 for kind, snr, rt60 in rooms)
        assert len({len(found) for found in conditions.values()}) == 1
        assert 48 <= len(items("noisy-demo")) <= 70

    def test_all_three_languages_are_there(self) -> None:
        assert {item["language"] for item in items("noisy-demo")} == {"zh", "zh-en", "en"}

    def test_the_ratio_in_the_file_is_the_ratio_in_the_tag(self) -> None:
        clean = {item["id"]: (name, item) for name in KOKORO for item in items(name)}
        for item in items("noisy-demo"):
            if "snr_db" in item:
                speech = samples(*clean[item["source"]]).astype(np.float64)
                noisy = samples("noisy-demo", item).astype(np.float64)
                wanted = pytest.approx(item["snr_db"], abs=1.5 if was_scaled(noisy) else 0.1)
                assert measured_snr_db(speech, noisy) == wanted, item["id"]


def measured_snr_db(speech: np.ndarray, noisy: np.ndarray) -> float:
    """Powers over the frames of 20 ms within 40 dB of the loudest, apart from workbench.audio.mix."""
    frames = len(speech) // 320
    speech, noisy = speech[: frames * 320], noisy[: frames * 320]
    powers = np.square(speech.reshape(frames, 320)).mean(axis=1)
    active = np.repeat(powers > powers.max() / 1e4, 320)
    clean = speech * (1.0 if not was_scaled(noisy) else (speech @ noisy) / (speech @ speech))
    return float(10 * np.log10(np.square(clean[active]).mean() / np.square((noisy - clean)[active]).mean()))


def was_scaled(noisy: np.ndarray) -> bool:
    """Mixtures that would have clipped peak at 0.99; their gain must be estimated."""
    return bool(np.abs(noisy).max() > 0.98)

"""Noise variants: the SNR over speech that was asked for, from the same seed the same bytes, nothing clipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.vad import speech_spans
from workbench.engines.pool import EnginePool
from workbench.errors import ManifestError, UsageError
from workbench.evalsets.conditions import parse_codec, parse_conditions
from workbench.evalsets.deriving import Derived
from workbench.evalsets.load import find_set, where
from workbench.evalsets.model import EvalItem
from workbench.evalsets.noises import NoiseMaker, pink
from workbench.evalsets.variants import hear_source, make_variant, measured_snr
from workbench.settings import Settings

RATE = 16_000
Derive = Callable[..., Derived]
Float = NDArray[np.float64]


@pytest.fixture
def pool(settings: Settings) -> EnginePool:
    return EnginePool(settings)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Four clips of four "speakers": bursts of harmonics between pauses; silero may take them for speech or not."""
    root = tmp_path / "talk"
    root.mkdir()
    lines = []
    for number in range(4):
        seconds = np.arange(round(1.5 * RATE)) / RATE
        voice = sum(np.sin(2 * np.pi * (110 + 20 * number) * k * seconds) / k for k in range(1, 20))
        bursts = np.where((seconds % 0.5) < 0.3, 1.0, 0.0)
        soundfile.write(root / f"{number}.wav", 0.05 * voice * bursts, RATE)
        lines.append(json.dumps({"id": f"t{number}", "audio_filepath": f"{number}.wav", "text": f"text {number}",
                                 "speaker": f"s{number}", "language": "en"}))  # fmt: skip
    (root / "manifest.jsonl").write_text("\n".join(lines))
    return root


@pytest.fixture
def derive(pool: EnginePool) -> Derive:
    def run(source: Path | str, **given: Any) -> Derived:
        return services.derive_set(source, pool=pool, **given)

    return run


def rows(found: Derived) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (found.folder / "manifest.jsonl").read_text("utf-8").splitlines()]


def audio(found: Derived) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (found.folder / "audio").iterdir()}


def snr_of(mixture: Float, speech: Float, gain: float, active: NDArray[np.bool_]) -> float:
    noise = mixture - gain * speech
    return 10 * np.log10(np.sum((gain * speech[active]) ** 2) / np.sum(noise[active] ** 2))


def test_the_snr_is_the_one_asked_for_where_speech_is_known(talk: Path, derive: Derive) -> None:
    found = derive(talk, noise=["white", "pink", "hum", "babble"], snr=[30, 10, 0, -10], name="mixed")
    assert (found.total, found.made, len(found.conditions)) == (4 * 17, 4 * 17, 17)
    for row in rows(found):
        if "snr_db" not in row:
            continue
        speech, _ = soundfile.read(talk / f"{row['source_id'][1]}.wav")
        mixture, rate = soundfile.read(found.folder / row["audio_filepath"])
        assert rate == RATE
        assert abs(row["made"]["snr_measured_db"] - row["snr_db"]) < 0.1
        if row["made"]["speech_by"] == "level":  # the bursts, which are known here without any detector
            measured = snr_of(mixture, speech, row["made"]["gain"], speech != 0)
            assert measured == pytest.approx(row["snr_db"], abs=0.1), row["id"]


@pytest.mark.speech
def test_the_snr_is_the_one_asked_for_on_real_speech(speech: Path, derive: Derive, tmp_path: Path) -> None:
    found = derive(
        speech,
        noise=["pink", "babble", str(speech / "noise" / "sb_noise1.flac")],
        snr=[20, 5, -5],
        room=["none", str(speech / "rir" / "sb_rir1.flac")],
        where={"category": "cantonese"},
        name="real",
    )
    assert found.total == 3 * 10 * 2
    originals = {item.id: item for item in find_set(speech, Settings.from_env()).items}
    spoken: dict[str, NDArray[np.bool_]] = {}
    checked = 0
    for row in rows(found):
        if "snr_db" not in row or row["room"] != "none":
            continue
        item = originals[row["source_id"]]
        wide, rate = soundfile.read(item.audio, always_2d=True)
        dry = soxr.resample(wide.mean(axis=1), rate, RATE)  # not by the decoder that derived it
        if item.id not in spoken:
            spoken[item.id] = spoken_in(dry)
        mixture, _ = soundfile.read(found.folder / row["audio_filepath"])
        size = min(dry.size, mixture.size)
        measured = snr_of(mixture[:size], dry[:size], row["made"]["gain"], spoken[item.id][:size])
        assert measured == pytest.approx(row["snr_db"], abs=0.1), row["id"]
        assert row["made"]["speech_by"] == "vad"
        checked += 1
    assert checked == 3 * 9
    assert all(abs(row["made"].get("snr_measured_db", 0) - row.get("snr_db", 0)) < 0.1 for row in rows(found))


def spoken_in(dry: Float) -> NDArray[np.bool_]:
    """Where silero hears speech, without the padding that is kept for engines."""
    active = np.zeros(dry.size, np.bool_)
    for span in speech_spans(AudioClip(samples=dry.astype(np.float32), sample_rate=RATE), pad_seconds=0.0):
        active[round(span.start * RATE) : round(span.end * RATE)] = True
    return active


def test_pauses_do_not_count(talk: Path, derive: Derive) -> None:
    """Over the whole clip the ratio is lower than over speech, by the share of speech in it: 3 of 5 parts."""
    found = derive(talk, noise=["white"], snr=[10], clean=False, name="w")
    for row in rows(found):
        if row["made"]["speech_by"] != "level":
            continue
        speech, _ = soundfile.read(talk / f"{row['source_id'][1]}.wav")
        mixture, _ = soundfile.read(found.folder / row["audio_filepath"])
        everywhere = snr_of(mixture, speech, row["made"]["gain"], np.ones(speech.size, np.bool_))
        assert everywhere == pytest.approx(10 + 10 * np.log10(0.6), abs=0.2)


def test_the_same_seed_gives_the_same_bytes_in_any_order_and_subset(talk: Path, derive: Derive) -> None:
    given = {"noise": ["white", "babble"], "snr": [10, 0], "room": ["none", "rt60:0.3"], "codec": ["none", "mp3:32"]}
    turned_round = {name: values[::-1] for name, values in given.items()}
    whole = derive(talk, name="a", limit=2, **given)
    turned = derive(talk, name="b", limit=2, **turned_round)
    assert audio(whole) == audio(turned)
    assert sorted(map(str, rows(whole))) == sorted(map(str, rows(turned)))
    part = derive(talk, name="c", noise=["babble"], snr=[0], room=["rt60:0.3"], clean=False, limit=2)
    assert len(audio(part)) == 2
    assert audio(part).items() <= audio(whole).items()
    other = derive(talk, name="d", noise=["babble"], snr=[0], clean=False, seed=1)
    assert not set(audio(other).values()) & set(audio(whole).values())


def test_a_clip_has_the_same_noise_at_every_snr(talk: Path, derive: Derive) -> None:
    found = derive(talk, noise=["white"], snr=[10, 0], clean=False, limit=1, name="n")
    speech, _ = soundfile.read(talk / "0.wav")
    noises = []
    for row in rows(found):
        mixture, _ = soundfile.read(found.folder / row["audio_filepath"])
        noises.append((mixture / row["made"]["gain"] - speech) / row["made"]["noise_gain"])
    np.testing.assert_allclose(noises[0], noises[1], atol=2e-3)


def test_babble_is_of_others(talk: Path, derive: Derive) -> None:
    found = derive(talk, noise=["babble"], snr=[0], clean=False, name="b")
    for row in rows(found):
        voices = row["made"]["noise_voices"]
        assert row["source_id"] not in voices
        assert len(voices) == 3
    lines = (talk / "manifest.jsonl").read_text().splitlines()
    unknown = [
        json.dumps({key: value for key, value in json.loads(line).items() if key != "speaker"}) for line in lines
    ]
    (talk / "manifest.jsonl").write_text("\n".join(unknown))
    for row in rows(derive(talk, noise=["babble"], snr=[0], clean=False, name="unknown")):
        assert row["source_id"] not in row["made"]["noise_voices"]
    same = [line.replace('"s1"', '"s0"').replace('"s2"', '"s0"').replace('"s3"', '"s9"') for line in lines]
    (talk / "manifest.jsonl").write_text("\n".join(same))
    with pytest.raises(UsageError, match="no two other voices"):
        derive(talk, noise=["babble"], snr=[0], name="few")


def test_nothing_is_clipped_and_the_gain_is_told(talk: Path, derive: Derive) -> None:
    loud, _ = soundfile.read(talk / "0.wav")
    soundfile.write(talk / "0.wav", loud * 0.98 / np.abs(loud).max(), RATE)
    found = derive(talk, noise=["white"], snr=[-10], room=["none", "rt60:0.5"], limit=1, name="loud")
    for row in rows(found):
        peak = np.abs(soundfile.read(found.folder / row["audio_filepath"])[0]).max()
        assert peak <= 0.9901
        assert row["made"]["gain"] <= 1
    assert min(row["made"]["gain"] for row in rows(found)) < 0.5


def test_a_room_delays_nothing_and_keeps_the_level(talk: Path, derive: Derive) -> None:
    response = np.zeros(4000)
    response[700], response[1900] = 1.0, 0.5
    soundfile.write(talk / "room.wav", response, RATE)
    found = derive(talk, room=[str(talk / "room.wav")], limit=1, name="room")
    (row,) = rows(found)
    dry, _ = soundfile.read(talk / "0.wav")
    wet, _ = soundfile.read(found.folder / row["audio_filepath"])
    expected = dry + 0.5 * np.concatenate([np.zeros(1200), dry[:-1200]])
    assert np.dot(wet, expected) / np.linalg.norm(wet) / np.linalg.norm(expected) > 0.9999
    level = np.sqrt(np.mean(wet**2) / np.mean(dry**2))
    assert level == pytest.approx(row["made"]["gain"], rel=1e-3)
    assert (row["condition"], row["room"], row["noise"]) == ("room", "room", "none")


def test_codecs_keep_length_and_place(talk: Path, derive: Derive) -> None:
    found = derive(talk, codec=["mp3:32", "opus:12", "telephone"], limit=1, name="codecs")
    dry, _ = soundfile.read(talk / "0.wav")
    for row in rows(found):
        coded, _ = soundfile.read(found.folder / row["audio_filepath"])
        assert coded.size == dry.size
        lags = np.correlate(coded[4000:12000], dry[4000 - 60 : 12000 + 60], "valid")
        assert abs(int(lags.argmax()) - 60) <= 3, row["codec"]
        assert not np.allclose(coded, dry, atol=1e-3)
    assert [row["codec"] for row in rows(found)] == ["mp3:32", "opus:12", "telephone"]
    assert rows(found)[0]["made"]["codec_chain"] == "mp3@1:kbps=32"


def test_tags_can_be_asked_for(talk: Path, derive: Derive, settings: Settings) -> None:
    derive(talk, noise=["white", "hum:60"], snr=[10, 2.5], codec=["none", "telephone"], name="tags")
    found = find_set("tags", settings)
    assert len(where(found, {"snr_db": "10", "codec": "none"}).items) == 8
    assert len(where(found, {"snr_db": "2.5", "noise": "hum60", "codec": "telephone"}).items) == 4
    clean = where(found, {"condition": "clean"}).items
    assert [item.tags["source_id"] for item in clean] == ["t0", "t1", "t2", "t3"]
    assert {item.tags["source_set"] for item in found.items} == {"talk"}
    assert [item.reference for item in clean] == [f"text {n}" for n in range(4)]
    assert found.language == "en"
    assert find_set("tags", settings).items[1].id == "t0--white-10-db"


def test_it_goes_on_where_it_stopped(talk: Path, derive: Derive, pool: EnginePool, settings: Settings) -> None:
    given = {"noise": ["white", "babble"], "snr": [10, 0]}
    events = services.derive_set_events(talk, name="x", pool=pool, **given)
    for _ in range(7):
        next(events)
    events.close()
    assert [path.name for path in settings.sets.iterdir()] == [".x.partial"]
    with pytest.raises(Exception, match="no set named"):
        find_set("x", settings)
    journal = settings.sets / ".x.partial" / "journal.jsonl"
    journal.write_text(journal.read_text()[:-20])  # torn by whatever ended it
    damaged = next((settings.sets / ".x.partial" / "audio").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = derive(talk, name="x", **given)
    assert found.total == 20
    assert found.kept in (5, 6)
    assert found.made == 20 - found.kept
    fresh = derive(talk, name="y", **given)
    assert audio(found) == audio(fresh)
    assert found.digest == fresh.digest
    again = derive(talk, name="x", **given)
    assert (again.existing, again.made, again.digest) == (True, 0, found.digest)
    assert sorted(path.name for path in settings.sets.iterdir()) == ["x", "y"]
    with pytest.raises(UsageError, match="it is another"):
        derive(talk, name="x", noise=["white"], snr=[3])
    assert derive(talk, name="x", noise=["white"], snr=[3], replace=True).total == 8


def test_two_at_once_do_not_write_the_same_set(talk: Path, derive: Derive, pool: EnginePool) -> None:
    events = services.derive_set_events(talk, noise=["white"], name="x", pool=pool)
    next(events)
    with pytest.raises(UsageError, match="being made by another process"):
        derive(talk, noise=["white"], name="x")
    events.close()


def test_silent_clips_are_refused_and_can_be_left_out(talk: Path, derive: Derive) -> None:
    soundfile.write(talk / "2.wav", np.zeros(RATE), RATE)
    (talk / "3.wav").write_bytes(b"no sound")
    with pytest.raises(ManifestError) as caught:
        derive(talk, noise=["white"], snr=[0], name="x")
    assert len(caught.value.faults) == 2
    assert "t2 is silent" in caught.value.faults[0]
    found = derive(talk, noise=["white"], snr=[0], name="x", skip_faulty=True)
    assert [one.id for one in found.refused] == ["t2", "t3"]
    assert found.total == found.made + found.kept + len(found.refused) * len(found.conditions)
    assert derive(talk, noise=["white"], snr=[0], name="x", skip_faulty=True).refused == found.refused


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"noise": ["wite"]},
        {"noise": ["hum:5"]},
        {"noise": ["white"], "snr": []},
        {"noise": ["white"], "snr": [float("nan")]},
        {"room": ["nowhere.wav"]},
        {"room": ["rt60:99"]},
        {"codec": ["mp3:x"]},
        {"codec": ["mp3:4"]},
        {"codec": ["tape"]},
        {"noise": ["white"], "name": "../x"},
        {"noise": ["white"], "name": "english-demo"},
    ],
)
def test_what_cannot_be_is_said(talk: Path, derive: Derive, given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        derive(talk, **given)
    assert caught.value.hint


def test_a_number_after_a_codec_is_its_bit_rate() -> None:
    assert parse_codec("mp3:32").chain == parse_codec("mp3:kbps=32").chain
    assert parse_codec("telephone+mp3:kbps=16").chain.startswith("telephone@1")
    assert len(parse_conditions(["white"], [10, 10.0], ["none"], ["none", "none"])) == 2


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    power = np.abs(np.fft.rfft(pink(1 << 18, 3))) ** 2
    frequencies = np.fft.rfftfreq(1 << 18, 1 / RATE)
    levels = [10 * np.log10(power[(frequencies >= low) & (frequencies < 2 * low)].mean()) for low in (100, 400, 3200)]
    slopes = np.diff(levels) / np.log2([4, 8])
    np.testing.assert_allclose(slopes, -3.01, atol=0.25)


@tries(max_examples=40, deadline=None)
@given(snr=st.floats(-20, 40), level=st.floats(-50, -6), seed=st.integers(0, 2**32))
def test_any_snr_at_any_level(snr: float, level: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(RATE) * (np.arange(RATE) % 4000 < 2500)
    samples *= 10 ** (level / 20) / np.abs(samples).max()
    clip = AudioClip(samples=samples.astype(np.float32), sample_rate=RATE)
    item = EvalItem(id="x", audio=Path("x.wav"), reference="")
    (condition,) = parse_conditions(["white"], [snr], [], [], clean=False)
    source = hear_source(item, clip)
    maker = NoiseMaker([item], lambda one: clip, seed)
    made = make_variant(source, condition, lambda: maker.make(condition.noise, item, RATE), seed)  # pyright: ignore
    gain = made.facts["gain"]
    assert np.abs(made.clip.samples).max() <= 0.9901
    # 16-bit steps are noise too, at -101 dB; they count where speech is faint and the SNR is high.
    floor = 10 * np.log10(np.mean((gain * clip.samples[source.active]) ** 2)) + 101.1
    measured = measured_snr(made.clip.samples, gain * clip.samples, source.active)
    assert measured <= snr + 0.1
    if snr < floor - 20:
        assert measured == pytest.approx(snr, abs=0.1)


def test_a_derived_clip_reads_back_as_it_was_made(talk: Path, derive: Derive) -> None:
    found = derive(talk, noise=["white"], snr=[0], limit=1, name="x")
    row = rows(found)[0]
    assert row["condition"] == "clean"
    original = read_clip(talk / "0.wav").samples
    np.testing.assert_array_equal(read_clip(found.folder / row["audio_filepath"]).samples, original)

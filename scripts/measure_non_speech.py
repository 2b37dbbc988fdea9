"""What an engine writes on audio in which nobody speaks, alone and in the workbench: text, and whether it is flagged.

    python scripts/measure_non_speech.py ../shared/speech [--engine builtin] [--language en]

Silence, hum, noise, keyboard and music are made here from a seed; recorded noise comes from the folder's `noise/`, as
it is, in a room of `rir/`, and over again for half a minute. Each is heard alone, and again for twenty seconds after a
sentence: then voice activity hears speech, and the engine is given the noise with it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from workbench import services
from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import read_clip
from workbench.audio.mix import keyboard, mains_hum, reverberate
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units

RATE = 16_000
LONG_SECONDS = 30
AFTER_SECONDS = 20
SENTENCE = "english/harvard_spk1_snt1.flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Audio without speech."""

    kind: str
    samples: Samples


def made() -> Iterator[Sound]:
    """What can be made: silence, hum, noise, typing and music."""
    rng = np.random.default_rng(0)
    n = LONG_SECONDS * RATE
    white = rng.normal(0, 1, n)
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    pink = np.fft.irfft(spectrum, n)
    yield Sound(kind="digital silence", samples=np.zeros(n, np.float32))
    for name, noise in (("white noise", white), ("pink noise", pink)):
        for level in (-60, -20):
            yield Sound(kind=f"{name}, {level} dBFS", samples=_at_level(noise, level))
    yield Sound(kind="mains hum", samples=_at_level(mains_hum(n, RATE, 0), -30))
    yield Sound(kind="keyboard", samples=_at_level(keyboard(n, RATE, 0), -30))
    yield Sound(kind="tune", samples=_at_level(tune(n, [(0.4, 1), (0.4, 1), (0.8, 1)]), -20))
    yield Sound(kind="chords", samples=_at_level(tune(n, [(2.0, 3)]), -20))


def tune(n: int, notes: list[tuple[float, int]]) -> Samples:
    """Notes of a plucked string on a pentatonic scale, so many at once for so many seconds, drawn from a seed."""
    rng = np.random.default_rng(1)
    out = np.zeros(n)
    at = 0
    while at < n:
        for seconds, voices in notes:
            length = min(n - at, round(seconds * RATE))
            times = np.arange(length) / RATE
            for _ in range(voices):
                pitch = 220 * 2 ** (rng.choice([0, 2, 4, 7, 9, 12, 14]) / 12)
                tone = sum(np.sin(2 * np.pi * pitch * k * times) / k for k in range(1, 6))
                out[at : at + length] += tone * np.exp(-2 * times)
            at += length
    return out.astype(np.float32)


def recorded(speech: Path) -> Iterator[Sound]:
    """The recordings of noise, as they are, in a room, and long."""
    room = read_clip(speech / "rir" / "sb_rir2.flac", sample_rate=RATE).samples
    for path in sorted((speech / "noise").iterdir()):
        clip = read_clip(path, sample_rate=RATE)
        name = path.stem.removeprefix("audiomentations_")[-24:]
        yield Sound(kind=name, samples=clip.samples)
        over_again = np.resize(np.pad(clip.samples, (0, RATE // 2)), LONG_SECONDS * RATE)
        yield Sound(kind=f"{name}, over again", samples=over_again)
        yield Sound(kind=f"{name}, in a room", samples=reverberate(over_again, room))


def after_speech(sound: Sound, sentence: AudioClip) -> Sound:
    """The sentence, then the sound."""
    noise = np.resize(sound.samples, AFTER_SECONDS * RATE)
    return Sound(kind=f"sentence, then {sound.kind}", samples=np.concatenate([sentence.samples, noise]))


def _at_level(samples: Samples | np.ndarray, decibels: float) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return (samples * 10 ** (decibels / 20) / rms).clip(-1, 1).astype(np.float32)


def alone(sound: Sound, engine: str, language: str | None, pool: EnginePool) -> str:
    """What the engine writes where nothing is asked before and after."""
    ref = EngineRef.parse(engine)
    clip = AudioClip(samples=sound.samples, sample_rate=RATE)
    with pool.use(ref) as loaded:
        (heard,) = loaded.transcribe([clip], DecodeOptions(language=language))
    return heard.text.strip()


def transcribed(sound: Sound, engine: str, language: str | None, folder: Path, pool: EnginePool) -> Transcript:
    """What the workbench makes of it."""
    path = folder / "sound.flac"
    soundfile.write(path, sound.samples, RATE, subtype="PCM_24")
    return services.transcribe(path, engine=engine, language=language, resume=False, pool=pool)


def verdict(transcript: Transcript, said: str) -> tuple[str, list[str]]:
    """The segments that nobody said, and the kinds of flags on them; without any they are `unflagged`.

    The first segment whose words are all in the sentence is the sentence; said again, it was not.
    """
    spoken = set(spoken_units(said))
    invented = [one for one in transcript.segments if spoken_units(one.text)]
    first = next((one for one in invented if set(spoken_units(one.text)) <= spoken), None)
    invented = [one for one in invented if one is not first]
    kinds = {
        next((flag.kind for flag in transcript.flags if flag.start < one.end and flag.end > one.start), "unflagged")
        for one in invented
    }
    return " ".join(one.text.strip() for one in invented), sorted(kinds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path, help="the folder of the development recordings")
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--language", help="what the engine is told; left out, it decides")
    chosen = parser.parse_args()
    sentence = read_clip(chosen.speech / SENTENCE, sample_rate=RATE)
    sounds = [*made(), *recorded(chosen.speech)]
    pool = services.default_pool()
    asked = chosen.engine, chosen.language
    spoken = alone(Sound(kind="sentence", samples=sentence.samples), *asked, pool)
    with tempfile.TemporaryDirectory() as folder:
        for sound, said in [*((one, "") for one in sounds), *((after_speech(one, sentence), spoken) for one in sounds)]:
            text, kinds = verdict(transcribed(sound, *asked, Path(folder), pool), said)
            by_itself = "" if said else alone(sound, *asked, pool)
            row = {"kind": sound.kind, "engine_alone": by_itself, "workbench": text, "flags": kinds}
            print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

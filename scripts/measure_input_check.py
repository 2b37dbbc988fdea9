"""How far the signal-to-noise ratio of `workbench inspect` is from that of mixes whose ratio is known.

    python scripts/measure_input_check.py ../shared/speech

Prints the error in dB for each voice, noise and ratio; – where the ratio is said to be unknown. Takes a minute of one
core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from workbench.audio import mix
from workbench.audio.inspection import inspect_recording
from workbench.audio.io import read_clip

RATE = 16_000
RATIOS = (-5, 0, 5, 10, 15, 20, 30)
VOICES = ("english", "mandarin", "english_tts", "cantonese_tts", "mandarin_tts", "english_telephone")
RECORDED = ("audiomentations_friction0", "audiomentations_friction1", "sb_noise1", "sb_noise4")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path, help="folder of the development recordings")
    folder: Path = parser.parse_args().speech
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    files = {name: [folder / row["audio_filepath"] for row in rows if row["category"] == name] for name in VOICES}
    noises = make_noises(folder, files["mandarin"])
    print("voice\tnoise\t" + "\t".join(f"{ratio} dB" for ratio in RATIOS))
    for name, paths in files.items():
        voice = join(paths)
        print(f"{name}\tnone: {shown(measured(voice), 0)} dB")
        for noise_name, noise in noises.items():
            errors = [shown(measured(mix.mix_at_snr(voice, noise, one, RATE, seed=1).samples), one) for one in RATIOS]
            print("\t".join((name, noise_name, *errors)), flush=True)


def make_noises(folder: Path, voices: list[Path]) -> dict[str, np.ndarray]:
    length = 60 * RATE
    made = {
        "white": np.random.default_rng(0).standard_normal(length).astype(np.float32),
        "keyboard": mix.keyboard(length, RATE, 1),
        "hum": mix.mains_hum(length, RATE, 1),
        "babble": mix.babble([read_clip(path).samples for path in voices[:4]], length, RATE, 1),
    }
    return made | {name: read_clip(folder / "noise" / f"{name}.flac").samples for name in RECORDED}


def join(paths: list[Path]) -> np.ndarray:
    """Clips at one level, one after the other: more than 20 s where there is as much, and 40 s at most."""
    parts: list[np.ndarray] = []
    for path in paths:
        samples = read_clip(path).samples
        parts.append(0.03 * samples / np.sqrt(np.square(samples).mean()))
        if sum(map(len, parts)) > 20 * RATE:
            break
    return np.concatenate(parts)[: 40 * RATE].astype(np.float32)


def measured(samples: np.ndarray) -> float | None:
    with tempfile.TemporaryDirectory() as folder:
        soundfile.write(Path(folder) / "mix.wav", samples, RATE)
        return inspect_recording(Path(folder) / "mix.wav").snr_db


def shown(found: float | None, expected: float) -> str:
    return "–" if found is None else f"{found - expected:+.1f}"


if __name__ == "__main__":
    main()

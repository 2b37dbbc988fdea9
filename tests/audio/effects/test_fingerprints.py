"""A version of a step is what it was: the same parameters give the same samples as on the day it was made.

Where this fails and the new samples are meant, the step has to become a new version, and the old one has to stay.
`python tests/audio/effects/test_fingerprints.py` writes the fingerprints of steps that have none yet.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.steps import list_steps, parse_chain
from workbench.errors import UsageError

STORED = Path(__file__).with_name("fingerprints.json")
LIBRARIES = {"declip", "compressor", "deepfilternet", "rnnoise", "mp3", "opus", "amr", "vad"}
"""Steps that lie in another library, whose next release may round otherwise."""
CHAINS = [
    str(parse_chain(f"{step.name}@{step.version}{extra}", to_use=False))
    for step in list_steps()
    for extra in {"dehum": ("", ":base_hz=50"), "resample": ("", ":rate=24000,quality=2")}.get(step.name, ("",))
]


def _signal() -> AudioClip:
    """A voice of sorts, with hum, noise, a pause and a clipped end: something for every step."""
    rate = 16_000
    seconds = np.arange(3 * rate) / rate
    pitch = 2 * np.pi * np.cumsum(140 + 20 * np.sin(2 * np.pi * 3 * seconds)) / rate
    voice = sum(np.sin(order * pitch) / order for order in range(1, 20)) * np.sin(2 * np.pi * 2 * seconds) ** 2
    voice[rate : 2 * rate] = 0
    noise = np.random.default_rng(7).normal(0, 0.01, seconds.size)
    hum = 0.02 * np.sin(2 * np.pi * 50 * seconds) + 0.02 * np.sin(2 * np.pi * 150 * seconds)
    samples = 0.3 * voice + noise + hum
    samples[5 * rate // 2 :] = np.clip(2 * samples[5 * rate // 2 :], -0.5, 0.5)
    return AudioClip(samples=samples.astype(np.float32), sample_rate=rate)


def _fingerprint(clip: AudioClip) -> dict[str, object]:
    """Length, the level of every eighth, and of every eighth after a filter that tells where in time things lie."""
    parts = np.array_split(clip.samples.astype(np.float64), 8)
    moments = [float((part * np.cos(np.arange(part.size) * 0.05)).mean()) for part in parts]
    return {
        "size": clip.samples.size,
        "rate": clip.sample_rate,
        "rms": [round(float(np.sqrt(np.square(part).mean())), 9) for part in parts],
        "moments": [round(moment, 9) for moment in moments],
    }


@pytest.mark.parametrize("chain", CHAINS)
def test_a_step_is_what_it_was(chain: str) -> None:
    try:
        steps = parse_chain(chain)
    except UsageError as missing:
        pytest.skip(missing.sentence)
    stored = json.loads(STORED.read_text())[chain]
    found = _fingerprint(steps.apply(_signal()))
    close = 2e-3 if steps.steps[0].name in LIBRARIES else 2e-6
    assert (found["size"], found["rate"]) == (stored["size"], stored["rate"])
    np.testing.assert_allclose(found["rms"], stored["rms"], atol=close)
    np.testing.assert_allclose(found["moments"], stored["moments"], atol=close)


@pytest.mark.parametrize("chain", CHAINS)
def test_the_same_sound_gives_the_same_bytes(chain: str) -> None:
    try:
        steps = parse_chain(chain)
    except UsageError as missing:
        pytest.skip(missing.sentence)
    assert steps.apply(_signal()).digest == steps.apply(_signal()).digest


def test_every_fingerprint_is_of_a_step_that_is_still_there() -> None:
    assert set(json.loads(STORED.read_text())) == set(CHAINS)


if __name__ == "__main__":
    known = json.loads(STORED.read_text()) if STORED.exists() else {}
    known |= {chain: _fingerprint(parse_chain(chain).apply(_signal())) for chain in CHAINS if chain not in known}
    STORED.write_text(json.dumps(known, indent=1) + "\n")

"""Noise and rooms put on clean speech: the same samples for the same seed.

Arrays are mono float32 (n,) with full scale at 1.0. Noises come back at an RMS of 0.1 (-20 dBFS), so that
they can be listened to; `mix_at_snr` sets their level against the speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
_Float: TypeAlias = NDArray[np.float64]

_FRAME_SECONDS = 0.02
_ACTIVE_RANGE_DB = 40.0
_NOISE_RMS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Speech with noise on it: `samples = gain * (speech + noise_gain * noise)`.

    Attributes:
        samples: float32 (n,), as long as the speech.
        gain: Factor on the whole mixture; 1.0 where it did not clip, below 1.0 where it was scaled down.
        noise_gain: Factor on the noise that gave the SNR asked for.
    """

    samples: Samples
    gain: float
    noise_gain: float

    @property
    def was_scaled(self) -> bool:
        """Whether the mixture was made quieter so as not to clip."""
        return self.gain < 1.0


def active_samples(speech: Samples, sample_rate: int) -> NDArray[np.bool_]:
    """Where somebody speaks: frames of 20 ms within 40 dB of the loudest one.

    The 40 dB are the dynamic range that STOI keeps (Taal et al., 2011, "An Algorithm for Intelligibility
    Prediction of Time-Frequency Weighted Noisy Speech", section II).

    Args:
        speech: float32 (n,).
        sample_rate: In Hz.

    Returns:
        bool (n,), True on the samples of active frames. Digital silence has none.

    Raises:
        ValueError: If the speech is empty, not one-dimensional or not finite, or the rate is not positive.
    """
    _check(speech, "speech", sample_rate)
    length = max(1, round(_FRAME_SECONDS * sample_rate))
    starts = np.arange(0, len(speech), length)
    sizes = np.minimum(length, len(speech) - starts)
    powers = np.add.reduceat(_power(speech), starts) / sizes
    loudest = powers.max()
    active = (powers > 0) & (powers >= loudest * 10 ** (-_ACTIVE_RANGE_DB / 10))
    return np.repeat(active, sizes)


def mix_at_snr(
    speech: Samples,
    noise: Samples,
    snr_db: float,
    sample_rate: int,
    *,
    seed: int = 0,
    peak_limit: float = 0.99,
    active: NDArray[np.bool_] | None = None,
) -> Mixture:
    """Add noise to speech at a signal-to-noise ratio measured while somebody speaks.

    The ratio is 10 log10(mean speech power / mean noise power), both means taken over the samples that
    `active_samples` marks: pauses make neither a quieter talker nor a lower ratio. Shorter noise is looped,
    longer noise cut; the seed chooses where it starts.

    Args:
        speech: float32 (n,).
        noise: float32 (m,), any length.
        snr_db: In decibels.
        sample_rate: In Hz, of both.
        seed: Chooses where in the noise the mixture starts.
        peak_limit: Largest absolute sample that is let through; above it the whole mixture is scaled down,
            which keeps the ratio and is told by `Mixture.gain`.
        active: bool (n,), where somebody speaks, if that is known better; None asks `active_samples`.

    Raises:
        ValueError: If an array is empty, silent, not one-dimensional or not finite, if the noise is silent
            wherever somebody speaks, or if the ratio or the limit makes no sense.
    """
    _check(noise, "noise", sample_rate)
    if not abs(snr_db) <= 200:
        raise ValueError(f"An SNR of {snr_db} dB cannot be mixed; it must lie between -200 and 200 dB.")
    if not 0 < peak_limit <= 1:
        raise ValueError(f"The peak limit is {peak_limit}; it must lie above 0 and at most at 1.")
    active = active_samples(speech, sample_rate) if active is None else active
    if not active.any() or not speech[active].any():
        raise ValueError("The speech is silent: it has no signal-to-noise ratio.")
    background = _excerpt(noise, len(speech), np.random.default_rng(seed))
    noise_power = _power(background[active]).mean()
    if noise_power == 0:
        raise ValueError("The noise is silent wherever somebody speaks: no gain gives the ratio asked for.")
    noise_gain = float(np.sqrt(_power(speech[active]).mean() / noise_power * 10 ** (-snr_db / 10)))
    mixture = speech.astype(np.float64) + noise_gain * background
    gain = float(min(1.0, peak_limit / np.abs(mixture).max()))
    return Mixture(samples=(gain * mixture).astype(np.float32), gain=gain, noise_gain=noise_gain)


def mains_hum(n: int, sample_rate: int, seed: int, frequency: float = 50.0) -> Samples:
    """The hum of the mains: a fundamental and its harmonics up to the 20th, in random phases.

    The k-th harmonic has the amplitude 1/k, even ones a quarter of that: a load that treats both half-waves
    alike draws odd harmonics only, real ones nearly so.

    Args:
        n: Length in samples.
        sample_rate: In Hz.
        seed: Chooses the phases.
        frequency: Of the fundamental, in Hz (50 in Europe and most of Asia, 60 in North America).

    Raises:
        ValueError: If a number is not positive or the fundamental is not below half the sample rate.
    """
    _check_length(n, sample_rate)
    if not 0 < frequency < sample_rate / 2:
        raise ValueError(f"No tone of {frequency} Hz fits below half of {sample_rate} Hz.")
    rng = np.random.default_rng(seed)
    seconds = np.arange(n) / sample_rate
    hum = np.zeros(n)
    for order in range(1, 21):
        phase = rng.uniform(0, 2 * np.pi)
        if order * frequency < sample_rate / 2:
            amplitude = 1 / order if order % 2 else 0.25 / order
            hum += amplitude * np.sin(2 * np.pi * order * frequency * seconds + phase)
    return _at_noise_level(hum)


def babble(voices: Sequence[Samples], n: int, sample_rate: int, seed: int) -> Samples:
    """Many people talking at once: every voice at the same active level, looped from a random place.

    Args:
        voices: Clips of speech, float32 (m,) each, m may differ. Six or more no longer sound like persons.
        n: Length in samples.
        sample_rate: In Hz, of all clips.
        seed: Chooses where each voice starts.

    Raises:
        ValueError: If there is no voice, if one is silent, empty or not finite, or a number is not positive.
    """
    _check_length(n, sample_rate)
    if not voices:
        raise ValueError("Babble needs at least one voice.")
    rng = np.random.default_rng(seed)
    crowd = np.zeros(n)
    for number, voice in enumerate(voices, start=1):
        active = active_samples(voice, sample_rate)
        if not active.any():
            raise ValueError(f"Voice {number} of {len(voices)} is silent.")
        start = rng.integers(len(voice))
        crowd += _looped(voice, start, n) / np.sqrt(_power(voice[active]).mean())
    return _at_noise_level(crowd)


def keyboard(n: int, sample_rate: int, seed: int) -> Samples:
    """Somebody typing: keystrokes in bursts, each a press and a softer release, with pauses between words.

    The intervals are those of a fluent typist: 60 to 250 ms between keys (about 240 ms on average over 136
    million keystrokes in Dhakal et al., 2018, "Observations on Typing from 136 Million Keystrokes"), longer
    between bursts. The timbre, decaying noise between 1 and 6 kHz, is a likeness and not a recording.

    Args:
        n: Length in samples; one keystroke always falls near the start.
        sample_rate: In Hz.
        seed: Chooses times, strengths and timbre.

    Raises:
        ValueError: If a number is not positive.
    """
    _check_length(n, sample_rate)
    rng = np.random.default_rng(seed)
    clatter = np.zeros(n)
    second = 0.0
    while (at := int(second * sample_rate)) < n:
        strength = rng.uniform(0.5, 1.0)
        _add_click(clatter, at, sample_rate, strength, rng)
        held = int(rng.uniform(0.06, 0.11) * sample_rate)
        _add_click(clatter, at + held, sample_rate, 0.4 * strength, rng)
        ends_burst = rng.random() < 0.15
        second += rng.uniform(0.3, 0.8) if ends_burst else rng.uniform(0.06, 0.25)
    return _at_noise_level(clatter)


def room_response(
    sample_rate: int, rt60_seconds: float, seed: int, *, direct_to_reverberant_db: float = 0.0
) -> Samples:
    """The impulse response of a made-up room: a direct path, then Gaussian noise that decays exponentially.

    The tail is Polack's statistical model (1988): amplitude exp(-3 ln(10) t / RT60), which has fallen by
    60 dB at t = RT60, where the response ends. It starts 2.5 ms after the direct path: a nearby wall makes a
    detour of just under a metre. With as much direct as reverberant energy, 0 dB, the talker is at the
    critical distance.

    Args:
        sample_rate: In Hz.
        rt60_seconds: Reverberation time; about 0.3 in a furnished room, 0.6 in an office, 1 in a bare hall.
        seed: Chooses the reflections.
        direct_to_reverberant_db: Energy of the direct path over that of the tail, in decibels.

    Returns:
        float32 (m,), m = rt60_seconds * sample_rate; the direct path is sample 0 and is 1.0.

    Raises:
        ValueError: If the rate or the time is not positive, or the response would end before its tail begins.
    """
    length = round(rt60_seconds * sample_rate) if np.isfinite(rt60_seconds) else 0
    first_reflection = max(1, round(0.0025 * sample_rate))
    if sample_rate <= 0 or length <= first_reflection:
        raise ValueError(f"A reverberation time of {rt60_seconds} s at {sample_rate} Hz is too short.")
    decay = np.exp(-3 * np.log(10) * np.arange(length) / length)
    response = np.random.default_rng(seed).standard_normal(length) * decay
    response[:first_reflection] = 0
    response *= 10 ** (-direct_to_reverberant_db / 20) / np.sqrt(_power(response).sum())
    response[0] = 1.0
    return response.astype(np.float32)


def reverberate(speech: Samples, response: Samples) -> Samples:
    """Speech as it is heard in a room: its length, its timing and its RMS level are kept.

    The direct path is the largest sample of the response; what the room does before it is cut off, and so is
    the tail that rings on after the speech.

    Args:
        speech: float32 (n,).
        response: float32 (m,), an impulse response at the sample rate of the speech.

    Returns:
        float32 (n,). Peaks may exceed 1.0, because the level is kept and not the peak.

    Raises:
        ValueError: If an array is empty, not one-dimensional or not finite, or the response is all zeros.
    """
    _check(speech, "speech")
    _check(response, "room response")
    if not response.any():
        raise ValueError("The room response is all zeros: nothing would be heard.")
    from scipy.signal import fftconvolve  # scipy takes half a second, which commands that mix nothing need not wait

    delay = int(np.abs(response).argmax())
    convolved: _Float = fftconvolve(speech.astype(np.float64), response.astype(np.float64))
    wet = convolved[delay : delay + len(speech)]
    level, wet_level = _rms(speech), _rms(wet)
    return (wet * (level / wet_level if wet_level > 0 else 0.0)).astype(np.float32)


def _add_click(clatter: _Float, at: int, sample_rate: int, strength: float, rng: np.random.Generator) -> None:
    """Add one click, 25 ms of band-passed noise that decays within a few milliseconds, cut at the end."""
    from scipy.signal import butter, sosfilt

    length = max(1, round(0.025 * sample_rate))
    decay = np.exp(-np.arange(length) / (sample_rate * rng.uniform(0.002, 0.005)))
    low, high = rng.uniform(1000, 2000), rng.uniform(3500, 6000)
    band = np.clip([2 * low / sample_rate, 2 * high / sample_rate], 0.05, 0.95)
    noise = rng.standard_normal(length)
    if band[0] < band[1]:  # at 2 kHz and below there is no such band
        noise = np.asarray(sosfilt(butter(2, band, btype="bandpass", output="sos"), noise))
    room = max(0, len(clatter) - at)
    clatter[at : at + length] += (strength * decay * noise)[:room]


def _excerpt(noise: Samples, n: int, rng: np.random.Generator) -> _Float:
    """Take n samples from a random place: without a seam where there are enough of them, looped otherwise."""
    spare = len(noise) - n
    return _looped(noise, rng.integers(spare + 1 if spare >= 0 else len(noise)), n)


def _looped(samples: Samples, start: int | np.int64, n: int) -> _Float:
    return samples[(start + np.arange(n)) % len(samples)].astype(np.float64)


def _at_noise_level(noise: _Float) -> Samples:
    rms = _rms(noise)
    return (noise * (_NOISE_RMS / rms if rms > 0 else 0.0)).astype(np.float32)


def _power(samples: NDArray[Any]) -> _Float:
    return np.square(samples, dtype=np.float64)


def _rms(samples: NDArray[Any]) -> float:
    return float(np.sqrt(_power(samples).mean()))


def _check(samples: Samples, name: str, sample_rate: int = 1) -> None:
    if samples.ndim != 1 or not len(samples):
        raise ValueError(f"The {name} has the shape {samples.shape}; it must be mono, (n,), and not empty.")
    if not np.isfinite(samples).all():
        raise ValueError(f"The {name} holds samples that are not finite.")
    if sample_rate <= 0:
        raise ValueError(f"The sample rate is {sample_rate} Hz; it must be positive.")


def _check_length(n: int, sample_rate: int) -> None:
    if n <= 0 or sample_rate <= 0:
        raise ValueError(f"{n} samples at {sample_rate} Hz is no sound; both must be positive.")

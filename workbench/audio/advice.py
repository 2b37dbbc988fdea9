"""What to do about a recording, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

AdviceKind = Literal[
    "no_speech", "silent_channel", "opposite_channels", "different_channels", "noise", "clipping", "quiet", "hum",
    "telephone_band", "narrow_band",
]  # fmt: skip

_SILENT_DBFS = -65.0
_SILENT_BELOW_DB = 40.0
_OPPOSITE = -0.7
_DIFFERENT = 0.5
_NOISY_DB = 10.0
_CLIPPED_SHARE = 1e-4
_QUIET_DBFS = -45.0
_HUM_BELOW_SPEECH_DB = 30.0
_TELEPHONE_HZ = 4_000.0
_NARROW_HZ = 6_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something that is wrong, and what to do about it.

    Attributes:
        kind: What is wrong, for a page that words it in another language.
        sentence: The same in English, with its figures.
    """

    kind: AdviceKind
    sentence: str


class Found(Protocol):
    """The figures that advice is drawn from; see `workbench.audio.inspection.Inspection`."""

    @property
    def channel_dbfs(self) -> tuple[float | None, ...]: ...
    @property
    def correlation(self) -> float | None: ...
    @property
    def speech_dbfs(self) -> float | None: ...
    @property
    def snr_db(self) -> float | None: ...
    @property
    def clipped_share(self) -> float: ...
    @property
    def bandwidth_hz(self) -> float | None: ...
    @property
    def hum_hz(self) -> int | None: ...
    @property
    def hum_dbfs(self) -> float | None: ...
    @property
    def speech_seconds(self) -> float: ...


def advise(found: Found) -> tuple[Advice, ...]:
    """Advice on a recording, the gravest first; none where nothing is wrong.

    The limits are choices of this workbench: 10 dB of speech over noise, 0.01 % of samples clipped, speech at
    −45 dBFS, hum within 30 dB of it, a channel 40 dB under the other.
    """
    return (*_on_channels(found), *_on_levels(found), *_on_spectrum(found))


def _on_channels(found: Found) -> Iterator[Advice]:
    if len(found.channel_dbfs) < 2:
        return
    left, right = (_SILENT_DBFS * 2 if level is None else level for level in found.channel_dbfs[:2])
    if max(left, right) > _SILENT_DBFS and (min(left, right) < _SILENT_DBFS or abs(left - right) > _SILENT_BELOW_DB):
        silent, other = ("left", "right") if left < right else ("right", "left")
        yield Advice(kind="silent_channel", sentence=f"The {silent} channel is silent: choose {other}.")
    elif found.correlation is not None and found.correlation <= _OPPOSITE:
        yield Advice(
            kind="opposite_channels",
            sentence=f"Left and right cancel each other in the mix (correlation {_signed(found.correlation)}): "
            "choose left or right.",
        )
    elif found.correlation is not None and found.correlation < _DIFFERENT:
        yield Advice(
            kind="different_channels",
            sentence=f"Left and right differ (correlation {_signed(found.correlation)}): where each has a speaker of "
            "its own, transcribe left and right by themselves.",
        )


def _on_levels(found: Found) -> Iterator[Advice]:
    if not found.speech_seconds:
        yield Advice(kind="no_speech", sentence="No speech was found in this recording.")
    if found.snr_db is not None and found.snr_db < _NOISY_DB:
        yield Advice(
            kind="noise",
            sentence=f"Noisy: speech is {_signed(found.snr_db, 0)} dB over the noise. Expect errors, and check the "
            "text by ear; a microphone nearer to the mouth helps most.",
        )
    if found.clipped_share >= _CLIPPED_SHARE:
        yield Advice(
            kind="clipping",
            sentence=f"Clipped: {100 * found.clipped_share:.2g} % of the samples are cut off at full scale. Record at "
            "a lower level; what was cut off does not come back.",
        )
    if found.speech_dbfs is not None and found.speech_dbfs < _QUIET_DBFS:
        yield Advice(
            kind="quiet",
            sentence=f"Very quiet: speech is at {_signed(found.speech_dbfs, 0)} dBFS. Add the step gain or loudness.",
        )


def _on_spectrum(found: Found) -> Iterator[Advice]:
    if found.hum_hz is not None and found.hum_dbfs is not None and found.speech_dbfs is not None:
        below = found.speech_dbfs - found.hum_dbfs
        if below < _HUM_BELOW_SPEECH_DB:
            where = f"{below:.0f} dB under" if below >= 0 else f"{-below:.0f} dB over"
            yield Advice(
                kind="hum",
                sentence=f"The mains hum at {found.hum_hz} Hz, {where} the speech. Add the step highpass.",
            )
    if found.bandwidth_hz is None or not found.speech_seconds:
        return
    reach = f"nothing above {found.bandwidth_hz / 1000:.1f} kHz"
    if found.bandwidth_hz <= _TELEPHONE_HZ:
        yield Advice(
            kind="telephone_band",
            sentence=f"Telephone band: {reach}. s, f and sh are hard to tell apart; a recording of the room is better.",
        )
    elif found.bandwidth_hz <= _NARROW_HZ:
        yield Advice(kind="narrow_band", sentence=f"Narrow band: {reach}. Take an earlier copy if there is one.")


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "−")

"""Recordings as the workbench reads them: decoded in another process, block by block, a few blocks ahead.

A hostile or broken file can end that process and never this one. The samples are those of `workbench.audio.decoder`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.decoding_pool import POOL, DecodingChild
from workbench.audio.refusals import crashed, restored, too_slow
from workbench.audio.track import AudioInfo, Channel
from workbench.children.messages import Message
from workbench.children.process import ChildDied
from workbench.errors import AudioError, AudioUnreadable

_OUT_OF_TIME = "SIGXCPU"
_OF_THE_PROCESS = ("crashed", "too_large")
"""Kinds of refusals after which a process may not be what it was."""


class Recording:
    """An open file whose first sound track is decoded once, from start to end.

    Attributes:
        name: The file, for people.
        info: What its header says.
        skipped_packets: Damaged packets left out so far. Decoding runs a few blocks ahead of what was read.
        decoded_seconds: How much has been decoded so far.
        warnings: What was noticed so far, one sentence each; complete once `blocks` has come to its end.
    """

    def __init__(self, name: str, child: DecodingChild, info: AudioInfo) -> None:
        self.name = name
        self.info = info
        self.skipped_packets = 0
        self.decoded_seconds = 0.0
        self.warnings: tuple[str, ...] = ()
        self._child: DecodingChild | None = child
        self._is_begun = False

    def blocks(self, sample_rate: int, channel: Channel = "mix") -> Iterator[Samples]:
        """Mono float32 blocks of about a second at `sample_rate` Hz; the block sizes change no sample.

        Raises:
            AudioUnreadable: The file is damaged beyond the first sound, or ended the process that decoded it.
            AudioInvalid: It holds no sound, samples that are not numbers, or no such channel.
            AudioTooLong: There is more than a day of sound in it.
            RuntimeError: It was read before.
        """
        for _, block in self._read(sample_rate, channel):
            yield block

    def channel_blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rate in Hz, the same for all, and about a second of every channel: float32 (n, channels).

        Raises:
            AudioUnreadable, AudioInvalid, AudioTooLong, RuntimeError: As for `blocks`.
        """
        return self._read(self.info.sample_rate, "all")

    def close(self) -> None:
        """Let the process go, wherever in the file it is."""
        child, self._child = self._child, None
        if child is not None:
            POOL.give_back(child)

    def _read(self, sample_rate: int, channel: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
        if self._is_begun:
            raise RuntimeError(f"{self.name} is read once; open it again.")
        self._is_begun = True
        self._tell({"do": "read", "sample_rate": sample_rate, "channel": channel})
        while self._child is not None:
            batch = self._next_batch(self._child)
            self._tell({"do": "more"})  # decoded while these are worked with
            yield from batch.blocks
            if batch.error is not None:
                raise batch.error

    def _tell(self, question: dict[str, Any]) -> None:
        if self._child is not None:
            self._child.tell(question)

    def _next_batch(self, child: DecodingChild) -> _Batch:
        """The answer to the oldest question; with the last of the file the process is let go.

        Raises:
            AudioUnreadable: There will be none: the process ended, or was ended because it took too long.
        """
        try:
            batch = _batch(child.answer())
        except (ChildDied, KeyError, TypeError, ValueError) as error:
            self._child = None
            POOL.discard(child)
            raise _ended(self.name, error) from error
        self.decoded_seconds = batch.decoded_seconds
        self.skipped_packets = batch.skipped_packets
        self.warnings = batch.warnings
        if batch.is_last:
            self._child = None
            _let_go(child, batch.error)
        return batch


@contextmanager
def open_recording(path: Path) -> Generator[Recording]:
    """Open the first (or default) sound track of a file.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: A folder, a pipe, an empty file, not audio, a playlist, a video without sound; or it ended the
            process that was to decode it.
        DecoderUnavailable: That process did not start.
    """
    recording = _opened(path)
    try:
        yield recording
    finally:
        recording.close()


def _opened(path: Path, *, fresh: bool = False) -> Recording:
    child = POOL.lend(fresh=fresh)
    try:
        answer, _ = child.open_file(path)
        if "error" not in answer:
            return Recording(path.name, child, AudioInfo(**answer["info"]))
        refusal = restored(answer["error"])
    except (ChildDied, KeyError, TypeError, ValueError) as error:
        POOL.discard(child)
        refusal = _ended(path.name, error)
    except BaseException:
        POOL.discard(child)
        raise
    else:
        _let_go(child, refusal)
    if refusal.kind in _OF_THE_PROCESS and child.files > 1:
        return _opened(path, fresh=True)  # what a file before this one left behind may be to blame
    raise refusal


def _let_go(child: DecodingChild, refusal: AudioError | None) -> None:
    if refusal is not None and refusal.kind in _OF_THE_PROCESS:
        POOL.discard(child)
    else:
        POOL.give_back(child)


def _ended(name: str, error: Exception) -> AudioUnreadable:
    """The refusal of a file over which the process ended, or gave an answer that is none."""
    if isinstance(error, ChildDied):
        return too_slow(name) if error.late or error.ending == _OUT_OF_TIME else crashed(name, error.ending)
    return crashed(name, type(error).__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A few blocks, and how far the file is decoded after them."""

    blocks: list[tuple[int, NDArray[np.float32]]]
    is_last: bool
    error: AudioError | None
    decoded_seconds: float
    skipped_packets: int
    warnings: tuple[str, ...]


def _batch(message: Message) -> _Batch:
    answer, samples = message
    error = restored(answer["error"]) if "error" in answer else None
    rate, blocks, first = int(answer.get("rate", 0)), list[tuple[int, NDArray[np.float32]]](), 0
    for shape in answer.get("shapes", []):
        size = int(np.prod(shape))
        blocks.append((rate, samples[first : first + size].reshape(shape)))
        first += size
    return _Batch(
        blocks=blocks,
        is_last=error is not None or bool(answer.get("done")),
        error=error,
        decoded_seconds=float(answer.get("decoded_seconds", 0.0)),
        skipped_packets=int(answer.get("skipped_packets", 0)),
        warnings=tuple(str(one) for one in answer.get("warnings", [])),
    )

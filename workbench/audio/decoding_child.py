"""The process in which recordings are decoded: a file that ends it, or swells it, ends or swells nothing else.

Run as a module. Reads messages on standard input and answers each on what was standard output:

    limit   bytes of memory             what holds from now on
    open    a path, and its name        what the header says
    read    a rate and a channel        the first blocks
    more                                the next blocks; `done` with the last ones, and the file is closed
    close                               the file is closed, wherever it was

Instead of any of these, an error in words. Blocks come several at a time, as one run of samples and a list of shapes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio import process_limits
from workbench.audio.decoder import Decoder, open_decoder
from workbench.audio.refusals import crashed, too_large, worded
from workbench.children.messages import read_message, write_message
from workbench.errors import AudioError
from workbench.sealed import guard, syscall_filter
from workbench.sealed.system import LINUX

ALL_CHANNELS = "all"
_BATCH_VALUES = 1 << 15
"""Two seconds at 16 kHz, 128 KB: of 32 to 512 KB this costs the least, measured over clips and over an hour."""
_BATCH_SECONDS = 0.05
"""A batch is also answered after so long: who reads it can stop, and a slow file is not taken for one that hangs."""


def main() -> None:
    """Answer until the input ends."""
    with contextlib.suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to understand
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak for us
    service = DecodingService()
    with contextlib.suppress(OSError, ValueError):  # the parent has gone
        while (found := read_message(sys.stdin.buffer)) is not None:
            write_message(answers, *service.answer(found[0]))
    os._exit(0)  # nothing is left to be tidied that the kernel does not tidy


Answer = tuple[dict[str, Any], NDArray[np.float32] | None]
"""What is said, and the samples said with it."""


class DecodingService:
    """One file at a time, opened, read to its end or closed before it."""

    def __init__(self) -> None:
        self._name = ""
        self._memory_bytes = 0
        self._stack = contextlib.ExitStack()
        self._decoder: Decoder | None = None
        self._blocks: Iterator[tuple[int, NDArray[np.float32]]] = iter(())

    def answer(self, message: dict[str, Any]) -> Answer:
        """The answer to one message; what goes wrong over a file is an answer too."""
        process_limits.renew_time()
        try:
            return self._done(message)
        except AudioError as error:
            refusal = error
        except Exception as error:  # a mistake of ours or of a library's; the file is as good as unreadable
            is_too_large = isinstance(error, MemoryError) or not process_limits.has_memory()
            refusal = (
                too_large(self._name, self._memory_bytes) if is_too_large else crashed(self._name, type(error).__name__)
            )
        self._close()
        return {"error": worded(refusal)}, None

    def _done(self, message: dict[str, Any]) -> Answer:
        match message["do"]:
            case "limit":
                self._memory_bytes = message["memory_bytes"]
                _warm_up()
                return {"limits": process_limits.put_up(self._memory_bytes), "sealed": _shut_off()}, None
            case "open":
                return {"info": self._open(Path(message["path"]), message["name"])}, None
            case "read":
                self._blocks = self._read(message["sample_rate"], message["channel"])
                return self._batch()
            case "more":
                return self._batch()
            case _:
                self._close()
                return {}, None

    def _open(self, path: Path, name: str) -> dict[str, Any]:
        self._close()
        self._name = name
        self._decoder = self._stack.enter_context(open_decoder(path, name))
        return asdict(self._decoder.info)

    def _close(self) -> None:
        self._decoder, self._blocks = None, iter(())
        with contextlib.suppress(Exception):  # what it says of a file that is given up interests nobody
            self._stack.close()

    def _read(self, sample_rate: int, channel: Any) -> Iterator[tuple[int, NDArray[np.float32]]]:
        if self._decoder is None:
            return iter(())
        if channel == ALL_CHANNELS:
            return self._decoder.channel_blocks()
        return ((sample_rate, block) for block in self._decoder.blocks(sample_rate, channel))

    def _batch(self) -> Answer:
        """Blocks worth an answer, and how far the file is decoded by then; an error comes after what was before it."""
        decoder, blocks, rate, values = self._decoder, [], 0, 0
        end = time.monotonic() + _BATCH_SECONDS
        answer: dict[str, Any] = {}
        while not answer and values < _BATCH_VALUES and (not blocks or time.monotonic() < end):
            try:
                rate, block = next(self._blocks)
            except StopIteration:
                answer["done"] = True
            except AudioError as error:
                answer["error"] = worded(error)
            else:
                blocks.append(block)
                values += block.size
        answer |= {"rate": rate, "shapes": [block.shape for block in blocks]}
        if decoder is not None:
            answer |= {
                "decoded_seconds": decoder.decoded_seconds,
                "skipped_packets": decoder.skipped_packets,
                "warnings": decoder.warnings,
            }
        if "done" in answer or "error" in answer:
            self._close()
        return answer, _joined(blocks)


def _joined(blocks: list[NDArray[np.float32]]) -> NDArray[np.float32] | None:
    if len(blocks) < 2:
        return blocks[0].reshape(-1) if blocks else None
    return np.concatenate([block.reshape(-1) for block in blocks])


def _warm_up() -> None:
    """OpenBLAS takes 32 MB at its first product and ends the process where it gets none; not within a file."""
    np.dot(np.ones((4096, 2), np.float32), np.ones(2, np.float32))


def _shut_off() -> bool:
    """Keep this process from every network, by the kernel where it can.

    A filter and not a namespace: one with users of its own could no longer open what the parent only holds open
    (/proc/<pid>/fd). The parent's own seal holds here anyway.
    """
    if LINUX:
        with contextlib.suppress(OSError, RuntimeError):
            syscall_filter.enter()
            return True
    guard.put_up()
    return False


if __name__ == "__main__":
    main()

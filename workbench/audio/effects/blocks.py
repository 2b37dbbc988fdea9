"""Sound in blocks: re-cut, resampled, put back in place, mixed with what it was made of.

A block is float32 (n,) and never empty. What works on blocks (`Process`) is a function from the blocks of one recording
to those of another; a chain of them holds a few seconds at a time, however long the recording is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import soxr

from workbench.audio.clip import Samples

Process = Callable[[Iterable[Samples]], Iterator[Samples]]

_BLOCK = 1 << 17
"""Of a clip in memory: 8 s at 16 kHz."""


def blocks_of(samples: Samples) -> Iterator[Samples]:
    """Sound in memory, in blocks."""
    for first in range(0, samples.size, _BLOCK):
        yield samples[first : first + _BLOCK]


def gathered(blocks: Iterable[Samples], size: int) -> Samples:
    """Blocks of `size` samples together as one array."""
    whole = np.empty(size, np.float32)
    place = 0
    for block in blocks:
        whole[place : place + block.size] = block
        place += block.size
    assert place == size, f"{place} samples came, not {size}"
    return whole


def equal_blocks(blocks: Iterable[Samples], size: int, *, fill: bool = False) -> Iterator[Samples]:
    """The same sound in blocks of `size` samples, so that what works on them does not depend on how it was read.

    Args:
        blocks: Of any sizes.
        size: Samples in each.
        fill: Whether the last one is filled up with silence; else it may be shorter.
    """
    held, waiting = [np.empty(0, np.float32)], 0
    for block in blocks:
        held.append(block)
        waiting += block.size
        if waiting >= size:
            joined = np.concatenate(held)
            end = waiting - waiting % size
            yield from np.split(joined[:end], range(size, end, size))
            held, waiting = [joined[end:]], waiting - end
    if waiting:
        rest = np.concatenate(held)
        yield np.pad(rest, (0, size - waiting)) if fill else rest


def resampled(blocks: Iterable[Samples], source: int, target: int, quality: str = "VHQ") -> Iterator[Samples]:
    """The same sound at another rate, in Hz; sample for sample what `soxr.resample` gives for all of it."""
    if source == target:
        yield from blocks
        return
    resampler = soxr.ResampleStream(source, target, 1, quality=quality)
    for block in blocks:
        if (changed := resampler.resample_chunk(block)).size:
            yield changed
    if (rest := resampler.resample_chunk(np.empty(0, np.float32), last=True)).size:
        yield rest


def in_place(blocks: Iterable[Samples], process: Process, *, delay: int = 0, tail: int = 0) -> Iterator[Samples]:
    """What a process gives, where it belongs, and as long as what went in.

    Args:
        blocks: What goes in.
        process: Gives nothing before it has heard it.
        delay: Samples by which the process is late; they are dropped at the start.
        tail: Silence it is given after the end, so that it gives all of the sound.
    """
    heard = 0

    def listened() -> Iterator[Samples]:
        nonlocal heard
        for block in blocks:
            heard += block.size
            yield block
        if tail:
            yield np.zeros(tail, np.float32)

    place = -delay
    for block in process(listened()):
        kept = block[max(0, -place) : max(0, heard - place)]
        place += block.size
        if kept.size:
            yield kept
    if place < heard:  # a sample or two that resampling there and back lost
        yield np.zeros(heard - max(place, 0), np.float32)


def at_rate(blocks: Iterable[Samples], rate: int, working_rate: int, process: Process) -> Iterator[Samples]:
    """A process that works at another rate, in Hz: resampled there and back."""
    if rate == working_rate:
        yield from in_place(blocks, process)
        return
    yield from in_place(
        blocks, lambda heard: resampled(process(resampled(heard, rate, working_rate)), working_rate, rate)
    )


def mixed(blocks: Iterable[Samples], process: Process, mix: float) -> Iterator[Samples]:
    """What a process that keeps place and length gives, mixed with what went in.

    Args:
        blocks: What goes in.
        process: Gives as many samples as it hears.
        mix: 1 is all of what the process gives, 0 all of what went in.
    """
    if mix == 1:
        yield from process(blocks)
        return
    dry: list[Samples] = []

    def listened() -> Iterator[Samples]:
        for block in blocks:
            dry.append(block)
            yield block

    for block in process(listened()):
        held = np.concatenate(dry)
        dry[:] = [held[block.size :]]
        yield np.asarray(np.float32(mix) * block + np.float32(1 - mix) * held[: block.size], np.float32)

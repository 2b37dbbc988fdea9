"""FFmpeg's audio filters, one recording block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import equal_blocks

if TYPE_CHECKING:
    from av.filter import Graph

_BLOCK = 1 << 14


def through_filter(blocks: Iterable[Samples], sample_rate: int, name: str, **options: float | str) -> Iterator[Samples]:
    """The blocks of one recording through one filter; its delay, if it has one, is not taken back.

    Args:
        blocks: Mono; re-cut, so that their sizes change nothing.
        sample_rate: In Hz.
        name: As FFmpeg knows it.
        options: The filter's own.
    """
    from av.audio.frame import AudioFrame

    graph, source, sink = _opened(sample_rate, name, options)
    place = 0
    for block in equal_blocks(blocks, _BLOCK):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block[None]), format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = sample_rate, place, Fraction(1, sample_rate)
        place += block.size
        source.push(frame)
        yield from _ready(sink)
    source.push(None)
    yield from _ready(sink)
    del graph


def _opened(sample_rate: int, name: str, options: dict[str, float | str]) -> tuple[Graph, Any, Any]:
    from av.filter import Graph

    graph = Graph()
    source: Any = graph.add_abuffer(
        format="flt", sample_rate=sample_rate, layout="mono", time_base=Fraction(1, sample_rate)
    )
    written = ":".join(f"{key}={_written(value)}" for key, value in options.items())
    middle: Any = graph.add(name, written)
    form: Any = graph.add("aformat", f"sample_fmts=flt:sample_rates={sample_rate}:channel_layouts=mono")
    sink: Any = graph.add("abuffersink")
    source.link_to(middle)
    middle.link_to(form)
    form.link_to(sink)
    graph.configure()
    return graph, source, sink


def _ready(sink: Any) -> Iterator[Samples]:
    from av.error import BlockingIOError, EOFError

    while True:
        try:
            frame = sink.pull()
        except (BlockingIOError, EOFError):
            return
        samples = np.array(frame.to_ndarray(), np.float32).reshape(-1)
        if samples.size:
            yield samples


def _written(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"

"""The process in which one engine works: what ends it, or hangs in it, does not take the workbench along.

Run as a module. Reads messages on standard input and answers each on what was standard output; what libraries print
goes to standard error.
"""

from __future__ import annotations

import os
import queue
import stat
import sys
import threading
import time
from typing import Any, BinaryIO

from workbench import sealed
from workbench.children.core_dumps import forbid_core_dumps
from workbench.children.messages import Message, read_message, write_message
from workbench.engines.base import Engine
from workbench.engines.gauges import Gauge, gpu_gauges, memory_gauge
from workbench.engines.host_messages import (
    Document,
    Samples,
    answer_document,
    clips_from,
    error_document,
    info_document,
    options_from,
    settings_from,
)
from workbench.engines.memory import ran_out_of_memory, release_memory
from workbench.engines.registry import EngineRef, plugin
from workbench.sealed import Layers
from workbench.settings import quieten

_MOST_WORDS = 1 << 20
"""Bytes of what libraries printed that are kept for an error to repeat the end of."""


def main() -> None:
    """Answer until the input ends."""
    _keep_to_itself()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print
    questions = _questions()
    host = Host()
    while True:
        message, samples = questions.get()
        write_message(answers, host.answer(message, samples))
        _forget_words()


def _keep_to_itself() -> None:
    """No way out, a process group that can be ended as a whole, and no core dump: it would hold what was said."""
    quieten()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    forbid_core_dumps()


def _questions() -> queue.Queue[Message]:
    """What the parent says. Once it says no more, this process ends, whatever it is doing."""
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # an engine that reads its input must not read ours
    said: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=_listen, args=(source, said), daemon=True, name="listen-parent").start()
    return said


def _listen(source: BinaryIO, said: queue.Queue[Message]) -> None:
    try:
        while (found := read_message(source)) is not None:
            said.put(found)
    finally:
        os._exit(0)


def _forget_words() -> None:
    """Drop what was printed once it is much: a server runs for weeks, and what libraries print may be speech."""
    state = os.fstat(2)
    if stat.S_ISREG(state.st_mode) and state.st_size > _MOST_WORDS:
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)


class Host:
    """One engine, and what its calls cost in this process."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._name = ""
        self._gauges: list[Gauge] = []

    def answer(self, message: Document, samples: Samples) -> Document:
        """What is said to a question; an error where the engine raised one."""
        try:
            return self._load(message) if message["do"] == "load" else self._transcribe(message, samples)
        except Exception as error:
            told = error_document(error, engine=self._name)
            short = ran_out_of_memory(error)
        if short:  # outside of the `except`, whose error held what was computed
            release_memory()
        return {"error": told}

    def _load(self, message: Document) -> Document:
        held = Layers.from_json(message["sealed"])
        if held.guard:  # what the kernel holds is inherited, Python's guard is not
            sealed.guard_only(held.why)
        ref = EngineRef(message["name"], message["model"])
        self._name = ref.name
        self._engine = plugin(ref.name).load(ref.model, settings_from(message["settings"]))
        info = self._engine.info
        self._gauges = [memory_gauge(), *gpu_gauges(info.device, info.runtime)]
        return {"info": info_document(info)}

    def _transcribe(self, message: Document, samples: Samples) -> Document:
        assert self._engine is not None, "the first question loads"
        clips = clips_from(message, samples)
        options = options_from(message["options"])
        figures: dict[str, Any] = {}
        for gauge in self._gauges:
            gauge.start()
        began, cpu = time.perf_counter(), time.process_time()
        try:
            heard = self._engine.transcribe(clips, options)
            seconds = time.perf_counter() - began
        finally:  # the GPU's gauge waits for the device, so it is stopped first
            for gauge in reversed(self._gauges):
                figures |= gauge.stop()
            figures["cpu_seconds"] = time.process_time() - cpu
        return {"hypotheses": answer_document(heard), "figures": figures, "seconds": seconds}


if __name__ == "__main__":
    main()
    sys.exit(0)

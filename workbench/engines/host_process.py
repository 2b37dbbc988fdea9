"""The child process of a hosted engine: how long it may take, and how it is ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass
from typing import Literal

from workbench.children.process import ChildDied, ChildProcess
from workbench.engines.device import available_cores
from workbench.engines.host_messages import Document, Samples
from workbench.errors import EngineDied, EngineStopped, EngineStuck

AGAIN = "It is loaded again at the next call."
_PATIENCE = "Should it only have been slow, set WORKBENCH_ENGINE_TIMEOUT to the seconds that a call may take."
_SMALLER = "If it ends again, free memory, or use a smaller model or batch."
_MODULE = "workbench.engines.host_child"
_GRACE_SECONDS = 30.0
"""How much longer than its deadline a process is listened to: ending it is what ends the wait."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Torch reads both, CTranslate2 the first; as they are imported."""
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""What numpy reads, or else the first of those. It stays as here: Whisper's features are rounded by it, by 1e-7,
and some texts change with them (docs/measuring.md)."""
_BLAS_IDLE = {"OPENBLAS_THREAD_TIMEOUT": "10"}
"""After 2^10 cycles without work its threads sleep. By default they turn round for 2^26, some 20 ms, after each of the
small products of Whisper's features: longer than these take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an engine may work before it counts as stuck.

    Attributes:
        load_seconds: For loading; large weights on a slow disk take minutes.
        base_seconds: For any call.
        first_seconds: More for the first call after loading, which may compile.
        per_audio_second: More for each second of audio before the engine's pace is known, and at most: slow machines
            decode large models at many times real time.
        times_slowest: More for each second of audio once it is known: so many times the slowest that it has been.
        call_seconds: For any call, instead of all of these; None for them.
    """

    load_seconds: float = 1200.0
    base_seconds: float = 120.0
    first_seconds: float = 480.0
    per_audio_second: float = 60.0
    times_slowest: float = 20.0
    call_seconds: float | None = None

    def for_call(self, audio_seconds: float, slowest: float | None) -> float:
        """Seconds that a call may take.

        Args:
            audio_seconds: Length of its clips.
            slowest: The longest that a second of audio has taken, in seconds; None before the first answer.
        """
        if self.call_seconds is not None:
            return self.call_seconds
        if slowest is None:
            return self.base_seconds + self.first_seconds + self.per_audio_second * audio_seconds
        return self.base_seconds + min(self.per_audio_second, self.times_slowest * slowest) * audio_seconds


class HostProcess(ChildProcess):
    """`engines/host_child.py` at work.

    Args:
        name: What it is to a person: "The engine builtin".
        threads: That its libraries compute with; None leaves that to them.
    """

    def __init__(self, *, name: str, threads: int | None = None) -> None:
        self._title = name
        self._ended_by: Literal["itself", "deadline", "request"] = "itself"
        super().__init__(_MODULE, name=name, environment=_BLAS_IDLE | _computing_with(threads))

    @property
    def alive(self) -> bool:
        """Not from the moment on that it is ended, which takes the kernel a while."""
        return self._ended_by == "itself" and super().alive

    def answer_within(self, seconds: float, question: Document, samples: Samples | None = None) -> Document:
        """Its answer.

        Args:
            seconds: How long it may take; then it is ended.
            question: What it is asked.
            samples: Of all clips, one after the other.

        Raises:
            EngineStuck: No answer in time.
            EngineStopped: `interrupt` ended it.
            EngineDied: It ended.
        """
        # The clock runs from before the question is sent: a process that does not even listen holds up the sender.
        clock = threading.Timer(seconds, self._end, ("deadline",))
        clock.daemon = True
        clock.start()
        try:
            return self.ask(question, samples, timeout_seconds=seconds + _GRACE_SECONDS)[0]
        except ChildDied as died:
            raise self._death(died, seconds) from died
        except BaseException:  # Ctrl-C: its answer would be taken for that to the next question
            self.interrupt()
            raise
        finally:
            clock.cancel()

    def _death(self, died: ChildDied, seconds: float) -> EngineDied:
        if self._ended_by == "request":
            return EngineStopped(f"{self._title} was stopped.", hint=AGAIN)
        if self._ended_by == "deadline":
            return EngineStuck(
                f"{self._title} gave no answer in {seconds:.0f} s and was ended.", hint=f"{AGAIN} {_PATIENCE}"
            )
        return EngineDied(died.message, hint=f"{AGAIN} {_SMALLER}")

    def interrupt(self) -> None:
        """End it at once, from any thread; whoever waits for its answer is told that it was stopped."""
        self._end("request")

    def _end(self, by: Literal["deadline", "request"]) -> None:
        if self.alive:
            self._ended_by = by
        self._kill()

    def stop(self, *, at_once: bool = False) -> None:
        """See `ChildProcess.stop`; at once, what it started is ended with it."""
        if at_once:
            self._kill()
        super().stop(at_once=at_once)

    def _kill(self) -> None:
        if not super().alive:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has no group of its own yet, or none
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


def _computing_with(threads: int | None) -> dict[str, str]:
    """Variables for an engine with so many threads, whose texts are those of an engine in this process."""
    if threads is None:
        return {}
    as_here = os.environ.get(_BLAS_THREADS) or os.environ.get(_THREADS[0]) or f"{available_cores()}"
    return {**dict.fromkeys(_THREADS, f"{threads}"), _BLAS_THREADS: as_here}

"""A child process that answers one question at a time; when it dies, its parent does not."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from workbench.children.messages import MOST_SAMPLES, Message, read_message, write_message
from workbench.errors import EngineError

_LAST_WORDS = 400
"""Characters of what the child wrote last that an error repeats."""
_STOP_SECONDS = 5.0


class ChildDied(EngineError):
    """The child ended, or did not answer in time and was ended.

    Attributes:
        ending: How it ended: "SIGSEGV", "exit status 1".
        late: Whether this process ended it because it did not answer in time.
    """

    def __init__(self, message: str, *, hint: str, ending: str = "", late: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.ending = ending
        self.late = late


class ChildProcess:
    """A Python module run in a process of its own, that reads messages on its standard input and answers each.

    Args:
        module: What is run, as `python -m`.
        name: What it is to a person, for sentences.
        environment: Variables that it has beyond, or instead of, this process's.
        most_samples: In one answer; a child that announces more is not believed.
    """

    def __init__(
        self,
        module: str,
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        most_samples: int = MOST_SAMPLES,
    ) -> None:
        self._name = name
        self._most_samples = most_samples
        self._words = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  as long as the child
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],  # -P: the folder it is started in is not searched for modules
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=os.environ | dict(environment or {}),
        )
        self._answers: queue.Queue[Message | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True, name=f"listen-{self._process.pid}").start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError, OSError, MemoryError), self._process.stdout as pipe:
            while (found := read_message(cast("BinaryIO", pipe), most_samples=self._most_samples)) is not None:
                self._answers.put(found)
        self._answers.put(None)

    def ask(
        self, message: dict[str, Any], samples: NDArray[np.float32] | None = None, *, timeout_seconds: float
    ) -> Message:
        """The child's answer, and the samples in it (none: empty).

        Raises:
            ChildDied: It ended instead, or took too long and was ended.
        """
        self.tell(message, samples)
        return self.answer(timeout_seconds=timeout_seconds)

    def tell(self, message: dict[str, Any], samples: NDArray[np.float32] | None = None) -> None:
        """Ask, and go on while the child works; `answer` has the answers, in the order of the questions."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # a child that died says so by the end of its answers
            write_message(cast("BinaryIO", self._process.stdin), message, samples)

    def answer(self, *, timeout_seconds: float) -> Message:
        """The child's answer to the first question that has none yet.

        Raises:
            ChildDied: It ended instead, or took too long and was ended.
        """
        try:
            answer = self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            self.stop(at_once=True)
            raise ChildDied(
                f"{self._name} did not answer within {timeout_seconds:.0f} s and was ended.",
                hint="Give it more time with timeout_seconds, or shorter chunks.",
                late=True,
            ) from None
        if answer is None:
            self.stop(at_once=True)
            ending = self._ending()
            raise ChildDied(
                f"{self._name} ended ({ending}){self._last_words()}",
                hint="Its model may be damaged or of another kind; the next recording starts it again.",
                ending=ending,
            )
        return answer

    def _ending(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"exit status {code}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"signal {-code}"

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").split("\n")
        said = " ".join(line.strip() for line in lines if line.strip())[-_LAST_WORDS:]
        return f": {said}" if said else "."

    def stop(self, *, at_once: bool = False) -> None:
        """End it: by the end of its input, or at once where it may not be listening."""
        if at_once and self.alive:
            self._process.kill()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __del__(self) -> None:
        self._words.close()

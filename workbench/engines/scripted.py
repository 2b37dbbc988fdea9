"""An engine that says what it was told to: for tests of everything above engines, and of other people's plug-ins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from workbench.audio.clip import AudioClip
from workbench.engines import registry
from workbench.engines.base import (
    Availability,
    Capability,
    DecodeOptions,
    EngineInfo,
    EnginePlugin,
    Hypothesis,
    NoOptions,
)
from workbench.errors import EngineError, WorkbenchError
from workbench.settings import Settings

P = TypeVar("P", bound=EnginePlugin)
Answer = str | Hypothesis | Exception
"""What one clip is answered with: a text, a whole hypothesis, or an error that is raised."""
Script = Mapping[str, Answer] | Callable[[AudioClip], Answer]
"""Answers by a clip's source or digest, with "*" for all others; or a function of the clip."""


def describe(clip: AudioClip) -> str:
    """The default answer: the clip's length, so that every text says which audio reached the engine."""
    return f"{clip.duration:.2f} seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call into the engine."""

    clips: tuple[AudioClip, ...]
    options: DecodeOptions
    thread: str


@dataclass(slots=True, kw_only=True)
class Journal:
    """What was done with a scripted plug-in, over all engines it loaded.

    Attributes:
        loads: How often weights were loaded, failed loads included.
        closes: How often they were given back.
        calls: Every call, in the order they began.
        most_at_once: The most calls that were ever under way together; 1 where the device lock works.
    """

    loads: int = 0
    closes: int = 0
    calls: list[Call] = field(default_factory=list[Call])
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class ScriptedEngine:
    """Answers by the script; see `Engine`."""

    def __init__(self, plugin: ScriptedPlugin, info: EngineInfo) -> None:
        self.info = info
        self._plugin = plugin
        self._under_way = 0

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Answer each clip by the script, after the delay.

        Raises:
            UsageError: An option the engine was not given.
            EngineError: The script has no answer for a clip.
        """
        self.info.validated(options.extra)
        journal = self._plugin.journal
        with journal.lock:
            self._under_way += 1
            journal.most_at_once = max(journal.most_at_once, self._under_way)
            call = Call(clips=tuple(clips), options=options, thread=threading.current_thread().name)
            journal.calls.append(call)
        try:
            time.sleep(self._plugin.delay_seconds * len(clips))
            return [_hypothesis(_answer(self._plugin.script, clip), options) for clip in clips]
        finally:
            with journal.lock:
                self._under_way -= 1

    def close(self) -> None:
        """Count that the memory was given back."""
        self._plugin.journal.closes += 1


def _answer(script: Script, clip: AudioClip) -> Answer:
    if callable(script):
        return script(clip)
    for key in (clip.source, clip.digest, "*"):
        if key in script:
            return script[key]
    return EngineError(f"The script has no answer for {clip.source or clip.digest[:12]}.", hint='Add one, or "*".')


def _hypothesis(answer: Answer, options: DecodeOptions) -> Hypothesis:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Hypothesis):
        return answer
    return Hypothesis(text=answer, raw=answer, language=options.language, finish="eos")


@dataclass(slots=True, kw_only=True)
class ScriptedPlugin:
    """A plug-in whose engine follows a script.

    Attributes:
        script: What is answered.
        name: Its name in the registry.
        delay_seconds: How long each clip takes.
        load_seconds: How long loading takes.
        load_errors: Raised by the first loads, one each; later loads succeed.
        options: The engine's own options.
        languages: Codes it can be told.
        max_seconds: The longest clip it takes.
        chunk_seconds: What long recordings are cut to.
        capabilities: What it can do beyond text.
        journal: What was done with it.
        hosted: Whether it may work in another process, which knows nothing of the script.
    """

    script: Script = describe
    name: str = "scripted"
    delay_seconds: float = 0.0
    load_seconds: float = 0.0
    load_errors: list[WorkbenchError] = field(default_factory=list[WorkbenchError])
    options: type[Any] = NoOptions
    languages: tuple[str, ...] = ("en", "zh", "yue")
    max_seconds: float | None = None
    chunk_seconds: float = 30.0
    capabilities: frozenset[Capability] = frozenset({"language", "context", "timestamps", "batch"})
    summary: str = "Says what a script tells it to; for tests."
    models: tuple[str, ...] = ("script",)
    journal: Journal = field(default_factory=Journal)
    hosted: bool = False

    def info(self, model: str | None, settings: Settings) -> EngineInfo:  # noqa: ARG002  scripts run anywhere
        """See `EnginePlugin.info`."""
        return EngineInfo(
            name=self.name,
            model_id=model or self.models[0],
            revision="1",
            languages=self.languages,
            max_seconds=self.max_seconds,
            chunk_seconds=self.chunk_seconds,
            capabilities=self.capabilities,
            options=self.options,
            device="cpu",
            dtype="none",
            runtime="python",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:  # noqa: ARG002
        """See `EnginePlugin.check`."""
        return Availability(ok=True, reason="It runs anywhere.", needs_bytes=0)

    def load(self, model: str | None, settings: Settings) -> ScriptedEngine:
        """See `EnginePlugin.load`."""
        self.journal.loads += 1
        time.sleep(self.load_seconds)
        if self.load_errors:
            raise self.load_errors.pop(0)
        return ScriptedEngine(self, self.info(model, settings))


class _Offered:
    """An entry point whose object is already here."""

    def __init__(self, plugin: EnginePlugin) -> None:
        self._plugin = plugin

    def load(self) -> EnginePlugin:
        return self._plugin


@contextmanager
def offered(plugin: P) -> Generator[P]:
    """Let the registry find this plug-in, as if a package offered it, for the length of a `with` block."""
    entries = cast("dict[str, Any]", registry._entries())  # pyright: ignore[reportPrivateUsage]  its own cache
    before = dict(entries)
    entries[plugin.name] = _Offered(plugin)
    try:
        yield plugin
    finally:
        entries.clear()
        entries.update(before)

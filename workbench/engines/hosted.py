"""Any engine in a process of its own: one that hangs or dies is ended and loaded again, and nothing else stops.

The sound goes there through a pipe, the text comes back; neither is written down. What a call costs is measured there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from workbench import sealed
from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, EngineInfo, EnginePlugin, Hypothesis
from workbench.engines.gauges import CallGauge
from workbench.engines.host_messages import (
    Document,
    Samples,
    answer_from,
    clips_document,
    error_from,
    info_from,
    options_document,
    settings_document,
)
from workbench.engines.host_process import AGAIN, HostProcess, Patience
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import EngineDied, EngineStopped, EngineStuck, EngineUnavailable, UsageError, WorkbenchError
from workbench.sealed.needs import needs_network
from workbench.settings import Settings

RELOADS = 3
"""How often an engine that died is loaded and tried before it is given up."""
DEATHS = 10
"""How many calls in a row may end an engine that loads and passes its trial each time: clips of one kind may."""
_SMALLER = "Free memory, or use a smaller model; the next call tries again."


def is_hosted(found: EnginePlugin) -> bool:
    """Whether a plug-in's engine gains by a process of its own.

    Its attribute `hosted` says so; without one, every engine does that computes here.
    """
    return bool(getattr(found, "hosted", not needs_network(found.name)))


class HostedEngine:
    """An `Engine` in a child process; see `start`.

    Args:
        ref: Which engine and model.
        settings: What it is loaded with.
        threads: That it computes with; None leaves that to the libraries.
        patience: How long it may take.

    Attributes:
        engine_seconds: How long all its calls took in its process: what is more than that is the way there and back.
    """

    def __init__(
        self, ref: EngineRef, settings: Settings, *, threads: int | None = None, patience: Patience | None = None
    ) -> None:
        self._ref, self._settings, self._threads = ref, settings, threads
        self._patience = patience or Patience(call_seconds=settings.engine_timeout)
        self._child: HostProcess | None = None
        self._info: EngineInfo | None = None
        self.engine_seconds = 0.0
        self._slowest: float | None = None
        self._deaths = 0
        self._suspect = False
        self._fault: EngineDied | None = None
        self._loading_since: float | None = None
        self._measuring = threading.local()

    @classmethod
    def start(
        cls, ref: EngineRef, settings: Settings, threads: int | None = None, *, patience: Patience | None = None
    ) -> HostedEngine:
        """Load an engine in a process of its own.

        Args:
            ref: Which engine and model.
            settings: What it is loaded with.
            threads: That it computes with; None leaves that to the libraries.
            patience: How long it may take; None for `Patience` with the settings' `engine_timeout`.

        Raises:
            EngineUnavailable: It cannot run here, or its process ended while it loaded.
            ModelMissing, ModelDiffers: See `EnginePlugin.load`.
        """
        made = cls(ref, settings, threads=threads, patience=patience)
        try:
            made._load()
        except EngineDied as died:
            raise EngineUnavailable(str(ref), _clause(died), hint=_SMALLER) from died
        return made

    @property
    def info(self) -> EngineInfo:
        assert self._info is not None, "start loads it"
        return self._info

    @property
    def pid(self) -> int | None:
        """Of the process it works in; None where there is none now."""
        return self._child.pid if self._child is not None and self._child.alive else None

    @property
    def reloading_seconds(self) -> float | None:
        """How long it has been loading; None while it is not."""
        since = self._loading_since
        return None if since is None else time.perf_counter() - since

    @property
    def fault(self) -> EngineDied | None:
        """Why there is no process now, until the next call loads it again; None while there is one."""
        if self.pid is not None or self._loading_since is not None:
            return None
        return self._fault or EngineDied(f"The engine {self._ref} ended by itself.", hint=AGAIN)

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe clips; see `Engine.transcribe`.

        Raises:
            EngineStuck: No answer in time; its process was ended.
            EngineStopped: `interrupt` ended its process.
            EngineDied: Its process ended.
            EngineUnavailable: It ended again and again.
            WorkbenchError: What the engine itself raised; of an error that is none of ours, its type and message.
        """
        self.info.validated(options.extra)
        if not clips:
            return []
        self._ready()
        try:
            return self._call(clips, options)
        except EngineDied:
            self._deaths += self._suspect
            raise

    def _call(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        about, samples = clips_document(clips)
        audio_seconds = sum(clip.duration for clip in clips)
        began = time.perf_counter()
        answer = self._ask(
            {"do": "transcribe", "options": _plain(options)} | about,
            samples,
            seconds=self._patience.for_call(audio_seconds, self._slowest),
        )
        heard = answer_from(answer["hypotheses"], expected=len(clips), engine=str(self._ref))
        pace = (time.perf_counter() - began) / audio_seconds
        self._slowest = max(self._slowest or 0.0, pace)
        self._deaths = 0
        self.engine_seconds += answer["seconds"]
        measuring: CallGauge | None = getattr(self._measuring, "gauge", None)
        if measuring is not None:
            measuring.add(answer["figures"])
        return heard

    def _ready(self) -> None:
        """Have a process that is loaded; one that follows on one that died must first show that it works."""
        if self.pid is not None:
            return
        if self._deaths >= DEATHS:
            self._deaths = 0  # whoever asks again, after doing something about it, is given another try
            raise EngineUnavailable(str(self._ref), f"its process ended {DEATHS} times in a row", hint=_SMALLER)
        for attempt in range(1, RELOADS + 1):
            try:
                self._load()
                if self._suspect:
                    self._try_out()
            except EngineStopped:
                raise
            except EngineDied as died:
                if attempt == RELOADS or isinstance(died, EngineStuck):  # which has cost many minutes
                    raise EngineUnavailable(str(self._ref), _clause(died), hint=_SMALLER) from died
            else:
                self._fault, self._suspect = None, False
                return

    def _try_out(self) -> None:
        """Let it transcribe a second of faint noise; an error is an answer, too."""
        rate = self.info.sample_rate
        noise = np.random.default_rng(0).normal(0.0, 1e-3, rate).astype(np.float32)
        about, samples = clips_document([AudioClip(samples=noise, sample_rate=rate)])
        question = {"do": "transcribe", "options": _plain(DecodeOptions())} | about
        try:
            self._ask(question, samples, seconds=self._patience.for_call(1.0, None))
        except EngineDied:
            raise
        except WorkbenchError:
            return

    def _load(self) -> None:
        self._loading_since = time.perf_counter()
        self._slowest = None
        self.close()
        try:
            self._child = HostProcess(name=f"The engine {self._ref}", threads=self._threads)
            question = {
                "do": "load",
                "name": self._ref.name,
                "model": self._ref.model,
                "settings": settings_document(self._settings),
                "sealed": sealed.layers().as_json(),
            }
            answer = self._ask(question, None, seconds=self._patience.load_seconds)
            options = plugin(self._ref.name).info(self._ref.model, self._settings).options
            self._info = info_from(answer["info"], options)
        except BaseException:
            self.close()
            raise
        finally:
            self._loading_since = None

    def _ask(self, question: Document, samples: Samples | None, *, seconds: float) -> Document:
        child = self._child
        assert child is not None, "it was loaded"
        try:
            answer = child.answer_within(seconds, question, samples)
        except EngineDied as died:
            # Not the error itself: its traceback holds the sound.
            self._fault, self._suspect = EngineDied(died.message, hint=died.hint), not isinstance(died, EngineStopped)
            raise
        if "error" not in answer:
            return answer
        error = error_from(answer["error"])
        if not answer["error"]["spoilt"]:
            raise error
        child.stop(at_once=True)
        told = f"{error.message} Its process was ended."
        self._fault, self._suspect = EngineDied(told, hint=AGAIN), True
        raise EngineDied(told, hint=AGAIN) from error

    def interrupt(self) -> None:
        """End its process at once, from any thread, whatever it is doing; the next call loads it again."""
        child = self._child
        if child is not None:
            child.interrupt()

    def gauge(self) -> CallGauge:
        """What the calls of this thread cost in the engine's process; see `SelfMeasuring`."""
        info = self.info
        counts_gpu = info.device.startswith("cuda") and info.runtime == "torch"
        return CallGauge(self._measuring, {"gpu_seconds": 0.0} if counts_gpu else {})

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.stop()
        self._child = None


def _plain(options: DecodeOptions) -> Document:
    try:
        return options_document(options)
    except ValueError as error:  # pydantic's, of what is no JSON
        raise UsageError("The engine's options must be numbers, texts or lists of them.", hint=str(error)) from error


def _clause(died: EngineDied) -> str:
    """A death as a clause of another sentence."""
    return died.message.rstrip(".")[:1].lower() + died.message.rstrip(".")[1:]

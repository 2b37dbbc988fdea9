"""ONNX models of next-generation Kaldi: SenseVoice, Paraformer, Zipformer and others, through sherpa-onnx.

sherpa-onnx ends the process that gives it a model it cannot use, so it works in a child process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import Field

from workbench.audio.clip import AudioClip
from workbench.children.process import ChildProcess
from workbench.engines.base import Availability, Capability, DecodeOptions, EngineInfo, Hypothesis, Segment
from workbench.engines.device import available_cores
from workbench.engines.frame_tokens import TimedToken, timed_segments
from workbench.engines.generation import check_rate
from workbench.engines.sherpa_kinds import ENGINE, Kind, SherpaFolder, read_folder
from workbench.engines.weights import find_weights, folder_revision, verify_folder
from workbench.errors import EngineError, EngineUnavailable, ModelMissing, UnknownName, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import language_code

NEEDED = ("*.onnx",)
INSTALL = "pip install 'asr-workbench[sherpa]'"
_CHILD = "workbench.engines.sherpa_child"
_LOAD_SECONDS = 600.0
_THREADS = 4
"""At most; sherpa-onnx's examples use 1 to 4, and more rarely pay on the short sequences of one chunk."""
_WORKING_BYTES = 300 * 1024**2
_NAME = "Name a folder after it, as in sherpa-onnx:/models/sense-voice, with #kind where the files do not tell."


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaOptions:
    """What can be decided for each call."""

    timeout_seconds: Annotated[float, Field(gt=0)] = field(
        default=600.0, metadata={"help": "How long one chunk may take before the child process is ended."}
    )


class SherpaEngine:
    """A model in a child process, one clip after another.

    Args:
        start: Starts a child that has nothing loaded.
        found: The folder.
        info: What the engine says of itself.
        threads: That sherpa-onnx computes with.
    """

    def __init__(
        self, start: Callable[[], ChildProcess], found: SherpaFolder, info: EngineInfo, *, threads: int
    ) -> None:
        self._start = start
        self._found = found
        self._threads = threads
        self._child: ChildProcess | None = None
        self._loaded: dict[str, Any] = {}
        self.info = info

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe one clip after another; see `Engine.transcribe`.

        Raises:
            UsageError: An option or a language that cannot be used.
            AudioInvalid: A clip is at another rate.
            EngineError: The child process ended; the next call starts it again.
        """
        own: SherpaOptions = self.info.validated(options.extra)
        language, warnings = self.info.resolve_language(options.language)
        check_rate(clips, self.info.sample_rate)
        if options.context.strip() and not self._found.kind.hotwords:
            warnings += ("This model takes no context; the hot words were not used.",)
        if clips:
            self.load(language or "", options.context.strip())
        heard = [self._one(clip, own.timeout_seconds, word_times=options.word_times) for clip in clips]
        return [replace(one, language=one.language or language, warnings=warnings) for one in heard]

    def load(self, language: str = "", context: str = "") -> None:
        """Have the child load the model as these need it, unless it already has.

        Raises:
            EngineError: The child cannot load it, or ended over it.
        """
        arguments = self._arguments(self._found.kind, language, context)
        if self._child is not None and self._child.alive and arguments == self._loaded:
            return
        self.close()
        self._child = self._start()
        self._ask({"do": "load", "constructor": self._found.kind.constructor, "arguments": arguments}, _LOAD_SECONDS)
        self._loaded = arguments

    def _arguments(self, kind: Kind, language: str, context: str) -> dict[str, Any]:
        told = {kind.language: language} if kind.language and language else {}
        if kind.hotwords and context:
            told[kind.hotwords] = context
        files = {argument: str(path) for argument, path in self._found.files.items()}
        return {**files, **kind.given, **told, "num_threads": self._threads}

    def _ask(self, message: dict[str, Any], timeout_seconds: float, clip: AudioClip | None = None) -> dict[str, Any]:
        assert self._child is not None
        samples = None if clip is None else clip.samples
        answer, _ = self._child.ask(message, samples, timeout_seconds=timeout_seconds)
        if "error" in answer:
            raise EngineError(
                f"sherpa-onnx failed on {self.info.model_id}: {answer['error']}",
                hint="Check the folder's files, and which kind it is.",
            )
        return answer

    def _one(self, clip: AudioClip, timeout_seconds: float, *, word_times: bool) -> Hypothesis:
        answer = self._ask({"do": "transcribe", "sample_rate": clip.sample_rate}, timeout_seconds, clip)
        return Hypothesis(
            text=answer["text"].strip(),
            raw=answer["text"],
            language=_language(answer["language"]),
            finish=self._found.kind.finish,
            confidence=_confidence(answer["log_probabilities"]),
            segments=_segments(answer, clip.duration) if word_times and self._found.kind.times else (),
        )

    def close(self) -> None:
        """End the child process."""
        if self._child is not None:
            self._child.stop()
        self._child, self._loaded = None, {}


def _language(said: str) -> str | None:
    """SenseVoice says `<|yue|>`; others say nothing."""
    try:
        return language_code(said.strip("<|>")) if said.strip("<|>") else None
    except UnknownName:
        return None


def _confidence(log_probabilities: Sequence[float]) -> float | None:
    """Geometric mean of the probabilities of all tokens, where the model gives them."""
    if not log_probabilities:
        return None
    return min(1.0, math.exp(math.fsum(log_probabilities) / len(log_probabilities)))


def _segments(answer: dict[str, Any], longest: float) -> tuple[Segment, ...]:
    """Words with the time of their first token; each lasts until the next token.

    None where the tokens do not spell the text, as after inverse text normalisation.
    """
    tokens, times, text = answer["tokens"], answer["times"], answer["text"].strip()
    if len(tokens) != len(times) or _spelled(tokens) != text:
        return ()
    ends = [*times[1:], longest]
    timed = [
        TimedToken(token=index, start=start, end=max(start, end))
        for index, (start, end) in enumerate(zip(times, ends, strict=True))
    ]
    return timed_segments(text, timed, lambda ids: _spelled([tokens[index] for index in ids]), longest)


def _spelled(tokens: Sequence[str]) -> str:
    return "".join(tokens).replace("▁", " ").strip()


class SherpaPlugin:
    """A folder, or a hub id that was fetched, and after `#` its kind where that cannot be told."""

    name = ENGINE
    summary = "ONNX models through sherpa-onnx, for machines without a GPU: SenseVoice, Paraformer, Zipformer and more."
    models: tuple[str, ...] = ()
    hosted = False
    """It works in a child process of its own already."""

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """See `EnginePlugin.info`; from the files' names and metadata, without loading one."""
        empty = EngineInfo(name=self.name, model_id=model or "", options=SherpaOptions, runtime="onnxruntime")
        if model is None:
            return empty
        try:
            found = self._found(model, settings)
        except ModelMissing:
            return empty
        capabilities: set[Capability] = {"word_timestamps"} if found.kind.times else set()
        capabilities |= {"language"} if found.kind.language else set()
        capabilities |= {"context"} if found.kind.hotwords else set()
        return replace(
            empty,
            revision=folder_revision(found.folder),
            languages=found.kind.languages,
            max_seconds=30.0,
            capabilities=frozenset(capabilities),
        )

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        if find_spec("sherpa_onnx") is None:
            return Availability(ok=False, reason="The package sherpa-onnx is not installed.", command=INSTALL)
        if model is None:
            return Availability(ok=False, reason=f"It has no model of its own. {_NAME}")
        try:
            found = self._found(model, settings)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message, command=getattr(error, "command", ""))
        weights = sum(path.stat().st_size for path in found.files.values() if path.is_file())
        reason = f"It runs on the CPU as a model of the kind {found.name}."
        return Availability(ok=True, reason=reason, needs_bytes=weights + _WORKING_BYTES)

    def load(self, model: str | None, settings: Settings) -> SherpaEngine:
        """See `EnginePlugin.load`."""
        if find_spec("sherpa_onnx") is None:
            raise EngineUnavailable(self.name, "the package sherpa-onnx is not installed", hint=INSTALL)
        if model is None:
            raise UsageError("The engine sherpa-onnx has no model of its own.", hint=_NAME)
        found = self._found(model, settings)
        verify_folder(found.folder)
        info = replace(self.info(model, settings), device="cpu", dtype=_dtype(found))
        engine = SherpaEngine(_start, found, info, threads=min(_THREADS, available_cores()))
        try:
            engine.load()
        except EngineError as error:
            engine.close()
            raise EngineUnavailable(self.name, error.message.rstrip("."), hint=error.hint) from error
        return engine

    def _found(self, model: str, settings: Settings) -> SherpaFolder:
        place, _, kind = model.partition("#")
        return read_folder(find_weights(self.name, place, settings, needs=NEEDED), kind)


def _start() -> ChildProcess:
    return ChildProcess(_CHILD, name="sherpa-onnx")


def _dtype(found: SherpaFolder) -> str:
    return "int8" if any(".int8." in path.name for path in found.files.values()) else "float32"


PLUGIN = SherpaPlugin()

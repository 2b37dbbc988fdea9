"""What an engine is: what it says of itself, what it is asked, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import pydantic

from workbench.audio.clip import AudioClip
from workbench.errors import UnknownName, UsageError
from workbench.settings import Settings
from workbench.text.languages import language_code, language_name

Capability = Literal["language", "context", "timestamps", "word_timestamps", "confidence", "batch"]
Finish = Literal["eos", "length", "unknown"]
"""How decoding ended: by itself, out of tokens (text is missing), or the engine does not tell."""

NEAREST_LANGUAGE = {"yue": "zh"}
"""What an engine without a language is told instead, with a warning: Whisper base has no Cantonese and loops on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """An engine without options of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What an engine says of itself. Page controls, command-line flags and validation derive from it.

    Attributes:
        name: Its name in the registry.
        model_id: Which weights, as a person would say it: "Systran/faster-whisper-base", a folder.
        revision: Which version of them: a commit, or a hash; empty where unknown.
        sample_rate: What it listens to, in Hz.
        languages: Codes it can be told (ISO 639-1, or 639-3 where there is none, as "yue").
        max_seconds: The longest clip that one call takes without losing text; None where it windows by itself.
        chunk_seconds: The length that long recordings are cut to when transcribing.
        capabilities: What it can do beyond text.
        word_times_hint: What would give it times of words, a sentence; empty where it has them or nothing would.
        options: A frozen dataclass; its fields (with defaults and `metadata={"help": …}`) are the engine's own options.
        device: Where the weights are, once loaded: "cpu", "cuda:0".
        dtype: In what precision, once loaded.
        attention: How it computes attention, once loaded: "sdpa", "eager"; empty where that is not known.
        runtime: What computes: "torch" (whose GPU time and memory can be read), "ctranslate2", "remote", or another.
    """

    name: str
    model_id: str
    revision: str = ""
    sample_rate: int = 16_000
    languages: tuple[str, ...] = ()
    max_seconds: float | None = None
    chunk_seconds: float = 30.0
    capabilities: frozenset[Capability] = frozenset()
    word_times_hint: str = ""
    options: type[Any] = NoOptions
    device: str = ""
    dtype: str = ""
    attention: str = ""
    runtime: str = ""

    def validated(self, extra: Mapping[str, Any]) -> Any:
        """The engine's options with `extra` set in them; strings are converted to the field's type.

        Raises:
            UnknownName: An option the engine does not have.
            UsageError: A value of the wrong type, or out of range.
        """
        names: tuple[str, ...] = tuple(self.options.__dataclass_fields__)
        for name in extra:  # pydantic cannot be told to forbid extras of a standard dataclass
            if name not in names:
                raise UnknownName(f"option of the engine {self.name}", name, names)
        try:
            return pydantic.TypeAdapter(self.options).validate_python(dict(extra))
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            raise UsageError(
                f"The engine {self.name} cannot use option {'.'.join(map(str, first['loc']))!r}: {first['msg']}.",
                hint=f"Its options: {', '.join(names)}.",
            ) from None

    def resolve_language(self, language: str | None) -> tuple[str | None, tuple[str, ...]]:
        """The code to tell the engine, and warnings where it is not the one asked for.

        Args:
            language: A code or an English name; None or "auto" lets the engine decide.

        Raises:
            UnknownName: No such language.
            UsageError: The engine does not know it, and there is no near one.
        """
        if language is None or language.lower() == "auto":
            return None, ()
        code = language_code(language)
        if "language" not in self.capabilities:
            return None, (f"{self.name} cannot be told a language; it decides by itself.",)
        if code in self.languages:
            return code, ()
        near = NEAREST_LANGUAGE.get(code)
        if near in self.languages:
            return near, (f"{self.name} does not know {language_name(code)}; it was told {language_name(near)}.",)
        raise UsageError(
            f"The engine {self.name} does not know {language_name(code)}.",
            hint="Use auto, or another engine.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOptions:
    """What one call asks of an engine.

    Attributes:
        language: A code the engine knows, or None: it decides.
        context: Names and terms to expect (hotwords), as free text.
        timestamps: Whether segment times are wanted.
        word_times: Whether times of words are wanted, from an engine that has them; they cost time.
        max_new_tokens: Cap on generated tokens a chunk; None is the engine's default.
        extra: The engine's own options by name, validated by `EngineInfo.validated`.
    """

    language: str | None = None
    context: str = ""
    timestamps: bool = True
    word_times: bool = False
    max_new_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word with the punctuation beside it, or one Han character; times as those of its segment.

    Attributes:
        start: Seconds.
        end: The same.
        text: Without white space around it.
        confidence: 0 … 1, or None where the engine has none.
    """

    start: float
    end: float
    text: str
    confidence: float | None = None

    def shifted(self, seconds: float) -> Word:
        return replace(self, start=self.start + seconds, end=self.end + seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of text with its times in seconds from the start of the recording.

    Attributes:
        start: Seconds.
        end: The same.
        text: What was said.
        words: The text word by word; empty where the engine has no times of words, or none were asked for.
        speaker: Label of who said it, `1+2` where two cannot be told apart; empty where speakers are not known.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str = ""

    def shifted(self, seconds: float) -> Segment:
        words = tuple(word.shifted(seconds) for word in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)

    def within(self, longest: float) -> Segment:
        """With no time after `longest` seconds."""
        words = tuple(replace(one, start=min(one.start, longest), end=min(one.end, longest)) for one in self.words)
        return replace(self, start=min(self.start, longest), end=min(self.end, longest), words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What an engine heard in one clip.

    Attributes:
        text: The transcription alone, otherwise as the model gave it.
        raw: The model's whole output, markers included; equal to `text` where there are none.
        language: The language it says it heard, or was told; None where it does not tell.
        segments: Times from the start of the clip; empty where the engine has none.
        finish: How decoding ended.
        confidence: 0 … 1, or None where the engine has none.
        warnings: What a reader should check, one sentence each.
    """

    text: str
    raw: str
    language: str | None = None
    segments: tuple[Segment, ...] = ()
    finish: Finish = "unknown"
    confidence: float | None = None
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """Loaded weights. Not safe for two threads: the pool's device lock is held around every call."""

    @property
    def info(self) -> EngineInfo: ...

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe clips of at most `info.max_seconds` at `info.sample_rate`; one complete result each, in order."""
        ...

    def close(self) -> None:
        """Give the memory back; the engine is not used again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Whether an engine can run here.

    Attributes:
        ok: Whether it can, now.
        reason: A sentence: what it will run on, or why it cannot.
        command: What would make it run; empty where it runs or nothing would.
        needs_bytes: Memory the weights and their work need, in bytes; None where that is not known.
    """

    ok: bool
    reason: str
    command: str = ""
    needs_bytes: int | None = None


class EnginePlugin(Protocol):
    """What the registry finds under the entry-point group `workbench.engines`.

    Importing the module that holds it must be cheap: torch, transformers and the like are imported in `load`.
    """

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str:
        """One sentence for a list of engines."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Names `model` may take, the default first; the engine may accept folders and others besides."""
        ...

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """What the engine will say of itself once loaded, without loading it."""
        ...

    def check(self, model: str | None, settings: Settings) -> Availability:
        """Whether it can run here, without loading it and without going out."""
        ...

    def load(self, model: str | None, settings: Settings) -> Engine:
        """Load the weights.

        Raises:
            EngineUnavailable: It cannot run on this machine.
            ModelMissing: The weights are not on this disk.
            ModelDiffers: The weights are not the ones they should be.
        """
        ...

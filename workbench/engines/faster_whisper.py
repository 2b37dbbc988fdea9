"""Whisper through CTranslate2, by faster-whisper."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, Capability, DecodeOptions, EngineInfo, Hypothesis, Segment
from workbench.engines.ctranslate2_weights import missing_variables
from workbench.engines.device import choose_ctranslate2
from workbench.engines.faster_whisper_windows import WindowDecoder, confidence_of
from workbench.engines.faster_whisper_words import timed_words
from workbench.engines.weights import CTRANSLATE2, find_weights, folder_bytes, folder_revision, verify_folder
from workbench.errors import EngineError, EngineUnavailable, ModelMissing, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import NAMES

SIZES = ("base", "tiny", "small", "medium", "large-v2", "large-v3", "tiny.en", "base.en", "small.en", "medium.en")
SHORT_NAMES = {size: f"Systran/faster-whisper-{size}" for size in SIZES} | {
    "large": "Systran/faster-whisper-large-v3",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}  # fmt: skip
"""As in faster_whisper.utils, which would import the whole of it."""

CAPABILITIES: frozenset[Capability] = frozenset({"language", "context", "timestamps", "word_timestamps", "confidence"})
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
PROMPT_TOKENS = 223
"""The most hotword tokens that faster-whisper keeps: half of Whisper's 448 positions, less one."""

_MULTILINGUAL_START = 50258
"""Id of <|startoftranscript|> in multilingual vocabularies; English-only ones have it one lower."""
_WORKING_BYTES = 300 * 1024**2
"""What a process takes beyond its weights: 344 MiB at most after 30 s, of which base in int8 is 70, measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FasterWhisperOptions:
    """faster-whisper's own options with faster-whisper's own defaults."""

    beam_size: Annotated[int, Field(ge=1, le=50)] = field(
        default=5, metadata={"help": "Hypotheses kept while searching; 1 is greedy."}
    )
    vad_filter: bool = field(default=False, metadata={"help": "Leave out what silero hears no speech in."})
    condition_on_previous_text: bool = field(
        default=True, metadata={"help": "Show each 30 s window the text before it; off, loops cannot spread."}
    )
    temperature_fallback: bool = field(
        default=True,
        metadata={"help": "Decode a doubtful window again by sampling; off, every run gives the same text."},
    )
    no_speech_threshold: Annotated[float, Field(ge=0, le=1)] = field(
        default=0.6, metadata={"help": "Probability of no speech above which a doubtful window is left out."}
    )
    no_repeat_ngram_size: Annotated[int, Field(ge=0, le=50)] = field(
        default=0, metadata={"help": "Forbid repeating this many tokens in a row; 0 allows it."}
    )


class FasterWhisperEngine:
    """A loaded CTranslate2 Whisper; windows long clips by itself, one clip after another."""

    def __init__(self, model: Any, info: EngineInfo) -> None:
        self._model: Any = model
        self._decoder = WindowDecoder(model)
        self.info = info

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe one clip after another; see `Engine.transcribe`.

        Raises:
            UsageError: An option that cannot be used.
            EngineError: CTranslate2 failed, as when memory runs out.
        """
        if options.max_new_tokens is not None and options.max_new_tokens < 1:
            raise UsageError("max_new_tokens must be at least 1.", hint="Leave it out for Whisper's own limit, 224.")
        arguments = self._arguments(options)
        return [self._one(clip, options, arguments) for clip in clips]

    def _arguments(self, options: DecodeOptions) -> dict[str, Any]:
        own = asdict(self.info.validated(options.extra))
        own["temperature"] = list(TEMPERATURES if own.pop("temperature_fallback") else TEMPERATURES[:1])
        return own | {
            "language": options.language,
            "hotwords": options.context.strip() or None,
            "without_timestamps": False,
            "word_timestamps": options.word_times,
        }

    def _one(self, clip: AudioClip, options: DecodeOptions, arguments: dict[str, Any]) -> Hypothesis:
        self._decoder.begin(options.max_new_tokens)
        try:
            found, about = self._model.transcribe(clip.samples, **arguments)
            segments = list(found)
        except RuntimeError as error:
            raise EngineError(
                f"CTranslate2 failed on {clip.source or 'a clip'}: {error}",
                hint="Free memory, choose a smaller model, or set WORKBENCH_DEVICE=cpu.",
            ) from error
        raw = "".join(segment.text for segment in segments)
        return Hypothesis(
            text=raw.strip(),
            raw=raw,
            language=about.language,
            segments=tuple(_segment(part, clip.duration) for part in segments),
            finish=self._decoder.finish,
            confidence=confidence_of(segments),
            warnings=self._warnings(options),
        )

    def _warnings(self, options: DecodeOptions) -> tuple[str, ...]:
        warnings: list[str] = []
        if sampled := self._decoder.temperature:
            warnings.append(f"Decoded by sampling at temperature {sampled:.1f}: another run may give another text.")
        context = " " + options.context.strip()
        if context != " " and len(self._model.hf_tokenizer.encode(context, add_special_tokens=False)) > PROMPT_TOKENS:
            warnings.append(f"The context is longer than {PROMPT_TOKENS} tokens; its end was not used.")
        return tuple(warnings)

    def close(self) -> None:
        """Give the weights back, without waiting for the garbage collector."""
        self._model.model.unload_model()
        self._model = None


def _segment(part: Any, duration: float) -> Segment:
    """With times inside the clip: Whisper sees 30 s, silence added, and may end a segment in it."""
    words = timed_words(part.words or ())
    return Segment(start=part.start, end=part.end, text=part.text.strip(), words=words).within(duration)


def load_folder(folder: Path, info: EngineInfo, settings: Settings) -> FasterWhisperEngine:
    """Load a CTranslate2 folder; what it says of itself is completed from what was loaded.

    Raises:
        EngineUnavailable: CTranslate2 cannot use the device asked for, cannot read the folder, or it lacks tensors.
    """
    device, index, compute_type = choose_ctranslate2(settings, engine=info.name)
    if missing := missing_variables(folder / "model.bin"):
        named = missing[0] if len(missing) == 1 else f"{missing[0]}, …"
        reason = f"{folder} lacks {len(missing)} of the model's tensors ({named})"
        raise EngineUnavailable(info.name, reason, hint="Fetch it again.")
    try:
        model = _open(folder, device, index, compute_type)
    except (RuntimeError, ValueError, IndexError) as error:  # IndexError: a variable of the model is missing
        if device != "cuda" or settings.device != "auto":
            raise EngineUnavailable(info.name, str(error), hint="Check the folder, or WORKBENCH_DEVICE.") from error
        device, index, compute_type = "cpu", 0, "int8"  # a GPU without the CUDA libraries CTranslate2 was built for
        model = _open(folder, device, index, compute_type)
    loaded = replace(
        info,
        languages=_languages(model.hf_tokenizer.token_to_id),
        device=f"cuda:{index}" if device == "cuda" else "cpu",
        dtype=str(model.model.compute_type),
    )
    return FasterWhisperEngine(model, loaded)


def _open(folder: Path, device: str, index: int, compute_type: str) -> Any:
    import ctranslate2
    import numpy as np
    from faster_whisper import WhisperModel

    ctranslate2.set_random_seed(0)  # sampling in the fallback: the same clips in the same order, the same texts
    model = WhisperModel(str(folder), device=device, device_index=index, compute_type=compute_type)
    if device == "cuda":  # missing cuBLAS or cuDNN shows at the first computation only
        model.encode(np.zeros((model.feature_extractor.mel_filters.shape[0], 3000), dtype=np.float32))
    return model


def _languages(token_id: Callable[[str], int | None]) -> tuple[str, ...]:
    if token_id("<|startoftranscript|>") != _MULTILINGUAL_START:
        return ("en",)
    return tuple(code for code in NAMES if token_id(f"<|{code}|>") is not None)


@cache
def folder_languages(folder: Path) -> tuple[str, ...]:
    """The codes that a folder's tokenizer has tokens for; English alone where it is no multilingual one."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    return _languages(added.get)


def expected_languages(model_id: str) -> tuple[str, ...]:
    """What a model of that name knows, for one that is not on this disk: Cantonese came with large-v3."""
    if model_id.endswith(".en"):
        return ("en",)
    newest = any(mark in model_id for mark in ("large-v3", "turbo"))
    return tuple(code for code in NAMES if newest or code != "yue")


class FasterWhisperPlugin:
    """Any CTranslate2 Whisper: a folder, a hub id, or one of faster-whisper's short names."""

    name = "faster-whisper"
    summary = "Whisper of any size in CTranslate2 format: a folder, a hub id, or a short name such as large-v3."
    models = tuple(SHORT_NAMES)

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """See `EnginePlugin.info`."""
        model_id = self._model_id(model)
        try:
            folder = find_weights(self.name, model_id, settings, needs=CTRANSLATE2)
        except ModelMissing:
            return self._info(model_id, "", expected_languages(model_id))
        known = (folder / "tokenizer.json").is_file()
        languages = folder_languages(folder) if known else expected_languages(model_id)
        return self._info(model_id, folder_revision(folder), languages)

    def _info(self, model_id: str, revision: str, languages: tuple[str, ...]) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            model_id=model_id,
            revision=revision,
            languages=languages,
            capabilities=CAPABILITIES,
            options=FasterWhisperOptions,
            runtime="ctranslate2",
        )

    def _model_id(self, model: str | None) -> str:
        return SHORT_NAMES.get(model or self.models[0], model or "")

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        try:
            folder = find_weights(self.name, self._model_id(model), settings, needs=CTRANSLATE2)
            return availability(self.name, folder_bytes(folder), settings)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message, command=getattr(error, "command", ""))

    def load(self, model: str | None, settings: Settings) -> FasterWhisperEngine:
        """See `EnginePlugin.load`."""
        folder = find_weights(self.name, self._model_id(model), settings, needs=CTRANSLATE2)
        verify_folder(folder)
        return load_folder(folder, self.info(model, settings), settings)


def availability(engine: str, weights_bytes: int, settings: Settings) -> Availability:
    """What CTranslate2 will run on, and how much memory float16 weights of that size then need.

    Raises:
        UsageError, EngineUnavailable: The device asked for cannot be used.
    """
    device, index, compute_type = choose_ctranslate2(settings, engine=engine)
    place = f"the GPU cuda:{index}" if device == "cuda" else "the CPU"
    needs = weights_bytes + _WORKING_BYTES if device == "cuda" else weights_bytes // 2 + _WORKING_BYTES
    return Availability(ok=True, reason=f"It runs on {place} in {compute_type}.", needs_bytes=needs)


PLUGIN = FasterWhisperPlugin()

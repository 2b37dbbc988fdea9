"""Any speech checkpoint that transformers reads: one adapter, and a table of what each family can be asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, DecodeOptions, EngineInfo, Finish, Hypothesis, NoOptions
from workbench.engines.checkpoint import attention_of, open_model, refuse_code
from workbench.engines.device import choose_device, choose_dtype
from workbench.engines.frame_tokens import TimedToken, timed_segments
from workbench.engines.generation import (
    answer_tokens,
    check_rate,
    end_tokens,
    generate_greedily,
    mean_probability,
    out_of_memory,
)
from workbench.engines.transformers_families import (
    ENGINE,
    Family,
    capabilities_of,
    family_of,
    languages_of,
    refuse_lacking,
    sample_rate_of,
)
from workbench.engines.transformers_frames import ctc_tokens, hop_of, split_tag, transducer_tokens
from workbench.engines.transformers_requests import model_inputs, processor_opener
from workbench.engines.transformers_stretches import read_stretches
from workbench.engines.weights import find_weights, folder_bytes, folder_revision, verify_folder
from workbench.errors import EngineError, ModelMissing, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import language_name

_SMALLER = "Use a smaller batch, shorter chunks, or a smaller model."
_NAME = "Name a folder or a hub id after it, as in transformers:/models/parakeet-tdt-0.6b-v3."
_WINDOW_SECONDS = 30.0
_NO_CAP = 100_000
"""More tokens than any clip has: what a paced model is told, which stops with the sound."""
_WORKING_BYTES = 900 * 1024**2
"""As for Whisper, the one family that could be measured here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Decoding is greedy."""

    max_new_tokens: Annotated[int, Field(ge=1, le=8192)] = field(
        default=256, metadata={"help": "The most tokens a chunk of 30 s may get."}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordyOptions(TextOptions):
    """For models that write a token for every letter, or times and speakers besides the text."""

    max_new_tokens: Annotated[int, Field(ge=1, le=32_768)] = field(
        default=1024, metadata={"help": "The most tokens a chunk of 30 s may get."}
    )


class TransformersEngine:
    """A loaded checkpoint of any family; the clips of one call are one batch where the family allows it."""

    def __init__(self, model: Any, processor: Any, family: Family, info: EngineInfo) -> None:
        self._model: Any = model
        self._processor: Any = processor
        self._family = family
        self.info = info

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe the clips; see `Engine.transcribe`.

        Raises:
            UsageError: An option or a language that cannot be used.
            AudioInvalid: A clip is at another rate.
            EngineError: The model failed, as when memory runs out.
        """
        self.info.validated(options.extra)
        language, warnings = self._language(options.language)
        if options.context.strip() and not self._family.context:
            warnings += ("This model takes no context; the hot words were not used.",)
        size = len(clips) if "batch" in self.info.capabilities else 1
        batches = [clips[first : first + size] for first in range(0, len(clips), size or 1)]
        heard = [one for batch in batches for one in self._batch(batch, language or "", options)]
        return [replace(one, language=language or one.language, warnings=warnings + one.warnings) for one in heard]

    def _language(self, asked: str | None) -> tuple[str | None, tuple[str, ...]]:
        """What the model is told, and what to say about it."""
        language, warnings = self.info.resolve_language(asked)
        assumed = self._family.assumed
        if language is None and assumed in self.info.languages:
            return assumed, (f"This model cannot hear which language it is; it was told {language_name(assumed)}.",)
        return language, warnings

    def _batch(self, clips: Sequence[AudioClip], language: str, options: DecodeOptions) -> list[Hypothesis]:
        import torch

        check_rate(clips, self.info.sample_rate)
        try:
            inputs = self._inputs(clips, language, options.context.strip())
            if self._family.decoder == "text":
                return self._written(clips, inputs, options)
            return self._said(clips, inputs, options)
        except torch.OutOfMemoryError as error:
            raise out_of_memory(clips, self.info, _SMALLER) from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(
                f"{self.info.model_id} failed on {len(clips)} clips: {error}",
                hint="Try each clip alone; where one fails, it may be too short or too long for this model.",
            ) from error

    def _inputs(self, clips: Sequence[AudioClip], language: str, context: str) -> Any:
        rate = self.info.sample_rate
        sounds = [clip.samples for clip in clips]
        inputs = model_inputs(self._family, self._processor, sounds, rate, language=language, context=context)
        return inputs.to(self._model.device, **({} if self._family.full_precision else {"dtype": self._model.dtype}))

    def _written(self, clips: Sequence[AudioClip], inputs: Any, options: DecodeOptions) -> list[Hypothesis]:
        """From a model that writes one token after another."""
        cap, paced = self._cap(clips, options), self._family.paced
        arguments = dict(inputs) | dict(self._family.generating)
        rows, certainty = generate_greedily(self._model, arguments, cap, clips, self.info, hint=_SMALLER)
        ends = end_tokens(self._model)
        found: list[Hypothesis] = []
        for clip, tokens, certain in zip(clips, rows, certainty, strict=True):
            kept, finish = answer_tokens(tokens, ends)
            if paced and len(tokens) < cap:
                finish = "eos"  # all of the sound was heard
            heard = self._answered(clip, kept, finish)
            sure = mean_probability(certain[: len(kept)]) if "confidence" in self.info.capabilities else None
            found.append(replace(heard, confidence=sure))
        return found

    def _answered(self, clip: AudioClip, tokens: list[int], finish: Finish) -> Hypothesis:
        decode = self._processor.tokenizer.decode
        raw, text = decode(tokens, skip_special_tokens=False), decode(tokens, skip_special_tokens=True).strip()
        if finish == "length":
            text = text.rstrip("\ufffd")  # a character cut in half by the cap
        if not self._family.stretches:
            return Hypothesis(text=text, raw=raw, finish=finish)
        text, segments, warnings = read_stretches(self._processor, text, clip.duration)
        return Hypothesis(text=text, raw=raw, finish=finish, segments=segments, warnings=warnings)

    def _cap(self, clips: Sequence[AudioClip], options: DecodeOptions) -> int:
        """The most tokens that a clip may get."""
        if options.max_new_tokens:
            return options.max_new_tokens
        if self._family.paced:
            return _NO_CAP
        own: TextOptions = self.info.validated(options.extra)
        return own.max_new_tokens * max(1, math.ceil(max(clip.duration for clip in clips) / _WINDOW_SECONDS))

    def _said(self, clips: Sequence[AudioClip], inputs: Any, options: DecodeOptions) -> list[Hypothesis]:
        """From a model that says tokens for frames."""
        rows: list[tuple[list[TimedToken], Finish]]
        if self._family.decoder == "ctc":
            longest = max(clip.duration for clip in clips)
            tokens = ctc_tokens(self._model, inputs, rate=self.info.sample_rate, longest=longest)
            rows = [(row, "eos") for row in tokens]
        else:
            hop = hop_of(self._processor)
            rows = transducer_tokens(self._model, inputs, hop_seconds=hop, cap=options.max_new_tokens)
        return [
            self._timed(clip, tokens, finish, word_times=options.word_times)
            for clip, (tokens, finish) in zip(clips, rows, strict=True)
        ]

    def _timed(self, clip: AudioClip, tokens: list[TimedToken], finish: Finish, *, word_times: bool) -> Hypothesis:
        raw = self._text([one.token for one in tokens], marks=self._family.tagged)
        heard = None
        if self._family.tagged:
            tokens, heard = split_tag(tokens, self._processor.tokenizer.convert_ids_to_tokens)
        text = self._text([one.token for one in tokens])
        certain = [one.probability for one in tokens if one.probability is not None]
        return Hypothesis(
            text=text.strip(),
            raw=raw,
            language=heard,
            finish=finish,
            confidence=mean_probability(certain),
            segments=timed_segments(text, tokens, self._text, clip.duration) if word_times else (),
        )

    def _text(self, ids: list[int], *, marks: bool = False) -> str:
        return self._processor.tokenizer.decode(ids, skip_special_tokens=not marks, group_tokens=False)

    def close(self) -> None:
        """Drop the weights, and give torch's cached GPU memory back to the driver."""
        import torch

        self._model = self._processor = None
        if self.info.device.startswith("cuda"):
            torch.cuda.empty_cache()


def _options_of(family: Family) -> type[Any]:
    if family.decoder != "text" or family.paced:
        return NoOptions
    return WordyOptions if family.wordy else TextOptions


class TransformersPlugin:
    """A folder or a hub id; there is no default, since every family is another model."""

    name = ENGINE
    summary = "Any speech checkpoint that transformers reads: wav2vec 2.0, Parakeet, Moonshine, Canary and more."
    models: tuple[str, ...] = ()

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """See `EnginePlugin.info`; from the folder's configuration, without its weights."""
        if model is None:
            return EngineInfo(name=self.name, model_id="", runtime="torch")
        try:
            folder = self._folder(model, settings)
        except ModelMissing:
            return EngineInfo(name=self.name, model_id=model, runtime="torch")
        family = family_of(folder)
        return EngineInfo(
            name=self.name,
            model_id=model,
            revision=folder_revision(folder),
            sample_rate=sample_rate_of(folder),
            languages=languages_of(family, folder),
            max_seconds=family.max_seconds,
            capabilities=capabilities_of(family, folder),
            options=_options_of(family),
            runtime="torch",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        try:
            device = choose_device(settings, engine=self.name)
            dtype = choose_dtype(device, settings.dtype)
            if model is None:
                return Availability(ok=False, reason=f"It has no model of its own. {_NAME}")
            folder = self._folder(model, settings)
            refuse_code(self.name, folder)
            refuse_lacking(family_of(folder))
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message, command=getattr(error, "command", ""))
        wider = 2 if dtype == "float32" else 1  # most checkpoints hold half precision
        needs = wider * folder_bytes(folder, ("*.safetensors",)) + _WORKING_BYTES
        return Availability(ok=True, reason=f"It runs on {device} in {dtype}.", needs_bytes=needs)

    def load(self, model: str | None, settings: Settings) -> TransformersEngine:
        """See `EnginePlugin.load`."""
        import transformers

        if model is None:
            raise UsageError("The engine transformers has no model of its own.", hint=_NAME)
        folder = self._folder(model, settings)
        family = family_of(folder)
        refuse_lacking(family)
        verify_folder(folder)
        device = choose_device(settings, engine=self.name)
        info = replace(self.info(model, settings), device=device, dtype=choose_dtype(device, settings.dtype))
        loaded = open_model(
            self.name,
            folder,
            getattr(transformers, family.auto),
            processor_opener(family),
            device=device,
            dtype=info.dtype,
            smaller="Free memory, choose a smaller model, or set WORKBENCH_DEVICE=cpu.",
        )
        return TransformersEngine(*loaded, family, replace(info, attention=attention_of(loaded[0])))

    def _folder(self, model: str, settings: Settings) -> Path:
        return find_weights(self.name, model, settings)


PLUGIN = TransformersPlugin()

"""Whisper through transformers, any size, fine-tuned ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from workbench.audio.clip import AudioClip
from workbench.engines.base import (
    Availability,
    Capability,
    DecodeOptions,
    EngineInfo,
    Hypothesis,
    Segment,
)
from workbench.engines.checkpoint import attention_of, open_model, read_json
from workbench.engines.device import choose_device, choose_dtype
from workbench.engines.faster_whisper import expected_languages
from workbench.engines.forms import FormOptions, Forms, open_forms
from workbench.engines.weights import find_weights, folder_bytes, folder_revision, verify_folder
from workbench.engines.whisper_output import confidence_of, finish_of, read_window
from workbench.errors import EngineError, ModelMissing, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import NAMES

SIZES = ("base", "tiny", "small", "medium", "large-v2", "large-v3", "large-v3-turbo")
SHORT_NAMES = {size: f"openai/whisper-{size}" for size in SIZES}
CAPABILITIES: frozenset[Capability] = frozenset({"language", "context", "timestamps", "confidence", "batch"})

WINDOW_FRAMES = 3000
PROMPT_TOKENS = 223
NEW_TOKENS = 224
"""Half of Whisper's 448 positions for the text, the other half less one for the prompt, as in OpenAI's decoder."""
_START_TOKENS = 4
"""Positions that the start, language, task and timestamp tokens take."""
_WORKING_BYTES = 900 * 1024**2
"""What a process takes beyond its weights: with base on a CPU 675 MiB greedy, 966 with 5 beams, measured on 30 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOptions(FormOptions):
    """Decoding; the thresholds are OpenAI's."""

    num_beams: Annotated[int, Field(ge=1, le=50)] = field(
        default=1, metadata={"help": "Hypotheses kept while searching; 1 is greedy."}
    )
    no_speech_threshold: Annotated[float, Field(ge=0, le=1)] = field(
        default=0.6, metadata={"help": "Probability of no speech above which a doubtful window is left out."}
    )
    logprob_threshold: float = field(
        default=-1.0, metadata={"help": "Mean log probability of the tokens below which a window is doubtful."}
    )


class WhisperEngine:
    """A loaded transformers Whisper; decodes several clips at once."""

    def __init__(self, model: Any, processor: Any, info: EngineInfo, forms: Forms | None = None) -> None:
        self._model: Any = model
        self._forms = forms
        self._processor = processor
        self.info = info

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe the clips as one batch; see `Engine.transcribe`.

        Raises:
            UsageError: An option that cannot be used.
            EngineError: The model failed, as when memory runs out.
        """
        if options.max_new_tokens is not None and options.max_new_tokens < 1:
            raise UsageError("max_new_tokens must be at least 1.", hint="Leave it out for Whisper's own limit, 224.")
        own: WhisperOptions = self.info.validated(options.extra)
        self._take_form(own)
        prompt, warnings = self._prompt(options.context)
        try:
            features, lengths = self._features(clips)
            languages = self._languages(features, options.language)
            found = self._generate(features, lengths, languages, prompt, own, options.max_new_tokens)
        except RuntimeError as error:
            raise EngineError(
                f"Whisper failed on {len(clips)} clips: {error}",
                hint="Free memory, lower the batch size, or choose a smaller model.",
            ) from error
        return [self._hypothesis(*each, warnings) for each in zip(clips, found, languages, strict=True)]

    def _take_form(self, own: WhisperOptions) -> None:
        if self._forms is not None:
            self._model = None  # the form before this one is not held while this one is made
            self._model = self._forms.take(own)

    def _prompt(self, context: str) -> tuple[Any, tuple[str, ...]]:
        if not context.strip():
            return None, ()
        prompt = self._processor.get_prompt_ids(context.strip(), return_tensors="pt").to(self._model.device)
        if len(prompt) <= PROMPT_TOKENS + 1:
            return prompt, ()
        warning = f"The context is longer than {PROMPT_TOKENS} tokens; its end was not used."
        return prompt[: PROMPT_TOKENS + 1], (warning,)

    def _features(self, clips: Sequence[AudioClip]) -> tuple[Any, Any]:
        """Log-mel features (n, mels, frames) padded to the longest clip, and the attention mask over frames."""
        batch = self._processor.feature_extractor(
            [clip.samples for clip in clips],
            sampling_rate=self.info.sample_rate,
            padding="longest",
            truncation=False,
            return_attention_mask=True,
            return_tensors="pt",
        )
        return batch.input_features.to(self._model.device, self._model.dtype), batch.attention_mask

    def _languages(self, features: Any, language: str | None) -> list[str]:
        """A code for each clip: the one asked for, or the one that the model hears in the first 30 s."""
        if language is not None or not self._multilingual:
            return [language or "en"] * len(features)
        token_ids = self._model.detect_language(_padded(features, WINDOW_FRAMES)[..., :WINDOW_FRAMES]).tolist()
        codes = {number: token.strip("<|>") for token, number in self._model.generation_config.lang_to_id.items()}
        return [codes[number] for number in token_ids]

    @property
    def _multilingual(self) -> bool:
        return bool(getattr(self._model.generation_config, "is_multilingual", False))

    def _generate(
        self, features: Any, mask: Any, languages: list[str], prompt: Any, own: WhisperOptions, limit: int | None
    ) -> list[list[dict[str, Any]]]:
        """The segments of each clip, as transformers gives them: start, end, tokens, and the window they are from."""
        taken = _START_TOKENS + (0 if prompt is None else len(prompt))
        arguments: dict[str, Any] = {"language": languages, "task": "transcribe"} if self._multilingual else {}
        if len(features) > 1:  # transformers counts frames by the mask only in what it takes for long recordings
            features, mask = _padded(features, WINDOW_FRAMES + 1), _padded(mask, WINDOW_FRAMES + 1)
            arguments["attention_mask"] = mask.to(self._model.device)
        found = self._model.generate(
            features,
            prompt_ids=prompt,
            num_beams=own.num_beams,
            no_speech_threshold=own.no_speech_threshold,
            logprob_threshold=own.logprob_threshold,
            temperature=0.0,
            condition_on_prev_tokens=False,
            max_new_tokens=min(limit or NEW_TOKENS, NEW_TOKENS, self._model.config.max_target_positions - taken),
            return_timestamps=True,
            return_segments=True,
            **arguments,
        )
        return found["segments"]

    def _hypothesis(
        self, clip: AudioClip, segments: list[dict[str, Any]], language: str, warnings: tuple[str, ...]
    ) -> Hypothesis:
        texts = [self._processor.tokenizer.decode(part["tokens"], skip_special_tokens=True) for part in segments]
        raw = "".join(texts)
        times = [[min(float(part[edge]), clip.duration) for edge in ("start", "end")] for part in segments]
        results = {id(part["result"]): part["result"] for part in segments}.values()
        windows = [read_window(result, self._end) for result in results]
        return Hypothesis(
            text=raw.strip(),
            raw=raw,
            language=language,
            segments=tuple(
                Segment(start=start, end=end, text=text.strip())
                for (start, end), text in zip(times, texts, strict=True)
                if text.strip()
            ),
            finish=finish_of(windows),
            confidence=confidence_of(windows),
            warnings=warnings,
        )

    @property
    def _end(self) -> int:
        return self._model.generation_config.eos_token_id

    def close(self) -> None:
        """Drop the weights, and give torch's cached GPU memory back to the driver."""
        import torch

        self._model = self._forms = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _padded(tensor: Any, frames: int) -> Any:
    """Zeros up to that many frames, as Whisper pads a window and a mask means it."""
    import torch

    return torch.nn.functional.pad(tensor, (0, max(0, frames - tensor.shape[-1])))


class WhisperPlugin:
    """Any transformers Whisper: a folder, a hub id, or one of OpenAI's sizes."""

    name = "whisper"
    summary = "Whisper of any size through transformers, fine-tuned ones included: a folder, a hub id, or a size."
    models = tuple(SHORT_NAMES)

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """See `EnginePlugin.info`."""
        model_id = self._model_id(model)
        try:
            folder = find_weights(self.name, model_id, settings)
        except ModelMissing:
            return self._info(model_id, "", expected_languages(model_id))
        return self._info(model_id, folder_revision(folder), folder_languages(folder) or expected_languages(model_id))

    def _info(self, model_id: str, revision: str, languages: tuple[str, ...]) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            model_id=model_id,
            revision=revision,
            languages=languages,
            max_seconds=30.0,
            capabilities=CAPABILITIES,
            options=WhisperOptions,
            runtime="torch",
        )

    def _model_id(self, model: str | None) -> str:
        return SHORT_NAMES.get(model or self.models[0], model or "")

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        try:
            folder = find_weights(self.name, self._model_id(model), settings)
            device = choose_device(settings, engine=self.name)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message, command=getattr(error, "command", ""))
        dtype = choose_dtype(device, settings.dtype)
        wider = 2 if dtype == "float32" else 1  # checkpoints hold half precision
        return Availability(
            ok=True,
            reason=f"It runs on {device} in {dtype}.",
            needs_bytes=wider * folder_bytes(folder, ("*.safetensors",)) + _WORKING_BYTES,
        )

    def load(self, model: str | None, settings: Settings) -> WhisperEngine:
        """See `EnginePlugin.load`."""
        folder = find_weights(self.name, self._model_id(model), settings)
        device = choose_device(settings, engine=self.name)
        verify_folder(folder)
        info = replace(self.info(model, settings), device=device, dtype=choose_dtype(device, settings.dtype))
        return _load(folder, info, settings)


def _load(folder: Path, info: EngineInfo, settings: Settings) -> WhisperEngine:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    if read_json(folder / "config.json").get("model_type") != "whisper":
        raise UsageError(f"{folder} holds no Whisper.", hint="Use the engine that its config.json names.")

    def opened() -> tuple[Any, Any]:
        model, processor = open_model(
            info.name,
            folder,
            WhisperForConditionalGeneration,
            WhisperProcessor.from_pretrained,
            device=info.device,
            dtype=info.dtype,
            smaller="Free memory, choose a smaller model, or set WORKBENCH_DEVICE=cpu.",
            again="Fetch or convert it again.",
        )
        model.generation_config.max_length = None  # every call says max_new_tokens
        return model, processor

    model, processor, forms = open_forms(opened, settings)
    return WhisperEngine(model, processor, replace(info, attention=attention_of(model)), forms)


@cache
def folder_languages(folder: Path) -> tuple[str, ...]:
    """The codes that a folder's generation_config.json lists; empty where it lists none."""
    listed = read_json(folder / "generation_config.json").get("lang_to_id", {})
    return tuple(code for code in NAMES if f"<|{code}|>" in listed)


PLUGIN = WhisperPlugin()

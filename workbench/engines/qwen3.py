"""Qwen3-ASR through transformers' own implementation.

transformers has no end-of-sequence check and its parser shortens repetitions without a word: here every hypothesis
says whether the model ended by itself, `raw` is the whole output, and a repetition is left as it is, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, Capability, DecodeOptions, EngineInfo, Hypothesis
from workbench.engines.checkpoint import attention_of
from workbench.engines.device import choose_device, choose_dtype, fit_sentence, fits, machine_facts
from workbench.engines.forms import FormOptions, Forms, open_forms
from workbench.engines.generation import answer_tokens, end_tokens, generate_greedily
from workbench.engines.qwen3_aligner import ALIGNER_COMMAND, Qwen3Aligner, find_aligner, lacks, load_aligner
from workbench.engines.qwen3_checkpoint import MEL_HOP, NEEDED, open_checkpoint, padded, read_config
from workbench.engines.qwen3_output import MARKER, parse_output, text_confidence
from workbench.engines.weights import find_weights, folder_bytes, folder_revision, verify_folder
from workbench.errors import EngineError, ModelMissing, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import language_name

HUB_IDS = {"1.7B": "Qwen/Qwen3-ASR-1.7B-hf", "0.6B": "Qwen/Qwen3-ASR-0.6B-hf"}
PARAMETERS = {"Qwen/Qwen3-ASR-1.7B-hf": 2_038_052_480, "Qwen/Qwen3-ASR-0.6B-hf": 782_426_112}
"""Counted on the architecture with tied embeddings; used only until the weights themselves can be asked."""

LANGUAGES = (
    "zh", "en", "yue", "ar", "de", "fr", "es", "pt", "id", "it", "ko", "ru", "th", "vi", "ja", "tr", "hi", "ms", "nl",
    "sv", "da", "fi", "pl", "cs", "tl", "fa", "el", "ro", "hu", "mk",
)  # fmt: skip
"""In the order of the model card. Told by English name: ours are Qwen's, and Qwen's code for Filipino is not ours."""

CAPABILITIES: frozenset[Capability] = frozenset({"language", "context", "confidence", "batch"})
WORD_TIMES: frozenset[Capability] = frozenset({"word_timestamps"})
"""Where the forced aligner is on this disk."""
MAX_SECONDS = 180.0
"""No length is refused or cut by the model or its feature extractor; users report good texts up to here and poor ones
at the 1200 s of the original toolkit."""

_WORK_SHARE = 1 / 3
"""Memory beyond the weights: with 1.7B, 5.1 GB for 4.1 GB of weights were seen on a GPU of 6 GB, and 9.2 GB for
8.2 GB without a GPU."""
_SMALLER = "Use a smaller batch, shorter chunks or the 0.6B model."
_DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen3Options(FormOptions):
    """Decoding is greedy, as in the report."""

    max_new_tokens: Annotated[int, Field(ge=1, le=16_384)] = field(
        default=1024,
        metadata={
            "help": "The most tokens a chunk may get. Cantonese takes about 4 a second: 1024 write out 180 s with room "
            "to spare, and 512 end at about two minutes."
        },
    )


class Qwen3Engine:
    """A loaded Qwen3-ASR; the clips of one call are one batch.

    Args:
        model: `Qwen3ASRForConditionalGeneration`.
        processor: Its processor.
        info: What the engine says of itself.
        aligner: Loads what gives times of words; called when they are first asked for.
        forms: The same model in other forms; None where it has this one alone.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        info: EngineInfo,
        aligner: Callable[[], Qwen3Aligner],
        forms: Forms | None = None,
    ) -> None:
        self._model: Any = model
        self._forms = forms
        self._processor: Any = processor
        self._load_aligner = aligner
        self._aligner: Qwen3Aligner | None = None
        self.info = info

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe the clips as one batch, greedily; see `Engine.transcribe`.

        Raises:
            UsageError: An option or a language that cannot be used.
            AudioInvalid: A clip is not at 16 kHz.
            EngineError: The device ran out of memory.
        """
        own: Qwen3Options = self.info.validated(options.extra)
        language, warnings = self.info.resolve_language(options.language)
        if not clips:
            return []
        self._take_form(own)
        inputs = self._inputs(clips, language, options.context)
        cap = options.max_new_tokens or own.max_new_tokens
        generated, probabilities = generate_greedily(self._model, inputs, cap, clips, self.info, hint=_SMALLER)
        prefix = _prefix(language)
        rows = zip(generated, probabilities, strict=True)
        heard = [self._hypothesis(prefix, tokens, certain, warnings) for tokens, certain in rows]
        if not (options.word_times and "word_timestamps" in self.info.capabilities):
            return heard
        return [self._timed(clip, one) for clip, one in zip(clips, heard, strict=True)]

    def _take_form(self, own: Qwen3Options) -> None:
        if self._forms is not None:
            self._model = None  # the form before this one is not held while this one is made
            self._model = self._forms.take(own)

    def _timed(self, clip: AudioClip, heard: Hypothesis) -> Hypothesis:
        """With times of words; where they cannot be had for the language, with the reason."""
        if not heard.text:
            return heard
        if reason := lacks(heard.language):
            return replace(heard, warnings=(*heard.warnings, reason))
        self._aligner = self._aligner or self._load_aligner()
        return replace(heard, segments=self._aligner.align(clip, heard.text, heard.language))

    def _inputs(self, clips: Sequence[AudioClip], language: str | None, context: str) -> Any:
        sounds = [padded(clip, self.info.sample_rate) for clip in clips]
        inputs = self._processor.apply_transcription_request(
            sounds,
            language=None if language is None else language_name(language),
            prompt=context.strip() or None,
            sanitize_control_tokens=True,  # "<|im_end|>" among the hotwords stays text
        )
        heard = inputs["input_features_mask"].sum(-1).tolist()
        if heard != [sound.size // MEL_HOP for sound in sounds]:
            raise EngineError(
                f"The feature extractor of {self.info.model_id} takes only a part of the sound.",
                hint="Its preprocessor_config.json or processor_config.json truncates; use the published one.",
            )
        return inputs.to(self._model.device, dtype=self._model.dtype)

    def _hypothesis(
        self, prefix: str, tokens: list[int], certain: list[float], warnings: tuple[str, ...]
    ) -> Hypothesis:
        kept, finish = answer_tokens(tokens, end_tokens(self._model))
        raw = prefix + self._processor.decode(kept, skip_special_tokens=False)
        spoken, text, doubts = parse_output(prefix + self._processor.decode(kept, skip_special_tokens=True))
        return Hypothesis(
            text=text.rstrip("\ufffd") if finish == "length" else text,  # a character cut in half by the cap
            raw=raw,
            language=spoken,
            finish=finish,
            confidence=text_confidence(kept, certain, self._processor.tokenizer.convert_tokens_to_ids(MARKER)),
            warnings=warnings + doubts,
        )

    def close(self) -> None:
        """Give the memory back to the device."""
        import torch

        self._model = self._forms = self._processor = self._aligner = None
        if self.info.device.startswith("cuda"):
            torch.cuda.empty_cache()


def _prefix(language: str | None) -> str:
    """What the processor begins the answer with where a language is told: the model writes on from there."""
    return "" if language is None else f"language {language_name(language)}{MARKER}"


class Qwen3Plugin:
    """Qwen3-ASR by size, as a folder, or as a hub id; only in transformers' own format, with safetensors."""

    name = "qwen3-asr"
    summary = "Qwen3-ASR 1.7B and 0.6B: 30 languages with Cantonese, hotwords, long chunks; at its best on a GPU."
    models = tuple(HUB_IDS)

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        """See `EnginePlugin.info`."""
        try:
            revision = folder_revision(self._folder(model, settings))
        except ModelMissing:
            revision = ""
        has_aligner = find_aligner(settings) is not None
        return EngineInfo(
            name=self.name,
            model_id=_model_id(model),
            revision=revision,
            languages=LANGUAGES,
            max_seconds=MAX_SECONDS,
            chunk_seconds=MAX_SECONDS,
            capabilities=CAPABILITIES | WORD_TIMES if has_aligner else CAPABILITIES,
            word_times_hint="" if has_aligner else f"Get the forced aligner with: {ALIGNER_COMMAND}",
            options=Qwen3Options,
            runtime="torch",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        needs = None
        try:
            device = choose_device(settings, engine=self.name)
            dtype = choose_dtype(device, settings.dtype)
            if parameters := PARAMETERS.get(_model_id(model)):
                needs = _memory(parameters, dtype)
            needs = _memory(_parameters(self._folder(model, settings)), dtype)
        except WorkbenchError as error:
            command = getattr(error, "command", "")
            return Availability(ok=False, reason=error.message, command=command, needs_bytes=needs)
        facts = machine_facts(settings)
        if fits(needs, device=device, facts=facts) is False:
            reason = fit_sentence(needs, device=device, facts=facts)
            return Availability(ok=False, reason=reason, needs_bytes=needs)
        return Availability(ok=True, reason=f"It runs on {device} in {dtype}.", needs_bytes=needs)

    def load(self, model: str | None, settings: Settings) -> Qwen3Engine:
        """See `EnginePlugin.load`."""
        folder = self._folder(model, settings)
        verify_folder(folder)
        _config(folder)
        device = choose_device(settings, engine=self.name)
        dtype = choose_dtype(device, settings.dtype)
        smaller = "Free memory with another engine's Unload, choose 0.6B, or set WORKBENCH_DEVICE=cpu."
        opened = partial(
            open_checkpoint, folder, "ForConditionalGeneration", device=device, dtype=dtype, smaller=smaller
        )
        network, processor, forms = open_forms(opened, settings)
        info = replace(self.info(model, settings), device=device, dtype=dtype, attention=attention_of(network))
        return Qwen3Engine(network, processor, info, partial(load_aligner, settings), forms)

    def _folder(self, model: str | None, settings: Settings) -> Path:
        return find_weights(self.name, _model_id(model), settings, needs=NEEDED)


def _model_id(model: str | None) -> str:
    return HUB_IDS.get((model or "1.7B").upper(), model or "")


def _config(folder: Path) -> dict[str, Any]:
    return read_config(folder, "ForConditionalGeneration", hint=f"Use {' or '.join(HUB_IDS.values())}.")


def _parameters(folder: Path) -> int:
    """How many weights a folder holds: the size of its files by the precision they are kept in."""
    kept_in = _config(folder).get("dtype", "bfloat16")
    return folder_bytes(folder, ("*.safetensors",)) // _DTYPE_BYTES.get(kept_in, 2)


def _memory(parameters: int, dtype: str) -> int:
    """Bytes for the weights in that precision, and the work on one chunk of 180 s."""
    return round(parameters * _DTYPE_BYTES[dtype] * (1 + _WORK_SHARE))


PLUGIN = Qwen3Plugin()

"""The kinds of speech checkpoint that transformers reads, and what can be asked of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from workbench.engines.base import Capability
from workbench.engines.checkpoint import read_json
from workbench.engines.transformers_languages import COHERE, EUROPEAN, ISO_639_3, NEMOTRON, VOXTRAL, prompt_name
from workbench.errors import EngineUnavailable

ENGINE = "transformers"

Decoder = Literal["ctc", "transducer", "text"]
"""Where the text comes from: a token for every frame; tokens and how far each moves; one token after another."""
Ask = Literal["sound", "processor", "request", "language", "chat"]
"""How its processor is called: by feature extractor alone; with the sound; by `apply_transcription_request`; with the
sound and a language; with a prompt from its chat template and the sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the generic adapter must know of one kind of checkpoint.

    Attributes:
        auto: The auto class of transformers that loads it.
        decoder: Where the text comes from.
        ask: How its processor is called.
        language: The argument that tells it a language; empty where it cannot be told.
        languages: Codes for that argument.
        assumed: What it is told where nobody tells it, since it cannot find out; empty where it can.
        context: The argument that carries names and terms; empty where there is none.
        given: Arguments its processor always gets.
        instruction: What it is asked in its chat template.
        packages: What it needs besides transformers.
        batch: Whether clips of several lengths give what each gives alone. Not so where convolutions reach from the
            padding into the sound, as tests/engines/test_transformers_families.py shows of those marked here.
        max_seconds: The longest clip it is asked about.
        paced: Whether it writes a token for every stretch of sound, marks of silence among them, and ends with it.
        full_precision: Whether it takes its sound in float32 whatever its own precision, as a codec does.
        wordy: Whether 30 s may need more tokens than words have pieces: a token a letter, or times and speakers.
        stretches: Whether it writes who said what and when, in a format that its processor reads.
        tagged: Whether it ends with the language that it heard, as `<de-DE>`.
        generating: Arguments of `generate` that only it has.
    """

    auto: str
    decoder: Decoder = "text"
    ask: Ask = "processor"
    language: str = ""
    languages: tuple[str, ...] = ()
    assumed: str = ""
    context: str = ""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    instruction: str = ""
    packages: tuple[str, ...] = ()
    batch: bool = True
    max_seconds: float = 30.0
    paced: bool = False
    full_precision: bool = False
    wordy: bool = False
    stretches: bool = False
    tagged: bool = False
    generating: Mapping[str, Any] = field(default_factory=dict[str, Any])


_CTC = Family(auto="AutoModelForCTC", decoder="ctc", ask="sound")
_NEMO_CTC = Family(auto="AutoModelForCTC", decoder="ctc", ask="processor")
_RNNT = Family(auto="AutoModelForRNNT", decoder="transducer")
_SEQ2SEQ = Family(auto="AutoModelForSpeechSeq2Seq", ask="sound")
_SEAMLESS = Family(
    auto="AutoModelForSpeechSeq2Seq",
    ask="sound",
    language="tgt_lang",
    languages=tuple(ISO_639_3.values()),
    assumed="en",
)
_GRANITE = Family(
    auto="AutoModelForSpeechSeq2Seq",
    ask="chat",
    instruction="can you transcribe the speech into a written format?",  # IBM's model card
    packages=("torchaudio",),
    batch=False,
)

_PACED = Family(
    auto="AutoModelForSpeechSeq2Seq", given={"return_tensors": "pt"}, batch=False, paced=True
)  # their streams have no mask

FAMILIES: dict[str, Family] = {
    **dict.fromkeys(
        ("hubert", "sew", "sew-d", "unispeech", "unispeech-sat", "wav2vec2", "wav2vec2-bert", "wavlm"), _CTC
    ),
    **dict.fromkeys(("data2vec-audio", "wav2vec2-conformer"), replace(_CTC, batch=False)),
    **dict.fromkeys(("parakeet_ctc", "lasr_ctc"), _NEMO_CTC),
    "granite_speech5_ctc": replace(_NEMO_CTC, packages=("torchaudio",), batch=False),
    "parakeet_tdt": Family(auto="AutoModelForTDT", decoder="transducer"),
    "parakeet_rnnt": _RNNT,
    "nemotron_asr_streaming": _RNNT,
    "nemotron3_5_asr": replace(_RNNT, language="language", languages=NEMOTRON, tagged=True),
    "moonshine": replace(_SEQ2SEQ, batch=False),
    "moonshine_streaming": Family(auto="AutoModelForSpeechSeq2Seq", batch=False),
    "speech_to_text": Family(auto="AutoModelForSpeechSeq2Seq", ask="sound", packages=("sentencepiece",)),
    "speech-encoder-decoder": _SEQ2SEQ,
    "speecht5": replace(_SEQ2SEQ, packages=("sentencepiece",), batch=False, wordy=True),
    "seamless_m4t": replace(_SEAMLESS, batch=False),
    "seamless_m4t_v2": _SEAMLESS,
    "canary": Family(
        auto="AutoModelForSpeechSeq2Seq",
        ask="request",
        language="source_language",
        languages=EUROPEAN,
        assumed="en",
    ),
    "cohere_asr": Family(
        auto="AutoModelForSpeechSeq2Seq", ask="language", language="language", languages=COHERE, assumed="en"
    ),
    "fun_asr_nano": Family(
        auto="AutoModelForSpeechSeq2Seq",
        ask="request",
        language="language",
        languages=("zh", "en", "ja"),
        context="keywords",
        given={"text_kwargs": {"padding": True, "padding_side": "left"}},
        packages=("torchaudio",),
    ),
    "glmasr": Family(auto="AutoModelForMultimodalLM", ask="request"),
    "audioflamingo3": Family(
        auto="AutoModelForSeq2SeqLM",
        ask="request",
        max_seconds=600.0,  # its processor drops what comes after
    ),
    "nemo_speechlm": Family(
        auto="AutoModelForMultimodalLM",
        ask="request",
        batch=False,
        max_seconds=3600.0,  # of NVIDIA's page on Nemotron 3.5 Transcribe
    ),
    "granite_speech": _GRANITE,
    "granite_speech_plus": _GRANITE,
    "voxtral": Family(
        auto="AutoModelForMultimodalLM",
        ask="request",
        language="language",
        languages=VOXTRAL,
        given={"model_id": "", "format": "WAV", "sampling_rate": 16_000},  # its processor reads the sound from a file
        packages=("mistral_common",),
        batch=False,
        max_seconds=1800.0,  # of Mistral's model card; its processor cuts it into windows of 30 s
    ),
    "voxtral_realtime": replace(_PACED, auto="AutoModelForMultimodalLM", packages=("mistral_common",)),
    "kyutai_speech_to_text": replace(_PACED, full_precision=True),
    "vibevoice_asr": Family(
        auto="AutoModelForSpeechSeq2Seq",
        ask="request",
        context="prompt",
        max_seconds=3600.0,  # of Microsoft's model card
        wordy=True,
        stretches=True,
        generating={"sample": False},  # otherwise it adds noise to what it hears, and no two answers are the same
    ),
    "moss_transcribe_diarize": Family(
        auto="AutoModelForMultimodalLM",
        ask="request",
        context="keywords",
        given={"return_tensors": "pt", "text_kwargs": {"padding": True, "padding_side": "left"}},
        max_seconds=5400.0,  # of its technical report (arXiv 2601.01554)
        wordy=True,
        stretches=True,
    ),
}  # fmt: skip
"""By `model_type`. Whisper and Qwen3-ASR are not among them: their own engines can do more with them."""

OWN_ENGINES = {"whisper": "whisper", "qwen3_asr": "qwen3-asr"}
MAKE_SOUND = frozenset({"dia", "pop2piano", "vibevoice"})
"""What transformers has among its speech models and writes no text."""
CONVERSE = frozenset({
    "dots3_note", "gemma3n", "gemma4", "gemma4_unified", "inkling_mm_model", "muse_spark", "musicflamingo",
    "nemotron_h_omni", "phi4_multimodal", "qwen2_5_omni", "qwen2_5_omni_thinker", "qwen2_audio", "qwen3_omni_moe",
    "qwen3_omni_moe_thinker",
})  # fmt: skip
"""Language models that hear sound among other things: their processors have no request for a transcript."""


_OTHER = "Use a model of speech recognition; VibeVoice's is microsoft/VibeVoice-ASR-HF."


def family_of(folder: Path) -> Family:
    """What the folder's config.json says it holds.

    Raises:
        EngineUnavailable: A model of another kind, one that makes sound, or one that has an engine of its own.
    """
    config = read_json(folder / "config.json")
    kind = str(config.get("model_type", ""))
    if kind in OWN_ENGINES:
        hint = f"Use {OWN_ENGINES[kind]}:{folder}, which does more with it."
        raise EngineUnavailable(ENGINE, f"{folder} holds a model of type {kind}", hint=hint)
    built = str(config.get("architectures"))  # of SpeechT5 and SeamlessM4T there are others, of the same type
    if kind in MAKE_SOUND or (kind in FAMILIES and "ToSpeech" in built):
        reason = f"{folder} holds a model of type {kind} that makes sound and writes no text"
        raise EngineUnavailable(ENGINE, reason, hint=_OTHER)
    if kind in CONVERSE:
        reason = f"{folder} holds a model of type {kind}, which answers questions and has no request for a transcript"
        raise EngineUnavailable(ENGINE, reason, hint=_OTHER)
    if kind not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        reason = f"{folder} holds a model of type {kind or 'unknown'}, which it does not know how to ask"
        raise EngineUnavailable(ENGINE, reason, hint=f"It knows {known}.")
    return FAMILIES[kind]


def refuse_lacking(family: Family) -> None:
    """Refuse a family whose packages are not installed.

    Raises:
        EngineUnavailable: One is missing.
    """
    for package in family.packages:
        if find_spec(package) is None:
            raise EngineUnavailable(
                ENGINE, f"this kind of model needs the package {package}", hint=f"Get it with: pip install {package}"
            )


def sample_rate_of(folder: Path) -> int:
    """What the folder's feature extractor listens to, in Hz."""
    own = read_json(folder / "preprocessor_config.json")
    nested = read_json(folder / "processor_config.json")
    for found in (own, nested.get("feature_extractor", {}), nested.get("audio_processor", {})):
        if isinstance(found, dict) and "sampling_rate" in found:
            return int(found["sampling_rate"])
    return 16_000


def _takes_masks(folder: Path) -> bool:
    """Whether the feature extractor marks what is padding.

    Those of wav2vec 2.0 base and its like do not (`return_attention_mask` false): their group normalisation runs over
    the padding, and a clip would give another text in a batch than alone.
    """
    own = read_json(folder / "preprocessor_config.json")
    nested = read_json(folder / "processor_config.json").get("feature_extractor", {})
    return bool((own or nested).get("return_attention_mask", True))


def capabilities_of(family: Family, folder: Path) -> frozenset[Capability]:
    """What `EngineInfo` says of a checkpoint."""
    found: set[Capability] = {"batch"} if family.batch and (family.ask != "sound" or _takes_masks(folder)) else set()
    certain_of_more = family.paced or family.stretches  # of silence, of times and speakers
    if family.decoder != "transducer" and not certain_of_more:
        found.add("confidence")
    if family.decoder != "text":
        found.add("word_timestamps")
    if family.stretches:
        found.add("timestamps")
    if family.language:
        found.add("language")
    if family.context:
        found.add("context")
    return frozenset(found)


def languages_of(family: Family, folder: Path) -> tuple[str, ...]:
    """Codes that the folder's model can be told: the family's, less those that its own files do not list."""
    listed = read_json(folder / "generation_config.json").get("text_decoder_lang_to_code_id")
    if family.language == "tgt_lang" and isinstance(listed, dict):
        return tuple(ours for theirs, ours in ISO_639_3.items() if theirs in listed)
    prompts = read_json(folder / "processor_config.json").get("prompt_dictionary")
    if isinstance(prompts, dict):
        return tuple(code for code in family.languages if prompt_name(prompts, code))
    return family.languages

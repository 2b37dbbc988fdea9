"""The kinds of speech checkpoint that transformers reads, and what can be asked of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from workbench.engines.base import Capability
from workbench.engines.checkpoint import read_json
from workbench.errors import EngineUnavailable

ENGINE = "transformers"

Decoder = Literal["ctc", "transducer", "text"]
"""Where the text comes from: a token for every frame; tokens and how far each moves; one token after another."""
Ask = Literal["sound", "processor", "request", "language", "chat"]
"""How its processor is called: by feature extractor alone; with the sound; by `apply_transcription_request`; with the
sound and a language; with a prompt from its chat template and the sound."""

EUROPEAN = (
    "bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "it", "lv", "lt", "mt", "pl", "pt", "ro",
    "sk", "sl", "es", "sv", "ru", "uk",
)  # fmt: skip
_VOXTRAL = ("de", "en", "es", "fr", "hi", "it", "nl", "pt")
"""Of Mistral's model card; without a language it finds out."""
_COHERE = ("ar", "de", "el", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "vi", "zh")
ISO_639_3 = {
    "arb": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "cmn": "zh", "dan": "da", "deu": "de", "ell": "el",
    "eng": "en", "est": "et", "fin": "fi", "fra": "fr", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id",
    "ita": "it", "jpn": "ja", "kor": "ko", "lit": "lt", "lvs": "lv", "nld": "nl", "pes": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te",
    "tgl": "tl", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "yue": "yue",
}  # fmt: skip
"""Our codes by SeamlessM4T's; it knows more, which the workbench has no name for."""


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
    "moonshine": replace(_SEQ2SEQ, batch=False),
    "moonshine_streaming": Family(auto="AutoModelForSpeechSeq2Seq", batch=False),
    "speech_to_text": Family(auto="AutoModelForSpeechSeq2Seq", ask="sound", packages=("sentencepiece",)),
    "speech-encoder-decoder": _SEQ2SEQ,
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
        auto="AutoModelForSpeechSeq2Seq", ask="language", language="language", languages=_COHERE, assumed="en"
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
    "granite_speech": _GRANITE,
    "granite_speech_plus": _GRANITE,
    "voxtral": Family(
        auto="AutoModelForMultimodalLM",
        ask="request",
        language="language",
        languages=_VOXTRAL,
        given={"model_id": "", "format": "WAV", "sampling_rate": 16_000},  # its processor reads the sound from a file
        packages=("mistral_common",),
        batch=False,
        max_seconds=1800.0,  # of Mistral's model card; its processor cuts it into windows of 30 s
    ),
    "voxtral_realtime": replace(_PACED, auto="AutoModelForMultimodalLM", packages=("mistral_common",)),
    "kyutai_speech_to_text": replace(_PACED, full_precision=True),
}  # fmt: skip
"""By `model_type`. Whisper and Qwen3-ASR are not among them: their own engines can do more with them."""

OWN_ENGINES = {"whisper": "whisper", "qwen3_asr": "qwen3-asr"}


def family_of(folder: Path) -> Family:
    """What the folder's config.json says it holds.

    Raises:
        EngineUnavailable: A model of another kind, or one that has an engine of its own.
    """
    kind = str(read_json(folder / "config.json").get("model_type", ""))
    if kind in OWN_ENGINES:
        hint = f"Use {OWN_ENGINES[kind]}:{folder}, which does more with it."
        raise EngineUnavailable(ENGINE, f"{folder} holds a model of type {kind}", hint=hint)
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
    if family.decoder != "transducer" and not family.paced:  # most of what a paced model is sure of is silence
        found.add("confidence")
    if family.decoder != "text":
        found.add("word_timestamps")
    if family.language:
        found.add("language")
    if family.context:
        found.add("context")
    return frozenset(found)


def languages_of(family: Family, folder: Path) -> tuple[str, ...]:
    """Codes that the folder's model can be told: the family's, less those its generation_config.json does not list."""
    listed = read_json(folder / "generation_config.json").get("text_decoder_lang_to_code_id")
    if family.language != "tgt_lang" or not isinstance(listed, dict):
        return family.languages
    return tuple(ours for theirs, ours in ISO_639_3.items() if theirs in listed)

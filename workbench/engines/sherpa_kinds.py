"""The kinds of model that sherpa-onnx reads, told apart by the files of a folder and the metadata in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.engines.base import Finish
from workbench.engines.onnx_metadata import onnx_metadata
from workbench.errors import EngineUnavailable, UnknownName
from workbench.text.languages import NAMES

ENGINE = "sherpa-onnx"
_TOKENS = ("tokens.txt", "*tokens.txt")
_WHOLE = ("model.int8.onnx", "model.onnx", "*.int8.onnx", "*.onnx")
"""Where a model is one file; the one in 8 bits first, which is what a machine without a GPU wants."""
_ENCODER = ("*encoder*.int8.onnx", "*encoder*.onnx")
_DECODER = ("*decoder*.int8.onnx", "*decoder*.onnx")
_JOINER = ("*joiner*.int8.onnx", "*joiner*.onnx")
_SENSE_VOICE = ("zh", "en", "ja", "ko", "yue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of model is opened.

    Attributes:
        constructor: Of `sherpa_onnx.OfflineRecognizer`.
        files: What it is given: argument, and patterns of which the first that matches is taken.
        model_types: Beginnings of `model_type` in the metadata of its first file; empty where files alone tell.
        languages: Codes it can be told by `language`.
        language: The argument that tells it one.
        hotwords: The argument that carries names and terms; empty where it takes none.
        given: Arguments it always gets.
        times: Whether it says when each token was heard.
        finish: How a text ended: `eos` where every frame is heard, `unknown` where it writes and does not tell.
    """

    constructor: str
    files: Mapping[str, tuple[str, ...]]
    model_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    language: str = ""
    hotwords: str = ""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    times: bool = True
    finish: Finish = "eos"


def _whole(constructor: str, argument: str, *model_types: str, **rest: Any) -> Kind:
    files = {argument: _WHOLE, "tokens": _TOKENS}
    return Kind(constructor=constructor, files=files, model_types=model_types, **rest)


_PAIR = {"encoder": _ENCODER, "decoder": _DECODER, "tokens": _TOKENS}
_TRIPLE = {"encoder": _ENCODER, "decoder": _DECODER, "joiner": _JOINER, "tokens": _TOKENS}

KINDS: dict[str, Kind] = {
    "qwen3-asr": Kind(
        constructor="from_qwen3_asr",
        files={
            "conv_frontend": ("*conv_frontend*.onnx",),
            "encoder": _ENCODER,
            "decoder": _DECODER,
            "tokenizer": ("tokenizer",),
        },
        hotwords="hotwords",
        times=False,
        finish="unknown",
    ),
    "fun-asr-nano": Kind(
        constructor="from_funasr_nano",
        files={
            "encoder_adaptor": ("*encoder_adaptor*.onnx",),
            "llm": ("*llm*.int8.onnx", "*llm*.onnx"),
            "embedding": ("*embedding*.int8.onnx", "*embedding*.onnx"),
            "tokenizer": ("tokenizer", "Qwen*"),
        },
        hotwords="hotwords",
        times=False,
        finish="unknown",
    ),
    "moonshine": Kind(
        constructor="from_moonshine",
        files={
            "preprocessor": ("preprocess*.onnx",),
            "encoder": ("encode*.int8.onnx", "encode*.onnx"),
            "uncached_decoder": ("uncached_decode*.onnx",),
            "cached_decoder": ("cached_decode*.onnx",),
            "tokens": _TOKENS,
        },
        times=False,
        finish="unknown",
    ),
    "nemo-transducer": Kind(
        constructor="from_transducer", files=_TRIPLE, model_types=("EncDec",), given={"model_type": "nemo_transducer"}
    ),
    "transducer": Kind(constructor="from_transducer", files=_TRIPLE),
    "whisper": Kind(
        constructor="from_whisper",
        files=_PAIR,
        model_types=("whisper",),
        languages=tuple(NAMES),
        language="language",
        times=False,
        finish="unknown",
    ),
    "canary": Kind(
        constructor="from_nemo_canary",
        files=_PAIR,
        model_types=("EncDecMultiTaskModel",),
        languages=("en", "de", "es", "fr"),
        language="src_lang",
        times=False,
        finish="unknown",
    ),
    "fire-red": Kind(constructor="from_fire_red_asr", files=_PAIR, times=False, finish="unknown"),
    "sense-voice": _whole(
        "from_sense_voice", "model", "sense_voice", languages=_SENSE_VOICE, language="language", given={"use_itn": True}
    ),
    "paraformer": _whole("from_paraformer", "paraformer", "paraformer", times=False),  # only some say when
    "zipformer-ctc": _whole("from_zipformer_ctc", "model", "zipformer"),
    "nemo-ctc": _whole("from_nemo_ctc", "model", "EncDec"),
    "wenet-ctc": _whole("from_wenet_ctc", "model", "wenet"),
}
"""In the order in which a folder is held against them: what has more files of its own comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaFolder:
    """A folder, what kind it is, and which file is given as which argument."""

    folder: Path
    name: str
    kind: Kind
    files: Mapping[str, Path]


def read_folder(folder: Path, name: str = "") -> SherpaFolder:
    """What a folder holds.

    Args:
        folder: With the files of one model.
        name: The kind; empty finds it out.

    Raises:
        UnknownName: There is no such kind.
        EngineUnavailable: It holds no model of that kind, or of any that is known.
    """
    if name and name not in KINDS:
        raise UnknownName("kind of model of sherpa-onnx", name, KINDS)
    for each in [name] if name else KINDS:
        files = _files(folder, KINDS[each])
        if files is not None and (name or _speaks_for(KINDS[each], files)):
            return SherpaFolder(folder=folder, name=each, kind=KINDS[each], files=files)
    if name:
        needed = ", ".join(patterns[-1] for patterns in KINDS[name].files.values())
        raise EngineUnavailable(ENGINE, f"{folder} holds no model of the kind {name}", hint=f"It needs {needed}.")
    raise EngineUnavailable(
        ENGINE,
        f"what kind of model {folder} holds cannot be told from its files",
        hint=f"Name the kind after it, as in sherpa-onnx:{folder}#paraformer; kinds: {', '.join(KINDS)}.",
    )


def _files(folder: Path, kind: Kind) -> dict[str, Path] | None:
    found: dict[str, Path] = {}
    for argument, patterns in kind.files.items():
        matches = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
        if not matches:
            return None
        found[argument] = matches[0]
    return found


def _speaks_for(kind: Kind, files: Mapping[str, Path]) -> bool:
    """Whether the metadata of the first file is this kind's; a kind without any of its own is told by its files."""
    if not kind.model_types:
        return True
    return onnx_metadata(next(iter(files.values()))).get("model_type", "").startswith(kind.model_types)

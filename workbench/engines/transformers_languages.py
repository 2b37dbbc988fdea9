"""The languages that families of transformers can be told, and what they call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EUROPEAN = (
    "bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "it", "lv", "lt", "mt", "pl", "pt", "ro",
    "sk", "sl", "es", "sv", "ru", "uk",
)  # fmt: skip
VOXTRAL = ("de", "en", "es", "fr", "hi", "it", "nl", "pt")
"""Of Mistral's model card; without a language it finds out."""
NEMOTRON = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "it", "ja", "ko", "lt",
    "lv", "mt", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""Of NVIDIA's model card; its processor has numbers for more, which the model was not trained on."""
COHERE = ("ar", "de", "el", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "vi", "zh")
ISO_639_3 = {
    "arb": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "cmn": "zh", "dan": "da", "deu": "de", "ell": "el",
    "eng": "en", "est": "et", "fin": "fi", "fra": "fr", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id",
    "ita": "it", "jpn": "ja", "kor": "ko", "lit": "lt", "lvs": "lv", "nld": "nl", "pes": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te",
    "tgl": "tl", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "yue": "yue",
}  # fmt: skip
"""Our codes by SeamlessM4T's; it knows more, which the workbench has no name for."""


def prompt_name(prompts: Mapping[str, Any], code: str) -> str:
    """What a processor with a dictionary of languages calls one: "de", or its first locale ("zh-CN"); else empty."""
    return next((name for name in (code, *prompts) if name in prompts and name.split("-")[0] == code), "")

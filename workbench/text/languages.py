"""Languages by code and by English name."""

from __future__ import annotations

from workbench.errors import UnknownName

# Whisper's list (openai/whisper tokenizer.py, MIT) with ISO codes, plus Filipino, as Qwen3-ASR names Tagalog.
NAMES = {
    "en": "English", "zh": "Chinese", "yue": "Cantonese", "de": "German", "es": "Spanish", "ru": "Russian",
    "ko": "Korean", "fr": "French", "ja": "Japanese", "pt": "Portuguese", "tr": "Turkish", "pl": "Polish",
    "ca": "Catalan", "nl": "Dutch", "ar": "Arabic", "sv": "Swedish", "it": "Italian", "id": "Indonesian",
    "hi": "Hindi", "fi": "Finnish", "vi": "Vietnamese", "he": "Hebrew", "uk": "Ukrainian", "el": "Greek",
    "ms": "Malay", "cs": "Czech", "ro": "Romanian", "da": "Danish", "hu": "Hungarian", "ta": "Tamil",
    "no": "Norwegian", "th": "Thai", "ur": "Urdu", "hr": "Croatian", "bg": "Bulgarian", "lt": "Lithuanian",
    "la": "Latin", "mi": "Maori", "ml": "Malayalam", "cy": "Welsh", "sk": "Slovak", "te": "Telugu",
    "fa": "Persian", "lv": "Latvian", "bn": "Bengali", "sr": "Serbian", "az": "Azerbaijani", "sl": "Slovenian",
    "kn": "Kannada", "et": "Estonian", "mk": "Macedonian", "br": "Breton", "eu": "Basque", "is": "Icelandic",
    "hy": "Armenian", "ne": "Nepali", "mn": "Mongolian", "bs": "Bosnian", "kk": "Kazakh", "sq": "Albanian",
    "sw": "Swahili", "gl": "Galician", "mr": "Marathi", "pa": "Punjabi", "si": "Sinhala", "km": "Khmer",
    "sn": "Shona", "yo": "Yoruba", "so": "Somali", "af": "Afrikaans", "oc": "Occitan", "ka": "Georgian",
    "be": "Belarusian", "tg": "Tajik", "sd": "Sindhi", "gu": "Gujarati", "am": "Amharic", "yi": "Yiddish",
    "lo": "Lao", "uz": "Uzbek", "fo": "Faroese", "ht": "Haitian Creole", "ps": "Pashto", "tk": "Turkmen",
    "nn": "Nynorsk", "mt": "Maltese", "sa": "Sanskrit", "lb": "Luxembourgish", "my": "Myanmar", "bo": "Tibetan",
    "tl": "Filipino", "mg": "Malagasy", "as": "Assamese", "tt": "Tatar", "haw": "Hawaiian", "ln": "Lingala",
    "ha": "Hausa", "ba": "Bashkir", "jw": "Javanese", "su": "Sundanese",
}  # fmt: skip

_ALIASES = {
    "cmn": "zh", "mandarin": "zh", "zh-cn": "zh", "zh-hans": "zh", "zh-tw": "zh", "zh-hk": "yue",
    "fil": "tl", "tagalog": "tl", "eng": "en", "jv": "jw", "nb": "no", "burmese": "my",
}  # fmt: skip
_CODES = {name.lower(): code for code, name in NAMES.items()} | _ALIASES


def language_code(language: str) -> str:
    """The code of a language given by code or English name, in any case: "Cantonese" → "yue".

    Raises:
        UnknownName: No such language.
    """
    key = language.strip().lower()
    if key in NAMES:
        return key
    if key in _CODES:
        return _CODES[key]
    raise UnknownName("language", language, (*NAMES, *NAMES.values()))


def language_name(code: str) -> str:
    """The English name of a language code; the code itself where it has none."""
    return NAMES.get(code, code)

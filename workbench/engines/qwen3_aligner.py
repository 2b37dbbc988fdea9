"""Times of words and Han characters for a text that is known, by Qwen3-ForcedAligner through transformers.

Two `<timestamp>` tokens follow each word in the model's prompt; the class predicted there, times 80 ms, is the word's
start and its end.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workbench.audio.clip import AudioClip
from workbench.engines.aligned_text import BareWord, place_words, segments_of
from workbench.engines.base import Segment
from workbench.engines.device import choose_device, choose_dtype
from workbench.engines.qwen3_checkpoint import NEEDED, open_checkpoint, padded, read_config
from workbench.engines.weights import find_weights, verify_folder
from workbench.errors import EngineError, EngineUnavailable, ModelMissing, UsageError
from workbench.settings import Settings
from workbench.text.languages import language_name

ALIGNER = "Qwen/Qwen3-ForcedAligner-0.6B-hf"
ALIGNER_COMMAND = "workbench models fetch qwen3-asr:aligner"

LANGUAGES = ("zh", "en", "yue", "fr", "de", "it", "ja", "ko", "pt", "ru", "es")
PACKAGES = {"ja": "nagisa", "ko": "soynlp"}
"""What finds words where none are spaced; needed for these languages alone."""

MAX_SECONDS = 300.0
"""The longest sound of one call: 180 to 300 s are named by its authors, longer sound was not tried here."""

SAMPLE_RATE = 16_000


class Qwen3Aligner:
    """A loaded forced aligner.

    Args:
        model: `Qwen3ASRForTokenClassification`.
        processor: Its processor.
        device: Where the model is.
    """

    def __init__(self, model: Any, processor: Any, device: str) -> None:
        self._model, self._processor, self._device = model, processor, device

    def align(self, clip: AudioClip, text: str, language: str | None = None) -> tuple[Segment, ...]:
        """Times for every word (Latin) or character (Han) of a text, as segments of a sentence each.

        Args:
            clip: The sound, at 16 kHz.
            text: What is said in it.
            language: Its code; None where it is not known, and words are then told apart by white space and Han.

        Returns:
            Segments with words, times from the start of the clip on a grid of 80 ms; none for a text without letters.

        Raises:
            UsageError: A language it lacks, or more than 300 s.
            EngineUnavailable: The language needs a package that is not installed.
            AudioInvalid: The clip is not at 16 kHz.
            EngineError: The device ran out of memory.
        """
        _check(clip, language)
        words = self._bare_words(clip, text, language)
        return segments_of(text, place_words(text, words, clip.duration))

    def _bare_words(self, clip: AudioClip, text: str, language: str | None) -> list[BareWord]:
        import torch

        name = None if language is None else language_name(language)
        if not self._processor.split_words_for_alignment(text, name):
            return []
        inputs, words = self._processor.prepare_forced_aligner_inputs([padded(clip, SAMPLE_RATE)], [text], name)
        try:
            with torch.inference_mode():
                logits = self._model(**inputs.to(self._device, self._model.dtype)).logits
        except torch.OutOfMemoryError as error:
            raise EngineError(
                f"{self._device} has too little memory to align {clip.duration:.0f} s.",
                hint="Use shorter chunks, or leave times of words out.",
            ) from error
        (aligned,) = self._processor.decode_forced_alignment(
            logits, inputs["input_ids"], words, self._model.config.timestamp_token_id
        )
        return [BareWord(start=one["start_time"], end=one["end_time"], text=one["text"]) for one in aligned]


def lacks(language: str | None) -> str:
    """Why times cannot be had for a language, as a sentence; empty where they can."""
    if language is None:
        return ""
    if language not in LANGUAGES:
        return f"The forced aligner has no times of words for {language_name(language)}."
    package = PACKAGES.get(language)
    if package is not None and find_spec(package) is None:
        return f"Times of words for {language_name(language)} need the package {package}."
    return ""


def _check(clip: AudioClip, language: str | None) -> None:
    reason = lacks(language)
    if reason and language in PACKAGES:
        raise EngineUnavailable("qwen3-asr", reason[:-1], hint=f"pip install {PACKAGES[language]}")
    if reason:
        raise UsageError(reason, hint=f"It knows {', '.join(map(language_name, LANGUAGES))}.")
    if clip.duration > MAX_SECONDS:
        raise UsageError(
            f"{clip.duration:.0f} s are too long for the forced aligner.", hint=f"Use at most {MAX_SECONDS:.0f} s."
        )


def find_aligner(settings: Settings) -> Path | None:
    """The folder of its weights on this disk; None where there is none."""
    try:
        return find_weights("qwen3-asr", ALIGNER, settings, needs=NEEDED)
    except ModelMissing:
        return None


def load_aligner(settings: Settings) -> Qwen3Aligner:
    """Load the weights that `find_aligner` finds.

    Raises:
        ModelMissing: They are not on this disk.
        ModelDiffers: They are not the ones that were fetched.
        EngineUnavailable: They do not load, lack tensors, or do not fit into memory.
    """
    folder = find_aligner(settings)
    if folder is None:
        raise ModelMissing("qwen3-asr", ALIGNER, command=ALIGNER_COMMAND)
    verify_folder(folder)
    read_config(folder, "ForTokenClassification", hint=f"Get it with: {ALIGNER_COMMAND}")
    device = choose_device(settings, engine="qwen3-asr")
    dtype = choose_dtype(device, settings.dtype)
    smaller = "Free memory with another engine's Unload, or leave times of words out."
    return Qwen3Aligner(
        *open_checkpoint(folder, "ForTokenClassification", device=device, dtype=dtype, smaller=smaller),
        device,
    )

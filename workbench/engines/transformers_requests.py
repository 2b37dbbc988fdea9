"""How the processor of each family is asked for what its model listens to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.audio.clip import Samples
from workbench.engines.transformers_families import Family
from workbench.engines.transformers_languages import ISO_639_3, prompt_name


class SoundAndText:
    """A feature extractor and a tokenizer, for families whose processor adds nothing to them.

    Not their processor: that of wav2vec 2.0 with a language model beside it would ask for more packages.
    """

    def __init__(self, folder: Path, **here: Any) -> None:
        from transformers import AutoFeatureExtractor, AutoTokenizer

        self.feature_extractor = AutoFeatureExtractor.from_pretrained(folder, **here)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, **here)


def processor_opener(family: Family) -> Callable[..., Any]:
    """What opens the family's processor from a folder."""
    from transformers import AutoProcessor

    return SoundAndText if family.ask == "sound" else AutoProcessor.from_pretrained


def model_inputs(
    family: Family, processor: Any, sounds: list[Samples], rate: int, *, language: str, context: str
) -> Any:
    """What `generate` or the model itself takes, as a batch of tensors.

    Args:
        family: How to ask.
        processor: Of the checkpoint.
        sounds: float32 (n,) each.
        rate: Their sample rate in Hz.
        language: A code of ours, or empty.
        context: Names and terms, or empty.
    """
    told: dict[str, Any] = {family.language: language} if family.language and language else {}
    if family.context and context:
        told[family.context] = context
    if family.ask == "sound":
        inputs = processor.feature_extractor(sounds, sampling_rate=rate, padding="longest", return_tensors="pt")
        return _with_target(inputs, told)
    if family.ask == "request":
        return processor.apply_transcription_request(sounds, **family.given, **told)
    if family.ask == "chat":
        prompt = _chat_prompt(processor, family.instruction)
        return processor(text=[prompt] * len(sounds), audio=sounds, return_tensors="pt")
    if family.language and hasattr(processor, "prompt_dictionary"):
        told = {name: prompt_name(processor.prompt_dictionary, code) for name, code in told.items()}
    return processor(audio=sounds, sampling_rate=rate, **family.given, **told)


def _with_target(inputs: Any, told: dict[str, Any]) -> Any:
    """SeamlessM4T is told a language when it generates, by its own three letters."""
    theirs = {ours: code for code, ours in ISO_639_3.items()}
    inputs.update({name: theirs[code] for name, code in told.items()})
    return inputs


def _chat_prompt(processor: Any, instruction: str) -> str:
    turn = [{"role": "user", "content": f"{processor.audio_token}{instruction}"}]
    return processor.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)

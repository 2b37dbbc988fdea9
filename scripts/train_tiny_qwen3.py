"""Train the tiny Qwen3-ASR checkpoint that the tests of the engine `qwen3-asr` run on.

    python scripts/train_tiny_qwen3.py tests/fixtures/tiny-qwen3-asr

Makes everything by itself: the clips (sums of harmonics under moving formants, one sound a character), a byte-level
tokenizer, a processor, and a model of Qwen3-ASR's architecture with some 200 thousand parameters. It then learns the
clips by heart until the engine itself, with the true processor and generate, writes each of them exactly: alone and
in a batch, with the language told and without, with hotwords and without. What it writes is what the real model
writes: `language English<asr_text>…`, and `language None<asr_text>` for silence.

The clips are the same on every machine; the weights depend on its floating point, so they differ from the committed
ones in their digits, not in what they say. Takes 20 s of one core.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from tokenizers import AddedToken, pre_tokenizers
from transformers import (
    GenerationConfig,
    Qwen2Tokenizer,
    Qwen3ASRConfig,
    Qwen3ASRFeatureExtractor,
    Qwen3ASRForConditionalGeneration,
    Qwen3ASRProcessor,
)

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.qwen3 import PLUGIN
from workbench.settings import Settings
from workbench.text.languages import language_name

SAMPLE_RATE = 16_000
SEED = 20_260_121
MOST_STEPS = 1_500
CHECK_EVERY = 25
LOW_ENOUGH = 0.01
"""Mean loss a token, in nats, from which on the engine is asked; far below what exact texts need, so that the
rounding of another machine changes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One clip and what is to be written for it, given the hotwords."""

    file: str
    language: str | None
    text: str
    context: str = ""


LESSONS = (
    Lesson(file="english.flac", language="en", text="The meeting starts at nine."),
    Lesson(file="mandarin.flac", language="zh", text="我们明天上午十点开会。"),
    Lesson(file="cantonese.flac", language="yue", text="我哋聽日一齊飲茶啦。"),
    Lesson(file="mixed.flac", language="zh", text="这个 API 的 latency 太高了。"),
    Lesson(file="name.flac", language="en", text="Send it to Shawn."),
    Lesson(file="name.flac", language="en", text="Send it to Siobhan.", context="Siobhan"),
    Lesson(file="silence.flac", language=None, text=""),
)
UNRELATED_CONTEXT = "budget, review"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for the checkpoint and its clips")
    out = parser.parse_args().out
    clips = write_clips(out / "clips")
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # on a model this small, threads mostly wait for each other
    processor = build_processor()
    model = build_model(processor)
    train(model, processor, clips, out)


def write_clips(folder: Path) -> dict[str, AudioClip]:
    """Make the recordings, and read them back as the 16-bit files they are."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = json.dumps([asdict(lesson) for lesson in LESSONS], ensure_ascii=False, indent=1)
    (folder / "clips.json").write_text(listed + "\n", encoding="utf-8")
    clips: dict[str, AudioClip] = {}
    for lesson in LESSONS:
        if lesson.file not in clips:
            soundfile.write(folder / lesson.file, sing(lesson.text), SAMPLE_RATE, subtype="PCM_16")
            samples, rate = soundfile.read(folder / lesson.file, dtype="float32")
            clips[lesson.file] = AudioClip(samples=samples, sample_rate=rate, source=lesson.file)
    return clips


def sing(text: str) -> np.ndarray:
    """A made-up voice: each character has its own pitch and formants; a space is a pause. Silence for no text."""
    if not text:
        return np.zeros(int(1.2 * SAMPLE_RATE), np.float32)
    return np.concatenate([syllable(character) for character in text]).astype(np.float32)


def syllable(character: str) -> np.ndarray:
    seconds = 0.06 if character.isascii() else 0.16
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    if not character.isalpha():
        return np.zeros_like(time)
    random = np.random.default_rng(ord(character))
    pitch = random.uniform(110, 220) * (1 + random.uniform(-0.2, 0.2) * time / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = np.array([random.uniform(*band) for band in ((300, 900), (1000, 2300), (2500, 3500))])
    voice = np.zeros_like(time)
    for harmonic in range(1, 20):
        distance = (harmonic * pitch.mean() - formants) / (80, 120, 180)
        voice += np.exp(-0.5 * distance**2).sum() / (1 + 0.1 * harmonic) * np.sin(harmonic * phase)
    return 0.2 * voice * np.sin(np.pi * time / seconds) ** 0.5


CHAT_TEMPLATE = """\
{%- macro texts(content) -%}
{%- for part in content if part.type == 'text' -%}{{- part.text -}}{%- endfor -%}
{%- endmacro -%}
{{- '<|im_start|>system\\n' -}}
{%- for turn in messages if turn.role == 'system' -%}{{- texts(turn.content) -}}{%- endfor -%}
{{- '<|im_end|>\\n<|im_start|>user\\n' -}}
{%- for turn in messages if turn.role == 'user' -%}
{%- for part in turn.content if part.type == 'audio' -%}
{{- '<|audio_start|><|audio_pad|><|audio_end|>' -}}
{%- endfor -%}
{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- for turn in messages if turn.role == 'assistant' -%}
{{- '<|im_start|>assistant\\n' + texts(turn.content) + '<|im_end|>\\n' -}}
{%- endfor -%}
"""
"""Renders what the real model's template renders: a system turn, empty or not, one user turn that is the sound, and
the answer begun. `<|im_end|>` follows the answer only so that `continue_final_message` has something to cut off."""


def build_processor() -> Qwen3ASRProcessor:
    """The real processor over a vocabulary of bytes. `<asr_text>` is no control token in the real one either."""
    vocabulary = {symbol: index for index, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Qwen2Tokenizer(
        vocab=vocabulary,
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens={
            "audio_token": "<|audio_pad|>",
            "audio_bos_token": "<|audio_start|>",
            "audio_eos_token": "<|audio_end|>",
        },
    )
    tokenizer.add_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<asr_text>", special=False)])
    return Qwen3ASRProcessor(
        feature_extractor=Qwen3ASRFeatureExtractor(), tokenizer=tokenizer, chat_template=CHAT_TEMPLATE
    )


def build_model(processor: Qwen3ASRProcessor) -> Qwen3ASRForConditionalGeneration:
    tokenizer = processor.tokenizer
    ends = [tokenizer.convert_tokens_to_ids(token) for token in ("<|endoftext|>", "<|im_end|>")]
    audio = {
        "model_type": "qwen3_asr_encoder", "d_model": 64, "encoder_layers": 2, "encoder_attention_heads": 4,
        "encoder_ffn_dim": 128, "downsample_hidden_size": 16, "output_dim": 64,
    }  # fmt: skip
    text = {
        "model_type": "qwen3", "vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "max_position_embeddings": 65_536, "tie_word_embeddings": True,
    }  # fmt: skip
    config = Qwen3ASRConfig(
        audio_config=audio,
        text_config=text,
        audio_token_id=processor.audio_token_id,
        eos_token_id=ends,
        pad_token_id=ends[1],
    )
    model = Qwen3ASRForConditionalGeneration(config)
    # As the real checkpoint has it: the padding token is one of those that end a text.
    model.generation_config = GenerationConfig(
        eos_token_id=ends, pad_token_id=ends[1], do_sample=False, max_new_tokens=512
    )
    return model


def train(
    model: Qwen3ASRForConditionalGeneration,
    processor: Qwen3ASRProcessor,
    clips: dict[str, AudioClip],
    out: Path,
) -> None:
    """Learn the lessons by heart; ends when the engine, loaded from `out`, writes every text exactly."""
    batch = training_batch(processor, clips)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 50))
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", file=sys.stderr)
    for step in range(1, MOST_STEPS + 1):
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % CHECK_EVERY == 0:
            print(f"step {step}: {loss.item():.4f} nats a token", file=sys.stderr)
            if loss.item() < LOW_ENOUGH:
                save(model, processor, out)
                if not (wrong := mistakes(out, clips)):
                    return
                print("\n".join(wrong), file=sys.stderr)
    sys.exit(f"not learnt in {MOST_STEPS} steps")


def training_batch(processor: Qwen3ASRProcessor, clips: dict[str, AudioClip]) -> dict[str, Any]:
    """Every lesson, in all the ways it is asked for, as one batch with the loss on the answers."""
    sounds: list[np.ndarray] = []
    prompts: list[str] = []
    answers: list[str] = []
    for lesson in LESSONS:
        spoken = language_name(lesson.language) if lesson.language else "None"
        for told, context in requests(lesson):
            sound = clips[lesson.file].samples
            (prompt,) = processor.apply_transcription_request(
                sound, language=told and language_name(told), prompt=context or None, tokenize=False
            )
            sounds.append(sound)
            prompts.append(prompt)
            answers.append(("" if told else f"language {spoken}<asr_text>") + lesson.text + "<|im_end|>")
    inputs = processor(text=[prompt + answer for prompt, answer in zip(prompts, answers, strict=True)], audio=sounds)
    labels = torch.full_like(inputs["input_ids"], -100)
    for row, answer in enumerate(answers):  # padded on the left: the answer ends the row
        length = len(processor.tokenizer(answer).input_ids)
        labels[row, -length:] = inputs["input_ids"][row, -length:]
    return {**inputs, "labels": labels}


def requests(lesson: Lesson) -> list[tuple[str | None, str]]:
    """Language told and hotwords, in the ways the lesson is asked for."""
    asked = [
        (None, lesson.context),
        (lesson.language, lesson.context),
        (None, lesson.context or UNRELATED_CONTEXT),
    ]
    return list(dict.fromkeys(asked))


def save(model: Qwen3ASRForConditionalGeneration, processor: Qwen3ASRProcessor, out: Path) -> None:
    """Save as the real ones are saved: bfloat16 safetensors."""
    halved = Qwen3ASRForConditionalGeneration(model.config)
    halved.load_state_dict(model.state_dict())
    halved.generation_config = model.generation_config
    halved.to(torch.bfloat16).save_pretrained(out)
    processor.save_pretrained(out)


def mistakes(out: Path, clips: dict[str, AudioClip]) -> list[str]:
    """What the engine gets wrong, one by one and all at once, with the language told and without."""
    engine = PLUGIN.load(str(out), Settings(home=out / "home", device="cpu"))
    wrong: list[str] = []
    for lesson in LESSONS:
        for told in dict.fromkeys([None, lesson.language]):
            options = DecodeOptions(language=told, context=lesson.context, max_new_tokens=60)
            (heard,) = engine.transcribe([clips[lesson.file]], options)
            if (heard.text, heard.language) != (lesson.text, lesson.language):
                wrong.append(f"{lesson.file} ({told}): {heard.raw!r}")
    plain = [lesson for lesson in LESSONS if not lesson.context]
    together = engine.transcribe([clips[lesson.file] for lesson in plain], DecodeOptions(max_new_tokens=60))
    wrong += [
        f"{lesson.file} in a batch: {heard.raw!r}"
        for lesson, heard in zip(plain, together, strict=True)
        if heard.text != lesson.text
    ]
    return wrong


if __name__ == "__main__":
    main()

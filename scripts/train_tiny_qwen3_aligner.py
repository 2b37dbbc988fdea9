"""Train the tiny forced aligner that the tests of times of words run on.

    python scripts/train_tiny_qwen3_aligner.py tests/fixtures/tiny-qwen3-aligner

The clips, the tokenizer and the network are those of `train_tiny_qwen3.py`, with the head of the aligner on it: for
the two `<timestamp>` tokens after each word, the class of its start and of its end, 80 ms each. When a word is sung is
known, since the clips are made here. Each is learnt after silence of several lengths, so that the times must be heard
and cannot be read off the text. Ends when the aligner itself, loaded from the folder, has every time to within a class.
Takes 20 s of one core.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken
from train_tiny_qwen3 import LESSONS, SAMPLE_RATE, SEED, build_model, build_processor, sing, syllable
from transformers import Qwen3ASRConfig, Qwen3ASRForTokenClassification, Qwen3ASRProcessor

from workbench.audio.clip import AudioClip
from workbench.engines.qwen3_aligner import ALIGNER, load_aligner
from workbench.engines.weights import fetched_folder
from workbench.settings import Settings
from workbench.text.languages import language_name

CLASS_SECONDS = 0.08
CLASSES = 50
DELAYS = (0.0, 0.32, 0.64, 0.96)
MOST_STEPS = 600
CHECK_EVERY = 20
LOW_ENOUGH = 0.02
TAUGHT = [lesson for lesson in LESSONS if lesson.text and not lesson.context]

CHAT_TEMPLATE = """\
{%- for turn in messages -%}
{%- for part in turn.content if part.type == 'audio' -%}
{{- '<|audio_start|><|audio_pad|><|audio_end|>' -}}
{%- endfor -%}
{%- for part in turn.content if part.type == 'text' -%}
{{- part.text + '<timestamp><timestamp>' -}}
{%- endfor -%}
{%- endfor -%}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for the checkpoint")
    out = parser.parse_args().out
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    processor = build_processor()
    processor.tokenizer.add_tokens([AddedToken("<timestamp>", special=True)])
    processor.chat_template = CHAT_TEMPLATE
    train(build_aligner(processor), processor, out)


def build_aligner(processor: Qwen3ASRProcessor) -> Qwen3ASRForTokenClassification:
    config: Qwen3ASRConfig = build_model(processor).config
    config.timestamp_token_id = processor.tokenizer.convert_tokens_to_ids("<timestamp>")
    config.num_labels = CLASSES
    return Qwen3ASRForTokenClassification(config)


def word_times(text: str, words: list[str], delay: float) -> list[tuple[float, float]]:
    """When each word is sung: every character takes as long as `syllable` makes it."""
    ends = delay + np.cumsum([syllable(character).size / SAMPLE_RATE for character in text])
    starts = np.concatenate([[delay], ends[:-1]])
    found: list[tuple[float, float]] = []
    at = 0
    for word in words:
        at = text.index(word, at)
        found.append((float(starts[at]), float(ends[at + len(word) - 1])))
        at += len(word)
    return found


def late(text: str, delay: float) -> np.ndarray:
    return np.concatenate([np.zeros(round(delay * SAMPLE_RATE), np.float32), sing(text)])


def train(model: Qwen3ASRForTokenClassification, processor: Qwen3ASRProcessor, out: Path) -> None:
    batch = training_batch(processor)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 50))
    for step in range(1, MOST_STEPS + 1):
        logits = model(**batch["inputs"]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % CHECK_EVERY == 0:
            print(f"step {step}: {loss.item():.4f} nats a time", file=sys.stderr)
            if loss.item() < LOW_ENOUGH:
                save(model, processor, out)
                if not (wrong := mistakes(out)):
                    return
                print("\n".join(wrong), file=sys.stderr)
    sys.exit(f"not learnt in {MOST_STEPS} steps")


def training_batch(processor: Qwen3ASRProcessor) -> dict[str, Any]:
    """Every lesson after every delay, with the classes of its times where the timestamps stand."""
    taught = [(lesson, delay) for lesson in TAUGHT for delay in DELAYS]
    sounds = [late(lesson.text, delay) for lesson, delay in taught]
    names = [language_name(lesson.language or "en") for lesson, _ in taught]
    inputs, words = processor.prepare_forced_aligner_inputs(sounds, [lesson.text for lesson, _ in taught], names)
    labels = torch.full_like(inputs["input_ids"], -100)
    stamp = processor.tokenizer.convert_tokens_to_ids("<timestamp>")
    for row, ((lesson, delay), own) in enumerate(zip(taught, words, strict=True)):
        times = np.array(word_times(lesson.text, own, delay)).reshape(-1)
        classes = torch.from_numpy(np.round(times / CLASS_SECONDS).astype(np.int64))
        labels[row, inputs["input_ids"][row] == stamp] = classes
    return {"inputs": dict(inputs), "labels": labels}


def save(model: Qwen3ASRForTokenClassification, processor: Qwen3ASRProcessor, out: Path) -> None:
    """Save as the real one is saved: bfloat16 safetensors."""
    halved = Qwen3ASRForTokenClassification(model.config)
    halved.load_state_dict(model.state_dict())
    halved.to(torch.bfloat16).save_pretrained(out)
    processor.save_pretrained(out)


def mistakes(out: Path) -> list[str]:
    """Words whose times the aligner, in its place under a home, has wrong by more than a class."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), device="cpu")
        settings.models.mkdir(parents=True)
        fetched_folder("qwen3-asr", ALIGNER, settings).symlink_to(out.resolve())
        aligner = load_aligner(settings)
    wrong: list[str] = []
    for lesson in TAUGHT:
        for delay in DELAYS:
            clip = AudioClip(samples=late(lesson.text, delay).astype(np.float32), sample_rate=SAMPLE_RATE)
            found = [word for segment in aligner.align(clip, lesson.text, lesson.language) for word in segment.words]
            bare = ["".join(filter(str.isalnum, word.text)) for word in found]
            for word, (start, end) in zip(found, word_times(lesson.text, bare, delay), strict=True):
                if max(abs(word.start - start), abs(word.end - end)) > CLASS_SECONDS:
                    wrong.append(f"{lesson.file} after {delay} s: {word}, sung {start:.2f} to {end:.2f}")
    return wrong


if __name__ == "__main__":
    main()

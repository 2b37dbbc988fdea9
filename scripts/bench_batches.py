"""Clips sorted by length and packed, against batches as they come, against one by one, on Qwen3-ASR's architecture.

    python scripts/bench_batches.py                                     a small one, on a CPU, within two minutes
    python scripts/bench_batches.py --size 0.6B --dtype bfloat16 --clips 12 --tokens 16 --turns 1
    python scripts/bench_batches.py --size 0.6B --device cuda --dtype bfloat16 --clips 256 --tokens 48 --turns 3

Weights are random and every clip gets the same number of tokens: the work is that of the real model of that size, the
texts mean nothing. `--dtype` is what is computed in. Clips of 2 to 30 s come in a random order. The engine is the
workbench's own, the batches are those that a benchmark makes. The ways take turns; of each the median is told, with
the share of padding in its batches and the highest memory torch had in use (on a GPU).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from transformers import Qwen3ASRConfig, Qwen3ASRForConditionalGeneration

from workbench.audio.clip import AudioClip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, Engine
from workbench.engines.device import choose_device
from workbench.engines.qwen3 import PLUGIN, Qwen3Engine
from workbench.engines.qwen3_aligner import load_aligner
from workbench.engines.qwen3_checkpoint import open_checkpoint
from workbench.engines.registry import EngineRef
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.executors.packing import pack, padding
from workbench.runs.workload import Workload
from workbench.settings import Settings, quieten

SIZES: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "small": {
        "audio_config": {
            "d_model": 256, "encoder_layers": 4, "encoder_attention_heads": 4, "encoder_ffn_dim": 1024,
            "output_dim": 256, "downsample_hidden_size": 64,
        },
        "text_config": {
            "hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 6, "num_attention_heads": 8,
            "num_key_value_heads": 4, "head_dim": 32, "vocab_size": 4096,
        },
    },
    "0.6B": {
        "audio_config": {
            "d_model": 896, "encoder_layers": 18, "encoder_attention_heads": 14, "encoder_ffn_dim": 3584,
            "output_dim": 1024, "downsample_hidden_size": 480,
        },
        "text_config": {
            "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
            "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
        },
    },
}  # fmt: skip
FIXTURE = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "tiny-qwen3-asr"
SHORTEST, LONGEST = 2.0, 30.0
RATE = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """All clips, once.

    Attributes:
        seconds: Of the wall, batches made and all.
        cpu_seconds: Of the processors: other work on the machine changes it less.
        peak_bytes: Torch's, on a GPU; else None.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int | None


def make_checkpoint(size: str, dtype: str, folder: Path) -> None:
    """Random weights of that size beside the small checkpoint's tokenizer and processor."""
    shutil.copytree(FIXTURE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("clips", "*.safetensors"))
    fields = json.loads((FIXTURE / "config.json").read_text())
    for part, values in SIZES[size].items():
        fields[part] |= values
    layers = fields["text_config"]["num_hidden_layers"]
    fields["text_config"]["layer_types"] = ["full_attention"] * layers
    torch.manual_seed(0)
    model = Qwen3ASRForConditionalGeneration(Qwen3ASRConfig(**fields)).to(getattr(torch, dtype))
    model.generation_config.eos_token_id = None  # the same number of tokens for every clip
    print(f"{sum(one.numel() for one in model.parameters()) / 1e6:.0f} million parameters, {dtype}")
    model.save_pretrained(folder)


def open_engine(folder: Path, device: str, dtype: str) -> Qwen3Engine:
    """As the plug-in opens it, but in the precision asked for: by itself it computes in float32 on a CPU."""
    settings = replace(Settings.from_env(), home=folder, device=device)
    info = replace(PLUGIN.info(str(folder), settings), device=choose_device(settings), dtype=dtype)
    loaded = open_checkpoint(folder, "ForConditionalGeneration", device=info.device, dtype=dtype, smaller="")
    return Qwen3Engine(*loaded, info, partial(load_aligner, settings))


def make_clips(count: int) -> dict[str, AudioClip]:
    """Noise of 2 to 30 s."""
    draws = np.random.default_rng(7)
    lengths = draws.uniform(SHORTEST, LONGEST, count)
    return {
        f"c{number:04d}": AudioClip(
            samples=draws.standard_normal(round(seconds * RATE), np.float32) * np.float32(0.1), sample_rate=RATE
        )
        for number, seconds in enumerate(lengths)
    }


def batches_of(clips: Mapping[str, AudioClip], engine: Engine, most: int, *, packed: bool) -> list[list[str]]:
    """Ids that go together: as a benchmark packs them, or as they come."""
    names = list(clips)
    if not packed:
        return [names[first : first + most] for first in range(0, len(names), most)]
    items = tuple(
        EvalItem(id=name, audio=Path(name), reference="", duration=clip.duration) for name, clip in clips.items()
    )
    work = Workload(
        eval_set=EvalSet(name="made", items=items), ref=EngineRef.parse("qwen3-asr"), info=engine.info,
        chain=parse_chain(""), language="auto", context="", options={}, batch_size=most, seed=0,
    )  # fmt: skip
    return [[item.id for item in one.items] for one in pack(items, work)]


def run_batches(
    engine: Engine, clips: Mapping[str, AudioClip], batches: Sequence[Sequence[str]], options: DecodeOptions
) -> Pass:
    """Transcribe all batches."""
    cuda = engine.info.device.startswith("cuda")
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    began, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        heard = engine.transcribe([clips[name] for name in batch], options)
        assert len(heard) == len(batch)
    if cuda:
        torch.cuda.synchronize()
    return Pass(
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu,
        peak_bytes=torch.cuda.max_memory_allocated() if cuda else None,
    )


def main() -> None:
    """Make the model, take turns, say the medians."""
    arguments = _parsed()
    quieten()
    with tempfile.TemporaryDirectory() as folder:
        make_checkpoint(arguments.size, arguments.dtype, Path(folder))
        engine = open_engine(Path(folder), arguments.device, arguments.dtype)
    print(f"on {engine.info.device} in {engine.info.dtype}, load {os.getloadavg()[0]:.1f}", flush=True)
    clips = make_clips(arguments.clips)
    options = DecodeOptions(max_new_tokens=arguments.tokens)
    ways = {
        "one by one": batches_of(clips, engine, 1, packed=False),
        f"{arguments.unsorted} as they come": batches_of(clips, engine, arguments.unsorted, packed=False),
        f"packed, at most {arguments.batch_size}": batches_of(clips, engine, arguments.batch_size, packed=True),
    }
    run_batches(engine, clips, [list(clips)[:2]], options)  # warms up
    passes: dict[str, list[Pass]] = {name: [] for name in ways}
    for turn in range(arguments.turns):
        for name, batches in ways.items():
            passes[name].append(run_batches(engine, clips, batches, options))
            print(f"turn {turn + 1}, {name}: {passes[name][-1].seconds:.1f} s", file=sys.stderr, flush=True)
    _tell(ways, passes, clips)
    print(f"load {os.getloadavg()[0]:.1f}")


def _tell(ways: Mapping[str, list[list[str]]], passes: Mapping[str, list[Pass]], clips: Mapping[str, Any]) -> None:
    audio = sum(clip.duration for clip in clips.values())
    first = median(one.seconds for one in next(iter(passes.values())))
    for name, batches in ways.items():
        seconds = median(one.seconds for one in passes[name])
        wasted = padding([[clips[one].duration for one in batch] for batch in batches])
        cpu = median(one.cpu_seconds for one in passes[name])
        peak = passes[name][-1].peak_bytes
        memory = "" if peak is None else f"  {peak / 2**30:.2f} GiB"
        print(
            f"{name:24} {seconds:8.2f} s  {audio / seconds:8.1f} x real time  {first / seconds:5.2f} x one by one  "
            f"{cpu:8.2f} processor s  "
            f"{len(batches)} batches, {wasted:.0%} padding{memory}"
        )


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--tokens", type=int, default=24, help="for each clip")
    parser.add_argument("--batch-size", type=int, default=32, help="most clips of a packed batch")
    parser.add_argument("--unsorted", type=int, default=8, help="clips of a batch as they come")
    parser.add_argument("--turns", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()

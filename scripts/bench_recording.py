"""A long recording against faster-whisper's own batched pipeline, in the same run, taking turns.

    python scripts/long_recording.py build MANIFEST --hours 0.16 --out long/
    python scripts/bench_recording.py long/ --language en
    python scripts/bench_recording.py long/ --language en --option beam_size=1 --option temperature_fallback=false

The same weights, precision and sound, each model loaded before. `batched` is `BatchedInferencePipeline`, `plain` is
`WhisperModel.transcribe`, both on all cores and with the same options; `one engine` and `workbench` are what `workbench
transcribe` does, with one engine, and with as many as serve the machine. For each: seconds, processor seconds of all
processes, time to the first text, and the errors against what was said (words, or characters of Han, under `zh`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from bench_throughput import processor_seconds
from rapidfuzz.distance import Levenshtein

from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.audio.stream import MOST_SAMPLES_HELD, FileSound
from workbench.engines.base import DecodeOptions, EngineInfo
from workbench.engines.builtin import assembled_folder
from workbench.engines.device import available_cores
from workbench.engines.faster_whisper import TEMPERATURES
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.opening import survey_opening
from workbench.pipeline.transcribe import ChunkDone, Opening, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units
from workbench.settings import Settings, quieten
from workbench.text.rulers import find_ruler

REF = EngineRef.parse("builtin")
BATCH_SIZES = (4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One way, once: elapsed seconds, processor seconds, when the first text came, and the text."""

    wall_seconds: float
    cpu_seconds: float
    first_seconds: float
    text: str


def timed(texts: Callable[[], Any]) -> Turn:
    """Take texts as they come."""
    began, cpu = time.perf_counter(), processor_seconds()
    first, parts = 0.0, list[str]()
    for text in texts():
        first = first or time.perf_counter() - began
        parts.append(text)
    seconds = time.perf_counter() - began
    return Turn(wall_seconds=seconds, cpu_seconds=processor_seconds() - cpu, first_seconds=first, text="".join(parts))


def faster_whisper_ways(path: Path, settings: Settings, language: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Its batched pipeline with several sizes of batch, and its plain call."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    samples = read_clip(path, sample_rate=16_000).samples
    model = WhisperModel(
        str(assembled_folder(settings)), device="cpu", compute_type="int8", cpu_threads=available_cores()
    )
    batched = BatchedInferencePipeline(model)
    own = {key: value for key, value in options.items() if key != "temperature_fallback"}
    own["temperature"] = list(TEMPERATURES if options.get("temperature_fallback", True) else TEMPERATURES[:1])
    own["language"] = language

    def texts(call: Callable[..., Any], **more: Any) -> Any:
        return (segment.text for segment in call(samples, **own, **more)[0])

    ways = {f"batched, {size}": lambda size=size: texts(batched.transcribe, batch_size=size) for size in BATCH_SIZES}
    return ways | {"plain": lambda: texts(model.transcribe)}


def workbench_ways(path: Path, pool: EnginePool, language: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """`workbench transcribe`, decoding the file included."""

    def texts(engines: Callable[[EngineInfo], int]) -> Any:
        sound = FileSound(path, sample_rate=None)
        asked = DecodeOptions(language=language, extra=dict(options))
        for event in transcribe_recording(
            pool,
            REF,
            sound,
            chain=parse_chain(""),
            options=asked,
            hold_samples=MOST_SAMPLES_HELD,
            engines=engines,
        ):
            if isinstance(event, Opening | ChunkDone):
                yield ""
            elif isinstance(event, Transcript):
                yield event.text

    pool.get(REF)
    return {"one engine": lambda: texts(lambda _: 1), "workbench": lambda: texts(lambda _: available_cores())}


def first_chunk_seconds(path: Path, pool: EnginePool, language: str, options: Mapping[str, Any]) -> float:
    """What the loaded engine alone takes for the sound of the first chunk, already cut: the median of three times."""
    engine = pool.get(REF)
    opening = survey_opening(FileSound(path, sample_rate=None), engine.info, parse_chain(""), max_seconds=30.0)
    assert opening is not None, "the recording is long, and somebody speaks"
    clip, asked = opening.cut(opening.chunks[0]), DecodeOptions(language=language, extra=dict(options))
    seconds: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        engine.transcribe([clip], asked)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def main() -> None:
    """Take turns, then say the medians."""
    arguments = _parsed()
    quieten()
    settings = replace(Settings.from_env(), home=Path(tempfile.mkdtemp(prefix="bench-recording-")))
    path: Path = arguments.folder / "long.flac"
    options = {key: json.loads(value) for key, _, value in (one.partition("=") for one in arguments.option)}
    pool = EnginePool(settings)
    ways = faster_whisper_ways(path, settings, arguments.language, options)
    ways |= workbench_ways(path, pool, arguments.language, options)
    ways = {name: way for name, way in ways.items() if name in (arguments.way or ways)}
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    for _ in range(arguments.turns):
        for name, way in ways.items():
            turns[name].append(timed(way))
            print(f"{name}: {turns[name][-1].wall_seconds:.1f} s at load {psutil.getloadavg()[0]:.1f}", flush=True)
    alone = first_chunk_seconds(path, pool, arguments.language, options)
    pool.unload()
    _tell(turns, _said(arguments.folder), alone)


def _said(folder: Path) -> list[str]:
    sentences = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    return [unit for one in sentences for unit in _units(one["text"])]


def _units(text: str) -> list[str]:
    return spoken_units(find_ruler("zh").apply(text))


def _tell(turns: Mapping[str, list[Turn]], said: list[str], alone: float) -> None:
    walls = {name: median(one.wall_seconds for one in several) for name, several in turns.items()}
    baseline = min((wall for name, wall in walls.items() if name.startswith("batched")), default=min(walls.values()))
    for name, several in turns.items():
        errors = Levenshtein.distance(said, _units(several[-1].text))
        print(
            f"{name:12} {walls[name]:7.1f} s  {baseline / walls[name]:5.2f} x the best batched  "
            f"{median(one.cpu_seconds for one in several):7.1f} processor s  "
            f"first text {median(one.first_seconds for one in several):5.1f} s  "
            f"{errors} errors of {len(said)} ({errors / len(said):.1%})"
        )
    print(f"the engine alone takes {alone:.2f} s for the first chunk")
    for name in {"one engine", "workbench"} & turns.keys():
        first = median(one.first_seconds for one in turns[name])
        print(f"first text with {name}: {first / alone:.2f} times that")
    if {"one engine", "workbench"} <= turns.keys():
        print(f"same text with several engines: {turns['one engine'][-1].text == turns['workbench'][-1].text}")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="of long_recording.py")
    parser.add_argument("--language", default="en")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=JSON", help="of all ways")
    parser.add_argument("--way", action="append", help="only this; may be given several times")
    parser.add_argument("--turns", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()

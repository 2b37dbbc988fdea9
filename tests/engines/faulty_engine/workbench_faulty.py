"""An engine that does to its process whatever a clip's name says: `hang.wav`, `crash-once.wav`, `plain.wav`.

What ends in `-once` happens the first time only, in this home.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench import sealed
from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, DecodeOptions, EngineInfo, Hypothesis, Segment, Word
from workbench.errors import EngineError, ModelMissing, UnknownName
from workbench.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyOptions:
    times: int = field(default=1, metadata={"help": "How often the text is said."})


def crash() -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ""


def leave() -> str:
    os._exit(3)


def hang() -> str:
    while True:
        time.sleep(1)


def hang_in_c() -> str:
    """As a native library does that never gives the interpreter back."""
    return str(ctypes.PyDLL(None).pause())


def allocate() -> str:
    import resource

    limit = 2 * 1024**3
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    return str(len(bytearray(limit)))


def chatter() -> str:
    os.write(1, b"\xff\xfe garbage " * 1000)
    print("more of it", flush=True)
    return sys.stdin.read() or "nothing to read"


def refuse() -> str:
    raise UnknownName("voice", "tenor", ["bass"])


def lose_model() -> str:
    raise ModelMissing("faulty", "weights", command="find them")


def spoil() -> str:
    raise RuntimeError("CUDA error: device-side assert triggered")


def stumble() -> str:
    raise KeyError("missing")


def wrapped_memory() -> str:
    try:
        raise MemoryError
    except MemoryError as error:
        raise EngineError("The device is full.", hint="Smaller.") from error


def say_surroundings() -> str:
    return json.dumps(
        {
            "threads": os.environ.get("OMP_NUM_THREADS"),
            "guard": sealed.layers().guard,
            "offline": os.environ.get("HF_HUB_OFFLINE"),
            "group": os.getpgid(0) == os.getpid(),
        }
    )


def work() -> str:
    block = bytearray(200_000_000)
    end = time.process_time() + 0.2
    while time.process_time() < end:
        block[0] += 0
    return "worked"


DEEDS = {
    "crash": crash, "leave": leave, "hang": hang, "pause": hang_in_c, "allocate": allocate, "chatter": chatter,
    "refuse": refuse, "lose": lose_model, "spoil": spoil, "stumble": stumble, "memory": wrapped_memory,
    "surroundings": say_surroundings, "work": work,
}  # fmt: skip


class FaultyEngine:
    def __init__(self, info: EngineInfo, home: Path) -> None:
        self.info = info
        self._home = home

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        own: FaultyOptions = self.info.validated(options.extra)
        if self.info.model_id == "doomed":
            crash()
        heard = [self._one(clip, own) for clip in clips]
        return heard[1:] if clips[0].source == "few.wav" else heard

    def _one(self, clip: AudioClip, own: FaultyOptions) -> Hypothesis:
        deed, once, _ = Path(clip.source).stem.partition("-once")
        text = f"{clip.digest[:8]} {clip.duration:.3f} " * own.times
        marker = self._home / f"{deed}.done"
        if deed in DEEDS and not (once and marker.exists()):
            self._home.mkdir(exist_ok=True)
            marker.touch()
            text = DEEDS[deed]()
        clip.samples[:] += 0  # as a library that works in place
        word = Word(start=0.1, end=0.2, text="語", confidence=0.1 + 0.2)
        segment = Segment(start=0.1, end=clip.duration, text=text, words=(word,))
        return Hypothesis(text=text, raw=text, language="yue", segments=(segment,), finish="eos", warnings=("a", "b"))

    def close(self) -> None:
        pass


class FaultyPlugin:
    name = "faulty"
    summary = "Fails as it is told to; for tests."
    models = ("plain", "doomed", "dies-loading", "hangs-loading", "not-here")

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            model_id=model or "plain",
            languages=("en", "yue"),
            capabilities=frozenset({"language", "batch"}),
            options=FaultyOptions,
            runtime="python",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:
        return Availability(ok=True, reason="It runs anywhere.")

    def load(self, model: str | None, settings: Settings) -> FaultyEngine:
        if model == "dies-loading":
            crash()
        if model == "hangs-loading":
            hang()
        if model == "not-here":
            raise ModelMissing(self.name, "not-here", command="workbench models fetch not-here")
        return FaultyEngine(replace(self.info(model, settings), device="cpu", dtype="none"), settings.home)


PLUGIN = FaultyPlugin()

"""An engine that ends the worker above its process where a clip's name says so: `deadly.wav`, `deadly-once.wav`.

Each answer says which sound came in. Each call leaves a line in the home, so that a test can count them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, DecodeOptions, EngineInfo, Hypothesis
from workbench.errors import ModelMissing
from workbench.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlyOptions:
    seconds: float = field(default=0.0, metadata={"help": "How long each clip takes."})


class DeadlyEngine:
    def __init__(self, info: EngineInfo, home: Path) -> None:
        self.info = info
        self._home = home

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        return [self._one(clip, self.info.validated(options.extra).seconds) for clip in clips]

    def _one(self, clip: AudioClip, seconds: float) -> Hypothesis:
        with (self._home / "calls.txt").open("a") as file:
            file.write(f"{os.getppid()} {clip.source} {os.environ.get('OMP_NUM_THREADS')}\n")
        time.sleep(seconds)
        deadly, once, _ = Path(clip.source).stem.partition("-once")
        marker = self._home / "done.txt"
        if deadly == "deadly" and not (once and marker.exists()):
            marker.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)  # this process ends as its input does
        text = f"{clip.digest[:8]} {clip.duration:.3f}"
        return Hypothesis(text=text, raw=text, language="en", finish="eos")

    def close(self) -> None:
        pass


class DeadlyPlugin:
    name = "deadly"
    summary = "Ends workers; for tests."
    models = ("plain", "not-here")

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            model_id=model or "plain",
            languages=("en",),
            capabilities=frozenset({"language", "batch"}),
            options=DeadlyOptions,
            device="cpu",
            dtype="none",
            runtime="python",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:
        return Availability(ok=True, reason="It runs anywhere.")

    def load(self, model: str | None, settings: Settings) -> DeadlyEngine:
        if model == "not-here":
            raise ModelMissing(self.name, "not-here", command="find it")
        settings.home.mkdir(parents=True, exist_ok=True)
        return DeadlyEngine(self.info(model, settings), settings.home)


PLUGIN = DeadlyPlugin()

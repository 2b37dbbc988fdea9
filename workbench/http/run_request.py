"""What a request says of how to transcribe sets, whichever verb it asks for."""

from __future__ import annotations

from typing import Any, Literal

import pydantic


class RunRequest(pydantic.BaseModel):
    """The arguments that `services.bench_events` shares with the sweeps and curves made of its runs."""

    model_config = pydantic.ConfigDict(extra="forbid")

    sets: list[str]
    language: str = "set"
    context: str = ""
    options: dict[str, Any] = {}
    limit: int | None = None
    where: dict[str, str] = {}
    batch_size: int = 1
    on_existing: Literal["reuse", "resume", "again"] = "resume"
    seed: int = 0
    chunk_seconds: float | None = None
    executor: str = "local"
    measure: Literal["throughput", "single"] | None = None
    workers: int | None = None
    ray_address: Literal["local", "auto"] | None = None  # never where a request would have this process connect to
    ray_audio: Literal["path", "send"] = "path"
    ruler: str | None = None

"""What a run is on disk and as a stream of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.engines.base import Finish, Segment
from workbench.pipeline.measurement import Measurement

FORMAT_VERSION = 1

Status = Literal["started", "success", "error", "cancelled"]
OnExisting = Literal["reuse", "resume", "again"]
Scalar = bool | int | float | str  # in this order pydantic writes True and 5 as they are, not as 1.0 and 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Everything that decides the texts of a run. The ruler is not in it: scoring comes later.

    Attributes:
        eval_set: Name of the set, or of several joined by "+".
        set_digest: sha256 over the items' ids, texts and audio bytes.
        set_language: The set's language code; "mixed" where its items differ.
        items: How many items.
        engine: Engine as asked for, `name[:model]`.
        model_id: Which weights.
        revision: Which version of them.
        language: "set" (each item's own), "auto", or a code told to the engine for every item.
        context: Hotwords.
        options: The engine's own options, all of them, defaults included.
        chain: The resolved chain with versions and parameters; empty for no preprocessing.
        device: Where the weights were.
        dtype: In what precision.
        batch_size: Clips decoded together.
        seed: For whatever draws random numbers.
        chunk_seconds: Clips that are longer were cut at pauses into stretches of at most this; None: only where they
            are longer than the engine takes.
    """

    eval_set: str
    set_digest: str
    set_language: str
    items: int
    engine: str
    model_id: str
    revision: str
    language: str
    context: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    chain: str
    device: str
    dtype: str
    batch_size: int
    seed: int = 0
    chunk_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """One transcribed item, with the reference as it was then: a stored run can be scored by itself.

    Attributes:
        measurement: What it cost; None for another system's text, of which nothing was measured here.
        duration: Seconds of audio as the set labels them, where nothing was measured; else None.
    """

    kind: Literal["result"] = "result"
    id: str
    reference: str
    text: str
    raw: str
    language: str | None
    finish: Finish
    measurement: Measurement | None = None
    duration: float | None = None
    segments: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()
    tags: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    audio: str = ""

    @property
    def audio_seconds(self) -> float | None:
        """Length of the recording: measured, else as labelled; None where neither is known."""
        return self.duration if self.measurement is None else self.measurement.audio_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailure:
    """One item that could not be transcribed; the rest went on."""

    kind: Literal["failure"] = "failure"
    id: str
    reference: str
    error: str
    message: str
    tags: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    audio: str = ""


ItemOutcome = ItemResult | ItemFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """First event: what will be done. `done` items were found finished in the store."""

    kind: Literal["started"] = "started"
    run_id: str
    total: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Last event of a run that was not cancelled."""

    kind: Literal["finished"] = "finished"
    run_id: str
    status: Status
    transcribed: int
    failed: int
    wall_seconds: float


RunEvent = RunStarted | ItemResult | ItemFailure | RunFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """`run.json`: format version, spec as passed and as resolved, environment, status.

    Attributes:
        run_id: Its folder's name.
        passed: The arguments as given.
        spec: What they came to.
        environment: Packages, git, platform, GPU, driver.
        status: `started` until it ends; a run that was killed stays `started`.
        created: ISO 8601 with zone.
        finished: The same; None until it ends.
        wall_seconds: From the first counted item to the last, model loaded; summed over resumptions.
        load_seconds: How long the model took to load.
        error: Why it ended with `error`; empty otherwise.
        reproduces: Id of the run that this one was made to reproduce; empty for one made for itself.
        bundle: sha256 of the manifest of the sealed bundle it came in; empty for a run made in this home.
        notes: What happened on the way and changed how the rest was done, one sentence each.
    """

    format_version: int = FORMAT_VERSION
    run_id: str
    passed: Mapping[str, Any]
    spec: RunSpec
    environment: Mapping[str, Any]
    status: Status
    created: str
    finished: str | None = None
    wall_seconds: float | None = None
    load_seconds: float | None = None
    error: str = ""
    reproduces: str = ""
    bundle: str = ""
    notes: tuple[str, ...] = ()

"""What a benchmark has to do: the spec it comes to, and each item's options."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.audio.steps import Chain
from workbench.engines.base import DecodeOptions, EngineInfo
from workbench.engines.registry import EngineRef
from workbench.errors import UnknownName, UsageError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.pipeline.transcribe import resolve_options
from workbench.runs.records import RunSpec

Resolved = tuple[DecodeOptions, tuple[str, ...]]
"""Options the engine can use, and warnings where they are not those asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A set, and how an engine is to transcribe it; checked when it is made.

    Attributes:
        eval_set: What.
        ref: The engine as asked for.
        info: What the loaded engine says of itself.
        chain: Preprocessing.
        language: "set" (each item's own), "auto", or a code or name told to the engine for every item.
        context: Hotwords.
        options: The engine's own options as asked for.
        batch_size: Clips decoded together.
        seed: For whatever draws random numbers.
        chunk_seconds: Longer clips are cut at pauses into stretches of at most this; None only cuts what is longer than
            the engine takes.

    Raises:
        UsageError: A language, option, batch size or chunk length that the engine cannot use.
    """

    eval_set: EvalSet
    ref: EngineRef
    info: EngineInfo
    chain: Chain
    language: str
    context: str
    options: Mapping[str, Any]
    batch_size: int
    seed: int
    chunk_seconds: float | None = None
    _resolved: dict[str, Resolved] = field(default_factory=dict[str, Resolved], init=False, repr=False)

    def __post_init__(self) -> None:
        self._resolve(None if self.language == "set" else self.language)
        checked_chunk_seconds(self.chunk_seconds)
        if self.batch_size < 1:
            raise UsageError(f"A batch of {self.batch_size} clips is none.", hint="Use 1 or more.")
        if self.batch_size > 1 and "batch" not in self.info.capabilities:
            raise UsageError(f"The engine {self.info.name} takes one clip at a time.", hint="Use a batch size of 1.")

    @property
    def spec(self) -> RunSpec:
        """Everything that decides the texts. Reads every recording for the set's digest."""
        asked, _ = self._resolve(None)
        return RunSpec(
            eval_set=self.eval_set.name,
            set_digest=self.eval_set.digest(),
            set_language=self.eval_set.language,
            items=len(self.eval_set.items),
            engine=str(self.ref),
            model_id=self.info.model_id,
            revision=self.info.revision,
            language=self.language,
            context=asked.context,
            options=self._all_options(),
            chain=str(self.chain),
            device=self.info.device,
            dtype=self.info.dtype,
            batch_size=self.batch_size,
            seed=self.seed,
            chunk_seconds=checked_chunk_seconds(self.chunk_seconds),
        )

    @property
    def longest_seconds(self) -> float | None:
        """The longest stretch that the engine is given; None for no limit."""
        return min((one for one in (self.chunk_seconds, self.info.max_seconds) if one is not None), default=None)

    def options_for(self, item: EvalItem) -> Resolved:
        """What to ask of the engine for one item.

        Under "set", a label that is no plain language ("zh-en", "mixed", nothing) leaves it to the engine; so does a
        language that the engine does not know, with a warning.
        """
        language = item.language if self.language == "set" else self.language
        if language not in self._resolved:
            resolve = self._resolve_label if self.language == "set" else self._resolve
            self._resolved[language] = resolve(language)
        return self._resolved[language]

    def _resolve_label(self, label: str) -> Resolved:
        try:
            return self._resolve(label or None)
        except UnknownName:
            return self._resolve(None)
        except UsageError as error:
            options, warnings = self._resolve(None)
            return options, (f"{error.message} It decided by itself.", *warnings)

    def _resolve(self, language: str | None) -> Resolved:
        asked = DecodeOptions(language=language, context=self.context, extra=self._all_options())
        return resolve_options(self.info, asked)

    def _all_options(self) -> dict[str, Any]:
        return dataclasses.asdict(self.info.validated(self.options))

"""A stored run made again: what is here of what it was made with, and whether the same comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import RunError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.environment import environment
from workbench.runs.imported import ENGINE
from workbench.runs.made import Making, compare_making
from workbench.runs.records import ItemOutcome, ItemResult, RunRecord, Status
from workbench.runs.run_diff import TextDifferences, diff_texts, making_json, texts_json
from workbench.runs.store import StoredRun
from workbench.runs.summary import summarise
from workbench.runs.workload import Workload
from workbench.scoring.score import Metric
from workbench.text.rulers import MetricName, Ruler

_SAMPLED = "Decoded by sampling"
"""How an engine's warning begins that a text was drawn (`engines.faster_whisper`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionPlan:
    """What will be made again, told before it begins.

    Attributes:
        run_id: The first run.
        work: The set and how an engine is to transcribe it.
        making: How it would be made here against how it was: A is then, B is now.
        recordings: Where the recordings come from, as a sentence.
    """

    run_id: str
    work: Workload
    making: Making
    recordings: str

    @property
    def sentence(self) -> str:
        """How much is as it was."""
        there = len(self.making.same)
        changing = [one.name for one in self.making.that_change("text")]
        differs = f"What differs and can change a text: {', '.join(changing)}." if changing else ""
        nothing = "Nothing recorded that can change a text differs."
        return f"{there} things are as they were. {differs or nothing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTwice:
    """A rate of the first run and of its reproduction."""

    first: float | None
    again: float | None
    equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Whether the same came out.

    Attributes:
        first: Id of the run that was made again.
        again: Id of the run that was made.
        status: How that one ended.
        texts: What both heard; A is the first.
        rates: Every rate, equal where all its counts are.
        ruler: Name, version and hash of what both were scored under.
        reasons: Why texts differ, likely, a sentence each; empty where none does.
        sampled: Clips among those that differ whose text was drawn by sampling, in either run.
    """

    first: str
    again: str
    status: Status
    texts: TextDifferences
    rates: Mapping[MetricName, RateTwice]
    ruler: str
    reasons: tuple[str, ...]
    sampled: tuple[str, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every clip came out the same, to the character, and it came to its end."""
        return self.status == "success" and self.texts.all_identical and self.texts.compared > 0

    @property
    def sentence(self) -> str:
        """The verdict."""
        equal = all(one.equal for one in self.rates.values())
        said = "Reproduced." if self.reproduced else "Not reproduced."
        return f"{said} {self.texts.sentence} {'All scores are equal.' if equal else 'Scores differ.'}"


def plan_reproduction(run: StoredRun, candidates: Sequence[EvalSet], *, pool: EnginePool) -> ReproductionPlan:
    """What it takes to make a run again, held against what is here. Loads the engine.

    Args:
        run: The first run.
        candidates: What its sets are here now; empty where they are not.
        pool: Where the engine comes from.

    Raises:
        RunError: It cannot be made again here: other systems' texts, no recordings.
        EngineError, UsageError: The engine, the model or a step of the chain is not here.
    """
    spec = run.record.spec
    if spec.engine.startswith(f"{ENGINE}:"):
        raise RunError(
            f"{run.record.run_id} holds texts of another system: nothing here can make them again.",
            hint="Run that system again, and import what it gives.",
        )
    eval_set, recordings = _choose_set(run, candidates)
    ref = EngineRef.parse(spec.engine)
    work = Workload(
        eval_set=eval_set,
        ref=ref,
        info=pool.get(ref).info,
        chain=parse_chain(spec.chain),
        language=spec.language,
        context=spec.context,
        options=spec.options,
        batch_size=spec.batch_size,
        seed=spec.seed,
        chunk_seconds=spec.chunk_seconds,
    )
    making = compare_making(spec, run.record.environment, work.spec, environment())
    return ReproductionPlan(run_id=run.record.run_id, work=work, making=making, recordings=recordings)


def _choose_set(run: StoredRun, candidates: Sequence[EvalSet]) -> tuple[EvalSet, str]:
    """The set whose digest is the run's, else the one of that name."""
    name, digest = run.record.spec.eval_set, run.record.spec.set_digest
    for found in candidates:
        if found.digest() == digest:
            return replace(found, name=name), f"The set {name} is as it was."
    own = _set_of(run)
    if own is not None and own.digest() == digest:
        return own, f"The recordings of {name} are where the run has them, and as they were."
    if candidates:
        return replace(candidates[0], name=name), f"The set {name} is here and is not as it was: its digest differs."
    raise RunError(
        f"{run.record.run_id} cannot be made again: the set {name} is not here, nor are its recordings.",
        hint="Put the set into eval_sets under your WORKBENCH_HOME, or import a bundle with recordings.",
    )


def _set_of(run: StoredRun) -> EvalSet | None:
    """The set as the outcomes know it; None where clips or recordings are lacking."""
    if run.missing or not all(one.audio and Path(one.audio).is_file() for one in run.outcomes):
        return None
    items = tuple(_item_of(one) for one in run.outcomes)
    return EvalSet(name=run.record.spec.eval_set, items=items, language=run.record.spec.set_language)


def _item_of(outcome: ItemOutcome) -> EvalItem:
    tags = dict(outcome.tags)
    language = str(tags.pop("language", ""))
    return EvalItem(id=outcome.id, audio=Path(outcome.audio), reference=outcome.reference, language=language, tags=tags)


def judge_reproduction(first: StoredRun, again: StoredRun, making: Making, *, ruler: Ruler) -> Reproduction:
    """Hold a reproduction against the first run.

    Args:
        first: The run that was made again.
        again: What came of it.
        making: How they were made.
        ruler: What both are scored under.
    """
    texts = diff_texts(first, again, ruler=ruler)
    sampled = tuple(_sampled(first, again, {one.id for one in texts.differing}))
    scores = [summarise(run, ruler=ruler).metrics for run in (first, again)]
    return Reproduction(
        first=first.record.run_id,
        again=again.record.run_id,
        status=again.record.status,
        texts=texts,
        rates={name: _twice(scores[0][name], scores[1][name]) for name in scores[0]},
        ruler=f"{ruler.id} {ruler.hash}",
        reasons=() if texts.all_identical else tuple(_reasons(making, sampled, again.record)),
        sampled=sampled,
    )


def _twice(first: Metric, again: Metric) -> RateTwice:
    equal = (first.counts, first.insertions_on_empty) == (again.counts, again.insertions_on_empty)
    return RateTwice(first=first.rate, again=again.rate, equal=equal)


def _sampled(first: StoredRun, again: StoredRun, differing: set[str]) -> Iterator[str]:
    drawn = {
        one.id
        for one in (*first.outcomes, *again.outcomes)
        if isinstance(one, ItemResult) and any(warning.startswith(_SAMPLED) for warning in one.warnings)
    }
    yield from (one.id for one in first.outcomes if one.id in drawn & differing)


def _reasons(making: Making, sampled: Sequence[str], again: RunRecord) -> Iterator[str]:
    if again.status != "success":
        yield "The reproduction did not come to its end."
    if sampled:
        yield f"Decoded by sampling, which may give another text each time: {', '.join(sampled)}."
    for one in making.that_change("text"):
        yield f"{one.name[:1].upper()}{one.name[1:]} was {_short(one.a)} and is {_short(one.b)}: {one.why}"
    yield from making.doubts
    yield from again.notes
    if not (sampled or making.that_change("text") or making.doubts or again.notes):
        yield "Nothing that is recorded differs: the engine itself does not give the same text each time."


def _short(value: Any) -> str:
    text = "nothing" if value in (None, "", [], {}) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def plan_json(plan: ReproductionPlan) -> dict[str, Any]:
    """A plan for every door."""
    return {
        "run_id": plan.run_id,
        "sentence": plan.sentence,
        "recordings": plan.recordings,
        **making_json(plan.making),
    }


def reproduction_json(found: Reproduction) -> dict[str, Any]:
    """A verdict for every door."""
    return {
        "first": found.first,
        "again": found.again,
        "status": found.status,
        "reproduced": found.reproduced,
        "sentence": found.sentence,
        "texts": texts_json(found.texts),
        "rates": {name: asdict(one) for name, one in found.rates.items()},
        "ruler": found.ruler,
        "reasons": list(found.reasons),
        "sampled": list(found.sampled),
    }

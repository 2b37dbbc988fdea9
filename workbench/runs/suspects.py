"""Stored runs of one set held against its labels: which are probably wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import RunError, UsageError
from workbench.evalsets.corrections import Correction, Corrections
from workbench.evalsets.selection import MIXED
from workbench.runs.causes import speech_of
from workbench.runs.records import ItemResult, Scalar
from workbench.runs.store import StoredRun
from workbench.runs.tags import labelled
from workbench.scoring.suspects import ClipTexts, Suspect, Suspicions, find_suspects
from workbench.text.rulers import Ruler, default_ruler, headline_metric
from workbench.text.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One run whose texts are heard.

    Attributes:
        run_id: Its id: what `Suspect.texts` and `agreeing` name it by.
        name: Its engine, chain and whatever else tells it from the others, for people.
        weight: Of its vote; less where its errors are those of others.
    """

    run_id: str
    name: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectLabel:
    """A doubted label with what is needed to check it by ear.

    Attributes:
        rank: 1 is the most doubtful.
        suspect: Why it is doubted.
        audio: Path of the recording; empty where no run knows it.
        tags: Of the clip.
        correction: What a person has said of this label since; None where nobody has.
    """

    rank: int
    suspect: Suspect
    audio: str
    tags: Mapping[str, Scalar]
    correction: Correction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectLabels:
    """A set's labels, the most doubtful first.

    Attributes:
        eval_set: Name of the set.
        ruler: Name and version of what texts were compared under.
        ruler_hash: What it was made of.
        witnesses: The runs, in the order given.
        judged: Clips with a reference and the texts of two runs or more.
        doubted: How many of them any consensus speaks against; `rows` may hold fewer.
        empty_references: Ids of clips not judged, since nothing is left of their reference under the ruler.
        too_few_texts: Ids of clips not judged, since fewer than two runs have a text for them.
        reference_differs: Ids of clips not judged, since the runs have different references for them.
        rows: As far as asked for.
    """

    eval_set: str
    ruler: str
    ruler_hash: str
    witnesses: tuple[Witness, ...]
    judged: int
    doubted: int
    empty_references: tuple[str, ...]
    too_few_texts: tuple[str, ...]
    reference_differs: tuple[str, ...]
    rows: tuple[SuspectLabel, ...]


def suspects_ruler(language: str) -> str:
    """The ruler that labels are judged under unless told otherwise: the set's own; "mixed" where languages differ.

    `mixed` treats English as English there, so that contractions and spellings are no objections.
    """
    return "mixed" if language.lower() == MIXED else default_ruler(language)


def find_suspect_labels(
    runs: Sequence[StoredRun], *, ruler: Ruler, corrections: Corrections, limit: int | None = None
) -> SuspectLabels:
    """Rank the labels of a set by how probably they are wrong; see `scoring.suspects.find_suspects`.

    Published labels are judged. Those that a person has corrected since keep their rank, with what was said of them.

    Args:
        runs: Two or more over the same set; three or more, of different models, say much more.
        ruler: Applied to labels and texts.
        corrections: Of the set.
        limit: Only the first so many.

    Raises:
        UsageError: Fewer than two different runs, or `limit` is below 1.
        RunError: No clip has the texts of two runs.
    """
    if len({run.record.run_id for run in runs}) < max(2, len(runs)):
        raise UsageError(
            "Labels are judged by what several runs agree on.", hint="Name two different runs or more, each once."
        )
    if limit is not None and limit < 1:
        raise UsageError(f"A limit of {limit} leaves nothing to show.", hint="Use 1 or more.")
    results = _results(runs)
    differing = tuple(name for name, found in results.items() if len({one.reference for one in found.values()}) > 1)
    language = runs[0].record.spec.set_language
    clips = [_clip(name, found, language) for name, found in results.items() if name not in set(differing)]
    suspicions = find_suspects(clips, ruler, _unit(language))
    if not suspicions.judged and not suspicions.empty_references:
        raise RunError("No clip has the texts of two of these runs.", hint="Name runs over the same set.")
    rows = [
        _row(rank, suspect, labelled(list(results[suspect.id].values())), corrections)
        for rank, suspect in enumerate(suspicions.suspects[:limit], start=1)
    ]
    return SuspectLabels(
        eval_set=runs[0].record.spec.eval_set,
        ruler=suspicions.ruler,
        ruler_hash=suspicions.ruler_hash,
        witnesses=_witnesses(runs, suspicions),
        judged=suspicions.judged,
        doubted=len(suspicions.suspects),
        empty_references=suspicions.empty_references,
        too_few_texts=suspicions.too_few_texts,
        reference_differs=differing,
        rows=tuple(rows),
    )


def _results(runs: Sequence[StoredRun]) -> dict[str, dict[str, ItemResult]]:
    """Each clip's results by run; failures have no text to hear."""
    results: dict[str, dict[str, ItemResult]] = {}
    for run in runs:
        for outcome in run.outcomes:
            if isinstance(outcome, ItemResult):
                results.setdefault(outcome.id, {})[run.record.run_id] = outcome
    return results


def _clip(name: str, results: Mapping[str, ItemResult], language: str) -> ClipTexts:
    first = labelled(list(results.values()))
    own = str(first.tags.get("language") or language)
    return ClipTexts(
        id=name,
        reference=first.reference,
        texts={run: result.text for run, result in results.items()},
        group=own.lower(),
        speech=speech_of(own),
    )


def _unit(language: str) -> Unit:
    """Characters where that is how the language is counted and there are no readings; else words and Han characters."""
    return "char" if headline_metric(language) == "cer" and speech_of(language) is None else "mixed"


def _row(rank: int, suspect: Suspect, result: ItemResult, corrections: Corrections) -> SuspectLabel:
    return SuspectLabel(
        rank=rank,
        suspect=suspect,
        audio=result.audio,
        tags=result.tags,
        correction=corrections.by_label.get((suspect.id, suspect.reference)),
    )


def _witnesses(runs: Sequence[StoredRun], suspicions: Suspicions) -> tuple[Witness, ...]:
    names = [" ".join(part for part in (run.record.spec.engine, run.record.spec.chain) if part) for run in runs]
    many = Counter(names)
    return tuple(
        Witness(
            run_id=run.record.run_id,
            name=name if many[name] == 1 else f"{name} {_own_options(run, runs)}".strip(),
            weight=suspicions.weights.get(run.record.run_id, 1.0),
        )
        for run, name in zip(runs, names, strict=True)
    )


def _own_options(run: StoredRun, runs: Sequence[StoredRun]) -> str:
    """The options in which a run differs from another one; its id where there are none."""
    own = run.record.spec
    told = [
        f"{key}={value}"
        for key, value in own.options.items()
        if any(other.record.spec.options.get(key, value) != value for other in runs)
    ]
    if own.chunk_seconds is not None and any(other.record.spec.chunk_seconds != own.chunk_seconds for other in runs):
        told.append(f"chunk_seconds={own.chunk_seconds:g}")
    return " ".join(told) or run.record.run_id

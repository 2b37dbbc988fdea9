"""Noise variants of a set: the same clips in other conditions, as a set of its own; it goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.errors import AudioError, ManifestError, UsageError
from workbench.evalsets.conditions import Condition
from workbench.evalsets.derive_journal import Journal, held
from workbench.evalsets.layouts.reading import Refused
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.evalsets.noises import RATE, Background, NoiseMaker
from workbench.evalsets.replacing import put_in_place, put_in_the_place_of
from workbench.evalsets.variants import VERSION, Source, hear_source, make_variant
from workbench.evalsets.written import card_text, manifest_text, new_set_folder, read_card
from workbench.settings import Settings
from workbench.storage import told, write_new

_HELD = 16
"""Source clips in memory, for babble."""
_HEAD = ("source_set", "source_digest", "seed", "version")
"""What every variant depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeriveRequest:
    """What to derive.

    Attributes:
        source: The set; babble is made of all of its clips.
        items: Ids of those that variants are made of; None is all.
        conditions: What each is put into.
        name: Of the new set.
        seed: Of all that is drawn.
        title: For people; empty is made of the source's.
        skip_faulty: Leave out clips that cannot be used, and keep a list of them.
        replace: Take the place of a set of that name that is another.
    """

    source: EvalSet
    items: frozenset[str] | None = None
    conditions: Sequence[Condition]
    name: str
    seed: int = 0
    title: str = ""
    skip_faulty: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeriveProgress:
    """How many variants there are."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """The new set: `total == made + kept + len(refused) * conditions`.

    Attributes:
        name: Of the set.
        folder: Where it is.
        total: Clips times conditions.
        made: Variants made now.
        kept: Variants that an earlier, broken off command had made.
        refused: Clips that cannot be used, with the reason.
        conditions: Labels.
        seconds: Of all variants together.
        digest: As `EvalSet.digest`.
        existing: Whether the very same set was there already; then nothing was written.
    """

    name: str
    folder: Path
    total: int
    made: int
    kept: int
    refused: tuple[Refused, ...]
    conditions: tuple[str, ...]
    seconds: float
    digest: str
    existing: bool


def derive_events(request: DeriveRequest, settings: Settings) -> Generator[DeriveProgress | Derived, None, None]:
    """Make the variants; each is the same whatever else is asked for, and in whatever order.

    Raises:
        UsageError: The name is taken by another set, or a noise cannot be made.
        ManifestError: Clips cannot be used, and are not to be skipped.
    """
    target = new_set_folder(request.name, settings)
    items = [item for item in request.source.items if request.items is None or item.id in request.items]
    plan = _plan(request, items)
    if target.is_dir():
        card = read_card(target)
        if all(card.get("derive", {}).get(name) == value for name, value in plan.items()):
            yield _derived(request, target, card["derive"], made=0, existing=True)
            return
        if not request.replace:
            hint = "Choose another --name, or put this one in its place with --replace."
            raise UsageError(f"There is already a set named {target.name}, and it is another.", hint=hint)
    draft = settings.sets / f".{request.name}.partial"
    with held(draft):
        journal = Journal(draft, {name: plan[name] for name in _HEAD})
        refused = yield from _make(request, items, journal)
        if refused and (not request.skip_faulty or len(refused) == len(items)):
            hint = "Leave them out with --skip-faulty." if len(refused) < len(items) else "Check the set."
            raise ManifestError(request.source.name, [one.sentence for one in refused], hint=hint)
        yield _finish(request, items, refused, journal, plan, target)


def _plan(request: DeriveRequest, items: Sequence[EvalItem]) -> dict[str, Any]:
    """What decides every sample, as it is kept on the card."""
    return {
        "source_set": request.source.name,
        "source_digest": request.source.digest(),
        "clips": len(items),
        "clips_digest": hashlib.sha256("\n".join(item.id for item in items).encode()).hexdigest()[:16],
        "seed": request.seed,
        "version": VERSION,
        "conditions": [one.label for one in request.conditions],
        "conditions_digest": hashlib.sha256("\n".join(one.key for one in request.conditions).encode()).hexdigest()[:16],
    }


def _make(
    request: DeriveRequest, items: Sequence[EvalItem], journal: Journal
) -> Generator[DeriveProgress, None, list[Refused]]:
    @lru_cache(maxsize=_HELD)
    def read(path: Path) -> AudioClip:
        return read_clip(path, sample_rate=RATE)

    noises = NoiseMaker(request.source.items, lambda item: read(item.audio), request.seed)
    refused: list[Refused] = []
    wanted = {item.id: [(one, _key(request, item, one)) for one in request.conditions] for item in items}
    total = sum(map(len, wanted.values()))
    done = sum(key in journal.rows for pairs in wanted.values() for _, key in pairs)
    for item in items:
        missing = [(one, key) for one, key in wanted[item.id] if key not in journal.rows]
        if not missing:
            continue
        try:
            source = hear_source(item, read(item.audio))
        except AudioError as error:
            refused.append(Refused(file=item.audio.name, line=0, id=item.id, clause=error.message))
            continue
        for condition, key in missing:
            _make_one(request, source, condition, noises, journal, key)
            done += 1
            yield DeriveProgress(done=done, total=total)
    return refused


def _make_one(
    request: DeriveRequest,
    source: Source,
    condition: Condition,
    noises: NoiseMaker,
    journal: Journal,
    key: str,
) -> None:
    noise, item, size = condition.noise, source.item, source.clip.samples.size
    background: Callable[[], Background] | None = None
    if noise is not None:
        background = partial(noises.make, noise, item, size)
    variant = make_variant(source, condition, background, request.seed)
    row = {
        "id": f"{item.id}--{condition.slug}",
        "audio_filepath": f"audio/{key}.flac",
        "text": item.reference,
        "duration": round(variant.clip.duration, 6),
        "language": item.language,
        **{name: value for name, value in item.tags.items() if name not in ("start", "snr_db")},
        "condition": condition.label,
        "noise": condition.noise.label if condition.noise else "none",
        **({} if condition.snr_db is None else {"snr_db": _plain(condition.snr_db)}),
        "room": condition.room.label,
        "codec": condition.codec.label,
        "source_set": request.source.name,
        "source_id": item.id,
        "recording": item.tags.get("recording", item.id),
        "made": {"seed": request.seed, **variant.facts},  # no tags: nobody groups by a gain
    }
    journal.add(key, variant.clip, row)


def _plain(number: float) -> float | int:
    """20 for 20.0, so that `--where snr_db=20` finds it."""
    return int(number) if number.is_integer() else number


def _key(request: DeriveRequest, item: EvalItem, condition: Condition) -> str:
    parts = (VERSION, request.seed, request.source.name, item.id, condition.key)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


def _finish(
    request: DeriveRequest,
    items: Sequence[EvalItem],
    refused: Sequence[Refused],
    journal: Journal,
    plan: Mapping[str, Any],
    target: Path,
) -> Derived:
    draft = journal.folder
    keys = [_key(request, item, condition) for item in items for condition in request.conditions]
    rows = [journal.rows[key] for key in keys if key in journal.rows]
    wanted = {row["audio_filepath"] for row in rows}
    for path in (draft / "audio").iterdir():
        if f"audio/{path.name}" not in wanted:
            path.unlink()
    clips = [EvalItem(id=row["id"], audio=draft / row["audio_filepath"], reference=row["text"]) for row in rows]
    made = {
        "digest": EvalSet(name=request.name, items=tuple(clips)).digest(),
        "seconds": round(sum(row["duration"] for row in rows), 3),
        "variants": len(rows),
    }
    refusals = [{"file": one.file, "line": one.line, "id": one.id, "fault": one.clause} for one in refused]
    card = {**plan, **made, "refused": [json.dumps(one, ensure_ascii=False) for one in refusals]}
    with told(f"The set {target.name}"):
        write_new(draft / "set.toml", _card(request, card).encode())
        write_new(draft / "manifest.jsonl", manifest_text(rows).encode())
    journal.close()
    put = put_in_the_place_of if target.is_dir() else put_in_place
    put(draft, target)
    return _derived(request, target, card, made=journal.made, existing=False)


def _card(request: DeriveRequest, table: Mapping[str, Any]) -> str:
    source = request.source
    fields = {
        "name": request.name,
        "version": str(VERSION),
        "title": request.title or f"{source.title or source.name}: {_say_conditions(len(request.conditions))}",
        "description": (
            f"Clips of {source.name} in other conditions: first the room, then noise at an SNR over speech, at 16 kHz, "
            "then the codec. The same clips in every condition; each line says how it was made."
        ),
        "licence": source.licence,
        "language": source.language,
        "synthetic": source.synthetic,
    }
    return card_text(fields, {"derive": table})


def _say_conditions(count: int) -> str:
    return "in one other condition" if count == 1 else f"in {count} conditions"


def _derived(request: DeriveRequest, target: Path, card: Mapping[str, Any], *, made: int, existing: bool) -> Derived:
    refusals = [json.loads(one) for one in card["refused"]]
    refused = (Refused(file=one["file"], line=one["line"], id=one["id"], clause=one["fault"]) for one in refusals)
    return Derived(
        name=request.name,
        folder=target,
        total=card["clips"] * len(card["conditions"]),
        made=made,
        kept=card["variants"] - made,
        refused=tuple(refused),
        conditions=tuple(card["conditions"]),
        seconds=float(card["seconds"]),
        digest=str(card["digest"]),
        existing=existing,
    )


def derived_json(found: Derived) -> dict[str, Any]:
    """The `sets derive --json` document."""
    return {
        "name": found.name,
        "folder": str(found.folder),
        "total": found.total,
        "made": found.made,
        "kept": found.kept,
        "refused": [{"id": one.id, "file": one.file, "fault": one.clause} for one in found.refused],
        "conditions": list(found.conditions),
        "seconds": found.seconds,
        "digest": found.digest,
        "existing": found.existing,
    }

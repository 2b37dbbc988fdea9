"""What the compared runs are called: a letter each, and what tells them apart. Pure: values in, HTML out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from string import ascii_uppercase

from workbench.runs.imported import ENGINE
from workbench.runs.records import RunRecord, RunSpec
from workbench.ui.catalogue import fill
from workbench.ui.language import phrase, say, tell

MOST_SYSTEMS = len(ascii_uppercase)
_ASKED = {
    "language": phrase("told {value}"),
    "context": phrase("context {value}"),
    "model_id": "{value}",
    "revision": "{value}",
}
_PREFIX = f"{ENGINE}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One of the compared runs.

    Attributes:
        letter: "A" is the baseline.
        run_id: Which run.
        name: Its engine, or the other system's name.
        settings: In what it differs from the others; empty where nothing does.
        imported: Whether its texts were brought from elsewhere.
    """

    letter: str
    run_id: str
    name: str
    settings: str
    imported: bool

    @property
    def label(self) -> str:
        """All of it in a line: `B · builtin · gain@1:peak_db=-3`."""
        return " · ".join(part for part in (self.letter, self.name, self.settings) if part)


def name_systems(records: Sequence[RunRecord]) -> tuple[System, ...]:
    """The runs in the order given, each with what tells it from the others.

    Args:
        records: At most `MOST_SYSTEMS`.
    """
    specs = [record.spec for record in records]
    told = [" · ".join(_settings(spec, specs)) for spec in specs]
    many = Counter((spec.engine, words) for spec, words in zip(specs, told, strict=True))
    return tuple(
        System(
            letter=letter,
            run_id=record.run_id,
            name=record.spec.engine.removeprefix(_PREFIX),
            settings=words if many[record.spec.engine, words] == 1 else _with_time(words, record),
            imported=record.spec.engine.startswith(_PREFIX),
        )
        for letter, record, words in zip(ascii_uppercase, records, told, strict=False)
    )


def systems_view(systems: Sequence[System]) -> str:
    """The letters with what they stand for; the first is the baseline."""
    baseline, imported = (f" <i class=wb-tag>{words}</i>" for words in (say("baseline"), say("imported")))
    rows = "".join(
        f'<li><b class="wb-letter">{one.letter}</b><span><bdi>{escape(one.name)}</bdi>'
        f"{f' <code>{escape(one.settings)}</code>' if one.settings else ''}"
        f"{baseline if place == 0 else ''}"
        f"{imported if one.imported else ''}</span></li>"
        for place, one in enumerate(systems)
    )
    return f'<ul class="wb-systems">{rows}</ul>'


def _settings(spec: RunSpec, all_specs: Sequence[RunSpec]) -> Iterator[str]:
    """Chain, and whatever else is not the same in all runs of that engine."""
    if spec.chain:
        yield spec.chain
    alike = [one for one in all_specs if one.engine == spec.engine]
    for name, value in spec.options.items():
        if any(one.options.get(name, value) != value for one in alike):
            yield f"{name}={str(value).lower() if isinstance(value, bool) else value}"
    for name, words in _ASKED.items():
        value = getattr(spec, name)
        if value and any(getattr(one, name) != value for one in alike):
            yield fill(tell(words), {"value": value})
    if spec.chunk_seconds is not None and any(one.chunk_seconds != spec.chunk_seconds for one in alike):
        yield say("chunks of {seconds} s", seconds=f"{spec.chunk_seconds:g}")
    if any(one.eval_set != spec.eval_set for one in all_specs):
        yield spec.eval_set


def _with_time(words: str, record: RunRecord) -> str:
    begun = say("begun {time}", time=record.created.replace("T", " ")[:19])
    return f"{words} · {begun}" if words else begun

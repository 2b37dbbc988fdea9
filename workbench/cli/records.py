"""What stored runs say of themselves: `workbench runs diff`, `reproduce`, `verify`, and `runs export --bundle`."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import closing
from typing import Any

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.syntax import Maker
from workbench.cli.tables import item_line, percent
from workbench.errors import UsageError
from workbench.runs.made import EFFECTS, Making
from workbench.runs.records import ItemFailure, ItemResult, RunStarted
from workbench.runs.reporting.figures import say_bytes
from workbench.runs.reproduction import Reproduction, ReproductionPlan, plan_json, reproduction_json
from workbench.runs.run_diff import TextDifferences, diff_json
from workbench.runs.verification import Verification, first_differences, verification_json

_HEADS = {"text": "Can change the text", "time": "Can change the time", "neither": "Can change neither"}
_WIDEST = 48
_SHOWN = 10


def add_actions(action: Maker) -> None:
    """The actions of `runs` that are here, with their arguments."""
    held = action("diff", "records:diff", "What differs between two runs.", services.diff_records)
    held.add("run_a", "run_a", metavar="RUN_A")
    held.add("run_b", "run_b", metavar="RUN_B")
    held.add("--ruler", "ruler", metavar="RULER")
    made = action("reproduce", "records:reproduce", "Make a run again.", services.reproduce_events)
    made.add("run", "run", metavar="RUN")
    made.add("--ruler", "ruler", metavar="RULER")
    sealed = action("verify", "records:verify", "Check a sealed bundle, and score it again.", services.verify)
    sealed.add("bundle", "bundle", metavar="FILE")
    sealed.add("--seal", "seal", metavar="SHA256")


def diff(arguments: Namespace, console: Console) -> int:
    """Say what differs between two runs.

    Raises:
        WorkbenchError: A run cannot be read.
    """
    found = services.diff_records(arguments.run_a, arguments.run_b, **passed_on(arguments, services.diff_records))
    console.document(diff_json(found))
    console.say(f"A is {found.run_a}")
    console.say(f"B is {found.run_b}")
    _say_making(found.making, console)
    console.say("")
    _say_texts(found.texts, console)
    return 0


def reproduce(arguments: Namespace, console: Console) -> int:
    """Make a run again; 1 where not every text comes out the same.

    Raises:
        WorkbenchError: It cannot be made again here, or broke off.
    """
    told = _Told(console)
    events = services.reproduce_events(arguments.run, **passed_on(arguments, services.reproduce_events))
    with console.progress("reproduce") as advance, closing(events):
        for event in events:
            told.tell(event, advance)
    assert told.plan is not None
    assert told.verdict is not None
    console.document({"plan": plan_json(told.plan), **reproduction_json(told.verdict)})
    _say_verdict(told.verdict, console)
    return 0 if told.verdict.reproduced else 1


class _Told:
    """Tells the events of a reproduction: the plan as a part of the result, clips beside it."""

    def __init__(self, console: Console) -> None:
        self.plan: ReproductionPlan | None = None
        self.verdict: Reproduction | None = None
        self._console = console
        self._done = self._total = 0

    def tell(self, event: Any, advance: Any) -> None:
        if isinstance(event, ReproductionPlan):
            self.plan = event
            self._console.say(f"Making {event.run_id} again. {event.recordings}")
            self._console.say(event.sentence)
            _say_making(event.making, self._console)
        elif isinstance(event, RunStarted):
            self._total = event.total
            kept = f", {event.done} of them done before" if event.done else ""
            self._console.note(f"Run {event.run_id}: {event.total} clips{kept}.")
        elif isinstance(event, ItemResult | ItemFailure):
            self._done += 1
            self._console.note(f"[{self._done}/{self._total}] {item_line(event)}")
            advance(self._done, self._total)
        elif isinstance(event, Reproduction):
            self.verdict = event


def verify(arguments: Namespace, console: Console) -> int:
    """Check a sealed bundle and score it again; 1 where figures differ.

    Raises:
        WorkbenchError: It is no bundle, or was changed.
    """
    found = services.verify(arguments.bundle, **passed_on(arguments, services.verify))
    console.document(verification_json(found))
    _say_verification(found, console)
    return 0 if found.equal else 1


def export_bundle(arguments: Namespace, console: Console) -> int:
    """Seal a run into a file.

    Raises:
        WorkbenchError: The run cannot be read, or the file cannot be written.
    """
    if arguments.audio:
        _ask_for_audio(arguments, console)
    made = services.export_bundle(arguments.run, arguments.bundle, **passed_on(arguments, services.export_bundle))
    console.document(
        {
            "written": str(made.path),
            **{name: getattr(made, name) for name in ("run_id", "seal", "bytes", "items", "audio")},
        }
    )
    recordings = f", {made.audio} recordings" if made.audio else ", no recordings"
    console.say(f"Sealed {made.run_id} in {made.path}: {made.items} clips{recordings}, {say_bytes(made.bytes)}.")
    console.say(f"Seal: {made.seal}")
    return 0


def _ask_for_audio(arguments: Namespace, console: Console) -> None:
    """Recordings are handed on only by somebody who has read how much that is.

    Raises:
        UsageError: Nobody can be asked, or they said no.
    """
    size = services.measure_recordings(arguments.run)
    told = f"{size.files} recordings, {say_bytes(size.bytes)}, will be in the bundle as they are."
    console.note(told)
    if arguments.yes:
        return
    if console.as_json or not sys.stdin.isatty():
        raise UsageError(f"Nobody can be asked: {told}", hint="Add --yes, or leave --audio out.")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was written.", hint="Leave --audio out to seal the run without recordings.")


def _say_making(making: Making, console: Console) -> None:
    for effect in EFFECTS:
        found = making.that_change(effect)
        if not found:
            console.say(f"{_HEADS[effect]}: nothing.")
            continue
        console.say(f"{_HEADS[effect]}:")
        rows = [(one.name, _short(one.a), _short(one.b), one.why) for one in found]
        console.table(("what", "A", "B", "why"), rows)
    for doubt in making.doubts:
        console.say(doubt)


def _say_texts(texts: TextDifferences, console: Console) -> None:
    console.say(texts.sentence)
    if texts.differing:
        rows = [
            (one.id, str(one.counts.errors), _short(one.a), _short(one.b), "yes" if one.same_under_ruler else "no")
            for one in texts.differing[:_SHOWN]
        ]
        console.table(("clip", "units", "A", "B", f"same under {texts.ruler}"), rows)
        if len(texts.differing) > _SHOWN:
            console.say(f"… and {len(texts.differing) - _SHOWN} more; --json has all.")
    for ids, what in (
        (texts.only_in_a, "only in A"),
        (texts.only_in_b, "only in B"),
        (texts.failed_in_a, "failed in A alone"),
        (texts.failed_in_b, "failed in B alone"),
        (texts.failed_in_both, "failed in both"),
        (texts.references_differ, "labelled otherwise"),
    ):
        if ids:
            more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
            console.say(f"{len(ids)} clips {what}: {', '.join(ids[:_SHOWN])}{more}.")


def _say_verdict(found: Reproduction, console: Console) -> None:
    console.say("")
    console.say(f"A is {found.first}")
    console.say(f"B is {found.again}")
    _say_texts(found.texts, console)
    rows = [
        (name.upper(), percent(one.first), percent(one.again), "yes" if one.equal else "no", found.ruler)
        for name, one in found.rates.items()
    ]
    console.table(("measure", "A", "B", "equal", "ruler"), rows)
    if found.reasons:
        console.say("Why, likely:")
    for reason in found.reasons:
        console.say(f"  {reason}")
    console.say(found.sentence)


def _say_verification(found: Verification, console: Console) -> None:
    recordings = f", {found.recordings} recordings" if found.recordings else ", no recordings"
    console.say(f"Run {found.run_id}: {found.items} clips{recordings}.")
    console.say(f"Seal: {found.seal}")
    console.say(f"Licence: {found.licence or 'not stated'}. Note: {found.note or 'none'}")
    console.say(f"All {found.files} parts are as the manifest says.")
    if found.set_digest is not None:
        console.say(f"Recordings and labels are {'' if found.set_digest else 'NOT '}those of the set's digest.")
    for change in found.rescoring.changed:
        console.say(change)
    if found.rescoring.differences:
        rows = [(one.where, str(one.then), str(one.now)) for one in first_differences(found)]
        console.table(("figure", "written", "here"), rows)
    console.say(found.sentence)


def _short(value: Any) -> str:
    text = "–" if value in (None, "", [], {}) else " ".join(str(value).split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"

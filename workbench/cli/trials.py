"""Choosing a system on recordings without labels: `workbench trial`."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console
from workbench.cli.sweeping import SweepTeller
from workbench.cli.syntax import Maker
from workbench.cli.tables import NOTHING, interval, percent
from workbench.runs.trial import Trial
from workbench.runs.trial_report import trial_json


def add_actions(action: Maker) -> None:
    """The actions of `trial`, with their arguments."""
    action("list", "trials:trials", "List the trials.", services.list_trials)
    start = action("start", "trials:start", "Transcribe recordings with several systems.", services.try_out_events)
    show = action("show", "trials:show", "What to label next, and what the labels say.", services.trial)
    label = action("label", "trials:label", "What was said in a clip.", services.label_clip)
    keep = action("keep", "trials:keep", "Make an eval set of the labelled clips.", services.keep_labels)
    delete = action("delete", "trials:delete", "Remove a trial; its runs stay.", services.delete_trial)
    for one in (start, show, label, keep, delete):
        one.add("name", "name", metavar="TRIAL")
    start.add("files", "files", nargs="*", metavar="FILE")
    start.add("--chain", "chains", action="append", metavar="CHAIN", default=None)
    start.add("--engine", "engines", action="append", metavar="ENGINE", default=None)
    start.add("--language", "language", metavar="LANGUAGE")
    start.add("--clip-seconds", "clip_seconds", type=float, metavar="SECONDS")
    start.add("--context", "context", metavar="TEXT", help="Names and terms to expect.")
    start.add("--option", "options", action="append", metavar="KEY=VALUE", help="The engine's own options.")
    show.add("--wanted", "wanted", type=int, metavar="N")
    show.add("--ruler", "ruler", metavar="RULER")
    label.add("clip", "clip", metavar="CLIP")
    label.add("--text", "text", metavar="TEXT")
    label.add("--unusable", "unusable", action="store_true")
    keep.add("set_name", "set_name", metavar="SET")


def trials(arguments: Namespace, console: Console) -> int:  # noqa: ARG001  every verb is called alike
    """List the trials."""
    records = services.list_trials()
    console.document(to_jsonable_python(records))
    console.table(
        ("trial", "clips", "systems", "language", "created"),
        [(one.name, str(one.clips), str(len(one.settings)), one.language or NOTHING, one.created) for one in records],
    )
    return 0


def start(arguments: Namespace, console: Console) -> int:
    """Cut recordings into clips and transcribe them with every system, or go on with that.

    Raises:
        WorkbenchError: A recording cannot be used, or the trial cannot begin.
    """
    chosen = passed_on(arguments, services.try_out_events)
    chosen |= {"chains": arguments.chains or [""], "engines": arguments.engines or [services.DEFAULT_ENGINE]}
    if arguments.options:
        chosen["options"] = pairs(arguments.options, "--option")
    if arguments.context:
        chosen["context"] = arguments.context
    told = SweepTeller(console)
    with (
        console.progress("trial") as advance,
        closing(services.try_out_events(arguments.name, arguments.files, **chosen)) as events,
    ):
        for event in events:
            told.tell(event, advance)
    if told.failed:
        told.tell_failures()
        return 1
    return _show(services.trial(arguments.name), console)


def show(arguments: Namespace, console: Console) -> int:
    """Say where a trial stands.

    Raises:
        WorkbenchError: No such trial, or not all its runs are there.
    """
    return _show(services.trial(arguments.name, **passed_on(arguments, services.trial)), console)


def label(arguments: Namespace, console: Console) -> int:
    """Keep what was said in a clip, or forget it.

    Raises:
        WorkbenchError: No such trial or clip, or two answers.
    """
    services.label_clip(arguments.name, arguments.clip, **passed_on(arguments, services.label_clip))
    console.document({"trial": arguments.name, "clip": arguments.clip})
    console.say(f"Kept for {arguments.clip}.")
    return 0


def keep(arguments: Namespace, console: Console) -> int:
    """Make an eval set of the labelled clips.

    Raises:
        WorkbenchError: Nothing was labelled, or there is such a set.
    """
    folder = services.keep_labels(arguments.name, arguments.set_name)
    console.document({"set": arguments.set_name, "folder": str(folder)})
    console.say(f"Made the set {arguments.set_name}.")
    return 0


def delete(arguments: Namespace, console: Console) -> int:
    """Remove a trial with its clips and labels; its runs stay.

    Raises:
        UnknownName: No such trial.
    """
    services.delete_trial(arguments.name)
    console.document({"deleted": arguments.name})
    console.say(f"Deleted {arguments.name}; its runs are still there.")
    return 0


def _show(found: Trial, console: Console) -> int:
    texts = {one.id: one for one in found.clips}
    console.document(trial_json(found))
    console.say(f"{len(found.clips)} clips, {found.labelled} of {found.wanted} drawn ones labelled.")
    console.table(
        ("system", found.metric.upper(), "95 % interval", "against the first"),
        [
            (one.setting.label, percent(one.rate.value), interval(one.rate.ci95), one.sentence or "baseline")
            for one in found.systems
        ],
    )
    if found.queue:
        one = texts[found.queue[0]]
        console.say(f"Next: {one.id} ({one.audio})")
        for setting, text in zip(found.settings, one.texts, strict=True):
            console.say(f"  {setting.label}: {' '.join(text.split())}")
    return 0

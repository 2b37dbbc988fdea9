"""What importing, checking and deriving do on the page: progress, what became of it, every fault."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import ManifestError, UsageError
from workbench.evalsets.deriving import Derived, DeriveProgress
from workbench.evalsets.draft import Imported
from workbench.evalsets.importing import ImportProgress
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.benchmark_form import known_sets, set_choice
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.curve_events import parse_numbers
from workbench.ui.faults import tell_fault
from workbench.ui.language import say, say_many, tell
from workbench.ui.notices import notice, page_error
from workbench.ui.stopping import Attempt, Stop, stops, until_stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears, and the list of sets that a new one is put into."""

    progress: Any
    answer: Any
    stop: Any
    sets: Any


class OwnSets:
    """What the panel's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return components_of(self.shown)

    def begin(self, stop: Stop) -> Updates:
        """At once on the click."""
        stop.begin()
        waiting = result.progress_view(self.context.labels.waiting, key="waiting")
        stop_button = gr.Button(visible=True, interactive=True)
        return {self.shown.answer: "", self.shown.progress: waiting, self.shown.stop: stop_button}

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; what an import had is given up, noise variants that are made are kept."""
        if stop.ask():
            return stops(self.shown.stop, self.shown.progress)
        return self._idle() | {self.shown.answer: notice(say("Stopped.")), self.shown.stop: gr.Button(visible=False)}

    def import_set(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """A layout on this machine as a set."""
        asked = {name: value.strip() if isinstance(value, str) else value for name, value in form.items()}
        given: dict[str, Any] = {name: value for name, value in asked.items() if value not in ("", None, False)}

        def work(attempt: Attempt) -> Generator[Updates, None, str]:
            if not given.get("folder"):
                raise UsageError("No folder is named.", hint="Write where the recordings lie on this machine.")
            events = services.import_set_events(**given, pool=self.context.pool)
            flags = {name: value for name, value in given.items() if name not in ("layout", "folder")}
            line = command_line("sets", ["import", str(given["layout"]), str(given["folder"])], **flags)
            found = yield from self._follow(until_stopped(events, attempt), say("Decoding"))
            return self._made(found, line)

        yield from self._work(stop, work)

    def check(self, stop: Stop, set: str) -> Generator[Updates, None, None]:
        """Every line and recording of a set."""

        def work(attempt: Attempt) -> Generator[Updates, None, str]:  # noqa: ARG001  it has no events to stop between
            if not (name := (set or "").strip()):
                raise UsageError("No set is named.", hint="Write its name, or its folder.")
            yield {self.shown.progress: result.progress_view(say("Checking every line and recording…"), key="check")}
            found = services.check_set(name, pool=self.context.pool)
            clips = say_many(len(found.items), "{count} clip", "{count} clips")
            told = say("{set}: {clips}, no faults.", set=found.name, clips=clips)
            line = command_line("sets", ["check", name])
            return notice(told) + command_view(line, element_id="own-command", labels=self.context.labels)

        yield from self._work(stop, work)

    def derive(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """Noise variants of a set."""

        def work(attempt: Attempt) -> Generator[Updates, None, str]:
            asked = _derive_arguments(form)
            events = services.derive_set_events(**asked, pool=self.context.pool)
            found = yield from self._follow(until_stopped(events, attempt), say("Mixing"))
            return self._made(found, _derive_command(asked))

        yield from self._work(stop, work)

    def _work(self, stop: Stop, work: Any) -> Generator[Updates, None, None]:
        with stop.turn() as attempt:
            if not attempt.over:
                try:
                    answer = yield from work(attempt)
                    yield self._idle() | self._list_sets() | {self.shown.answer: answer}
                except ManifestError as error:
                    yield self._idle() | {self.shown.answer: faults_view(error)}
                except Exception as error:
                    yield self._idle() | {self.shown.answer: page_error(error, self.context.labels)}

    def _follow(self, events: Any, words: str) -> Generator[Updates, None, Imported | Derived | None]:
        """Progress until the result, which is the last event; None where it was stopped."""
        found = None
        for event in events:
            if isinstance(event, ImportProgress | DeriveProgress):
                detail = say("{part} of {total}", part=f"{event.done:,}", total=f"{event.total:,}")
                bar = result.progress_view(words, done=event.done, total=event.total or None, detail=detail)
                yield {self.shown.progress: bar}
            else:
                found = event
        return found

    def _made(self, found: Imported | Derived | None, line: str) -> str:
        command = command_view(line, element_id="own-command", labels=self.context.labels)
        if found is None:
            return notice(say("Stopped.")) + command
        return made_view(found) + command

    def _list_sets(self) -> Updates:
        sets = [(set_choice(one), one.name) for one in known_sets(self.context)]
        return {self.shown.sets: gr.CheckboxGroup(choices=sets)}

    def _idle(self) -> Updates:
        return {self.shown.progress: ""}


def made_view(found: Imported | Derived) -> str:
    """What became of it: total, used, refused, each refusal with its place."""
    used = found.imported if isinstance(found, Imported) else found.made + found.kept
    told = say(
        "Set {set}: {used} of {total}, {length}.",
        set=found.name,
        used=f"{used:,}",
        total=f"{found.total:,}",
        length=written.duration(found.seconds),
    )
    more = [say("It was there already, the very same.")] if found.existing else []
    if isinstance(found, Imported):
        more += [say("Labels of other splits: {count}.", count=f"{found.outside:,}")] if found.outside else []
        more += [tell(one) for one in found.notes]
    else:
        more.append(say("Conditions: {conditions}.", conditions="; ".join(found.conditions)))
    refused = [one.sentence for one in found.refused]
    return notice(told, " ".join(more)) + _listed(say("Refused"), refused)


def faults_view(error: ManifestError) -> str:
    """Every fault, each with file, line and sentence."""
    return notice(
        say_many(len(error.faults), "{count} fault: nothing was made.", "{count} faults: nothing was made."),
        tell(error.hint),
        kind="error",
    ) + _listed(say("Faults"), error.faults)


def _listed(title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f'<li dir="auto">{escape(tell_fault(one))}</li>' for one in sentences)
    return (
        f'<details class="wb-panel wb-own-faults" open><summary>{escape(title)}: {len(sentences):,}</summary>'
        f"<ul>{items}</ul></details>"
    )


def _derive_arguments(form: Mapping[str, Any]) -> dict[str, Any]:
    if not (source := (form["set"] or "").strip()):
        raise UsageError("No set is named.", hint="Write its name, or its folder.")
    codecs = list(form["codec"] or [])
    seed = (form["seed"] or "0").strip()
    if not (seed.isascii() and seed.isdigit()):
        raise UsageError(f"{seed!r} is not a seed.", hint="Write a whole number.")
    return {
        "set": source,
        "noise": list(form["noise"] or []),
        "snr": parse_numbers(form["snr"]),
        "codec": ["none", *codecs],
        "name": (form["name"] or "").strip(),
        "seed": int(seed),
        "clean": bool(form["clean"]),
        "limit": controls.parse_limit(form["limit"]),
    }


def _derive_command(asked: Mapping[str, Any]) -> str:
    codecs = asked["codec"] if len(asked["codec"]) > 1 else None
    return command_line(
        "sets",
        ["derive", asked["set"]],
        noise=asked["noise"],
        snr=None if not asked["noise"] else ",".join(f"{one:g}" for one in asked["snr"]),
        codec=codecs,
        name=asked["name"],
        seed=asked["seed"] or None,
        no_clean=not asked["clean"],
        limit=asked["limit"],
    )

"""Every view of the page with hostile texts wherever data is shown; a view that is in no exercise is a failure."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hostile_texts import HOSTILE, Seen

from workbench import ui
from workbench.audio.clip import AudioClip
from workbench.audio.held import lend
from workbench.audio.inspection import inspect_clip
from workbench.engines.base import Segment
from workbench.errors import ManifestError, UsageError
from workbench.evalsets.corrections import Correction, Corrections
from workbench.evalsets.deriving import Derived
from workbench.evalsets.draft import Imported
from workbench.evalsets.layouts.reading import Refused
from workbench.evalsets.load import SetInfo
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.rerun import Rerun
from workbench.runs.clip_detail import take_apart
from workbench.runs.clip_query import ClipQuery
from workbench.runs.recommendation import Conditions, Recommendation
from workbench.runs.records import ItemFailure, ItemResult, RunStarted
from workbench.runs.running import RunningScore
from workbench.runs.store import StoredRun
from workbench.runs.suspects import find_suspect_labels
from workbench.runs.sweep_store import CellRun, Setting, SweepRecord
from workbench.runs.sweep_table import tabulate
from workbench.runs.trial import Label, assess_trial
from workbench.services.curves import CurveCellStarted
from workbench.services.saved import SavedItem
from workbench.text.rulers import find_ruler
from workbench.ui.answer import corrections_view
from workbench.ui.answers import Answer
from workbench.ui.chain_builder import builder_view
from workbench.ui.clip_view import detail_view, marks_view
from workbench.ui.commands import copy_button
from workbench.ui.compare_figures import no_cost_view
from workbench.ui.compare_recording import start_view as compare_start_view
from workbench.ui.controls import chain_note
from workbench.ui.curve_view import curves_view
from workbench.ui.editor import Editor
from workbench.ui.editor_again import head_view, proposal_view
from workbench.ui.editor_files import files_view
from workbench.ui.editor_view import card_view, history_view, speakers_view, tools_view
from workbench.ui.explorer_view import chips_view, no_detail_view
from workbench.ui.input_check import check_view
from workbench.ui.labels import ENGLISH
from workbench.ui.language import ENGLISH as ENGLISH_PAGE
from workbench.ui.live import Live
from workbench.ui.own_sets_events import faults_view, made_view
from workbench.ui.pace import Pace
from workbench.ui.queue import Entry, Queue
from workbench.ui.queue_view import queue_view
from workbench.ui.recorder import recorder_view
from workbench.ui.result import chunk_progress, start_view
from workbench.ui.review import coverage_view
from workbench.ui.saved import saved_view
from workbench.ui.segments import keys_view
from workbench.ui.sound_view import sound_view
from workbench.ui.status import brand_view, languages_view
from workbench.ui.stopping import stopping_view
from workbench.ui.suspects import needs_runs_view, suspects_view
from workbench.ui.sweep_view import recommendation_view, sweep_view
from workbench.ui.tables import sets_view, tags_view, totals_view
from workbench.ui.trial_view import clip_view, clips_view, estimates_view

sys.path.append(str(Path(__file__).parent))  # pytest imports its modules without it
test_compare_views = import_module("test_compare_views")
test_editor = import_module("test_editor")
test_views_curves = import_module("test_views_curves")
test_views_escape = import_module("test_views_escape")
test_views_explorer = import_module("test_views_explorer")
test_views_review = import_module("test_views_review")

ROOT = Path(ui.__file__).parent
NO_DATA = {
    "theme.head": "styles and scripts of the page, the same for everybody",
    "theme.css": "the same",
}
"""Functions that make markup of nothing that comes from outside."""

MARKUP = re.compile(r"<[a-z/!]")
BASIC = find_ruler("basic")


def told(text: str) -> str:
    """As the library keeps it: half a character is replaced before anything is stored."""
    return text.encode("utf-8", "replace").decode()


def transcribing(text: str) -> Iterator[str]:
    for view in test_views_escape.VIEWS.values():
        yield view(text)
    yield "".join((start_view(), recorder_view(), brand_view(), languages_view(ENGLISH_PAGE), stopping_view(text)))
    yield chunk_progress(index=0, total=2, audio_seconds=1.0, length=2.0, eta_seconds=3.0)
    yield coverage_view(replace(test_views_review.transcript(test_views_review.LOOP), source=text))
    advice = tuple(replace(one, sentence=text) for one in test_views_review.FOUND.advice)
    yield check_view(replace(test_views_review.FOUND, source=text, codec=text, advice=advice))
    yield keys_view(player_id=text, has_flags=True, is_editable=True)
    entries = [
        Entry(id=number, path=lend(Path(f"/a{number}")), name=text, caption=text, state=state, error=UsageError(text))
        for number, state in enumerate(("new", "waiting", "done", "failed", "stopped"))
    ]  # fmt: skip
    entries[2].answer = Answer(transcript=test_views_escape.transcript(text))
    yield queue_view(Queue(entries=entries, selected=entries[0]), fetch=("files/x", text))


def editing(text: str) -> Iterator[str]:
    flag = replace(test_editor.LOOP, start=0.0, sentence=text)
    answer = Answer(transcript=test_editor.transcript((f"a {text}",) * 3, flags=(flag,), source=text), command=text)
    editor = Editor(test_editor.context(Path("/nowhere")))
    editor.fill(answer)
    for asked in (
        {"act": "name", "label": "1", "name": text},
        {"act": "set", "segment": 0, "text": f"{text} x"},
        {"act": "correct", "rules": [], "replacements": f"x => {text}"},
    ):
        editor.ask({"key": answer.key, **asked})
    view = answer.edited.view()
    rerun = Rerun(start=0, end=1, segments=(Segment(start=0, end=1, text=text),), engine=text, model_id=text,
                  chain=text, language=text, context=text, warnings=(text,))  # fmt: skip
    yield card_view(answer) + "".join(answer.rows.values()) + "".join(answer.parts.values())
    yield corrections_view(answer, ENGLISH) + files_view(ENGLISH, can_hear=True)
    yield history_view(answer.edited) + speakers_view(view) + tools_view(view)
    yield history_view(EditedTranscript(raw=answer.transcript))
    yield head_view(text, text, labels=ENGLISH) + proposal_view(text, rerun, ENGLISH)


def exploring(text: str) -> Iterator[str]:
    yield test_views_explorer.everything(told(text) or " ")
    run = test_views_explorer.scored(test_views_explorer.clip("1", told(text), "x", tags={"noise": told(text)}))
    query = ClipQuery(said=text, heard=text, tags=(("noise", text),))
    yield no_detail_view() + chips_view(query, times=2)
    heard = (Segment(start=0, end=1, text=told(text)),)
    detail = take_apart(
        test_views_explorer.scored(test_views_explorer.clip("1", f"a {told(text)}", told(text), segments=heard)), "1"
    )
    yield marks_view(detail, seconds=2.0, player_id=text) + detail_view(detail, player="", player_id=text)
    summary = run.summary
    yield tags_view(summary.by_tag, summary.headline)
    yield totals_view(
        summary.metrics, headline=summary.headline, ruler=text, ruler_hash=text, scored=1, failed=0, total=1,
        measurement=None, remarks=text and "",
    )  # fmt: skip
    yield sets_view([a_set(text, fault=fault, derived=bool(fault)) for fault in ("", text)])
    live = Live(RunningScore(BASIC), "wer")
    live.add(RunStarted(run_id=text, total=3, done=0))
    live.add(ItemResult(id=told(text), reference=told(text), text="x", raw="x", language=None, finish="eos"))
    live.add(ItemFailure(id="f", reference=text, error=text, message=text))
    yield live.table + live.progress


def a_set(text: str, **changed: Any) -> SetInfo:
    return SetInfo(name=text, title=text, language="en", items=1, seconds=1.0, licence=text, synthetic=True,
                   description=text, path=Path("/a"), **changed)  # fmt: skip


def comparing(text: str) -> Iterator[str]:
    word = told(text)
    yield test_compare_views.every_view(word)
    yield no_cost_view() + compare_start_view(text) + needs_runs_view()
    runs = [test_compare_views.stored(name, test_compare_views.SAID, engine=f"{name}{word}") for name in "abc"]
    wrong = [replace(one, outcomes=(replace(one.outcomes[0], text=f"x {word}"), *one.outcomes[1:])) for one in runs]
    note = Correction(id="c0", published=test_compare_views.SAID[0], status="corrected", text=word, note=word)
    yield suspects_view(
        find_suspect_labels(wrong, ruler=find_ruler("en"), corrections=Corrections(set=word, entries=(note,)))
    )
    samples = (0.5 * np.sin(np.arange(8_000) / 3)).astype(np.float32)
    tone = AudioClip(samples=samples, sample_rate=16_000, source=text)
    yield sound_view(tone, {text: inspect_clip(tone), "B": inspect_clip(tone)})


def sweeping(text: str) -> Iterator[str]:
    word = told(text)
    settings = (Setting(word, ""), Setting("b", ""))
    runs = {
        "r0": test_compare_views.stored("r0", test_compare_views.SAID, engine=word, word=word),
        "r1": test_compare_views.stored("r1", ["x", *test_compare_views.SAID[1:]], word=word),
    }
    record = SweepRecord(sweep_id=text, settings=settings, sets=(f"{word}-set",), created="2026-01-02T03:04:05+00:00")
    record = replace(record, runs=tuple(map(CellRun, record.cells, runs)), passed={"language": text})
    table = tabulate(record, load=runs.__getitem__, ruler=BASIC)
    yield sweep_view(table)
    conditions = Conditions(snr_db=10.0, bandwidth_hz=8000.0, speech_dbfs=-20.0)
    yield recommendation_view(
        Recommendation(
            sweep_id=text, conditions=conditions, ranking=table.ranking, measured=5, unreadable=1, snr_db=(1.0, 2.0),
            bandwidth_hz=None, alike=False, recommended=settings[0].label, sentence=text,
        ),
        {one.label: "A" for one in settings},
    )  # fmt: skip
    pace = Pace()
    pace.add(CurveCellStarted(index=0, total=2, label=text, cell=text))
    yield pace.view
    yield curves_view(
        replace(
            test_views_curves.two_curves(), axis=text, ruler=text, ruler_hash=text,
            curves=(test_views_curves.a_curve(text, (40, 10)), test_views_curves.a_curve("b", (30, 5))),
        )
    )  # fmt: skip


def trying(text: str) -> Iterator[str]:
    word = told(text)
    settings = (Setting(word, word), Setting("b", ""))
    said = [f"{one} {word}" for one in test_compare_views.SAID]
    runs: dict[Setting, StoredRun] = {
        settings[0]: test_compare_views.stored("a", said, said=said, word=word),
        settings[1]: test_compare_views.stored("b", [f"x {one}" for one in said], said=said, word=word),
    }
    for one in runs.values():
        object.__setattr__(one, "outcomes", tuple(replace(item, audio=f"{item.id}.flac") for item in one.outcomes))
    labels = {f"{word}0": Label(text=word), f"{word}1": Label(text="", usable=False)}
    found = assess_trial(word, runs, labels, ruler=BASIC)
    yield estimates_view(found) + clips_view(found, f"{word}0")
    for clip in found.clips[:3]:
        yield clip_view(found, clip, player="", ruler=BASIC, language=text)


def keeping(text: str) -> Iterator[str]:
    changed = datetime.now(UTC).isoformat(timespec="seconds")
    items = [
        SavedItem(kind=kind, id=text, bytes=1, files=1, changed=changed, used_by=(text,), can_delete=True)
        for kind in ("runs", "sets", "other")
    ]
    yield saved_view(items, text) + saved_view(items, text, asking=("runs", text))
    refused = (Refused(file=text, line=1, id=text, clause=text),)
    yield made_view(
        Imported(
            name=text, folder=Path("/a"), layout=text, total=2, imported=1, refused=refused, outside=1, seconds=1.0,
            digest="0", existing=True, notes=(text,),
        )
    )  # fmt: skip
    yield made_view(
        Derived(
            name=text, folder=Path("/a"), total=2, made=1, kept=0, refused=refused, conditions=(text,), seconds=1.0,
            digest="0", existing=False,
        )
    )  # fmt: skip
    yield faults_view(ManifestError(text, [text, text], hint=text))
    yield builder_view("highpass+gain") + chain_note("highpass") + copy_button("x")
    yield builder_view(f"highpass:cutoff={text}+{text}")


EXERCISES: dict[str, Callable[[str], Iterator[str]]] = {
    one.__name__: one for one in (transcribing, editing, exploring, comparing, sweeping, trying, keeping)
}


@cache
def plain(exercise: str) -> Seen:
    """What the markup of harmless texts is made of; some parts are only there for an empty or a long text."""
    texts = ("plain words", " ", "w" * 2000, "a 1", "b x c x")
    markup = "".join(part for text in texts for part in EXERCISES[exercise](text))
    return Seen(markup)


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_markup_an_address_or_a_style(exercise: str, text: str) -> None:
    known, found = plain(exercise), Seen("".join(EXERCISES[exercise](text)))
    assert found.elements <= known.elements
    assert found.attributes <= known.attributes
    assert {one for one in found.addresses if not OURS.fullmatch(one)} == set()
    assert not [style for style in found.styles if not re.fullmatch(r"[\w%.,():; -]*", style)]
    assert found.others == []
    "".join(found.texts).encode("utf-8", "surrogatepass")


OURS = re.compile(r"files/([\w-]{32}|x)|data:image/png;base64,[\w+/=]+|(\./|\.\./)[\w?=/-]*|#[\w-]+")


def makes_markup() -> set[str]:
    """Public functions of the page that return a text with markup in it, their own or of a private one they call."""
    found: set[str] = set()
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        direct = {name for name, one in functions.items() if any(map(_is_markup, ast.walk(one)))}
        for name, one in functions.items():
            called = {c.func.id for c in ast.walk(one) if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)}
            returns = ast.unparse(one.returns) if one.returns else ""
            if returns == "str" and not name.startswith("_") and (name in direct or called & direct):
                found.add(f"{path.stem}.{name}")
    return found


def _is_markup(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) and any(
        isinstance(one, ast.Constant) and MARKUP.search(str(one.value)) for one in node.values
    )


@contextmanager
def called() -> Iterator[set[str]]:
    """Functions of the page that were called in a `with` block."""
    names: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(str(ROOT)):
            names.add(f"{Path(path).stem}.{frame.f_code.co_name}")

    sys.setprofile(note)
    try:
        yield names
    finally:
        sys.setprofile(None)


def test_every_function_that_makes_markup_is_exercised() -> None:
    assert len(makes_markup()) > 50
    with called() as names:
        for exercise in EXERCISES.values():
            "".join(exercise("plain words"))
    assert makes_markup() - names - NO_DATA.keys() == set()

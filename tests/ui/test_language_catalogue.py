"""Every text that the page can show has a translation: the source's syntax trees are read, nothing of it is run."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

import workbench
from workbench import errors
from workbench.audio.steps import list_steps
from workbench.engines.catalogue import engine_rows
from workbench.evalsets import list_sets
from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.charts import STAGES, PositionColumn, WaterfallBar, position_chart, waterfall_chart
from workbench.runs.hypotheses import FORMATS
from workbench.runs.imported import tell_language_not_known
from workbench.scoring.clusters import NAMES as UNITS
from workbench.scoring.clusters import tell_doubts
from workbench.scoring.verdicts import say_difference, say_units
from workbench.settings import Settings
from workbench.text.languages import NAMES as LANGUAGES
from workbench.text.rulers import list_rulers
from workbench.ui.catalogue import load_catalogue, places
from workbench.ui.choices import option_fields
from workbench.ui.labels import Labels
from workbench.ui.language import SIMPLIFIED, speaking, tell

ROOT = Path(workbench.__file__).parent

CLAUSES = {"AudioUnreadable": 1, "EngineUnavailable": 1, "UnknownName": 0}
"""Errors that put an argument into a sentence of their own, and which one it is; the sentence is in errors.py."""

_WORDLESS = {"AudioNotFound", "AudioTooLong", "ModelMissing", "ModelDiffers", "DiskError"}
"""Errors whose arguments are names and figures."""

ERRORS = {
    name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.WorkbenchError)
}


@cache
def trees(*, below: str = "") -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the package, or of one folder in it."""
    paths = sorted((ROOT / below).rglob("*.py"))
    return tuple((path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def literal(node: ast.expr) -> str | None:
    """A text written down in one piece."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def templates(node: ast.expr, known: Callable[[str], list[ast.expr]] = lambda _: []) -> list[str]:
    """What an expression may be, with a numbered place for what is not written down.

    Args:
        node: The expression.
        known: What may have been assigned to a name.
    """
    return list(dict.fromkeys(_numbered(pieces) for pieces in _pieces(node, known)))


def _numbered(pieces: list[str | None]) -> str:
    numbers = itertools.count()
    return "".join(f"{{{next(numbers)}}}" if piece is None else piece for piece in pieces)


def _pieces(node: ast.expr, known: Callable[[str], list[ast.expr]]) -> list[list[str | None]]:
    """Alternatives, each a list of texts; None is a place."""
    if (text := literal(node)) is not None:
        return [[text]]
    if isinstance(node, ast.JoinedStr):
        return _joined([_pieces(one, known) for one in node.values])
    if isinstance(node, ast.FormattedValue):
        inner = node.value
        worded = isinstance(inner, ast.IfExp) and literal(inner.body) is not None and literal(inner.orelse) is not None
        return _pieces(inner, known) if worded and node.conversion == -1 else [[None]]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([_pieces(node.left, known), _pieces(node.right, known)])
    if isinstance(node, ast.IfExp):
        return _pieces(node.body, known) + _pieces(node.orelse, known)
    if isinstance(node, ast.BoolOp):
        return [one for value in node.values for one in _pieces(value, known)]
    if isinstance(node, ast.Name) and (values := known(node.id)):
        return [one for value in values for one in _pieces(value, lambda _: [])]
    return [[None]]


def _joined(parts: list[list[list[str | None]]]) -> list[list[str | None]]:
    return [[piece for part in chosen for piece in part] for chosen in itertools.product(*parts)]


def error_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and template of every message, hint and clause that an error is made of."""
    for function, call in _calls(tree):
        name = _name(call.func)
        own = name == "__init__" and isinstance(call.func, ast.Attribute) and _is_super(call.func.value)
        if name not in ERRORS and not own:
            continue
        said = [one.value for one in call.keywords if one.arg in ("hint", "message", "reason")]
        if name not in _WORDLESS and len(call.args) > CLAUSES.get(name, 0):
            said.append(call.args[CLAUSES.get(name, 0)])
        for node in said:
            yield from ((call.lineno, text) for text in templates(node, _assigned(function)))


def any_texts(tree: ast.Module) -> Iterator[str]:
    """Every text written down anywhere, with its places numbered; keywords and names of things among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or literal(node) is not None:  # pyright: ignore[reportArgumentType]
            yield from templates(node)  # pyright: ignore[reportArgumentType]


def said_texts(tree: ast.Module) -> Iterator[tuple[int, str | None]]:
    """Line and text of everything the page says; None where it is no literal."""
    for _, call in _calls(tree):
        name = _name(call.func)
        if name in ("say", "phrase"):
            yield call.lineno, literal(call.args[0])
        elif name == "say_many":
            yield from ((call.lineno, literal(one)) for one in call.args[1:3])


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call with the function around it."""

    def walk(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield function, child
            inner = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            yield from walk(child, inner)

    return walk(tree, tree)


def _assigned(function: ast.AST) -> Callable[[str], list[ast.expr]]:
    def known(name: str) -> list[ast.expr]:
        return [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
        ]

    return known


def _name(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "super"


TEXTS = load_catalogue("zh-Hans").texts

NOT_ON_THE_PAGE = {
    "cli": "the command line speaks English",
    "http": "so does the API",
    "engines/fetch.py": "models are fetched on the command line",
    "engines/scripted.py": "an engine of the tests",
    "runs/bundle.py": "runs are sealed, verified and made again on the command line",
    "runs/bundle_file.py": "the same",
    "runs/made.py": "the same",
    "runs/reproduction.py": "the same",
    "runs/rescoring.py": "the same",
    "runs/run_diff.py": "the same",
    "runs/verification.py": "the same",
    "runs/export.py": "texts of a run are exported on the command line",
    "evalsets/downloads.py": "published sets are fetched on the command line",
    "evalsets/fetching.py": "the same",
    "evalsets/recipes": "the same",
    "runs/probe.py": "the time of a run is estimated on the command line",
    "services/estimates.py": "the same",
    "services/sets.py": "its own two sentences are of requests that a form cannot make",
    "services/proof.py": "the offline proof is run on the command line",
    "services/exchange.py": "texts come and go on the command line",
    "services/scoring.py": "files of texts are scored on the command line",
    "text/custom_rulers.py": "rulers of one's own are named on the command line",
}
"""Modules whose errors no page can meet, and why."""

COMPOSED = {
    "Did you mean {0}? Known: {1}.": "told as two sentences",
    "Did you mean {0}? There is none yet.": "told as two sentences",
    "{0} has {1}:\n  {2}{3}\n": "told line by line",
}
"""Errors that are told in parts."""


def _reachable(path: Path) -> bool:
    return not any(path.is_relative_to(one) for one in NOT_ON_THE_PAGE)


def _page_texts() -> dict[str, str]:
    """Every text of the page's own, and where it is."""
    texts = {
        text: f"{path}:{line}"
        for path, tree in trees(below="ui")
        for line, text in said_texts(tree)
        if text is not None
    }
    return texts | {str(one.default): f"Labels.{one.name}" for one in fields(Labels)}


def _listed_texts(home: Path) -> set[str]:
    """What registries have to say in lists and forms."""
    settings = Settings(home=home)
    options = [option for row in engine_rows(settings) for option in option_fields(row.info) if row.name != "scripted"]
    return {
        *LANGUAGES.values(),
        *STAGES.values(),
        *FORMATS.values(),
        *(one.summary for one in list_steps()),
        *(one.help for step in list_steps() for one in step.parameters),
        *(one.summary for one in list_rulers()),
        *(one.label for one in options),
        *(one.help for one in options if one.help),
        *(one.title for one in list_sets(settings) if one.title),
    }


def _assert_none(found: dict[str, str]) -> None:
    """Every one that is not as it should be in a line of its own, as the catalogue wants it."""
    assert not found, "\n".join(["", *(f"{where}  {text!r}" for text, where in found.items())])


def test_what_the_page_says_is_written_down_where_it_is_said() -> None:
    """`say(name)` would be looked up without this file's knowing; such a text is marked with `phrase` and told."""
    allowed = {Path("ui/language.py"), Path("ui/labels.py")}
    unwritten = [
        f"{path}:{line}"
        for path, tree in trees(below="ui")
        if path not in allowed
        for line, text in said_texts(tree)
        if text is None
    ]
    assert not unwritten


def test_every_text_of_the_page_has_a_translation() -> None:
    _assert_none({text: where for text, where in _page_texts().items() if text not in TEXTS})


def test_every_error_that_a_page_can_meet_has_a_translation() -> None:
    lacking = {
        text: f"{path}:{line}"
        for path, tree in trees()
        if _reachable(path)
        for line, text in error_texts(tree)
        if text not in COMPOSED and text not in TEXTS and re.search("[A-Za-z]", re.sub(r"\{\d+\}", "", text))
    }
    _assert_none(lacking)


def test_modules_said_to_be_out_of_reach_are_there() -> None:
    assert [one for one in NOT_ON_THE_PAGE if not (ROOT / one).exists()] == []


def test_everything_listed_has_a_translation(tmp_path: Path) -> None:
    _assert_none({text: "" for text in _listed_texts(tmp_path) if text not in TEXTS})


@pytest.mark.parametrize("code", ["zh-Hans", "zh-Hant"])
def test_a_translation_keeps_the_places_and_holds_no_markup(code: str) -> None:
    """A place may be left out only where it holds what Chinese does not say, which then has a key of its own."""
    for english, text in load_catalogue(code).texts.items():
        assert sorted(set(places(text))) == sorted(set(places(english)) - ELSEWHERE.get(english, set())), english
        assert not set('<"&') & set(text), f"{text} is put into attributes as it is"
        assert english.endswith("\n") == text.endswith("\n")


ELSEWHERE = {
    "The texts of {0} were imported: what language {1} told, if any, is not known.": {"1"},
    "The texts of {0} and {1} were imported: what language {2} told, if any, is not known.": {"2"},
    "The clips are of {0} only: intervals and verdicts hold for {1} alone.": {"1"},
}
"""Places that a translation leaves out: "that system was", after the system was named."""


def test_traditional_chinese_has_the_same_texts_in_traditional_characters() -> None:
    traditional = load_catalogue("zh-Hant").texts
    assert traditional.keys() == TEXTS.keys()
    assert not set("们这发说个实无听读") & set("".join(traditional.values()))
    assert traditional["Download"] == "下載"
    assert "檔案" in traditional["Take it as an empty text"] or "檔案" in traditional["Refuse the file"]


def test_no_translation_is_of_a_text_that_nobody_says(tmp_path: Path) -> None:
    said = set(_page_texts()) | _listed_texts(tmp_path) | set(finished_sentences())
    for _, tree in trees():
        said |= set(any_texts(tree))
        said |= {text for _, text in error_texts(tree)}
    _assert_none({english: "" for english in TEXTS if english not in said and not _is_part(english, said)})


def _is_part(english: str, said: set[str]) -> bool:
    """Whether a text is a sentence of a longer one, or the shape of a finished one."""
    if len(english) < 10:
        return False
    pattern = re.compile(r"(?:\{\d+\}|.+)".join(map(re.escape, re.split(r"\{\d+(?::d)?\}", english))))
    return any(pattern.search(one) for one in said)


def finished_sentences() -> Iterator[str]:
    """What the library makes of several pieces, as a page is given it."""
    for by, (one, several) in UNITS.items():
        for count in (1, 3, 12):
            yield from tell_doubts(by, count, few=[("speaker", 1), ("recording", 3)])
            yield from tell_doubts(by, count, few=[("speaker", 2), ("recording", 1)])
            yield say_units(count, by)
        yield from (f"1 more {one}", f"1,200 more {several}")
        for interval in (None, (-0.02, 0.003)):
            for needed in (None, 1, 430):
                sentence = say_difference(-0.012, interval, "no difference shown", more_needed=needed, cluster_by=by)
                yield sentence.removeprefix("no difference shown").strip(" ()")
    yield from ("better", "worse", "no difference shown")
    for changed, left_out in ((1, 1), (2, 3)):
        yield CorrectionNote(set="s1", hash="a1", changed=changed, left_out=left_out, stale=("c1",)).sentence
    yield tell_language_not_known(["s1", "s2"])
    yield errors.UnknownName("engine", "fast", ["faster", "x1"]).sentence
    yield errors.UnknownName("run", "x9", []).sentence
    for faults in (["m1:3: no audio file 'a1'"], ["m1:1: 'id' is 3, not text"] * 30):
        yield errors.ManifestError("m1", faults).sentence
    yield errors.AudioUnreadable("a1.wav", "it is damaged: no part of its sound can be decoded").sentence
    yield errors.EngineUnavailable("x1", "CTranslate2 does not compute on xpu", hint="Use auto.").message
    yield from _chart_words()


def _chart_words() -> Iterator[str]:
    columns = [PositionColumn(substitutions=0.1, deletions=0.2, insertions=0.3, interval=(0.1, 0.9), clips=2)]
    bars = [WaterfallBar(label="x", errors=count, rate=0.1, beyond=False) for count in (2, 1)]
    for chart in (position_chart(columns, title=""), waterfall_chart(bars, title="")):
        for words in re.findall(">([^<]+)</", chart):
            yield from (re.sub("^[+−]\\d+ ", "", one) for one in re.split("[;,:] ", words))


ALLOWED = re.compile(r"\b(CTranslate2|xpu|auto|wav|flac|mp3|fast(er)?|id)\b")
"""Names and codes in `finished_sentences`."""


def test_sentences_made_of_pieces_are_told_to_the_last_word() -> None:
    with speaking(SIMPLIFIED):
        told = {one: tell(one) for one in finished_sentences()}
    _assert_none({one: text for one, text in told.items() if re.search("[A-Za-z]{3,}", ALLOWED.sub("", text))})

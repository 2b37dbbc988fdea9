"""Faults of sets and of files of texts, and refusals of audio, to the last word in Chinese, by the modules' syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from written_texts import ERRORS, error_texts, is_reachable, literal, templates, trees

from workbench.errors import AudioUnreadable, DecoderUnavailable, ManifestError
from workbench.evalsets.layouts import columns
from workbench.runs.fields import ID_FIELDS
from workbench.ui.catalogue import load_catalogue
from workbench.ui.faults import tell_fault, tell_manifest_error
from workbench.ui.language import ENGLISH, SIMPLIFIED, TRADITIONAL, speaking, tell

TEXTS = load_catalogue("zh-Hans").texts
LATIN = re.compile(r"[A-Za-z]{3,}")

MADE_OF_FAULTS = ("evalsets", "runs/fields.py", "runs/hypotheses.py", "runs/matching.py", "runs/nist.py")
"""Modules whose texts are clauses of faults, or are told otherwise."""

NO_FAULTS = {
    "evalsets/conditions.py": "names of conditions, and the words of requests",
    "evalsets/derive_journal.py": "the name of what could not be written",
    "evalsets/written.py": "the same",
    "evalsets/draft.py": "pieces of a note, which is told below",
    "evalsets/deriving.py": "the card of a set, which is a file",
    "evalsets/importing.py": "what is compared, not said",
    "evalsets/selection.py": "a list of what was given on the command line",
    "evalsets/noises.py": "a word for programmers",
    "evalsets/corrections.py": "notes, told in test_language_catalogue, and the name of what could not be written",
}

NO_CLAUSES = {
    "not ", "(byte ",  # are looked for in a clause
    "the pass came to its end",  # for programmers
    "unexpected end of data",  # Python's, which is looked for
    "audio file", "label file",  # one is put in the place of the other
    "{0} (or {1})",  # of a longer clause
    "{0} is {1}",  # the same
    "the id {0} has parentheses or white space that trn cannot hold",  # of exports, on the command line
    "the id {0} has white space that CTM cannot hold",
    "recordings that lie in files need a place",  # for programmers
}  # fmt: skip

NAMES = re.compile(
    r"fault|audio_filepath|segments?|wav\.scp|scp|wav|flac|text|txt|transcript|trans|jsonl?|tsv|csv|KEY|VALUE|Excel|UTF|"
    r"JSON|CSV|SNR|clips|reco2file_and_channel|--[a-z-]+|gbk|GBK|iconv|FILE|NEW|duration|null|CTM|trn|RECORDING|START|END|"
    r"id|corrected|float32|workbench\.audio\.io\.read_clip|resample|timeout_seconds|conversation|NaN|xml|set\.toml|toml|TextGrid|--text-column|Praat|synthetic|true|false|language|name|status"
)
"""What is the same in every language: names of files, fields and formats."""


def docstrings(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                found.add(id(statement.value))
    return found


def written(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and template of every text that is no docstring and no piece of another."""
    left_out = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(one) for one in ast.walk(node) if one is not node}
    for node in ast.walk(tree):
        if id(node) not in left_out and isinstance(node, ast.expr) and (
            isinstance(node, ast.JoinedStr) or literal(node) is not None
        ):  # fmt: skip
            yield from ((node.lineno, text) for text in templates(node))


def clauses() -> Iterator[tuple[str, str]]:
    """Where each clause of a fault is written, and its template."""
    for path, tree in trees():
        if not any(path.is_relative_to(one) for one in MADE_OF_FAULTS):
            continue
        if str(path) in NO_FAULTS or not is_reachable(path):
            continue
        errors = {text for _, text in error_texts(tree)}
        for line, text in written(tree):
            words = re.sub(r"\{\d+\}", "", text)
            if " " in words.strip() and re.search("[a-z]{2}", words) and text not in errors | NO_CLAUSES | TEXTS.keys():
                yield f"{path}:{line}", text


def filled(template: str) -> str:
    """With a figure at each place."""
    return re.sub(r"\{(\d+)\}", lambda place: f"7{place[1]}", template)


def untold(sentence: str) -> bool:
    return LATIN.search(NAMES.sub("", sentence)) is not None


def test_every_clause_of_a_fault_is_told() -> None:
    found = {text: where for where, text in clauses()}
    assert len(found) > 60, "the search finds no clauses any more"
    with speaking(SIMPLIFIED):
        lacking = {
            text: where
            for text, where in found.items()
            if untold(
                tell_fault(
                    filled(text) if re.match(r"(\{\d+\}|set\.toml)(:\{?\d+\}?)?: ", text) else f"7:7: {filled(text)}"
                )
            )
            and untold(tell(filled(text)))
        }
    assert not lacking, "\n".join(["", *(f"{where}  {text!r}" for text, where in lacking.items())])


def test_errors_that_the_search_leaves_out_are_told_elsewhere() -> None:
    """A module that is left out, or a clause, is there; so nothing is left out that has gone."""
    present = {str(path) for path, _ in trees()}
    assert set(NO_FAULTS) <= present
    texts = {
        text
        for path, tree in trees()
        if any(path.is_relative_to(one) for one in MADE_OF_FAULTS)
        for _, text in written(tree)
    }
    assert texts >= NO_CLAUSES


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("text:3: it has no id; the label is empty", "text:3：没有编号；标注为空"),
        ("m.jsonl:1: no audio file 'a; b.wav'", "m.jsonl:1：没有音频文件 'a; b.wav'"),
        ("a: b.tsv:2: no line in x.scp", "a: b.tsv:2：x.scp 中没有对应的行"),
        ("t.wav:0: it ends at 9 s; t.wav lasts 3.00 s", "t.wav:0：到 9 s 结束；t.wav 长 3.00 秒"),
        ("c1.wav: u1: The noise is silent wherever somebody speaks: no gain gives the ratio asked for.",
         "c1.wav: u1：有人说话的地方噪声都没有声音：任何增益都达不到所要的信噪比。"),
        ("x:1: something nobody says", "x:1：something nobody says"),
    ],
)  # fmt: skip
def test_a_fault_keeps_its_place_and_its_names(fault: str, told: str) -> None:
    with speaking(SIMPLIFIED):
        assert tell_fault(fault) == told
    with speaking(ENGLISH):
        assert tell_fault(fault) == fault


def test_what_begins_like_a_fault_elsewhere_is_left_alone() -> None:
    with speaking(SIMPLIFIED):
        assert tell("no noise") == "no noise", "a tag's value, say"
        assert tell("a twice") == "a twice"


def test_an_error_of_many_faults_is_told_line_by_line() -> None:
    error = ManifestError(
        "m.jsonl", [f"m.jsonl:{line}: no {' and no '.join(map(repr, ID_FIELDS))}" for line in range(30)]
    )
    for language in (SIMPLIFIED, TRADITIONAL):
        with speaking(language):
            lines = tell_manifest_error(error).strip().split("\n")
        assert len(lines) == 22
        assert not [line for line in lines if re.search(r"\b(no|and|more|faults)\b", line)]
    with speaking(ENGLISH):
        assert tell_manifest_error(error) == error.message


def test_notes_of_an_import_are_told() -> None:
    chosen = columns.Columns(audio="wav", text="text", id="id", language="clips")
    with speaking(SIMPLIFIED):
        for note in (
            chosen.note,
            columns.Columns(audio="wav", text="text").note,
            "Damaged in places, imported as far as they can be heard: wav, wav.",
            "Damaged in places, imported as far as they can be heard: wav, wav and 12 more.",
        ):
            assert not untold(tell(note)), tell(note)


def constants(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Texts that are written once for several errors of a module, by name."""
    return {
        node.targets[0].id: [node.value]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def known_in(function: ast.AST, shared: dict[str, list[ast.expr]]) -> dict[str, list[ast.expr]]:
    """What names stand for: assigned alone, as one of several, or for the whole module."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, []).append(value)
    return {**shared, **found}


def refusals() -> Iterator[tuple[str, str]]:
    """Where, and the template of every reason and hint of a refusal of audio, or of a child that ended."""
    wanted = {name for name in ERRORS if name.startswith("Audio")} | {"DecoderUnavailable", "ChildDied"}
    for path, tree in trees():
        if not is_reachable(path) or path == Path("errors.py"):
            continue
        shared = constants(tree)
        for function in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
            names = known_in(function, shared)
            for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                if name not in wanted:
                    continue
                place = 1 if name == "AudioUnreadable" else 0
                said = [
                    *call.args[place : place + 1],
                    *(one.value for one in call.keywords if one.arg in ("hint", "reason")),
                ]
                for node in said if name not in ("AudioNotFound", "AudioTooLong") else said[1:]:
                    for text in templates(node, lambda one, names=names: names.get(one, [])):
                        if text != "{0} ended ({1}){2}":  # in two ways, told in test_language_catalogue
                            yield f"{path}:{call.lineno}", text


def test_every_refusal_of_audio_is_told_whole() -> None:
    found = {text: where for where, text in refusals() if LATIN.search(re.sub(r"\{\d+\}", "", text))}
    assert len(found) > 30
    with speaking(SIMPLIFIED):
        lacking = {
            text: where
            for text, where in found.items()
            if untold(tell(AudioUnreadable("7", filled(text)).message)) and untold(tell(filled(text)))
        }
        assert not untold(tell(DecoderUnavailable("Cannot allocate memory").message))
    assert not lacking, "\n".join(["", *(f"{where}  {text!r}" for text, where in lacking.items())])


def test_keys_of_faults_are_looked_up_by_nobody_else() -> None:
    assert sum(key.startswith("fault: ") for key in TEXTS) > 40
    assert not [key for key in TEXTS if key.startswith("fault") and not key.startswith("fault: ")]

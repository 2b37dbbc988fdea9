"""The faults of a set or a file of texts, in the page's language: `text:3: no recording named A1; the label is empty`.

The place stays as it is. Each clause is looked up with `fault: ` before it, which no other text begins with: alone,
`no {0}` would be found in what is nobody's sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.errors import ManifestError
from workbench.ui.catalogue import load_catalogue
from workbench.ui.language import ENGLISH, current_language, tell

_MARK = "fault: "
_LINE = re.compile(r"(.*?:\d+): ")
_MOST_PLACES = 4
"""Colons in a place and its first words that are tried: file names have them, too."""


def tell_fault(sentence: str) -> str:
    """A fault with its place, as far as it is known in the language of the page."""
    if current_language() is ENGLISH:
        return sentence
    texts = load_catalogue(current_language().code).texts
    splits = list(_splits(sentence))
    for place, said in splits:
        if said in texts:
            return f"{place}：{texts[said]}"
    for place, said in splits:
        clauses = list(_clauses(said.split("; ")))
        if any(known for _, known in clauses):
            first, *others = clauses
            return f"{place}：{first[0]}" + "".join(("；" if known else "; ") + clause for clause, known in others)
    return tell(sentence)


def tell_manifest_error(error: ManifestError) -> str:
    """Its message: how many faults, and the first of them line by line."""
    faults = {one: tell_fault(one) for one in error.faults[: error.shown]}
    lines = error.message.split("\n")
    return "\n".join(line.replace(line.strip(), faults.get(line.strip()) or tell(line.strip())) for line in lines)


def _splits(sentence: str) -> Iterator[tuple[str, str]]:
    """Where the place may end and the clauses begin: after a number of a line, else after any colon."""
    if line := _LINE.match(sentence):
        yield line[1], sentence[line.end() :]
    at = -1
    for _ in range(_MOST_PLACES):
        at = sentence.find(": ", at + 1)
        if at < 0:
            return
        yield sentence[:at], sentence[at + 2 :]


def _clauses(parts: list[str]) -> Iterator[tuple[str, bool]]:
    """Each clause, and whether it is known; one may have a semicolon of its own, in its own words or in a name."""
    at = 0
    while at < len(parts):
        for end in range(len(parts), at, -1):
            found = _clause("; ".join(parts[at:end]))
            if found is not None and "; " not in found:
                yield found, True
                at = end
                break
        else:
            yield parts[at], False
            at += 1


def _clause(english: str) -> str | None:
    told = tell(_MARK + english)
    if not told.startswith(_MARK.rstrip(": ")):
        return told
    told = tell(english)
    return None if told == english else told

"""What Qwen3-ASR writes, taken apart: tokens, language, text, and what to doubt in it."""

from __future__ import annotations

import re

from workbench.engines.generation import mean_probability
from workbench.errors import UnknownName
from workbench.text.languages import language_code

MARKER = "<asr_text>"
"""Between the language and the text; an ordinary word of the vocabulary, not a control token."""

_REPETITION = re.compile(r"(.)\1{20,}|(.{2,20}?)\2{19,}|(.)\3{19}(?=.{20})", re.DOTALL)
"""What the official filter would shorten: more than 20 equal characters, or 20 times the same 1 … 20 characters (a
run of exactly 20 only where 20 characters or more follow it, as its window has it)."""


def text_confidence(tokens: list[int], certain: list[float], marker: int) -> float | None:
    """Mean probability of the tokens of the text, 0 … 1; the language before the marker does not count."""
    start = tokens.index(marker) + 1 if marker in tokens else 0
    return mean_probability(certain[start : len(tokens)])


def parse_output(output: str) -> tuple[str | None, str, tuple[str, ...]]:
    """Language code, text and warnings from `language English<asr_text>…`.

    As `Qwen3ASRProcessor.parse_output` has it, without its filter that shortens repetitions: silence is
    `language None<asr_text>`, and an output without the marker is text in no known language.
    """
    head, marker, text = output.partition(MARKER)
    if not marker:
        doubts = (f"The model did not get as far as {MARKER}: what it wrote is shown as the text.",) if head else ()
        return None, output.strip(), doubts + _repetition_warning(output.strip())
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    name = first[len("language ") :].strip() if first.lower().startswith("language ") else first
    code, doubts = _code_of(name)
    return code, text.strip(), doubts + _repetition_warning(text.rstrip())


def _code_of(name: str) -> tuple[str | None, tuple[str, ...]]:
    if name.lower() in ("none", ""):
        return None, ()
    try:
        return language_code(name), ()
    except UnknownName:
        return None, (f"The model names a language that the workbench does not know: {name}.",)


def _repetition_warning(text: str) -> tuple[str, ...]:
    found = _REPETITION.search(text)
    if found is None:
        return ()
    unit = next(group for group in found.groups() if group is not None)
    times = len(found.group()) // len(unit)
    return (f"The model wrote “{unit}” {times} times in a row, probably a loop; Qwen's own tools would show it once.",)

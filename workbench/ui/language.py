"""The language the page speaks: English as it is written in the code, or Chinese from a catalogue.

The catalogue's keys are the English texts themselves. A text with named places, `{count} runs`, is one of the page's
own (`say`); one with numbered places, `There is no {0} named {1}.`, is a sentence that the library finished before the
page saw it, and is recognised by its shape (`tell`). What a catalogue does not have stays English.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

from workbench.ui.catalogue import fill, load_catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language of the page.

    Attributes:
        code: BCP 47 tag, with the script where a language has several: "en", "zh-Hans", "zh-Hant".
        name: As its readers write it.
        path: Where the page in this language is, below the root.
        browser: What a browser calls it, as Gradio knows it.
    """

    code: str
    name: str
    path: str
    browser: str


ENGLISH = Language(code="en", name="English", path="/", browser="en")
SIMPLIFIED = Language(code="zh-Hans", name="简体中文", path="/zh-hans/", browser="zh-CN")
TRADITIONAL = Language(code="zh-Hant", name="繁體中文", path="/zh-hant/", browser="zh-TW")
LANGUAGES = (ENGLISH, SIMPLIFIED, TRADITIONAL)

_END = object()
_CURRENT: ContextVar[Language] = ContextVar("workbench_page_language", default=ENGLISH)


def current_language() -> Language:
    """The language of what is being built or answered now."""
    return _CURRENT.get()


@contextmanager
def speaking(language: Language) -> Generator[None]:
    """Inside, `say` and `tell` answer in that language."""
    token = _CURRENT.set(language)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def say(text: str, /, **values: object) -> str:
    """One of the page's own texts, in the language of the page.

    Args:
        text: English as a literal, with named places: `"{count} runs"`. A test looks every one up in the catalogues.
        **values: What stands at the places; put in as it is, so markup in it is escaped where it is rendered.
    """
    translated = load_catalogue(_CURRENT.get().code).text(text)
    return fill(translated, values) if values else translated


def tell(sentence: str) -> str:
    """A finished English text of the library (an error, a hint, a warning, a reason), in the language of the page.

    It is found exactly, or by its shape, or sentence by sentence; a text of nobody's (a name, a transcript) stays.
    """
    language = _CURRENT.get()
    return sentence if language is ENGLISH else load_catalogue(language.code).sentence(sentence)


def phrase(text: str, /) -> str:
    """Marks a text that is written down at import and said or told later; returns it as it is."""
    return text


def spoken(function: Callable[..., Any], language: Language) -> Callable[..., Any]:
    """The same function, or generator, in a language.

    A generator is resumed from whichever thread has time, so the language is set again before each of its steps.
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def steps(*given: Any, **named: Any) -> Generator[Any, None, None]:
            inner = function(*given, **named)
            try:
                while True:
                    with speaking(language):
                        step = next(inner, _END)
                    if step is _END:
                        return
                    yield step
            finally:
                inner.close()

        return steps
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def answer_later(*given: Any, **named: Any) -> Any:
            with speaking(language):
                return await function(*given, **named)

        return answer_later

    @wraps(function)
    def answer(*given: Any, **named: Any) -> Any:
        with speaking(language):
            return function(*given, **named)

    return answer


def say_many(count: int, one: str, several: str, /, **values: object) -> str:
    """`say` of a text about one thing or about several.

    Args:
        count: How many; it stands at `{count}`, thousands apart.
        one: English for one, as a literal.
        several: English for any other number.
        **values: As in `say`.
    """
    return say(one if count == 1 else several, count=f"{count:,}", **values)

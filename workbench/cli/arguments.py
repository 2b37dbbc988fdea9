"""From parsed arguments to those of a service."""

from __future__ import annotations

import inspect
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from typing import Any, Literal

from workbench.errors import UsageError


def passed_on(arguments: Namespace, *services: Callable[..., Any]) -> dict[str, Any]:
    """Those parsed arguments that are keyword parameters of one of the services."""
    names = {
        name
        for service in services
        for name, parameter in inspect.signature(service).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return {name: value for name, value in vars(arguments).items() if name in names}


def count_or_auto(text: str) -> int | Literal["auto"]:
    """A number, or "auto".

    Raises:
        ArgumentTypeError: Neither; the parser says which argument it was.
    """
    if text != "auto" and not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is neither a number nor auto")
    return "auto" if text == "auto" else int(text)


def numbers(text: str) -> list[float]:
    """`20,10,5,0` as numbers.

    Raises:
        ArgumentTypeError: One is none; the parser says which argument it was.
    """
    try:
        return [float(one) for one in text.split(",")]
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not numbers with commas between them") from None


def pairs(texts: Sequence[str] | None, flag: str) -> dict[str, str]:
    """`KEY=VALUE` texts as a mapping.

    Raises:
        UsageError: One has no equals sign, or a key comes twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"{flag} {text} is not a pair.", hint="Write KEY=VALUE.")
        if key in found:
            raise UsageError(f"{flag} {key} is given twice.", hint="Give each key once.")
        found[key] = value
    return found

"""Parts of sets, and several sets as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from workbench.errors import UnknownName, UsageError
from workbench.evalsets.model import EvalItem, EvalSet, Scalar
from workbench.evalsets.streamed import chain_items, change_items, keep_items

MIXED = "mixed"


def first_items(eval_set: EvalSet, count: int) -> EvalSet:
    """The first `count` items: the same ones every time, and no sample of the set.

    Raises:
        UsageError: `count` is below 1.
    """
    if count < 1:
        raise UsageError(f"A limit of {count} leaves nothing to do.", hint="Use 1 or more.")
    return _narrowed(eval_set, eval_set.items[:count])


def where(eval_set: EvalSet, conditions: Mapping[str, str], *, limit: int | None = None) -> EvalSet:
    """The items that meet all conditions.

    Args:
        eval_set: Where to look.
        conditions: A tag, `id` or `language`, and its value as text.
        limit: Only the first so many of those that do.

    Raises:
        UnknownName: No item has such a tag, or none has that value.
        UsageError: Every condition is met by some item, and no item meets them all; or `limit` is below 1.
    """
    items = _meeting(eval_set.items, conditions)
    if not items:
        for key, value in conditions.items():
            _check_condition(eval_set, key, value)
        wanted = " and ".join(f"{key}={value}" for key, value in conditions.items())
        raise UsageError(f"No item of {eval_set.name} has {wanted} together.", hint="Ask for less.")
    found = _narrowed(eval_set, items)
    return found if limit is None else first_items(found, limit)


def parse_conditions(texts: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` texts as conditions for `where`.

    Raises:
        UsageError: One has no equals sign, or a key comes twice.
    """
    conditions: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals) or key in conditions:
            raise UsageError(f"{text!r} is not a condition of its own.", hint="Write KEY=VALUE, each key once.")
        conditions[key] = value
    return conditions


def join_sets(sets: Sequence[EvalSet]) -> EvalSet:
    """Several sets as one named `a+b`; item ids become `a/…`, and each item is tagged with its set.

    Raises:
        UsageError: No set, or two of the same name.
    """
    if not sets:
        raise UsageError("No set was named.", hint="Name one or more.")
    if len(sets) == 1:
        return sets[0]
    names = [eval_set.name for eval_set in sets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"Two of the sets are named {twice!r}.", hint="Name each set once.")
    languages = {eval_set.language for eval_set in sets}
    return EvalSet(
        name="+".join(names),
        items=chain_items([change_items(one.items, partial(_prefixed, name=one.name)) for one in sets]),
        version="+".join(eval_set.version for eval_set in sets) if any(s.version for s in sets) else "",
        licence="; ".join(dict.fromkeys(eval_set.licence for eval_set in sets if eval_set.licence)),
        language=languages.pop() if len(languages) == 1 else MIXED,
        title=" + ".join(eval_set.title or eval_set.name for eval_set in sets),
        synthetic=all(eval_set.synthetic for eval_set in sets),
    )


def common_language(items: Sequence[EvalItem]) -> str:
    """The one language of all items; "mixed" where they differ, empty where none is labelled."""
    languages = {item.language for item in items}
    return languages.pop() if len(languages) == 1 else MIXED if languages else ""


def with_language(items: Sequence[EvalItem], language: str) -> Sequence[EvalItem]:
    """The items, those without a language of their own given this one."""
    return change_items(items, partial(_in_language, language=language)) if language else items


def _in_language(item: EvalItem, *, language: str) -> EvalItem:
    return item if item.language else replace(item, language=language)


def _meeting(items: Sequence[EvalItem], conditions: Mapping[str, str]) -> Sequence[EvalItem]:
    if not conditions:
        return items
    return keep_items(items, lambda item: all(_value(item, key) == value for key, value in conditions.items()))


def _check_condition(eval_set: EvalSet, key: str, value: str) -> None:
    known = {text for item in eval_set.items if (text := _value(item, key)) is not None}
    if not known:
        raise UnknownName("tag", key, {name for item in eval_set.items for name in ("id", "language", *item.tags)})
    if value not in known:
        raise UnknownName(f"item with {key}", value, sorted(known)[:40])


def _narrowed(eval_set: EvalSet, items: Sequence[EvalItem]) -> EvalSet:
    language = common_language(items) if eval_set.language in ("", MIXED) else eval_set.language
    return replace(eval_set, items=items, language=language)


def _prefixed(item: EvalItem, *, name: str) -> EvalItem:
    return replace(item, id=f"{name}/{item.id}", tags={**item.tags, "set": name})


def _value(item: EvalItem, key: str) -> str | None:
    if key == "id":
        return item.id
    if key == "language":
        return item.language or None
    return tag_text(item.tags[key]) if key in item.tags else None


def tag_text(value: Scalar) -> str:
    """A tag's value as it is written in conditions and tables: `true`, `10`, `2.5`, `office`."""
    return str(value).lower() if isinstance(value, bool) else str(value)

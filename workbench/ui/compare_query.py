"""What is asked of the shared clips, as the page's controls and clicks say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from workbench.runs.shared_clips import Fate, SharedOrder, SharedQuery

FIRST_ORDER = "apart:0:down"
_RISING = ("order", "id", "reference")


def read_query(told: Mapping[str, Any]) -> SharedQuery:
    """What the filters ask, on the first page.

    Args:
        told: Values of the filters by name, and as `asked` what was asked before: a group that was clicked stays.
    """
    which = str(told["which"] or "")
    sort, system, way = str(told["order"] or FIRST_ORDER).split(":")
    less, compares, more = which.partition("<")
    return SharedQuery(
        text=told["text"] or "",
        fate=cast("Fate", which) if which and not compares else None,
        better=(int(less), int(more)) if compares else None,
        tag=told["asked"].tag,
        sort=cast("SharedOrder", sort),
        system=int(system),
        descending=way == "down",
    )


def order_choice(query: SharedQuery) -> str:
    """A query's order as the dropdown names it."""
    return f"{query.sort}:{query.system}:{'down' if query.descending else 'up'}"


def turned(query: SharedQuery, sort: SharedOrder, system: int) -> SharedQuery:
    """Sorted by that column; the other way round where it is already."""
    same = (query.sort, query.system) == (sort, system)
    descending = not query.descending if same else sort not in _RISING
    return replace(query, sort=sort, system=system, descending=descending)

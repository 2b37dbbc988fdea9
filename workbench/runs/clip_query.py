"""What may be asked of a run's clips: which of them, in which order, which page."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from workbench.errors import UnknownName, UsageError

Kind = Literal[
    "any error",
    "no error",
    "substitution",
    "deletion",
    "insertion",
    "same sound",
    "rewritten",
    "translated",
    "loop",
    "too long",
    "text on silence",
    "empty reference",
    "warning",
    "failed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

SortKey = Literal[
    "order",
    "id",
    "reference",
    "hypothesis",
    "rate",
    "wer",
    "cer",
    "mer",
    "errors",
    "substitutions",
    "deletions",
    "insertions",
    "units",
    "duration",
    "wall_seconds",
    "gpu_seconds",
    "peak_bytes",
    "rtf",
]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipQuery:
    """A question about the clips of a run. All its conditions must be met.

    Attributes:
        text: Anywhere in id, reference or hypothesis; case and width (NFKC) do not matter.
        tags: Tag and value; of several values of one tag the clip must have one.
        kind: What must be true of the clip.
        min_rate: The least error rate, 0.2 for 20 %; a clip without a rate has none that is large enough.
        max_rate: The highest.
        said: Unit that was said, of a confusion; "" for an insertion, None for no condition.
        heard: Unit that was heard; "" for a deletion.
        sort: By what; clips that have no such figure come last, equal ones stay in the run's order.
        descending: Largest first.
        page: From 1 on.
        page_size: Clips a page.

    Raises:
        UnknownName: No such kind or order.
        UsageError: A page, its size or a rate is out of range.
    """

    text: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    kind: Kind | None = None
    min_rate: float | None = None
    max_rate: float | None = None
    said: str | None = None
    heard: str | None = None
    sort: SortKey = "order"
    descending: bool = False
    page: int = 1
    page_size: int = 50

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise UnknownName("kind of clip", self.kind, KINDS)
        if self.sort not in SORT_KEYS:
            raise UnknownName("order", self.sort, SORT_KEYS)
        if self.page < 1:
            raise UsageError(f"There is no page {self.page}.", hint="Pages are counted from 1.")
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise UsageError(f"A page of {self.page_size} clips is not possible.", hint=f"Use 1 to {LARGEST_PAGE}.")
        if not all(rate is None or math.isfinite(rate) for rate in (self.min_rate, self.max_rate)):
            raise UsageError("An error rate must be a number.", hint="Use 0.2 for 20 %.")

    @property
    def asks_confusion(self) -> bool:
        """Whether clips with one error are asked for, unit by unit."""
        return self.said is not None or self.heard is not None


def searchable(text: str) -> str:
    """A text as it is searched: compatibility forms and case are the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def parse_tags(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`TAG=VALUE` texts as `ClipQuery.tags`; a tag may come several times.

    Raises:
        UsageError: One has no equals sign.
    """
    pairs = [text.partition("=") for text in texts]
    for text, (tag, equals, _) in zip(texts, pairs, strict=True):
        if not (tag and equals):
            raise UsageError(f"{text!r} is no tag with a value.", hint="Write TAG=VALUE.")
    return tuple((tag, value) for tag, _, value in pairs)

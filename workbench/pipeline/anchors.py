"""Where a place in a text is after the text was edited elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.scoring.alignment import align_units

Place = tuple[int, int]
"""Start and end, in characters; alike for a place between two characters."""


def follow(before: str, after: str, places: Sequence[Place]) -> list[Place | None]:
    """Places of a text in the edited text; None for one whose characters did not all stay, side by side.

    A place between two characters stays as long as both do, side by side.

    Args:
        before: The text they are in.
        after: The same text, edited.
        places: In any order.
    """
    if not places:
        return []
    ways = [_moved(before, after, head_first=head_first) for head_first in (True, False)]
    found = ((_followed(place, moved, len(before), len(after)) for moved in ways) for place in places)
    return [next((one for one in ones if one is not None), None) for ones in found]


def _followed(place: Place, moved: Sequence[int | None], size: int, new_size: int) -> Place | None:
    start, end = place
    first, last = (start, end) if start < end else (max(0, start - 1), min(size, start + 1))
    found = moved[first:last]
    if not found or found[0] is None or found != list(range(found[0], found[0] + last - first)):
        return (start, end) if not found and not new_size else None
    if start < end:
        return found[0], found[0] + end - start
    between = found[0] + (start - first)
    return between, between


def _moved(before: str, after: str, *, head_first: bool) -> list[int | None]:
    """Where each character went. What both texts begin and end with stayed; the rest is aligned.

    Where a character was put beside its like, which of them was there before depends on the end one begins at.
    """
    most = min(len(before), len(after))
    head = tail = 0
    for at_head in (head_first, not head_first):
        if at_head:
            head = next((i for i in range(most - tail) if before[i] != after[i]), most - tail)
        else:
            tail = next((i for i in range(most - head) if before[-1 - i] != after[-1 - i]), most - head)
    (edits,) = align_units([list(before[head : len(before) - tail])], [list(after[head : len(after) - tail])])
    moved: list[int | None] = list(range(head))
    place = head
    for edit in edits:
        if edit.op != "insertion":
            moved.append(place if edit.op == "hit" else None)
        place += edit.op != "deletion"
    return moved + list(range(len(after) - tail, len(after)))

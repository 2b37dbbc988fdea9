"""`workbench saved`: what is kept on this machine, and how it is deleted."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.console import Console
from workbench.cli.syntax import Maker
from workbench.services.saved import DELETABLE, KINDS


def add_actions(action: Maker) -> None:
    """The actions of the verb, with their arguments."""
    listed = action("list", "saved:saved", "List what is kept.", services.list_saved)
    listed.add("--kind", "kind", choices=KINDS, metavar="KIND")
    delete = action("delete", "saved:delete_saved", "Delete one thing for good.", services.delete_saved)
    delete.add("kind", "kind", choices=DELETABLE, metavar="KIND")
    delete.add("id", "id", metavar="ID")


def saved(arguments: Namespace, console: Console) -> int:
    """List what is kept, with sizes and ages."""
    found = services.list_saved(kind=getattr(arguments, "kind", None))
    console.document(to_jsonable_python(found))
    now = datetime.now(UTC)
    console.table(
        ("kind", "id", "size", "files", "days", "used by"),
        [
            (
                item.kind,
                item.id,
                _size(item.bytes),
                str(item.files),
                f"{max(0.0, (now - datetime.fromisoformat(item.changed)).total_seconds()) / 86_400:.1f}",
                ", ".join(item.used_by) or "–",
            )
            for item in found
        ],
    )
    console.say(f"{len(found)} things, {_size(sum(item.bytes for item in found))}.")
    return 0


def delete_saved(arguments: Namespace, console: Console) -> int:
    """Delete one thing, and say what else that means.

    Raises:
        UnknownName: There is no such thing.
        RunError: It is being written.
    """
    deleted = services.delete_saved(arguments.kind, arguments.id)
    console.document(to_jsonable_python(deleted))
    console.say(f"Deleted {arguments.id}. {deleted.sentence}".rstrip())
    return 0


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 999_500_000 else f"{count / 1e6:.1f} MB"

"""`workbench sets …`: listed, checked, imported, fetched, and their noise variants."""

from __future__ import annotations

import sys
from argparse import BooleanOptionalAction, Namespace

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.arguments import numbers, pairs, passed_on
from workbench.cli.console import Console
from workbench.cli.syntax import Maker
from workbench.cli.tables import NOTHING
from workbench.errors import UsageError
from workbench.evalsets.deriving import Derived, DeriveProgress, derived_json
from workbench.evalsets.draft import Imported
from workbench.evalsets.fetching import Fetched, FetchPlan
from workbench.evalsets.importing import ImportProgress, imported_json
from workbench.evalsets.recipes import HOW_TO_OBTAIN, Recipe

_NAMED = 20


def add_actions(action: Maker) -> None:
    """Give the verb `sets` its actions."""
    action("list", "listings:sets", "List the eval sets.", services.list_sets)
    checked = action("check", "listings:sets", "Check every line and recording of a set.", services.check_set)
    checked.add("name", "name", metavar="SET", help="Name of a set, a folder or a manifest.")
    _add_import(action)
    _add_derive(action)
    known = action("recipes", "sets:recipes", "Public sets, and how one comes by each.", services.list_recipes)
    known.add("name", "name", nargs="?", metavar="NAME")
    got = action("fetch", "sets:fetch_set", "Download a public set, once you have agreed.", services.plan_fetch)
    got.add("name", "name", metavar="NAME")
    got.add("--yes", "yes", action="store_true", help="Agree to size and licence beforehand.")


def _add_import(action: Maker) -> None:
    made = action("import", "sets:import_set", "A set of labelled recordings on this disk.", services.import_set_events)
    made.add("layout", "layout", metavar="LAYOUT")
    made.add("folder", "folder", metavar="FOLDER")
    made.add("--name", "name", metavar="NAME")
    made.add("--split", "split", metavar="SPLIT")
    made.add("--language", "language", metavar="LANGUAGE")
    made.add("--encoding", "encoding", metavar="ENCODING")
    made.add("--audio-root", "audio_root", metavar="FOLDER")
    made.add("--text-column", "text_column", metavar="COLUMN")
    made.add("--audio-column", "audio_column", metavar="COLUMN")
    made.add("--id-column", "id_column", metavar="COLUMN")
    made.add("--header", "header", type=lambda text: text.split(","), metavar="COLUMN,COLUMN,…")
    made.add("--drop", "drop", action="append", metavar="MARK", default=None)
    made.add("--title", "title", metavar="TITLE")
    made.add("--licence", "licence", metavar="LICENCE")
    made.add("--source", "source", metavar="SOURCE")
    made.add("--copy", "copy", action="store_true")
    made.add("--skip-faulty", "skip_faulty", action="store_true")
    made.add("--keep-empty", "keep_empty", action="store_true")
    made.add("--replace", "replace", action="store_true")


def _add_derive(action: Maker) -> None:
    made = action("derive", "sets:derive_set", "A set's clips in noise, rooms, codecs.", services.derive_set_events)
    made.add("set", "set", metavar="SET")
    for flag, dest in (("--noise", "noise"), ("--room", "room"), ("--codec", "codec")):
        made.add(flag, dest, action="append", metavar=dest.upper(), default=None)
    made.add("--snr", "snr", action="extend", type=numbers, metavar="DB,DB,…", default=None)
    made.add("--name", "name", metavar="NAME")
    made.add("--title", "title", metavar="TITLE")
    made.add("--seed", "seed", type=int, metavar="N")
    made.add("--clean", "clean", action=BooleanOptionalAction)
    made.add("--limit", "limit", type=int, metavar="N")
    made.add("--where", "where", action="append", metavar="KEY=VALUE")
    made.add("--skip-faulty", "skip_faulty", action="store_true")
    made.add("--replace", "replace", action="store_true")


def import_set(arguments: Namespace, console: Console) -> int:
    """Import a layout; 1 where utterances were refused and the others imported.

    Raises:
        WorkbenchError: It has faults that are not to be skipped, or cannot be read.
    """
    given = {
        name: value for name, value in passed_on(arguments, services.import_set_events).items() if value is not None
    }
    found = None
    with console.progress("Decoding") as advance:
        for event in services.import_set_events(arguments.layout, arguments.folder, **given):
            if isinstance(event, ImportProgress):
                advance(event.done, event.total)
            else:
                found = event
    assert found is not None, "the last event is the result"
    console.document(imported_json(found))
    for line in _lines(found):
        console.say(line)
    for one in found.refused[:_NAMED]:
        console.note(f"refused: {one.sentence}")
    return 1 if found.refused else 0


def _lines(found: Imported) -> list[str]:
    known = " was there already, the very same" if found.existing else ""
    lines = [
        f"Set {found.name}{known}: {found.imported} of {found.total} utterances, {found.seconds / 60:.1f} minutes."
    ]
    if found.refused:
        lines.append(f"Refused: {len(found.refused)}; the list is {found.folder / 'refused.jsonl'}.")
    if found.outside:
        lines.append(f"Labels of other splits: {found.outside}.")
    lines += found.notes
    lines.append(f"Digest {found.digest[:16]}. Next: workbench bench {found.name}")
    return lines


def derive_set(arguments: Namespace, console: Console) -> int:
    """Derive noise variants; 1 where clips were refused and the others used.

    Raises:
        WorkbenchError: The set or a condition cannot be read, or clips cannot be used.
    """
    given = passed_on(arguments, services.derive_set_events)
    given["where"] = pairs(arguments.where, "--where")
    given = {name: value for name, value in given.items() if value is not None}
    found = None
    with console.progress("Mixing") as advance:
        for event in services.derive_set_events(arguments.set, **given):
            if isinstance(event, DeriveProgress):
                advance(event.done, event.total)
            else:
                found = event
    assert found is not None, "the last event is the result"
    console.document(derived_json(found))
    for line in _derived_lines(found):
        console.say(line)
    for one in found.refused[:_NAMED]:
        console.note(f"refused: {one.sentence}")
    return 1 if found.refused else 0


def _derived_lines(found: Derived) -> list[str]:
    known = " was there already, the very same" if found.existing else ""
    kept = f" ({found.kept} of them made before)" if found.kept and not found.existing else ""
    more = f"; and {len(found.conditions) - _NAMED} more" if len(found.conditions) > _NAMED else ""
    variants = f"{found.made + found.kept} of {found.total} variants{kept}"
    return [
        f"Set {found.name}{known}: {variants}, {found.seconds / 60:.1f} minutes.",
        f"Conditions: {'; '.join(found.conditions[:_NAMED])}{more}.",
        f"Digest {found.digest[:16]}. Next: workbench bench {found.name}",
    ]


def recipes(arguments: Namespace, console: Console) -> int:
    """List the public sets, or say all of one.

    Raises:
        UnknownName: There is none of that name.
    """
    found = services.list_recipes(arguments.name)
    console.document([to_jsonable_python(one) | {"import_command": one.import_command} for one in found])
    if arguments.name is None:
        console.table(
            ("name", "languages", "clips", "licence", "how", "title"),
            [
                (
                    one.name,
                    " ".join(one.languages) or one.kind,
                    NOTHING if one.utterances is None else str(one.utterances),
                    one.licence or "not known",
                    HOW_TO_OBTAIN[one.obtain],
                    one.title,
                )
                for one in found
            ],
        )
        return 0
    for line in _recipe_lines(found[0]):
        console.say(line)
    return 0


def _recipe_lines(one: Recipe) -> list[str]:
    facts = {
        "Name": one.name,
        "Title": one.title,
        "Licence": one.licence or "not known",
        "Citation": one.citation,
        "Page": one.homepage,
        "How": HOW_TO_OBTAIN[one.obtain],
        "From": ", ".join(source.url for source in one.urls),
        "Hours": "" if one.hours is None else f"{one.hours:g}",
        "Utterances": "" if one.utterances is None else str(one.utterances),
        "Note": one.note,
        "Import": one.import_command,
        "Fetch": f"workbench sets fetch {one.name}" if one.can_be_fetched else "",
    }
    if one.hub is not None:
        facts["From"] = f"{one.hub.repo} ({one.hub.revision}): {', '.join(one.hub.files)}"
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    lines += [f"Checked, {name}: {where}." for name, where in one.verified.items()]
    return [*lines, "What is not named as checked is from general knowledge."]


def fetch_set(arguments: Namespace, console: Console) -> int:
    """Show what would be fetched, ask, fetch and import; 1 where the answer is no.

    Raises:
        WorkbenchError: It cannot be fetched, or nobody is there to be asked.
    """
    plan = services.plan_fetch(arguments.name)
    for line in _plan_lines(plan):
        console.note(line)
    if not (plan.fetched or arguments.yes or _agreed(console)):
        console.document({"recipe": plan.recipe.name, "fetched": False})
        return 1
    found = None
    with console.progress("Fetching") as advance:
        for event in services.fetch_set_events(plan):
            if isinstance(event, Fetched):
                found = event
            else:
                advance(event.done, event.total)
    assert found is not None, "the last event is the result"
    imported = None if found.imported is None else imported_json(found.imported)
    folder = str(found.folder)
    document = {"recipe": found.recipe, "fetched": True, "folder": folder, "commit": found.commit, "set": imported}
    console.document(document)
    console.say(f"{found.recipe} is in {folder}.")
    if found.imported is not None:
        for line in _lines(found.imported):
            console.say(line)
    else:
        console.say(f"Next: workbench sets derive SET --noise {found.folder / plan.recipe.read.folder}")
    return 0


def _plan_lines(plan: FetchPlan) -> list[str]:
    if plan.fetched:
        return [f"{plan.recipe.name} was fetched before; nothing is downloaded."]
    size = "of a size that the server does not say" if plan.size is None else f"{plan.size / 2**20:,.1f} MiB"
    return [
        f"{plan.recipe.title}",
        f"Licence: {plan.recipe.licence or 'not known'}. {plan.recipe.homepage}",
        *(f"  {file.url}" for file in plan.files),
        f"{len(plan.files)} files, {size}, to {plan.folder}.",
    ]


def _agreed(console: Console) -> bool:
    if console.as_json or not sys.stdin.isatty():
        raise UsageError("Fetching asks first, and nobody is there to answer.", hint="Add --yes to agree.")
    console.note("Fetch it? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")

"""What work will cost before it is begun: `workbench estimate`."""

from __future__ import annotations

from argparse import Namespace

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console
from workbench.runs.estimate import estimate_json


def estimate(arguments: Namespace, console: Console) -> int:
    """Say how long work would take here and how much memory; 1 where that is not free.

    Raises:
        WorkbenchError: The engine cannot run here, or nothing is known of it.
    """
    chosen = passed_on(arguments, services.estimate)
    chosen |= {"options": pairs(arguments.options, "--option"), "where": pairs(arguments.where, "--where")}
    found = services.estimate(arguments.engine, **chosen)
    console.document(estimate_json(found))
    for sentence in found.sentences:
        console.say(sentence)
    return 1 if found.fits is False else 0

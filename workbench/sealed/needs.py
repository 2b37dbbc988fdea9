"""Which engines cannot do without a network.

It has to be known before anything is imported, so an engine says it in its package's metadata, under its own name:

    [project.entry-points."workbench.network"]
    my-engine = "my_package:PLUGIN"
"""

from __future__ import annotations

from importlib.metadata import entry_points

GROUP = "workbench.network"


def needs_network(engine: str) -> bool:
    """Whether an engine, named as in `openai-http:http://127.0.0.1:8000/v1`, said that it needs one."""
    name = engine.strip().partition(":")[0]
    return bool(entry_points(group=GROUP, name=name))

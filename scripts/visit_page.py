"""Use the Transcribe tab as a browser does, without one: drop files, press Transcribe, and read what comes.

    python scripts/visit_page.py URL FILE [FILE …]

For places where no browser can be: it takes the page's events from its configuration, sends them with the visitor's
cookie, and prints what became of each file. Exit code 1 where nothing did.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any, cast

import httpx

API = "gradio_api"
_UPLOADED = {"_type": "gradio.FileData"}


class Visit:
    """One tab of a browser.

    Args:
        client: With the page's address; keeps the cookie.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._client.get("/").raise_for_status()
        config: dict[str, Any] = client.get("/config").raise_for_status().json()
        self._components = {one["id"]: one for one in config["components"]}
        self._events: list[dict[str, Any]] = config["dependencies"]
        self._session = uuid.uuid4().hex[:11]

    def event(self, kind: str, name: str, component: str = "") -> dict[str, Any]:
        """The first event of this kind on a component of this class, or type."""
        for event in self._events:
            for target, happens in event["targets"]:
                found = self._components.get(target, {})
                classes = [found.get("type"), *(found.get("props", {}).get("elem_classes") or [])]
                if happens == kind and (component or None) in (None, *classes) and event["api_name"].startswith(name):
                    return event
        raise LookupError(f"The page has no {name} on {kind}.")

    def upload(self, path: Path) -> dict[str, Any]:
        """A file as an event takes it."""
        sent = self._client.post(f"/{API}/upload", files={"files": (path.name, path.read_bytes())})
        return {"path": sent.raise_for_status().json()[0], "orig_name": path.name, "meta": _UPLOADED}

    def send(self, event: dict[str, Any], *values: Any) -> str:
        """Everything that an event answers, as text; components that are not named have what the page shows."""
        shown = [self._components[one].get("props", {}).get("value") for one in event["inputs"]]
        body = {"data": [*values, *shown[len(values) :]], "fn_index": event["id"], "session_hash": self._session}
        self._client.post(f"/{API}/queue/join", json=body).raise_for_status()
        said: list[str] = []
        with self._client.stream("GET", f"/{API}/queue/data", params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                said.append(line)
                if '"process_completed"' in line or '"close_stream"' in line:
                    break
        return "\n".join(said)


def visit(url: str, paths: list[Path]) -> str:
    """Drop the files, transcribe all of them, and return what the events said."""
    with httpx.Client(base_url=url, timeout=300, trust_env=False) as client:
        page = Visit(client)
        said = [page.send(page.event("upload", "add_files", "wb-drop"), [page.upload(path) for path in paths])]
        said.append(page.send(page.event("click", "begin", "wb-run")))
        said += [page.send(page.event("change", "work", "state")) for _ in paths]
        return "\n".join(said)


def rows(said: str) -> list[str]:
    """What became of each recording, and what the page says of it, from the last answer that has it."""
    lists = [value for value in _texts(said) if "wb-queue" in value]
    found = re.findall(r'<li data-state="(\w+)"(.*?)</li>', lists[-1], re.DOTALL) if lists else []
    return [" ".join([state, *re.sub(r"<[^>]*>", " ", f"<{row}").split()]) for state, row in found]


def _texts(said: str) -> list[str]:
    values: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            values.append(value)
        elif isinstance(value, dict):
            for one in cast("dict[str, Any]", value).values():
                walk(one)
        elif isinstance(value, list):
            for one in cast("list[Any]", value):
                walk(one)

    for line in said.splitlines():
        if line.startswith("data:"):
            walk(json.loads(line.removeprefix("data:")))
    return values


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    found = rows(visit(given.url, given.files))
    print("\n".join(found))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())

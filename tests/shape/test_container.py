"""The Dockerfile: what can be said of it without building it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.cli.parser import build_parser

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction and the rest of its line, continued lines joined, comments gone."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            found[rest.split(" AS ")[1]] = []
        found[list(found)[-1]].append((word, rest))
    return found


def test_every_base_is_pinned_and_from_the_usual_place() -> None:
    bases = [rest.split(" AS ")[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 4
    for base in bases:
        assert re.fullmatch(r"(python|nvidia/cuda):\d+\.\d+\.\d+-[a-z0-9.-]+", base), base


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_what_runs_is_no_root_has_a_volume_and_says_whether_it_is_well(target: str) -> None:
    said = dict(stages()[target])
    assert int(said["USER"]) > 0
    assert said["VOLUME"] == "/data"
    assert "WORKBENCH_HOME=/data" in said["ENV"]
    assert "health.py" in said["HEALTHCHECK"]
    assert said["ENTRYPOINT"] == '["sh", "/opt/workbench/container/entrypoint.sh"]'
    built = [rest for word, rest in stages()[target] if word in ("COPY", "ADD") and "--from=" not in rest]
    assert built == ["docker/entrypoint.sh docker/health.py /opt/workbench/container/"]


def test_no_secret_and_no_host_is_in_it() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert not re.search("(?i)(token|password|secret|api_key)", text)
    assert not re.search("https?://", text)


def test_what_it_copies_is_there_and_let_through() -> None:
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and "--from=" not in rest
        for source in rest.split()[:-1]
    }
    assert {source.split("/")[0] for source in copied} == let_through
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_the_entry_point_uses_options_that_there_are() -> None:
    script = (ROOT / "docker" / "entrypoint.sh").read_text(encoding="utf-8")
    (line,) = re.findall(r'set -- (serve --host) "\$address" (--allow-remote)', script)
    arguments = build_parser().parse_args([*line[0].split(), "10.0.0.2", line[1]])
    assert (arguments.host, arguments.allow_remote) == ("10.0.0.2", True)


def run_entrypoint(tmp_path: Path, *words: str) -> str:
    """What the script would run, with a `workbench` that only says so."""
    (tmp_path / "workbench").write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    (tmp_path / "python").write_text("#!/bin/sh\necho 172.17.0.2\n", encoding="utf-8")
    for name in ("workbench", "python"):
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", str(ROOT / "docker" / "entrypoint.sh"), *words],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize(
    ("words", "run"),
    [
        (("serve",), "serve --host 172.17.0.2 --allow-remote"),
        (("serve", "--port", "9"), "serve --host 172.17.0.2 --allow-remote --port 9"),
        (("serve", "--host", "127.0.0.1"), "serve --host 127.0.0.1"),
        (("serve", "--host=::1"), "serve --host=::1"),
        (("doctor", "--json"), "doctor --json"),
        ((), ""),
    ],
)
def test_only_serve_without_a_host_is_added_to(words: tuple[str, ...], run: str, tmp_path: Path) -> None:
    assert run_entrypoint(tmp_path, *words) == run

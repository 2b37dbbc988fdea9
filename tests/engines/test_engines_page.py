"""docs/engines.md: the engine in it works, and what it says of ours is so."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import offered
from workbench.engines.sherpa_kinds import KINDS
from workbench.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")


def test_the_engine_in_20_lines_runs_through_a_benchmark(settings: Settings) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    package = ModuleType("my_package")
    exec(code, package.__dict__)
    with offered(package.PLUGIN):
        run = services.bench("english-demo", engine="loudness", limit=3, pool=EnginePool(settings))
    assert (run.scored, run.failed) == (3, 0)


def test_every_kind_of_sherpa_onnx_is_on_the_page() -> None:
    assert [kind for kind in KINDS if f"`{kind}`" not in PAGE] == []

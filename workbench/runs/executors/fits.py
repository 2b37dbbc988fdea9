"""How many engines serve this machine, as probes found: kept under home, so that each engine is probed once."""

from __future__ import annotations

from dataclasses import dataclass

import pydantic

from workbench.engines.base import EngineInfo
from workbench.engines.device import available_cores
from workbench.engines.registry import EngineRef
from workbench.runs.environment import environment
from workbench.runs.workload import Workload
from workbench.settings import Settings
from workbench.storage import replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What was measured of one engine on one machine.

    Attributes:
        rtf: Real-time factor of one engine on all cores.
        workers: How many engines are quickest; None where that was not tried yet.
        gain: How many times the throughput of one engine they had; None where that was not tried.
    """

    rtf: float
    workers: int | None = None
    gain: float | None = None


_FITS = pydantic.TypeAdapter(dict[str, Fit])


class Fits:
    """The file that keeps them.

    Args:
        settings: Where home is.
    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "workers.json"

    def find(self, work: Workload) -> Fit | None:
        """What is known of a workload's engine here."""
        return self.find_engine(work.ref, work.info)

    def find_engine(self, ref: EngineRef, info: EngineInfo) -> Fit | None:
        """What is known of an engine here.

        Args:
            ref: As asked for.
            info: What the loaded engine says of itself.
        """
        return self._load().get(_key(ref, info))

    def keep(self, work: Workload, fit: Fit) -> None:
        """Keep it for the next time; where home cannot be written, the next time is probed again."""
        self.keep_engine(work.ref, work.info, fit)

    def keep_engine(self, ref: EngineRef, info: EngineInfo, fit: Fit) -> None:
        """The same of an engine."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, _FITS.dump_json({**self._load(), _key(ref, info): fit}, indent=2))
        except OSError:
            return

    def _load(self) -> dict[str, Fit]:
        try:
            return _FITS.validate_json(self._path.read_bytes())
        except (OSError, ValueError):  # not there, or not ours: it is measured again
            return {}


def _key(ref: EngineRef, info: EngineInfo) -> str:
    here = environment()
    machine = (here["cpu"], available_cores(), here["packages"].get(info.runtime))
    return " | ".join(map(str, (ref, info.model_id, info.revision, info.device, info.dtype, *machine)))

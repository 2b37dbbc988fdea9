"""Where things are and what is allowed, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from workbench.errors import UsageError

# Each of these, left alone, opens a connection, a file or a port of its own (docs/privacy.md).
_QUIET = {
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}
_EXPOSING = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH", "HF_TOKEN")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process works with.

    Attributes:
        home: Folder for models, runs, private sets and temporary files.
        device: "auto", or a torch device such as "cpu", "cuda", "mps".
        host: Address the page listens on.
        port: Its port.
        offline: Whether nothing may be fetched; only `workbench models fetch` works without it.
    """

    home: Path
    device: str = "auto"
    host: str = "127.0.0.1"
    port: int = 7860
    offline: bool = True

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `WORKBENCH_HOME`, `WORKBENCH_DEVICE`, `WORKBENCH_HOST` and `WORKBENCH_PORT`.

        Raises:
            UsageError: A value cannot be used.
        """
        home = environ.get("WORKBENCH_HOME") or platformdirs.user_data_dir("asr-workbench", appauthor=False)
        port = environ.get("WORKBENCH_PORT") or "7860"
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise UsageError(f"WORKBENCH_PORT is {port!r}, not a port.", hint="Use a number from 1 to 65535.")
        return cls(
            home=Path(home).expanduser().absolute(),
            device=environ.get("WORKBENCH_DEVICE") or "auto",
            host=environ.get("WORKBENCH_HOST") or "127.0.0.1",
            port=int(port),
        )

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def sets(self) -> Path:
        """Private eval sets; the shipped ones are found by `workbench.evalsets`."""
        return self.home / "eval_sets"

    @property
    def temporary(self) -> Path:
        """Uploads and recordings while they are worked on."""
        return self.home / "tmp"


def quieten(environ: dict[str, str] | os._Environ[str] = os.environ) -> None:  # pyright: ignore[reportPrivateUsage]
    """Turn off what libraries send or open by themselves; to be called before any of them is imported."""
    environ.update(_QUIET)
    for name in (*_EXPOSING, *_PROXIES, *(proxy.upper() for proxy in _PROXIES)):
        environ.pop(name, None)

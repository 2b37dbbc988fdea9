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
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}
DTYPES = ("float32", "float16", "bfloat16")
_EXPOSING = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH", "HF_TOKEN")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process works with.

    Attributes:
        home: Folder for models, runs, private sets and temporary files.
        device: "auto", or a torch device such as "cpu", "cuda", "mps".
        dtype: "auto", or the precision of PyTorch engines: one of `DTYPES`.
        host: Address the page listens on.
        port: Its port.
        offline: Whether nothing may be fetched; only `workbench models fetch` works without it.
        hosted: Whether `serve` and benchmarks give each engine a process of its own.
        engine_timeout: Seconds that a call into such an engine may take before it counts as stuck; None for a limit in
            proportion to the audio and to how fast the engine has been.
    """

    home: Path
    device: str = "auto"
    dtype: str = "auto"
    host: str = "127.0.0.1"
    port: int = 7860
    offline: bool = True
    hosted: bool = True
    engine_timeout: float | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `WORKBENCH_HOME`, `_DEVICE`, `_DTYPE`, `_HOST`, `_PORT`, `_HOSTED` and `_ENGINE_TIMEOUT`.

        Raises:
            UsageError: A value cannot be used.
        """
        home = environ.get("WORKBENCH_HOME") or platformdirs.user_data_dir("asr-workbench", appauthor=False)
        port = environ.get("WORKBENCH_PORT") or "7860"
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise UsageError(f"WORKBENCH_PORT is {port!r}, not a port.", hint="Use a number from 1 to 65535.")
        dtype = environ.get("WORKBENCH_DTYPE") or "auto"
        if dtype not in ("auto", *DTYPES):
            raise UsageError(f"WORKBENCH_DTYPE is {dtype!r}, no precision.", hint=f"Use auto, {', '.join(DTYPES)}.")
        return cls(
            home=Path(home).expanduser().absolute(),
            device=environ.get("WORKBENCH_DEVICE") or "auto",
            dtype=dtype,
            host=environ.get("WORKBENCH_HOST") or "127.0.0.1",
            port=int(port),
            hosted=environ.get("WORKBENCH_HOSTED", "").lower() not in ("0", "false"),
            engine_timeout=_seconds("WORKBENCH_ENGINE_TIMEOUT", environ),
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


def _seconds(name: str, environ: Mapping[str, str]) -> float | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{name} is {text!r}, no time.", hint="Use a number of seconds above 0.")
    return seconds


def quieten(environ: dict[str, str] | os._Environ[str] = os.environ) -> None:  # pyright: ignore[reportPrivateUsage]
    """Turn off what libraries send or open by themselves; to be called before any of them is imported."""
    environ.update(_QUIET)
    for name in (*_EXPOSING, *_PROXIES, *(proxy.upper() for proxy in _PROXIES)):
        environ.pop(name, None)

"""A Ray to work with: one of our own, reached from this machine only and gone afterwards, or one that runs."""

from __future__ import annotations

import importlib
import os
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from workbench import sealed
from workbench.errors import RunError, UsageError
from workbench.runs.executors.ray_place import RayPlace
from workbench.settings import Settings
from workbench.storage import told

_PREFIX = "wb-ray-"
_FOLDER, _TOKEN = "The folder of Ray", "The token of Ray"
_LONGEST_FOLDER = 40
"""Ray adds some 65 characters for its sockets, whose paths end at 107."""
_STORE_BYTES = {"path": 96 << 20, "send": 512 << 20}
"""What Ray holds in memory of what goes to and fro, 78 MB at least; more than that it lays into its folder."""
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def connected(place: RayPlace, settings: Settings, *, processors: int) -> Generator[Any]:
    """The module `ray`, connected; the connection ends with the context, and with it a Ray of our own.

    Args:
        place: Which Ray.
        settings: Where home is, under which a Ray of our own has its folder.
        processors: That a Ray of our own is told of.

    Raises:
        UsageError: Ray is not installed, this process has no network, or it works with Ray already.
        RunError: Ray does not start, or there is none at that address.
    """
    if sealed.layers().kernel is not None:
        raise UsageError(
            "This process is sealed off from the network, also from this machine's own, by which Ray works.",
            hint="Start it again with --no-seal, or run `workbench bench … --executor ray`.",
        )
    ray = _imported()
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise UsageError("This process works with Ray already.", hint="Wait until that benchmark has ended.")
    try:
        opening = _own(ray, place, settings, processors) if place.starts else _joined(ray, place)
        with _hushed(), opening:
            yield ray
    finally:
        _ONE_AT_A_TIME.release()


def _imported() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read on import; with it go the questions for the cloud's own address
    try:
        import ray
    except ImportError as error:
        raise UsageError("Ray is not installed.", hint="pip install 'asr-workbench[cluster]'") from error
    return ray


@contextmanager
def _own(ray: Any, place: RayPlace, settings: Settings, processors: int) -> Generator[None]:
    folder = _new_folder(settings)
    try:
        token = folder / "token"
        with told(_TOKEN):
            token.write_text(secrets.token_hex(32))
        with _variables({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}), _only_here():
            with _started(ray, place):
                ray.init(
                    address="local",
                    num_cpus=processors,
                    include_dashboard=False,
                    object_store_memory=_STORE_BYTES[place.audio],
                    _temp_dir=str(folder),
                    _node_ip_address="127.0.0.1",
                    **_QUIETLY,
                )
            try:
                yield
            finally:
                ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _joined(ray: Any, place: RayPlace) -> Generator[None]:
    with _started(ray, place):
        ray.init(address=place.address, **_QUIETLY)
    try:
        yield
    finally:
        ray.shutdown()


_QUIETLY: Mapping[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}


@contextmanager
def _started(ray: Any, place: RayPlace) -> Generator[None]:
    """What Ray raises as one of ours; its first line has no recording in it, and no traceback."""
    if ray.is_initialized():
        raise UsageError("This process is connected to Ray already.", hint="Call ray.shutdown() first.")
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            ray.shutdown()
        said = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        if place.starts:
            raise RunError(
                f"Ray did not start: {said}.", hint="`ray stop` ends what may be left of another."
            ) from error
        raise RunError(
            f"There is no Ray to be had at {place.address}: {said}.",
            hint="`ray start --head` starts one; its token is to be here, too (RAY_AUTH_MODE, RAY_AUTH_TOKEN_PATH).",
        ) from error


def has_token() -> bool:
    """Whether the Ray that this process is connected to takes work only from who has its token."""
    from ray._private.authentication.authentication_utils import is_token_auth_enabled

    return is_token_auth_enabled()


def _new_folder(settings: Settings) -> Path:
    """A private folder with a short name. What killed processes left of theirs goes first."""
    with told(_FOLDER):
        settings.temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    short = len(str(settings.temporary)) <= _LONGEST_FOLDER - len(_PREFIX) - 16
    parent = settings.temporary if short else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        owner = re.fullmatch(rf"{_PREFIX}(\d+)-\w+", left.name)
        if owner and not psutil.pid_exists(int(owner[1])):
            shutil.rmtree(left, ignore_errors=True)
    with told(_FOLDER):
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


@contextmanager
def _only_here() -> Generator[None]:
    """Let Ray take this machine's own address for its node's, as it does where it makes no clusters (macOS).

    Elsewhere it looks for the address by which others reach this machine, and listens there.
    """
    from ray._private import ray_constants

    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _hushed() -> Generator[None]:
    """Keep to itself what Ray's machines complain of: it writes that to standard output, where documents go.

    What matters of it, that a worker ended, is noted in the run's record.
    """
    worker: Any = importlib.import_module("ray._private.worker")
    before, worker.print_to_stdstream = worker.print_to_stdstream, lambda *_, **__: None
    try:
        yield
    finally:
        worker.print_to_stdstream = before


@contextmanager
def _variables(given: Mapping[str, str]) -> Generator[None]:
    """Environment variables that Ray and the processes that it starts read."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    _read_again()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _read_again()


def _read_again() -> None:
    """Have Ray look at how it is to be authenticated, as its own `ray._private.authentication` does after a change."""
    raylet: Any = importlib.import_module("ray._raylet")
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()

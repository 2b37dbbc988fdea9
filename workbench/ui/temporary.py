"""The private folder for uploads, recordings and downloads: one a process, gone when the process is."""

from __future__ import annotations

import atexit
import os
import shutil
from pathlib import Path

import psutil

from workbench.settings import Settings
from workbench.storage import told

_PREFIX = "page-"
_NAME = "The folder of the page's files"


def private_folder(settings: Settings) -> Path:
    """Make this process's folder, readable by its owner alone; remove those that dead processes left behind.

    Raises:
        DiskError: It cannot be made.
    """
    with told(_NAME):
        settings.temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in settings.temporary.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX)
        if not (pid.isdigit() and psutil.pid_exists(int(pid))):
            shutil.rmtree(left, ignore_errors=True)
    folder = settings.temporary / f"{_PREFIX}{os.getpid()}"
    with told(_NAME):
        folder.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

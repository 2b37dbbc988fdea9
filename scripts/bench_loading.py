"""How long an engine's weights take to load: from the disk, and from the page cache.

    python scripts/bench_loading.py whisper:FOLDER [--turns 3]

FOLDER holds the weights. Each load is in a process of its own that has imported torch and transformers before the
clock starts. Before a first load the kernel is asked to drop the files from its cache (posix_fadvise, DONTNEED), which
it does for pages that nobody has mapped; how much of them is still there is told. A second load follows at once.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from workbench.engines.registry import EngineRef, plugin
from workbench.settings import Settings, quieten

MIB = 1024**2


def load_once(engine: str) -> dict[str, Any]:
    """Load in this process; what that took, and what the engine says of itself."""
    quieten()
    import torch
    import transformers

    ref = EngineRef.parse(engine)
    begun = [torch.nn.Linear, transformers.WhisperForConditionalGeneration, transformers.WhisperProcessor]
    began, cpu, read = time.perf_counter(), time.process_time(), psutil.Process().io_counters().read_bytes
    loaded = plugin(ref.name).load(ref.model, Settings.from_env())
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "read": psutil.Process().io_counters().read_bytes - read,
        "rss": psutil.Process().memory_info().rss,
        "about": f"{loaded.info.device}, {loaded.info.dtype}, attention {loaded.info.attention or 'not known'}",
        "imported": len(begun),
    }


def drop(files: list[Path]) -> float:
    """Ask the kernel to forget files; the share of them that it keeps."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
    return sum(map(pages_cached, files)) / sum(-(-path.stat().st_size // mmap.PAGESIZE) for path in files)


def pages_cached(path: Path) -> int:
    """Of a file, by mincore(2)."""
    size = path.stat().st_size
    if not size:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as mapped:
        there = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
        start = ctypes.c_char.from_buffer(mapped)
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size), there) == 0
        del start
        return sum(byte & 1 for byte in there)


def main() -> None:
    """First and second loads in turn, and their medians."""
    arguments = _parsed()
    if arguments.once:
        print(json.dumps(load_once(arguments.engine)))
        return
    files = [path for path in Path(EngineRef.parse(arguments.engine).model or "").iterdir() if path.is_file()]
    found: dict[str, list[dict[str, Any]]] = {"first": [], "second": []}
    for _ in range(arguments.turns):
        kept = drop(files)
        for name, loads in found.items():
            command = [sys.executable, __file__, arguments.engine, "--once"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            loads.append(json.loads(done.stdout.splitlines()[-1]))
            if name == "first":
                print(f"{kept:.0%} of the files were still cached", file=sys.stderr)
    size = sum(path.stat().st_size for path in files) / MIB
    print(f"{size:.0f} MiB of files; {found['first'][0]['about']}; load {os.getloadavg()[0]:.1f}")
    for name, loads in found.items():
        wall, cpu, read, rss = (median(one[key] for one in loads) for key in ("wall", "cpu", "read", "rss"))
        print(
            f"{name:7} {wall:6.2f} s  {cpu:6.2f} processor s  {read / MIB:6.0f} MiB read from the disk  "
            f"{rss / MIB:.0f} MiB held"
        )


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engine", help="ENGINE:FOLDER")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

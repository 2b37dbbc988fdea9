"""What a server asks of the system for itself: files, and no core dumps; and what it says where there are few files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import httpx
import pytest
from find_traces import command
from serving_process import serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SOFT, HARD = 128, 300


def few_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD))
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.slow
def test_uploads_do_not_use_up_the_files_and_who_is_one_too_many_is_told(tmp_path: Path) -> None:
    started = command("serve", "--port", "0", "--engine", "traces", "--json")
    home = {"WORKBENCH_HOME": str(tmp_path / "home")}
    with serving(started, home, tmp_path / "log", limit=few_files) as (process, url):
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="utf-8")
        assert re.search(rf"Max open files +{HARD} +{HARD} ", limits), "raised as far as it may be"
        assert re.search(r"Max core file size +[01] ", limits)
        dumped = Path(f"/proc/{process.pid}/coredump_filter").read_text(encoding="utf-8")
        assert int(dumped, 16) == 0
        with httpx.Client(base_url=url, timeout=60) as visitor:
            visitor.get("/")
            for _ in range(3):
                assert drop(visitor, HARD // 6).status_code == 200
            for _ in range(3):
                refused = drop(visitor)
                assert refused.status_code == 503
                assert "talk.wav cannot be kept: too many recordings are here." in refused.text
            assert visitor.get("/health").status_code == 200
            assert visitor.get("/").status_code == 200
            transcribed = visitor.post("/v1/audio/transcriptions", files={"file": ("talk.wav", b"RIFF")})
            assert (transcribed.status_code, "cannot be kept" in transcribed.text) == (503, True)
        assert len(list(Path(f"/proc/{process.pid}/fd").iterdir())) < HARD * 3 // 4


def drop(visitor: httpx.Client, count: int = 1) -> httpx.Response:
    return visitor.post("/gradio_api/upload", files=[("files", ("talk.wav", b"RIFF"))] * count)

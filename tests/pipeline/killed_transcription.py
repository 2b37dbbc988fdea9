"""A transcription in a process of its own, for tests that kill it: says each finished chunk, then the text."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.services import transcribe_events
from workbench.settings import Settings

recording, home, overlap = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
with offered(ScriptedPlugin(delay_seconds=0.02, chunk_seconds=6)) as plugin:
    pool = EnginePool(Settings(home=home))
    for event in transcribe_events(recording, engine="scripted", overlap_seconds=overlap, pool=pool):
        if isinstance(event, ChunkDone):
            print(event.index, len(plugin.journal.calls), flush=True)
        elif isinstance(event, Transcript):
            print(event.text)
            print([(one.start, one.end) for one in event.segments])
            print(event.complete, event.flags, event.coverage)

"""openai-http against this workbench's own server: two processes' worth of code in one, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, Hypothesis, Segment
from workbench.engines.openai_http import PLUGIN
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.http import create_app
from workbench.settings import Settings


def answer(clip: AudioClip) -> Hypothesis:
    text = f" 听到 {len(clip.samples)} "
    return Hypothesis(text=text, raw=text, segments=(Segment(start=0.0, end=clip.duration, text=text.strip()),))


@pytest.fixture
def served(settings: Settings) -> Iterator[tuple[str, ScriptedPlugin]]:
    """The address of a workbench whose engine says how long each clip is, and that engine's plug-in."""
    with offered(ScriptedPlugin(script=answer)) as plugin:
        app = create_app(EnginePool(settings))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", plugin
            server.should_exit = True
            thread.join(timeout=20)


def test_every_clip_is_transcribed_once_by_the_engine_behind_it(
    served: tuple[str, ScriptedPlugin], settings: Settings, english_clips: list[AudioClip]
) -> None:
    url, plugin = served
    engine = PLUGIN.load(f"{url}#scripted", settings)
    clips = [english_clips[place % 3].cut(0.0, 1.5 + 0.1 * place) for place in range(6)]
    together = engine.transcribe(clips, DecodeOptions(language="zh"))
    alone = [engine.transcribe([clip], DecodeOptions(language="zh"))[0] for clip in clips]
    assert [one.text for one in together] == [one.text for one in alone]
    assert [one.text for one in together] == [f"听到 {len(clip.samples)}" for clip in clips]
    assert all(one.segments[0].text == one.text for one in together)
    assert len(plugin.journal.calls) == 2 * len(clips)
    assert {call.options.language for call in plugin.journal.calls} == {"zh"}
    assert plugin.journal.most_at_once == 1, "the server's own device is still used by one at a time"
    (note,) = engine.take_notes()
    assert note.startswith(f"12 answers from {url}: ")
    engine.close()

"""Engines in processes of their own: what they answer, what they raise, and what becomes of those that hang or die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import psutil
import pytest

from workbench import errors
from workbench.audio.clip import AudioClip
from workbench.engines import hosted, registry
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.host_messages import error_document, error_from
from workbench.engines.host_process import Patience
from workbench.engines.hosted import HostedEngine, is_hosted
from workbench.engines.memory import ran_out_of_memory
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, engine_names, plugin
from workbench.errors import (
    EngineDied,
    EngineError,
    EngineStopped,
    EngineStuck,
    EngineUnavailable,
    ModelMissing,
    UnknownName,
)
from workbench.pipeline.meter import Meter
from workbench.sealed import Layers
from workbench.settings import Settings

FAULTY = Path(__file__).parent / "faulty_engine"
REF = EngineRef("faulty")
SHORT = Patience(call_seconds=2.0)


@pytest.fixture(scope="module", autouse=True)
def faulty_package() -> Iterator[None]:
    """A package that really offers the engine, to this process and to its children."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FAULTY))
        patch.syspath_prepend(str(FAULTY))
        registry._entries.cache_clear()
        yield
    registry._entries.cache_clear()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedEngine]:
    """One for all tests, each of which leaves it as it was, or loaded again."""
    made = HostedEngine.start(
        REF, Settings(home=tmp_path_factory.mktemp("lasting")), patience=Patience(call_seconds=60)
    )
    yield made
    made.close()


@pytest.fixture
def engine(lasting: HostedEngine, settings: Settings) -> HostedEngine:
    """The lasting one; what happens once happens once in each test."""
    for marker in lasting._settings.home.glob("*.done"):
        marker.unlink()
    return lasting


@pytest.fixture
def hasty(engine: HostedEngine, monkeypatch: pytest.MonkeyPatch) -> HostedEngine:
    """The same, with two seconds for a call."""
    monkeypatch.setattr(engine, "_patience", SHORT)
    return engine


def clip(name: str = "plain", seconds: float = 0.5) -> AudioClip:
    samples = np.random.default_rng(len(name)).normal(0, 0.1, round(16_000 * seconds)).astype(np.float32)
    return AudioClip(samples=samples, sample_rate=16_000, source=f"{name}.wav", offset_seconds=1.5, warnings=("w",))


def ask(engine: HostedEngine, *names: str, **extra: object) -> list[Hypothesis]:
    return engine.transcribe([clip(name) for name in names], DecodeOptions(extra=extra))


def test_answers_are_those_of_the_engine_in_this_process(engine: HostedEngine, settings: Settings) -> None:
    here = plugin("faulty").load(None, settings)
    clips = [clip("plain"), clip("longer", 1.25)]
    options = DecodeOptions(language="yue", extra={"times": 2})
    assert engine.info == here.info
    told = engine.transcribe(clips, options)
    assert told == here.transcribe([replace(one, samples=one.samples.copy()) for one in clips], options)
    assert told[0].text.startswith(clip("plain").digest[:8])


def test_what_it_is_asked_is_validated_here(engine: HostedEngine) -> None:
    with pytest.raises(UnknownName, match="beam"):
        ask(engine, "plain", beam=1)
    with pytest.raises(errors.UsageError, match="times"):
        ask(engine, "plain", times="often")
    assert engine.transcribe([], DecodeOptions()) == []


def test_errors_keep_their_class_their_sentence_and_their_facts(engine: HostedEngine) -> None:
    with pytest.raises(UnknownName) as unknown:
        ask(engine, "refuse")
    direct = UnknownName("voice", "tenor", ["bass"])
    assert (unknown.value.sentence, unknown.value.name) == (direct.sentence, "tenor")
    with pytest.raises(ModelMissing) as missing:
        ask(engine, "lose")
    assert missing.value.command == "find them"
    with pytest.raises(EngineError, match="The engine faulty stopped with KeyError: 'missing'"):
        ask(engine, "stumble")
    assert ask(engine, "plain")[0].finish == "eos"


def _made(kind: type[errors.WorkbenchError]) -> errors.WorkbenchError:
    made = kind.__new__(kind)
    errors.WorkbenchError.__init__(made, "It is wrong.", hint="Mend it.")
    return made


@pytest.mark.parametrize(
    "kind", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.WorkbenchError)]
)
def test_every_error_of_ours_comes_back_as_it_was(kind: type[errors.WorkbenchError]) -> None:
    again = error_from(error_document(_made(kind), engine="x"))
    assert (type(again), again.message, again.hint) == (kind, "It is wrong.", "Mend it.")
    assert not ran_out_of_memory(again)


@pytest.mark.parametrize("name", ["memory", "allocate"])
def test_memory_that_ran_out_there_is_known_here(engine: HostedEngine, name: str) -> None:
    with pytest.raises(EngineError) as short:
        ask(engine, name)
    assert ran_out_of_memory(short.value)
    assert engine.pid is not None


def test_what_is_printed_is_no_answer_and_there_is_nothing_to_read(engine: HostedEngine) -> None:
    assert ask(engine, "chatter")[0].text == "nothing to read"


def test_too_few_answers_are_refused(engine: HostedEngine) -> None:
    with pytest.raises(EngineError, match="answered 1 of 2 clips"):
        ask(engine, "few", "plain")
    assert len(ask(engine, "plain", "plain")) == 2


@pytest.mark.parametrize(("name", "told"), [("crash-once", "SIGSEGV"), ("leave-once", "exit status 3")])
def test_one_that_dies_is_loaded_again_at_the_next_call(engine: HostedEngine, name: str, told: str) -> None:
    before = engine.pid
    with pytest.raises(EngineDied, match=told):
        ask(engine, name)
    assert engine.pid is None
    assert engine.fault is not None
    assert ask(engine, name)[0].text.startswith(clip(name).digest[:8])
    assert engine.pid not in (None, before)
    assert engine.fault is None


@pytest.mark.parametrize("name", ["hang-once", "pause-once"])
def test_one_that_hangs_is_ended_in_time_and_loaded_again(hasty: HostedEngine, name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(EngineStuck, match="no answer in 2 s"):
        ask(hasty, name)
    assert time.perf_counter() - began < 4
    assert ask(hasty, name)[0].finish == "eos"


def test_one_that_does_not_even_listen_is_ended_in_time(hasty: HostedEngine) -> None:
    assert hasty.pid is not None
    os.kill(hasty.pid, signal.SIGSTOP)
    with pytest.raises(EngineStuck):
        hasty.transcribe([clip("plain", 60)], DecodeOptions())  # more than a pipe holds
    assert ask(hasty, "plain")[0].finish == "eos"


def test_one_that_spoilt_its_gpu_is_ended(engine: HostedEngine) -> None:
    before = engine.pid
    with pytest.raises(EngineDied, match="device-side assert"):
        ask(engine, "spoil-once")
    assert engine.pid is None
    assert ask(engine, "spoil-once")[0].finish == "eos"
    assert engine.pid != before


def test_one_that_always_dies_is_given_up(settings: Settings) -> None:
    engine = HostedEngine.start(EngineRef("faulty", "doomed"), settings, patience=SHORT)
    with pytest.raises(EngineDied):
        ask(engine, "plain")
    with pytest.raises(EngineUnavailable, match="SIGSEGV"):
        ask(engine, "plain")
    assert engine.pid is None


def test_clips_that_kill_do_not_make_the_engine_unavailable(
    engine: HostedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted, "DEATHS", 3)
    for _ in range(3):
        with pytest.raises(EngineDied):
            ask(engine, "crash")
    with pytest.raises(EngineUnavailable, match="3 times in a row"):
        ask(engine, "crash")
    assert ask(engine, "plain")[0].finish == "eos"  # asked again, it is tried again


@pytest.mark.parametrize(
    ("model", "kind", "told"),
    [
        ("dies-loading", EngineUnavailable, "SIGSEGV"),
        ("hangs-loading", EngineUnavailable, "no answer in 3 s"),
        ("not-here", ModelMissing, "not-here"),
    ],
)
def test_one_that_cannot_be_loaded_says_so_and_leaves_no_process(
    settings: Settings, model: str, kind: type[EngineError], told: str
) -> None:
    before = set(psutil.Process().children())
    with pytest.raises(kind, match=told):
        HostedEngine.start(EngineRef("faulty", model), settings, patience=Patience(load_seconds=3))
    assert {one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE} <= before


def test_interrupted_from_another_thread_it_ends_at_once_and_is_not_blamed(engine: HostedEngine) -> None:
    threading.Timer(0.3, engine.interrupt).start()
    began = time.perf_counter()
    with pytest.raises(EngineStopped, match="was stopped"):
        ask(engine, "hang-once")
    assert time.perf_counter() - began < 1.3
    assert engine._deaths == 0
    assert ask(engine, "hang-once")[0].finish == "eos"


def test_an_engine_ends_with_its_parent(tmp_path: Path) -> None:
    """Also while it works, and also when its parent had no time to say good-bye."""
    script = (
        "import sys, time, threading; from pathlib import Path\n"
        "import numpy as np\n"
        "from workbench.audio.clip import AudioClip\n"
        "from workbench.engines.base import DecodeOptions\n"
        "from workbench.engines.hosted import HostedEngine\n"
        "from workbench.engines.registry import EngineRef\n"
        "from workbench.settings import Settings\n"
        "engine = HostedEngine.start(EngineRef('faulty'), Settings(home=Path(sys.argv[1])))\n"
        "print(engine.pid, flush=True)\n"
        "clip = AudioClip(samples=np.ones(16000, dtype=np.float32), sample_rate=16000, source='hang.wav')\n"
        "engine.transcribe([clip], DecodeOptions())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        until(lambda: (tmp_path / "hang.done").exists())
        parent.kill()
    until(lambda: not child.is_running())


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.perf_counter() + seconds
    while not holds() and time.perf_counter() < deadline:
        time.sleep(0.02)
    assert holds()


def test_the_process_has_its_own_group_threads_and_guard(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    held = import_module("workbench.sealed.seal")
    monkeypatch.setattr(held, "_held", [Layers(guard=True, why="in a test.")])
    engine = HostedEngine.start(REF, settings, threads=1)
    said = ask(engine, "surroundings")[0].text
    engine.close()
    assert said == '{"threads": "1", "guard": true, "offline": "1", "group": true}'


def test_what_a_call_costs_is_measured_in_its_process(engine: HostedEngine) -> None:
    meter = Meter("cuda:0", "torch")  # whose counters are not read here
    with meter.measure(audio_seconds=1, engine=engine) as plain:
        ask(engine, "plain")
    with meter.measure(audio_seconds=1, engine=engine) as worked:
        ask(engine, "work")
    with meter.measure(audio_seconds=1, engine=engine) as idle:
        pass
    assert worked.result.cpu_seconds >= 0.2 > plain.result.cpu_seconds
    assert (worked.result.peak_rss_bytes or 0) - (plain.result.peak_rss_bytes or 0) > 100_000_000
    assert idle.result.peak_rss_bytes is None


def test_several_calls_in_one_block_add_up(engine: HostedEngine) -> None:
    with Meter().measure(audio_seconds=1, engine=engine) as both:
        ask(engine, "work")
        ask(engine, "work")
    assert both.result.cpu_seconds >= 0.4
    assert 200_000_000 < (both.result.peak_rss_bytes or 0) < 400_000_000


def test_the_pool_hosts_what_computes_here_and_shows_how_it_is(settings: Settings) -> None:
    pool = EnginePool(settings, hosted=True)
    with pool.use(REF) as engine:
        assert isinstance(engine, HostedEngine)
        with pytest.raises(EngineDied):
            ask(engine, "crash-once")
    (dead,) = pool.states()
    assert dead.state == "failed"
    assert "SIGSEGV" in dead.error
    assert "loaded again at the next call" in dead.error
    with pool.use(REF) as engine:
        engine.transcribe([clip("crash-once")], DecodeOptions())
    assert [state.state for state in pool.states()] == ["ready"]
    pool.unload()


def test_while_it_is_loaded_again_the_pool_says_loading(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = EnginePool(settings, hosted=True)
    engine = pool.get(REF)
    assert isinstance(engine, HostedEngine)
    engine.interrupt()
    seen: list[str] = []
    ask_child = HostedEngine._ask

    def spying(self: HostedEngine, question: dict[str, object], *rest: object, **named: object) -> object:
        seen.append(pool.states()[0].state)
        return ask_child(self, question, *rest, **named)  # pyright: ignore

    monkeypatch.setattr(HostedEngine, "_ask", spying)
    ask(engine, "plain")
    assert seen == ["loading", "ready"]
    pool.unload()


def test_stopping_the_pool_ends_what_hangs(settings: Settings) -> None:
    pool = EnginePool(settings, hosted=True)
    pool.get(REF)
    threading.Timer(0.3, pool.stop).start()
    with pool.use(REF) as engine, pytest.raises(EngineStopped, match="was stopped"):
        engine.transcribe([clip("hang")], DecodeOptions())
    pool.unload()


def test_lanes_are_engines_of_their_own_and_closed_at_the_end(settings: Settings) -> None:
    pool = EnginePool(settings)
    with pool.lanes(REF, 2, threads=1) as lanes:
        first, second = lanes
        assert isinstance(first, HostedEngine)
        assert isinstance(second, HostedEngine)
        pids = [first.pid, second.pid]
        assert len(set(pids)) == 2
        assert '"threads": "1"' in ask(first, "surroundings")[0].text
        with pytest.raises(EngineDied):
            ask(first, "crash-once")
        assert ask(second, "plain")[0].finish == "eos"
    assert first.pid is second.pid is None
    assert pool.states() == []


def test_lanes_that_cannot_all_be_loaded_leave_no_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, made = [0], list[HostedEngine]()
    start = HostedEngine.start.__func__  # pyright: ignore

    def counting(cls: type[HostedEngine], ref: EngineRef, settings: Settings, threads: int | None) -> HostedEngine:
        begun[0] += 1
        if begun[0] > 1:
            raise EngineUnavailable("faulty", "one is enough", hint="")
        made.append(start(cls, ref, settings, threads))
        return made[0]

    monkeypatch.setattr(HostedEngine, "start", classmethod(counting))
    with pytest.raises(EngineUnavailable), EnginePool(settings).lanes(REF, 2):
        pytest.fail("it was not loaded")
    assert [one.pid for one in made] == [None]


def test_which_of_our_engines_get_a_process() -> None:
    without = {name for name in engine_names() if not is_hosted(plugin(name))}
    assert {"openai-http", "sherpa-onnx"} <= without
    assert not {"builtin", "faster-whisper", "whisper", "qwen3-asr", "transformers", "faulty"} & without


def test_patience_grows_with_the_audio_and_shrinks_to_the_pace() -> None:
    patience = Patience()
    assert patience.for_call(30, None) == 120 + 480 + 60 * 30
    assert patience.for_call(30, 0.1) == 120 + 20 * 0.1 * 30
    assert patience.for_call(30, 50) == 120 + 60 * 30
    assert Patience(call_seconds=7).for_call(30, None) == 7

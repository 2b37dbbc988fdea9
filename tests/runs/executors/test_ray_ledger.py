"""What is given out, given out again and given up, whoever ends; how many workers there is room for. Needs no Ray."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UnknownName, UsageError
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import Batch
from workbench.runs.executors.ray_ledger import Ledger, Task
from workbench.runs.executors.ray_place import RayPlace, leaves_machine, plan_crew
from workbench.runs.outcomes import labels_of
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult

GIB = 1 << 30


def batches(*sizes: int) -> list[Batch]:
    numbers = iter(range(sum(sizes)))
    return [
        Batch(number=place, items=tuple(item(f"i{next(numbers)}") for _ in range(size)))
        for place, size in enumerate(sizes)
    ]


def item(name: str) -> EvalItem:
    return EvalItem(id=name, audio=Path(f"/sounds/{name}.wav"), reference=name)


def results(task: Task) -> list[ItemOutcome]:
    return [
        ItemResult(**labels_of(one), text=one.id, raw=one.id, language=None, finish="eos") for one in task.batch.items
    ]


def test_items_of_a_worker_that_ended_go_one_by_one_to_idle_ones_and_the_batch_comes_whole() -> None:
    [whole] = batches(3)
    ledger = Ledger([whole])
    lost = ledger.take(idle=True)
    assert lost is not None
    assert list(ledger.lose(lost)) == []
    assert list(ledger.finish(lost, results(lost))) == []  # an answer that comes after all is not counted twice
    assert ledger.take(idle=False) is None
    singles = [ledger.take(idle=True) for _ in range(3)]
    assert [one.batch.items for one in singles if one] == [(one,) for one in whole.items]
    found = list(ledger.finish(singles[0], results(singles[0])))
    found += ledger.lose(singles[1])
    assert not found
    assert not ledger.ended
    [(batch, outcomes)] = ledger.finish(singles[2], results(singles[2]))
    assert batch is whole
    assert [(one.id, type(one)) for one in outcomes] == [("i0", ItemResult), ("i1", ItemFailure), ("i2", ItemResult)]
    assert isinstance(outcomes[1], ItemFailure)
    assert (outcomes[1].error, outcomes[1].audio) == ("EngineDied", "/sounds/i1.wav")
    assert ledger.ended


def test_what_is_looked_at_first_is_done_too_and_no_more_is_drawn_than_is_taken() -> None:
    drawn: list[int] = []

    def source():
        for batch in batches(1, 1, 1, 1):
            drawn.append(batch.number)
            yield batch

    ledger = Ledger(source())
    assert [batch.number for batch in ledger.look_ahead(2)] == [0, 1]
    taken = [ledger.take(idle=False) for _ in range(2)]
    assert drawn == [0, 1]
    assert [task.batch.number for task in taken if task] == [0, 1]


@given(st.lists(st.integers(1, 4), max_size=12), st.integers(0, 1 << 30), st.floats(0, 0.6))
def test_every_item_comes_once_whoever_ends(sizes: list[int], seed: int, deadliness: float) -> None:
    chance = random.Random(seed)
    work = batches(*sizes)
    ledger, out, came = Ledger(work), list[Task](), list[tuple[Batch, tuple[ItemOutcome, ...]]]()
    while not ledger.ended:
        if (task := ledger.take(idle=chance.random() < 0.5 or not out)) is not None:
            out.append(task)
        if out and chance.random() < 0.6:
            done = out.pop(chance.randrange(len(out)))
            came += ledger.lose(done) if chance.random() < deadliness else ledger.finish(done, results(done))
    assert sorted(batch.number for batch, _ in came) == list(range(len(work)))
    for batch, outcomes in came:
        assert [one.id for one in outcomes] == [one.id for one in batch.items]


def test_workers_fit_into_processors_and_memory_of_each_machine() -> None:
    nodes = [{"CPU": 16.0, "memory": 64.0 * GIB}, {"CPU": 8.0, "memory": 10.0 * GIB}, {"memory": 1.0 * GIB}]
    crew = plan_crew(nodes, workers=None, gpu=True, needs_bytes=2 * GIB)
    assert (crew.workers, crew.threads, crew.gpus) == (16 + 4, 1, 0)
    assert crew.demand == {"num_cpus": 1, "num_gpus": 0.0, "memory": 2 * GIB}
    assert plan_crew(nodes, workers=None, gpu=False, needs_bytes=None).workers == 24
    few = plan_crew(nodes, workers=3, gpu=False, needs_bytes=2 * GIB)
    assert (few.workers, few.threads, few.memory) == (3, 8, 0)
    assert plan_crew(nodes, workers=1, gpu=False, needs_bytes=None).threads == 16  # none spans two machines
    with pytest.raises(UsageError, match="no room"):
        plan_crew(nodes, workers=None, gpu=False, needs_bytes=500 * GIB)


def test_gpus_come_first_and_are_shared_where_more_workers_are_asked_for() -> None:
    nodes = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 16.0, "GPU": 1.0}]
    crew = plan_crew(nodes, workers=None, gpu=True, needs_bytes=None)
    assert (crew.workers, crew.threads, crew.gpus) == (3, None, 1.0)
    assert plan_crew(nodes, workers=9, gpu=True, needs_bytes=None).gpus == 0.33
    assert plan_crew(nodes, workers=None, gpu=False, needs_bytes=None).workers == 32


@pytest.mark.parametrize(
    ("address", "leaves"),
    [
        *((one, False) for one in (None, "local", "auto", "127.0.0.1:6379", "[::1]:6379")),
        *((one, True) for one in ("10.0.0.5:6379", "head.example:6379", "head")),
    ],
)
def test_an_address_elsewhere_is_known(address: str | None, leaves: bool) -> None:
    assert leaves_machine(address) is leaves


def test_a_place_says_what_it_cannot_be() -> None:
    assert [RayPlace(address=one).starts for one in (None, "local", "auto")] == [True, True, False]
    with pytest.raises(UnknownName):
        RayPlace(audio="carry")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="Ray's client"):
        RayPlace(address="ray://head:10001")

"""Which layer is put up, and what is said of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial
from importlib import import_module

import pytest

from workbench import sealed
from workbench.sealed import Layers, guard, namespace, syscall_filter

MODULE = import_module("workbench.sealed.seal")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A process in which nothing holds yet, and what is put up in it: nothing, in truth."""
    done: list[str] = []
    for module, name, called in (
        (namespace, "enter", "namespace"),
        (syscall_filter, "enter", "syscall_filter"),
        (guard, "put_up", "guard"),
    ):
        monkeypatch.setattr(module, name, partial(done.append, called))
    monkeypatch.setattr(MODULE, "_held", [Layers()])
    monkeypatch.setattr(MODULE, "_reaches_anything", lambda: False)
    monkeypatch.setattr(MODULE, "LINUX", True)
    return done


def refuse(reason: Exception) -> Callable[[], None]:
    def enter() -> None:
        raise reason

    return enter


def test_the_namespace_comes_first_and_is_enough(fresh: list[str]) -> None:
    assert sealed.seal() == Layers(kernel="namespace")
    assert fresh == ["namespace"]


def test_a_second_time_changes_nothing(fresh: list[str]) -> None:
    assert sealed.seal() is sealed.seal() is sealed.layers()
    assert fresh == ["namespace"]


def test_the_filter_takes_the_place_of_a_namespace_that_is_refused(
    fresh: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace, "enter", refuse(OSError(errno.EPERM, "no")))
    assert sealed.seal() == Layers(kernel="filter")
    assert fresh == ["syscall_filter"]


def test_python_guards_where_the_kernel_refuses_and_the_reasons_are_told(
    fresh: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace, "enter", refuse(OSError(errno.EPERM, "no")))
    monkeypatch.setattr(syscall_filter, "enter", refuse(RuntimeError("there is no filter for s390x")))
    held = sealed.seal()
    assert (held.kernel, held.guard, fresh) == (None, True, ["guard"])
    assert held.sentence == (
        "Guarded by Python only, not sealed by the kernel: the kernel refused namespaces (Operation not permitted); "
        "the kernel refused a filter of system calls (there is no filter for s390x)."
    )


def test_what_does_not_hold_is_not_claimed(fresh: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "_reaches_anything", lambda: True)
    held = sealed.seal()
    assert (held.kernel, held.guard) == (None, True)
    assert "namespaces did not hold; a filter of system calls did not hold." in held.sentence


def test_elsewhere_than_on_linux_there_is_the_guard(fresh: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "LINUX", False)
    assert sealed.seal() == Layers(guard=True, why="only Linux has a kernel layer.")
    assert fresh == ["guard"]


def test_nothing_is_claimed_where_nothing_was_asked(fresh: list[str]) -> None:
    assert sealed.layers().sentence == "Not sealed."
    assert sealed.leave_open("--no-seal was given.").sentence == "Not sealed: --no-seal was given."
    held = sealed.guard_only("the engine openai-http needs the network.")
    assert held.sentence.startswith("Guarded by Python only, not sealed by the kernel: the engine openai-http")


@pytest.mark.parametrize(
    "held", [Layers(), Layers(kernel="filter"), Layers(guard=True, why="only Linux has a kernel layer.")]
)
def test_a_document_says_all_of_it(held: Layers) -> None:
    assert Layers.from_json(held.as_json()) == held
    assert held.as_json()["sentence"] == held.sentence

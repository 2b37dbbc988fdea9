"""The doors take what the services take: same names, same defaults."""

from __future__ import annotations

import inspect
from argparse import SUPPRESS, Action, _SubParsersAction
from collections.abc import Callable
from typing import Any

import pytest

from workbench import services
from workbench.cli.parser import argument_helps, build_parser
from workbench.http.verbs import BenchRequest

SWEPT = {"engine": "engines", "chain": "chains"}
OWN = {"help", "json", "version"}


def verbs() -> dict[str, dict[str, Action]]:
    """Every verb's arguments by name."""
    (group,) = [action for action in build_parser()._actions if isinstance(action, _SubParsersAction)]
    return {
        name: {action.dest: action for action in parser._actions if action.dest not in OWN and action.dest != SUPPRESS}
        for name, parser in group.choices.items()
    }


def parameters(*called: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    found = {name: one for service in called for name, one in inspect.signature(service).parameters.items()}
    return {name: one for name, one in found.items() if name != "pool" and one.kind is not one.VAR_KEYWORD}


@pytest.mark.parametrize(
    ("verb", "called", "renamed", "added"),
    [
        ("transcribe", [services.transcribe_events], {"path": "files"}, {"formats", "output"}),
        ("bench", [services.bench_events, services.bench], {}, {"executor", "csv"}),
        ("score", [services.score], {}, {"unit"}),
        ("compare", [services.compare], {}, set()),
        ("sweep", [services.bench_events, services.sweep_events], SWEPT, {"executor"}),
        ("sets", [services.list_sets], {}, {"name"}),
        ("engines", [services.list_engines], {}, set()),
        ("doctor", [services.check_machine], {}, set()),
        ("models", [services.list_engines, services.fetch_model], {}, {"action"}),
        ("runs", [services.list_runs, services.delete_run, services.summary], {"run": "run_id"}, {"action"}),
    ],
)  # fmt: skip
def test_a_verb_has_the_arguments_of_its_service(
    verb: str, called: list[Callable[..., Any]], renamed: dict[str, str], added: set[str]
) -> None:
    expected = {renamed.get(name, name) for name in parameters(*called)}
    assert set(verbs()[verb]) == expected | added


@pytest.mark.parametrize(
    ("verb", "service"),
    [("transcribe", services.transcribe_events), ("bench", services.bench_events), ("compare", services.compare)],
)
def test_a_flag_left_out_means_what_the_service_means_by_it(verb: str, service: Callable[..., Any]) -> None:
    actions = verbs()[verb]
    for name, parameter in parameters(service).items():
        if parameter.default is not parameter.empty:
            assert actions[name].default == parameter.default, name


def test_every_verb_speaks_json_and_explains_its_arguments() -> None:
    (group,) = [action for action in build_parser()._actions if isinstance(action, _SubParsersAction)]
    assert set(group.choices) == {
        *("transcribe", "bench", "score", "compare", "sweep", "sets", "engines", "runs", "models", "serve", "doctor"),
    }
    for name, parser in group.choices.items():
        assert "--json" in parser._option_string_actions, name
        unexplained = [action.dest for action in parser._actions if not action.help]
        assert unexplained == [], name


def test_http_takes_what_the_service_takes() -> None:
    fields = BenchRequest.model_fields
    expected = parameters(services.bench_events, services.bench)
    assert set(fields) == set(expected)
    for name, parameter in expected.items():
        if parameter.default is not parameter.empty:
            assert fields[name].get_default(call_default_factory=True) == parameter.default or not parameter.default, (
                name
            )


def test_help_is_read_from_the_docstring() -> None:
    def spoken(loud: bool, far: int) -> None:
        """Speak.

        Args:
            loud: Whether neighbours hear it, 100 %
                of the time.
            far: In metres.

        Returns:
            nothing: at all.
        """

    assert argument_helps(spoken) == {"loud": "Whether neighbours hear it, 100 %% of the time.", "far": "In metres."}

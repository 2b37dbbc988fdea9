"""The doors take what the services take: same names, same defaults."""

from __future__ import annotations

import inspect
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Callable
from typing import Any

import pytest

from workbench import services
from workbench.cli.parser import build_parser
from workbench.cli.syntax import argument_helps
from workbench.http.exchange import ImportRequest
from workbench.http.verbs import BenchRequest

SWEPT = {"engine": "engines", "chain": "chains"}
CORRECTIONS = ("corrections", "replacements_file")
OWN = {"help", "json", "version"}


def parsers() -> dict[str, ArgumentParser]:
    """Every verb's parser, and those of its actions as `runs show`."""
    found = dict[str, ArgumentParser]()
    for name, parser in actions_of(build_parser()).items():
        found[name] = parser
        found |= {f"{name} {action}": one for action, one in actions_of(parser).items()}
    return found


def actions_of(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    groups = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    return {name: made for group in groups for name, made in group.choices.items()}


def verbs() -> dict[str, dict[str, Action]]:
    """Every verb's and action's arguments by name."""
    return {
        name: {action.dest: action for action in parser._actions if action.dest not in OWN and action.dest != SUPPRESS}
        for name, parser in parsers().items()
    }


def parameters(*called: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    found = {name: one for service in called for name, one in inspect.signature(service).parameters.items()}
    return {name: one for name, one in found.items() if name != "pool" and one.kind is not one.VAR_KEYWORD}


@pytest.mark.parametrize(
    ("verb", "called", "renamed", "added"),
    [
        ("transcribe", [services.transcribe_events], {"path": "files"}, {"formats", "output", *CORRECTIONS}),
        ("transcript show", [], {}, {"file", *CORRECTIONS}),
        ("transcript export", [], {}, {"file", "format", "output", *CORRECTIONS}),
        ("transcript rerun", [services.transcribe_range_events], {}, {"file"}),
        ("transcript set", [services.make_set], {}, set()),
        ("inspect", [services.inspect_recording], {"path": "files"}, set()),
        ("bench", [services.bench_events, services.bench], {}, {"executor", "csv"}),
        ("score", [services.score], {}, {"unit"}),
        ("labels suspects", [services.suspects], {}, set()),
        ("labels correct", [services.correct], {}, set()),
        ("labels list", [services.list_corrections], {}, set()),
        ("compare", [services.compare, services.rank], {"runs": "more"}, set()),
        ("causes", [services.causes], {}, {"terms_file"}),
        ("sweep", [services.bench_events, services.sweep_events], SWEPT, {"executor"}),
        ("sets", [services.list_sets], {}, {"name"}),
        ("engines", [services.list_engines], {}, set()),
        ("doctor", [services.check_machine], {}, set()),
        ("models", [services.list_engines, services.fetch_model], {}, {"action"}),
        ("runs", [services.list_runs], {}, {"action"}),
        ("runs list", [services.list_runs], {}, set()),
        ("runs show", [services.summary], {}, set()),
        ("runs delete", [services.delete_run], {}, set()),
        ("runs import", [services.import_run], {}, set()),
        ("runs export", [services.export_run], {}, {"output"}),
        ("runs report", [services.report], {}, {"output"}),
    ],
)  # fmt: skip
def test_a_verb_has_the_arguments_of_its_service(
    verb: str, called: list[Callable[..., Any]], renamed: dict[str, str], added: set[str]
) -> None:
    expected = {renamed.get(name, name) for name in parameters(*called)}
    assert set(verbs()[verb]) == expected | added


@pytest.mark.parametrize(
    ("verb", "service"),
    [
        ("transcribe", services.transcribe_events),
        ("transcript rerun", services.transcribe_range_events),
        ("transcript set", services.make_set),
        ("bench", services.bench_events),
        ("compare", services.compare),
        ("runs import", services.import_run),
        ("runs export", services.export_run),
        ("runs report", services.report),
    ],
)
def test_a_flag_left_out_means_what_the_service_means_by_it(verb: str, service: Callable[..., Any]) -> None:
    actions = verbs()[verb]
    for name, parameter in parameters(service).items():
        if parameter.default is not parameter.empty:
            assert actions[name].default == parameter.default, name


def test_every_verb_speaks_json_and_explains_its_arguments() -> None:
    assert set(actions_of(build_parser())) == {
        *("transcribe", "inspect", "bench", "score", "compare", "causes", "sweep", "sets", "engines", "runs", "models"),
        *("serve", "doctor", "labels", "transcript"),
    }
    for name, parser in parsers().items():
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


def test_an_import_over_http_takes_what_the_service_takes_and_contents_for_a_path() -> None:
    fields, expected = ImportRequest.model_fields, parameters(services.import_run)
    assert set(fields) == {*expected, "text", "lines"} - {"path"}
    for name, parameter in expected.items():
        if name != "path" and parameter.default is not parameter.empty:
            assert fields[name].get_default() == parameter.default, name


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

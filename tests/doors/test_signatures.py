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
from workbench.http.curves import CurveRequest
from workbench.http.exchange import ImportRequest
from workbench.http.sets import DeriveSetRequest, ImportSetRequest
from workbench.http.sweeps import SweepRequest
from workbench.http.trials import KeepRequest, LabelRequest
from workbench.http.verbs import BenchRequest

SWEPT = {"engine": "engines", "chain": "chains", "sweep_id": "sets"}
CORRECTIONS = ("corrections", "replacements_file")
OWN = {"help", "json", "version", "no_seal"}


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
        ("transcribe", [services.transcribe_events], {"path": "files"}, {"formats", "output", "stamps", *CORRECTIONS}),
        ("transcript show", [], {}, {"file", *CORRECTIONS}),
        ("transcript export", [], {}, {"file", "format", "output", "stamps", *CORRECTIONS}),
        ("transcript rerun", [services.transcribe_range_events], {}, {"file"}),
        ("transcript set", [services.make_set], {}, set()),
        ("inspect", [services.inspect_recording], {"path": "files"}, set()),
        ("bench", [services.bench_events, services.bench], {}, {"csv"}),
        ("score", [services.score], {}, {"unit"}),
        ("labels suspects", [services.suspects], {}, set()),
        ("labels correct", [services.correct], {}, set()),
        ("labels list", [services.list_corrections], {}, set()),
        ("compare", [services.compare, services.rank], {"runs": "more"}, set()),
        ("causes", [services.causes], {}, {"terms_file"}),
        ("curve", [services.curve, services.curve_events, services.bench_events], SWEPT, {"sets", "svg"}),
        ("sweep", [services.bench_events, services.sweep_events, services.sweep_table], SWEPT, set()),
        ("trial", [services.list_trials], {}, {"action"}),
        ("trial list", [services.list_trials], {}, set()),
        ("trial start", [services.try_out_events], {}, {"context", "options"}),
        ("trial show", [services.trial], {}, set()),
        ("trial label", [services.label_clip], {}, set()),
        ("trial keep", [services.keep_labels], {}, set()),
        ("trial delete", [services.delete_trial], {}, set()),
        ("recommend", [services.recommend], {}, set()),
        ("sweeps", [services.list_sweeps], {}, {"action"}),
        ("sweeps list", [services.list_sweeps], {}, set()),
        ("sweeps show", [services.sweep_table], {}, set()),
        ("sweeps report", [services.sweep_report], {}, {"output"}),
        ("sweeps delete", [services.delete_sweep], {}, set()),
        ("sets", [services.list_sets], {}, {"action"}),
        ("sets list", [services.list_sets], {}, set()),
        ("sets check", [services.check_set], {"set": "name"}, set()),
        ("sets import", [services.import_set_events], {}, set()),
        ("sets derive", [services.derive_set_events], {}, set()),
        ("sets recipes", [services.list_recipes], {}, set()),
        ("sets fetch", [services.plan_fetch], {}, {"yes"}),
        ("engines", [services.list_engines], {}, set()),
        ("doctor", [services.check_machine], {}, {"offline_proof"}),
        ("models", [services.list_engines, services.fetch_model], {}, {"action"}),
        ("runs", [services.list_runs], {}, {"action"}),
        ("runs list", [services.list_runs], {}, set()),
        ("runs show", [services.summary], {}, set()),
        ("runs delete", [services.delete_run], {}, set()),
        ("runs import", [services.import_run], {}, set()),
        ("runs export", [services.export_run, services.export_bundle], {}, {"output", "yes"}),
        ("runs diff", [services.diff_records], {}, set()),
        ("runs reproduce", [services.reproduce_events], {}, set()),
        ("runs verify", [services.verify], {}, set()),
        ("estimate", [services.estimate], {}, set()),
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
        ("runs diff", services.diff_records),
        ("runs reproduce", services.reproduce_events),
        ("runs verify", services.verify),
        ("estimate", services.estimate),
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
        *(
            "transcribe",
            "inspect",
            "bench",
            "score",
            "compare",
            "causes",
            "curve",
            "sweep",
            "sweeps",
            "recommend",
            "trial",
            "sets",
            "engines",
            "runs",
        ),
        *("models", "serve", "doctor", "labels", "transcript", "estimate", "saved"),
    }
    for name, parser in parsers().items():
        assert "--json" in parser._option_string_actions, name
        unexplained = [action.dest for action in parser._actions if not action.help]
        assert unexplained == [], name


def test_a_sweep_over_http_takes_what_the_service_takes() -> None:
    fields = SweepRequest.model_fields
    swept = parameters(services.bench_events, services.sweep_events, services.sweep_table)
    expected = {SWEPT.get(name, name): one for name, one in swept.items()}
    assert set(fields) == set(expected)
    for name, parameter in expected.items():
        if parameter.default is not parameter.empty and name not in SWEPT.values():
            default = fields[name].get_default(call_default_factory=True)
            assert default == parameter.default or not parameter.default, name
    for name in ("engines", "chains"):
        assert tuple(fields[name].get_default()) == inspect.signature(services.sweep_events).parameters[name].default


def test_labels_and_kept_sets_over_http_take_what_the_services_take() -> None:
    for request, service in ((LabelRequest, services.label_clip), (KeepRequest, services.keep_labels)):
        fields = request.model_fields
        assert set(fields) == set(parameters(service)) - {"name", "clip"}
        for name, field in fields.items():
            parameter = inspect.signature(service).parameters[name]
            assert field.is_required() == (parameter.default is parameter.empty)
            assert field.is_required() or field.get_default() == parameter.default


def test_http_takes_what_the_service_takes() -> None:
    fields = BenchRequest.model_fields
    expected = parameters(services.bench_events, services.bench)
    assert set(fields) == set(expected)
    for name, parameter in expected.items():
        if parameter.default is not parameter.empty:
            assert fields[name].get_default(call_default_factory=True) == parameter.default or not parameter.default, (
                name
            )


@pytest.mark.parametrize(
    ("request_type", "called", "renamed"),
    [
        (DeriveSetRequest, [services.derive_set_events], {}),
        (ImportSetRequest, [services.import_set_events], {}),
        (CurveRequest, [services.curve, services.curve_events, services.bench_events], {"runs": "sets", **SWEPT}),
    ],
)
def test_sets_and_curves_over_http_take_what_the_services_take(
    request_type: Any, called: list[Callable[..., Any]], renamed: dict[str, str]
) -> None:
    fields = {one.alias or name: one for name, one in request_type.model_fields.items()}
    expected = {renamed.get(name, name): one for name, one in parameters(*called).items()}
    assert set(fields) == set(expected)
    for name, parameter in expected.items():
        if parameter.default is not parameter.empty and name not in renamed.values():
            default = fields[name].get_default(call_default_factory=True)
            assert default == parameter.default or list(default or ()) == list(parameter.default or ()), name


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

"""The verbs of the command line and their arguments."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from workbench import __version__, services
from workbench.cli.arguments import count_or_auto, numbers
from workbench.cli.syntax import Maker, Parser, Verb, action_maker, argument_helps, verb_maker


def build_parser(wanted: str | None = None) -> ArgumentParser:
    """The parser of `workbench`; the parsed arguments' `command` is called with them and a console.

    Args:
        wanted: The verb that is to be parsed; of the others there are only names and summaries then, since arguments
            take what they say from services, and these take time to load. None makes all whole.
    """
    description = "Transcribe speech, and measure who does it best."
    parser = Parser(prog="workbench", description=description, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    group = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    verb = verb_maker(group)
    for name, (summary, command, called, fill) in _VERBS.items():
        if wanted in (None, name):
            fill(verb(name, command, summary, *(getattr(services, service) for service in called)))
        else:
            group.add_parser(name, help=summary)
    return parser


def _add_common(verb: Verb) -> None:
    verb.add("--context", "context", metavar="TEXT")
    verb.add("--option", "options", action="append", metavar="KEY=VALUE")


def _add_transcribe(verb: Verb) -> None:
    verb.add("files", "files", nargs="+", metavar="FILE", help=argument_helps(services.transcribe_events)["path"])
    verb.add("--engine", "engine", metavar="ENGINE")
    verb.add("--language", "language", metavar="LANGUAGE")
    verb.add("--channel", "channel", choices=("mix", "left", "right"))
    verb.add("--chain", "chain", metavar="CHAIN")
    _add_common(verb)
    verb.add("--chunk-seconds", "chunk_seconds", type=float, metavar="SECONDS")
    verb.add("--overlap-seconds", "overlap_seconds", type=float, metavar="SECONDS")
    verb.add("--word-times", "word_times", action=BooleanOptionalAction)
    verb.add("--speakers", "speakers", type=count_or_auto, metavar="N|auto")
    verb.add("--speaker-name", "speaker_names", action="append", metavar="LABEL=NAME")
    verb.add("--max-seconds", "max_seconds", type=float, metavar="SECONDS")
    verb.add("--resume", "resume", action=BooleanOptionalAction)
    verb.add("--format", "formats", action="append", metavar="FORMAT", help="txt, md, srt, vtt, json or docx.")
    verb.add("--stamps", "stamps", action="store_true", help="txt in paragraphs, each with the time it begins at.")
    _editing().add_corrections(verb)
    verb.add("--output", "output", metavar="FOLDER", help="Write files there instead of to standard output.")


def _add_inspect(verb: Verb) -> None:
    verb.add("files", "files", nargs="+", metavar="FILE", help=argument_helps(services.inspect_recording)["path"])


def _add_runs(verb: Verb) -> None:
    verb.add("sets", "sets", nargs="+", metavar="SET")
    _add_work(verb)
    verb.add("--ruler", "ruler", metavar="RULER")


def _add_work(verb: Verb) -> None:
    verb.add("--language", "language", metavar="LANGUAGE")
    _add_common(verb)
    verb.add("--limit", "limit", type=int, metavar="N")
    verb.add("--where", "where", action="append", metavar="KEY=VALUE")
    verb.add("--batch-size", "batch_size", type=int, metavar="N")
    verb.add("--on-existing", "on_existing", choices=("reuse", "resume", "again"))
    verb.add("--seed", "seed", type=int, metavar="N")
    verb.add("--chunk-seconds", "chunk_seconds", type=float, metavar="SECONDS")
    verb.add("--executor", "executor", choices=("local", "ray"))
    verb.add("--measure", "measure", choices=("throughput", "single"))
    verb.add("--workers", "workers", type=int, metavar="N")
    verb.add("--ray-address", "ray_address", metavar="ADDRESS")
    verb.add("--ray-audio", "ray_audio", choices=("path", "send"))


def _add_bench(verb: Verb) -> None:
    verb.add("--engine", "engine", metavar="ENGINE")
    verb.add("--chain", "chain", metavar="CHAIN")
    _add_runs(verb)
    verb.add("--csv", "csv", metavar="FILE", help="Also write a table with a row for every clip.")


def _add_sweep(verb: Verb) -> None:
    verb.add("--chain", "chains", action="append", metavar="CHAIN", default=None)
    verb.add("--engine", "engines", action="append", metavar="ENGINE", default=None)
    _add_runs(verb)


def _add_recommend(verb: Verb) -> None:
    verb.add("path", "path", metavar="FILE")
    verb.add("--sweep", "sweep_id", metavar="SWEEP")
    verb.add("--nearest", "nearest", type=int, metavar="N")
    verb.add("--ruler", "ruler", metavar="RULER")


def _add_score(verb: Verb) -> None:
    verb.add("run", "run", nargs="?", metavar="RUN")
    verb.add("--ref", "ref", metavar="FILE", help="Texts with ids: what was said. See `runs import`.")
    verb.add("--hyp", "hyp", metavar="FILE", help="The same: what was recognised.")
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--unit", "unit", choices=("word", "char", "mixed"), help="Only this unit; all three otherwise.")
    verb.add("--corrected", "corrected", action="store_true")


def _add_compare(verb: Verb) -> None:
    verb.add("run_a", "run_a", metavar="RUN_A", help="The baseline: a run's id, its beginning, or its folder.")
    verb.add("run_b", "run_b", metavar="RUN_B", help="The run that is held against it.")
    verb.add("more", "more", nargs="*", metavar="RUN", help="With three runs or more, they are ranked.")
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--corrected", "corrected", action="store_true")
    verb.add("--cluster-by", "cluster_by", choices=("speaker", "recording", "utterance"))
    verb.add("--baseline", "baseline", metavar="RUN")


def _add_causes(verb: Verb) -> None:
    verb.add("run", "run", metavar="RUN")
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--term", "terms", action="append", metavar="TERM", default=None)
    verb.add("--terms", "terms_file", metavar="FILE", help="The same, one a line.")
    verb.add("--corrected", "corrected", action="store_true")


def _add_curve(verb: Verb) -> None:
    verb.add("runs", "runs", nargs="*", metavar="RUN")
    verb.add("--axis", "axis", metavar="NAME")
    verb.add("--by", "by", action="append", metavar="TAG", default=None)
    verb.add("--set", "sets", action="append", metavar="SET", help="Instead of runs: the sets to run first.")
    verb.add("--values", "values", action="extend", type=numbers, metavar="N,N,…", default=None)
    verb.add("--chain", "chains", action="append", metavar="CHAIN", default=None)
    verb.add("--engine", "engines", action="append", metavar="ENGINE", default=None)
    _add_work(verb)
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--corrected", "corrected", action="store_true")
    verb.add("--svg", "svg", metavar="FILE", help="Also write the chart there.")


def _add_stored_runs(verb: Verb) -> None:
    action = action_maker(verb)
    _add_run_actions(action)
    for module in ("exchange", "reporting", "records"):
        import_module(f"workbench.cli.{module}").add_actions(action)


def _add_models(verb: Verb) -> None:
    verb.add("action", "action", nargs="?", choices=("list", "fetch"), default="list", help="list by default")
    verb.add("name", "name", nargs="?", metavar="NAME")


def _add_nothing(verb: Verb) -> None:
    """A verb without arguments of its own."""


def _add_doctor(verb: Verb) -> None:
    told = "Show that nothing leaves: a transcription where every attempt is seen."
    verb.add("--offline-proof", "offline_proof", action="store_true", help=told)


def _add_run_actions(action: Maker) -> None:
    action("list", "listings:runs", "List the stored runs.", services.list_runs)
    show = action("show", "listings:show_run", "A run's record and its score.", services.summary)
    show.add("run", "run", metavar="ID")
    show.add("--ruler", "ruler", metavar="RULER")
    show.add("--corrected", "corrected", action="store_true")
    delete = action("delete", "listings:delete_run", "Delete a run and all it says.", services.delete_run)
    delete.add("run", "run", metavar="ID", help="The run's id, or its beginning.")


def _add_estimate(verb: Verb) -> None:
    verb.add("--engine", "engine", metavar="ENGINE")
    verb.add("--seconds", "seconds", type=float, metavar="SECONDS")
    verb.add("--set", "sets", action="append", metavar="SET")
    verb.add("--chain", "chain", metavar="CHAIN")
    verb.add("--language", "language", metavar="LANGUAGE")
    verb.add("--option", "options", action="append", metavar="KEY=VALUE")
    verb.add("--limit", "limit", type=int, metavar="N")
    verb.add("--where", "where", action="append", metavar="KEY=VALUE")
    verb.add("--chunk-seconds", "chunk_seconds", type=float, metavar="SECONDS")
    verb.add("--batch-size", "batch_size", type=int, metavar="N")
    verb.add("--probe", "probe", action=BooleanOptionalAction)


def _add_serve(verb: Verb) -> None:
    verb.add("--host", "host", metavar="HOST", default=None, help="127.0.0.1 unless WORKBENCH_HOST says otherwise.")
    verb.add(
        "--port", "port", type=int, metavar="PORT", default=None, help="7860 unless WORKBENCH_PORT says otherwise."
    )
    help_text = "The engine to load at once."
    verb.add("--engine", "engine", metavar="ENGINE", default=services.DEFAULT_ENGINE, help=help_text)
    help_text = "Let in only who opens the link that is printed, or sends the token; for machines with several users."
    verb.add("--token", "token", action="store_true", help=help_text)
    help_text = "Let HOST be an address of this machine that others reach, unencrypted and with a token."
    verb.add("--allow-remote", "allow_remote", action="store_true", help=help_text)


def _editing() -> Any:
    """Its module, which reads the tables of all corrections."""
    return import_module("workbench.cli.editing")


def _actions_of(module: str, **settings: Any) -> Callable[[Verb], None]:
    """What gives a verb the actions of a module, which is loaded only then."""

    def add(verb: Verb) -> None:
        import_module(f"workbench.cli.{module}").add_actions(action_maker(verb, **settings))

    return add


_VERBS: Mapping[str, tuple[str, str, tuple[str, ...], Callable[[Verb], None]]] = {
    "transcribe": ("Recordings to text.", "transcription:transcribe", ("transcribe_events",), _add_transcribe),
    "inspect": ("A look at recordings first.", "inspection:inspect", ("inspect_recording",), _add_inspect),
    "transcript": (
        "Transcripts corrected, and transcribed again in part.",
        "editing:show",
        (),
        _actions_of("editing", required=True),
    ),
    "bench": ("Transcribe labelled sets, metered.", "verbs:bench", ("bench_events", "bench"), _add_bench),
    "score": ("Score a stored run, or texts against texts.", "verbs:score", ("score", "summary"), _add_score),
    "compare": ("Runs against each other.", "comparison:compare", ("compare", "rank"), _add_compare),
    "curve": (
        "Error against SNR, or another number.",
        "curves:curve",
        ("curve", "curve_events", "bench_events"),
        _add_curve,
    ),
    "causes": ("Where a run's errors come from.", "causes:causes", ("causes",), _add_causes),
    "sweep": (
        "Engines × chains × sets, one run a cell.",
        "sweeping:sweep",
        ("sweep_events", "bench_events", "sweep_table"),
        _add_sweep,
    ),
    "recommend": ("Which setting to take for a recording.", "sweeping:recommend", ("recommend",), _add_recommend),
    "trial": ("Systems on recordings without labels.", "trials:trials", ("list_trials",), _actions_of("trials")),
    "sweeps": ("The sweeps that were made.", "sweeping:sweeps", ("list_sweeps",), _actions_of("sweeping")),
    "sets": (
        "The eval sets: listed, checked, imported.",
        "listings:sets",
        ("list_sets",),
        _actions_of("sets", fallback="check"),
    ),
    "engines": (
        "List the engines, and whether each can run here.",
        "listings:engines",
        ("list_engines",),
        _add_nothing,
    ),
    "runs": ("The stored runs, and texts of other systems.", "listings:runs", ("list_runs",), _add_stored_runs),
    "estimate": (
        "How long work would take here, and how much memory.",
        "estimates:estimate",
        ("estimate",),
        _add_estimate,
    ),
    "labels": (
        "Labels that are probably wrong, and what is right.",
        "labels:suspects",
        ("suspects",),
        _actions_of("labels", required=True),
    ),
    "saved": ("What is kept on this machine, and deleting it.", "saved:saved", ("list_saved",), _actions_of("saved")),
    "models": ("List the models, or fetch one.", "listings:models", ("fetch_model",), _add_models),
    "doctor": (
        "What this machine has, and what the engines need.",
        "listings:doctor",
        ("check_machine",),
        _add_doctor,
    ),
    "serve": ("The page and the HTTP API, on this machine only.", "serving:serve", (), _add_serve),
}
"""Every verb: its summary, what is called, the services whose arguments it has, and what adds them."""

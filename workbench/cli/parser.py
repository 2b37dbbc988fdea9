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


def _add_trial(verb: Verb) -> None:
    action = action_maker(verb)
    action("list", "trials:trials", "List the trials.", services.list_trials)
    start = action("start", "trials:start", "Transcribe recordings with several systems.", services.try_out_events)
    show = action("show", "trials:show", "What to label next, and what the labels say.", services.trial)
    label = action("label", "trials:label", "What was said in a clip.", services.label_clip)
    keep = action("keep", "trials:keep", "Make an eval set of the labelled clips.", services.keep_labels)
    delete = action("delete", "trials:delete", "Remove a trial; its runs stay.", services.delete_trial)
    for one in (start, show, label, keep, delete):
        one.add("name", "name", metavar="TRIAL")
    start.add("files", "files", nargs="*", metavar="FILE")
    start.add("--chain", "chains", action="append", metavar="CHAIN", default=None)
    start.add("--engine", "engines", action="append", metavar="ENGINE", default=None)
    start.add("--language", "language", metavar="LANGUAGE")
    start.add("--clip-seconds", "clip_seconds", type=float, metavar="SECONDS")
    start.add("--context", "context", metavar="TEXT", help="Names and terms to expect.")
    start.add("--option", "options", action="append", metavar="KEY=VALUE", help="The engine's own options.")
    show.add("--wanted", "wanted", type=int, metavar="N")
    show.add("--ruler", "ruler", metavar="RULER")
    label.add("clip", "clip", metavar="CLIP")
    label.add("--text", "text", metavar="TEXT")
    label.add("--unusable", "unusable", action="store_true")
    keep.add("set_name", "set_name", metavar="SET")


def _add_sweeps(verb: Verb) -> None:
    action = action_maker(verb)
    action("list", "sweeping:sweeps", "List the sweeps.", services.list_sweeps)
    show = action("show", "sweeping:show_sweep", "Settings in order, and each set.", services.sweep_table)
    report = action("report", "sweeping:report_sweep", "A sweep's report.", services.sweep_report)
    delete = action("delete", "sweeping:delete_sweep", "Forget a sweep; its runs stay.", services.delete_sweep)
    for one in (show, report, delete):
        one.add("sweep_id", "sweep_id", metavar="SWEEP")
    for one in (show, report):
        one.add("--ruler", "ruler", metavar="RULER")
    report.add("--format", "format", choices=services.REPORT_FORMATS)
    report.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")


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


def _add_sets(verb: Verb) -> None:
    made = import_module("workbench.cli.sets")
    made.add_actions(action_maker(verb, fallback="check"))


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
    _add_exchange(action)
    _add_report(action)
    import_module("workbench.cli.records").add_actions(action)


def _add_models(verb: Verb) -> None:
    verb.add("action", "action", nargs="?", choices=("list", "fetch"), default="list", help="list by default")
    verb.add("name", "name", nargs="?", metavar="NAME")


def _add_saved(verb: Verb) -> None:
    import_module("workbench.cli.saved").add_actions(action_maker(verb))


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


def _add_exchange(action: Maker) -> None:
    given = action("import", "exchange:import_run", "Another system's texts, or a bundle.", services.import_run)
    given.add("path", "path", metavar="FILE")
    given.add("--set", "set", metavar="SET")
    given.add("--system", "system", metavar="NAME")
    given.add("--format", "format", metavar="FORMAT")
    given.add("--model", "model", metavar="MODEL")
    given.add("--revision", "revision", metavar="REVISION")
    given.add("--missing", "missing", choices=("refuse", "empty", "fail"))
    given.add("--unknown", "unknown", choices=("refuse", "skip"))
    given.add("--on-existing", "on_existing", choices=("reuse", "again"))
    exports = (services.export_run, services.export_bundle)
    out = action("export", "exchange:export_run", "A run's texts for other tools, or all of it, sealed.", *exports)
    out.add("run", "run", metavar="ID")
    out.add("--format", "format", metavar="FORMAT")
    out.add("--side", "side", choices=("hypothesis", "reference"))
    out.add("--ruler", "ruler", metavar="RULER")
    out.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")
    out.add("--bundle", "bundle", metavar="FILE", default=None)
    out.add("--audio", "audio", action="store_true")
    out.add("--licence", "licence", metavar="TEXT")
    out.add("--note", "note", metavar="TEXT")
    out.add("--yes", "yes", action="store_true", help="Do not ask whether the recordings may be in the bundle.")


def _add_report(action: Maker) -> None:
    made = action("report", "reporting:report", "A report of a run, or of runs against each other.", services.report)
    made.add("run", "run", metavar="RUN")
    made.add("other", "other", nargs="?", metavar="RUN_B")
    made.add("more", "more", nargs="*", metavar="RUN")
    made.add("--format", "format", choices=services.REPORT_FORMATS)
    made.add("--ruler", "ruler", metavar="RULER")
    made.add("--corrected", "corrected", action="store_true")
    made.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")


def _add_labels(verb: Verb) -> None:
    action = action_maker(verb, required=True)
    doubted = action("suspects", "labels:suspects", "Labels that runs agree against, ranked.", services.suspects)
    doubted.add("runs", "runs", nargs="+", metavar="RUN")
    doubted.add("--ruler", "ruler", metavar="RULER")
    doubted.add("--limit", "limit", type=int, metavar="N")
    corrected = action("correct", "labels:correct", "Correct a label, beside the set.", services.correct)
    corrected.add("set", "set", metavar="SET")
    corrected.add("id", "id", metavar="ID")
    corrected.add("--text", "text", metavar="TEXT")
    corrected.add("--wrong", "wrong", action="store_true")
    corrected.add("--undo", "undo", action="store_true")
    corrected.add("--note", "note", metavar="NOTE")
    corrected.add("--published", "published", metavar="TEXT")
    listed = action("list", "labels:list_corrections", "What was said of a set's labels.", services.list_corrections)
    listed.add("set", "set", metavar="SET")


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


def _add_transcript(verb: Verb) -> None:
    _editing().add_actions(action_maker(verb, required=True))


def _editing() -> Any:
    """Its module, which reads the tables of all corrections."""
    return import_module("workbench.cli.editing")


_VERBS: Mapping[str, tuple[str, str, tuple[str, ...], Callable[[Verb], None]]] = {
    "transcribe": ("Recordings to text.", "transcription:transcribe", ("transcribe_events",), _add_transcribe),
    "inspect": ("A look at recordings first.", "inspection:inspect", ("inspect_recording",), _add_inspect),
    "transcript": ("Transcripts corrected, and transcribed again in part.", "editing:show", (), _add_transcript),
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
    "trial": ("Systems on recordings without labels.", "trials:trials", ("list_trials",), _add_trial),
    "sweeps": ("The sweeps that were made.", "sweeping:sweeps", ("list_sweeps",), _add_sweeps),
    "sets": ("The eval sets: listed, checked, imported.", "listings:sets", ("list_sets",), _add_sets),
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
    "labels": ("Labels that are probably wrong, and what is right.", "labels:suspects", ("suspects",), _add_labels),
    "saved": ("What is kept on this machine, and deleting it.", "saved:saved", ("list_saved",), _add_saved),
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

"""`workbench inspect`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.audio.inspection import Inspection
from workbench.cli.console import Console, error_document
from workbench.errors import AudioError
from workbench.pipeline.transcript import clock

_UNKNOWN = "–"


def inspect(arguments: Namespace, console: Console) -> int:
    """Inspect files one after another; one that cannot be used does not stop the others."""
    files = [one.file for one in services.find_recordings(arguments.files)]
    entries: list[dict[str, Any]] = []
    failed = 0
    for file in files:
        try:
            found = services.inspect_recording(file)
        except AudioError as error:
            if len(files) == 1:
                raise
            console.error(error, about=file)
            entries.append({"file": file, **error_document(error)})
            failed += 1
            continue
        entries.append({"file": file, **to_jsonable_python(found), "speech_share": found.speech_share})
        _say(file, found, console)
    console.document(entries)
    return 0 if not failed else 2 if failed == len(entries) else 1


def _say(file: str, found: Inspection, console: Console) -> None:
    console.say(f"{file}: {clock(found.duration_seconds)}, {found.sample_rate} Hz, {found.codec}")
    for label, value in _rows(found):
        console.say(f"  {label:<10} {value}")
    for sentence in (*found.warnings, *(advice.sentence for advice in found.advice)):
        console.say(f"  ! {sentence}")


def _rows(found: Inspection) -> list[tuple[str, str]]:
    channels = ", ".join(_level(level, "dBFS") for level in found.channel_dbfs)
    alike = "" if found.correlation is None else f"; correlation {_minus(f'{found.correlation:.2f}')}"
    hum = "none" if found.hum_hz is None else f"{found.hum_hz} Hz, {_level(found.hum_dbfs, 'dBFS')}"
    reach = _UNKNOWN if found.bandwidth_hz is None else f"up to {found.bandwidth_hz / 1000:.1f} kHz"
    return [
        ("speech", f"{100 * found.speech_share:.0f} %, {clock(found.speech_seconds)[:8]}"),
        ("channels", f"{found.channels} ({channels}{alike})"),
        ("level", f"{_level(found.loudness_lufs, 'LUFS')}, peak {_level(found.peak_dbfs, 'dBFS')}"),
        ("SNR", f"about {_level(found.snr_db, 'dB')}" if found.snr_db is not None else "not known"),
        ("clipped", f"{100 * found.clipped_share:.2g} %"),
        ("band", reach),
        ("hum", hum),
    ]


def _level(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{_minus(f'{value:.0f}')} {unit}"


def _minus(figure: str) -> str:
    return figure.replace("-", "−")

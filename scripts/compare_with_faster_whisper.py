"""Whether a benchmark with `builtin` gives the texts that faster-whisper gives alone, clip by clip.

Faster-whisper is given each clip twice: as the samples that our decoder made of it, and as a file that it decodes (and
resamples) by itself. Options are its defaults, in int8 on the CPU.

    python scripts/compare_with_faster_whisper.py MANIFEST --language en --where category=english_telephone
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from workbench.settings import quieten

quieten()

from faster_whisper import WhisperModel  # noqa: E402

from workbench import services  # noqa: E402
from workbench.audio.io import read_clip  # noqa: E402
from workbench.engines.builtin import assembled_folder  # noqa: E402
from workbench.evalsets.selection import parse_conditions  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--language", default="en")
    parser.add_argument("--where", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    where = parse_conditions(arguments.where)
    settings = services.default_pool().settings
    folder = assembled_folder(settings)
    model = WhisperModel(str(folder), device="cpu", compute_type="int8")

    def alone(audio: Any) -> str:
        return "".join(segment.text for segment in model.transcribe(audio, language=arguments.language)[0]).strip()

    run = services.bench(arguments.sets, where=where, language=arguments.language, on_existing="again")
    same = {"samples": 0, "file": 0}
    for row in run.rows:
        given = {"samples": read_clip(Path(row.result.audio)).samples, "file": row.result.audio}
        for name, audio in given.items():
            text = alone(audio)
            same[name] += text == row.result.text
            if text != row.result.text:
                print(f"{row.result.id} ({name})\n  builtin {row.result.text}\n  alone   {text}")
    print(json.dumps({"clips": len(run.rows), "same_from_samples": same["samples"], "same_from_file": same["file"]}))


if __name__ == "__main__":
    main()

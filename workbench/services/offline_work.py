"""`python -m workbench.services.offline_work FILE ENGINE`: one transcription, to be watched from outside.

Not sealed: a seal would hide what the code tries.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext

from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import WorkbenchError
from workbench.services.transcription import transcribe
from workbench.settings import quieten


def main(words: list[str]) -> int:
    """Print the text as JSON."""
    file, engine = words
    quieten()
    try:
        with offered(ScriptedPlugin()) if engine == "scripted" else nullcontext():
            transcript = transcribe(file, engine=engine, resume=False)
    except WorkbenchError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    print(json.dumps({"text": transcript.text, "seconds": transcript.measurement.wall_seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

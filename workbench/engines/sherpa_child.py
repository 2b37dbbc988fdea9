"""The process in which sherpa-onnx works: a model that it cannot use ends this process, and not the workbench.

Run as a module. Reads messages on standard input and answers each on what was standard output; what sherpa-onnx
prints goes to standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from workbench.children.messages import read_message, write_message


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # sherpa-onnx writes to standard output by itself
    recognizer: Any = None
    while (found := read_message(sys.stdin.buffer)) is not None:
        message, samples = found
        try:
            if message["do"] == "load":
                recognizer = load(message["constructor"], message["arguments"])
                _answer(answers, {"version": version()})
            else:
                _answer(answers, transcribe(recognizer, samples, message["sample_rate"]))
        except Exception as error:  # the parent words it
            _answer(answers, {"error": str(error) or type(error).__name__})


def _answer(answers: BinaryIO, answer: dict[str, Any]) -> None:
    write_message(answers, answer)


def load(constructor: str, arguments: dict[str, Any]) -> Any:
    """A recognizer of sherpa-onnx, by the name of its constructor."""
    import sherpa_onnx

    return getattr(sherpa_onnx.OfflineRecognizer, constructor)(**arguments)


def version() -> str:
    """Of the package."""
    from importlib.metadata import version as version_of

    return version_of("sherpa-onnx")


def transcribe(recognizer: Any, samples: NDArray[np.float32], sample_rate: int) -> dict[str, Any]:
    """Text, tokens, when each was heard in seconds, and the language where the model says it."""
    stream = recognizer.create_stream()
    stream.accept_waveform(sample_rate, samples)
    recognizer.decode_stream(stream)
    result = stream.result
    return {
        "text": result.text,
        "tokens": list(result.tokens),
        "times": [float(time) for time in result.timestamps],
        "language": result.lang,
        "log_probabilities": [float(value) for value in result.ys_log_probs],
    }


if __name__ == "__main__":
    main()

"""How this server words errors and values as JSON."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from workbench.errors import WorkbenchError


def describe(error: WorkbenchError) -> dict[str, Any]:
    """An error in the shape of OpenAI's: `{"error": {"message", "type", "param", "code"}}`; `kind` where it has one."""
    shape = _shape(error.sentence, error.http_status, error.code)
    return {"error": shape["error"] | {"kind": error.kind}} if error.kind else shape


def jsonable(value: object) -> Any:
    """Our own types as plain JSON values; an engine's options class as its fields and their defaults."""
    return to_jsonable_python(value, fallback=_option_fields, inf_nan_mode="null")


def on_workbench_error(request: Request, error: Exception) -> Response:  # noqa: ARG001  the signature Starlette calls
    assert isinstance(error, WorkbenchError)
    return JSONResponse(describe(error), status_code=error.http_status)


def on_http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    return JSONResponse(_shape(error.detail, error.status_code, code), error.status_code, error.headers)


def on_invalid_request(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = f"The request cannot be used: {first['msg']} ({where})."
    return JSONResponse(_shape(message, 400, "UsageError", where), status_code=400)


def on_disconnect(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Nobody reads this; 499 is what nginx writes for it."""
    return Response(status_code=499)


def on_unexpected_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Our own mistake. What was said or uploaded stays out of the answer; the traceback goes to standard error."""
    return JSONResponse(_shape("Something went wrong in the workbench itself.", 500, type(error).__name__), 500)


HANDLERS: dict[int | type[Exception], Any] = {
    WorkbenchError: on_workbench_error,
    HTTPException: on_http_error,
    RequestValidationError: on_invalid_request,
    ClientDisconnect: on_disconnect,
    Exception: on_unexpected_error,
}


def _shape(message: str, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _option_fields(options: Any) -> Any:
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        raise TypeError(f"{type(options).__name__} has no JSON form.")
    return {
        option.name: None if option.default is dataclasses.MISSING else option.default
        for option in dataclasses.fields(options)
    }

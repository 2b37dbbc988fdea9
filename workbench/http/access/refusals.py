"""What somebody is told who may not come in."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

NO_TOKEN = "This server needs its token. Open the link that `workbench serve` printed, or send the token as a Bearer."
OTHER_PAGE = "This page is not known here any more. Reload it."
NOT_YOURS = "This belongs to another visitor, or is here no more."
BUSY = "The server has its hands full. Try again in a few seconds."
TOO_LONG = "The request is too long."
NO_SUCH_THING = "This part of Gradio is not used here."

# These pages stand before anything that knows the visitor's language.
_NO_TOKEN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Workbench</title>
<meta name="viewport" content="width=device-width"><body style="font:1rem/1.5 system-ui;margin:3rem;max-width:40rem">
<p>This server needs its token. Open the link that <code>workbench serve</code> printed; it opens once.</p>
<p lang="zh-Hans">这台服务器需要令牌。请打开 <code>workbench serve</code> 显示的链接；链接只能打开一次。</p>
<p lang="zh-Hant">這部伺服器需要權杖。請開啟 <code>workbench serve</code> 顯示的連結；連結只能開啟一次。</p>
"""
_AGAIN_PAGE = '<!doctype html><meta charset="utf-8"><title>Workbench</title><meta http-equiv="refresh" content="0">'


def refuse(status: int, message: str, **headers: str) -> Response:
    """A sentence in the shape of OpenAI's errors; Gradio's page reads it under `detail`."""
    phrase = HTTPStatus(status).phrase.title().replace(" ", "")
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": None, "code": "Refused" if status == 403 else phrase}
    return JSONResponse({"error": error, "detail": message}, status_code=status, headers=headers)


def refuse_without_token(scope: Scope) -> Response:
    """401, as a page for who looks at it in a browser."""
    if "text/html" in Headers(scope=scope).get("accept", ""):
        return HTMLResponse(_NO_TOKEN_PAGE, status_code=401, headers={"WWW-Authenticate": "Bearer"})
    return refuse(401, NO_TOKEN, **{"WWW-Authenticate": "Bearer"})


def come_again() -> Response:
    """A page that asks for itself once more, this time from here."""
    return HTMLResponse(_AGAIN_PAGE)

"""In which language the page is shown to somebody who comes to it: as chosen before, else as the browser asks."""

from __future__ import annotations

from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.ui.language import ENGLISH, LANGUAGES, SIMPLIFIED, TRADITIONAL, Language

COOKIE = "workbench-language"
"""Where `assets/language.js` keeps the choice; it holds a language's code."""

_TRADITIONAL = ("zh-hant", "zh-hk", "zh-tw", "zh-mo", "yue")


class FirstVisit:
    """Sends whoever opens `/` in a browser to the page in their language; nobody else, and nothing but `/`.

    A program that asks for `/` is not sent anywhere: it does not ask for HTML in a language. Neither is who followed
    the switch to English, which says so in the address, so that it works where cookies are refused.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        to = _elsewhere(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else ""
        answer = RedirectResponse(to) if to else self._app
        await answer(scope, receive, send)


def _elsewhere(scope: Scope) -> str:
    """Where the page is instead, from where it was asked for; empty where it is here."""
    path, query = scope["path"].removeprefix(scope.get("root_path", "")), scope["query_string"].decode("latin-1")
    rest = f"?{query}" if query else ""
    if any(path == one.path.rstrip("/") for one in LANGUAGES if one is not ENGLISH):
        return f"{path.rpartition('/')[2]}/{rest}"
    if path not in ("", "/") or "language" in parse_qs(query):
        return ""
    language = wanted_language(Headers(scope=scope))
    return "" if language is ENGLISH else language.path.strip("/") + "/" + rest


def wanted_language(headers: Headers) -> Language:
    """The language of a visit.

    Args:
        headers: Of the request. The cookie goes before `Accept-Language`, which counts only where HTML is asked for.
    """
    if "text/html" not in headers.get("accept", ""):
        return ENGLISH
    chosen = next((one for one in LANGUAGES if one.code == _cookie(headers.get("cookie", ""))), None)
    return chosen or preferred_language(headers.get("accept-language", ""))


def preferred_language(accepted: str) -> Language:
    """The page's language that a browser likes best; English where it names none of them.

    Args:
        accepted: As `Accept-Language` has it (RFC 9110, 12.5.4): "zh-HK,zh;q=0.9,en;q=0.8".
    """
    ranges = [_weighed(one) for one in accepted.lower().split(",")]
    liked: Sequence[str] = [tag for weight, tag in sorted(ranges, key=lambda one: -one[0]) if weight > 0]
    return next((language for tag in liked if (language := _language_of(tag)) is not None), ENGLISH)


def _language_of(tag: str) -> Language | None:
    if tag.startswith(_TRADITIONAL):
        return TRADITIONAL
    first = tag.partition("-")[0]
    return {"zh": SIMPLIFIED, "cmn": SIMPLIFIED, "en": ENGLISH}.get(first)


def _weighed(one: str) -> tuple[float, str]:
    tag, _, weight = one.strip().partition(";")
    try:
        return (float(weight.strip().removeprefix("q=")) if weight else 1.0), tag.strip()
    except ValueError:
        return 0.0, tag.strip()


def _cookie(text: str) -> str:
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""

"""One more link that opens once, for whoever is let in already."""

from __future__ import annotations

from fastapi import APIRouter, Request

from workbench.errors import UsageError

router = APIRouter()


@router.post("/access/links", status_code=201)
def new_link(request: Request) -> dict[str, str]:
    """A link to the page for one more visitor, where a token is set; it opens once."""
    tokens = request.app.state.access.tokens
    if tokens is None:
        raise UsageError("This server has no token.", hint="Start it with --token.")
    return {"link": f"{request.url.scheme}://{request.headers['host']}/?token={tokens.new_link()}"}

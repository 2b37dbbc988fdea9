"""The token of a server that several people can reach: programs send it, visitors come by a link that opens once."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from threading import Lock

from workbench.storage import replace_file, told

MOST_LINKS = 16
"""Links that nobody has opened yet; an older one goes out of use."""

_FILE = "The file of the token"


class Tokens:
    """What lets a request in where not everybody may come in.

    Args:
        token: What programs send as `Authorization: Bearer`; None makes one of 256 random bits.
    """

    def __init__(self, token: str | None = None) -> None:
        self.token = token or secrets.token_urlsafe(32)
        self._links: list[str] = []
        self._lock = Lock()

    def new_link(self) -> str:
        """The secret of a new link, `/?token=…`."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._links = [*self._links, secret][-MOST_LINKS:]
        return secret

    def redeem(self, secret: str) -> bool:
        """Whether the secret is of a link that nobody has opened; it is of none afterwards."""
        with self._lock:
            found = next((link for link in self._links if _same(link, secret)), None)
            if found is not None:
                self._links.remove(found)
        return found is not None

    def admits(self, authorization: str) -> bool:
        """Whether a request's `Authorization` header carries the token.

        Args:
            authorization: `Bearer …`; empty where there is none.
        """
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and _same(self.token, given.strip())

    def write(self, path: Path) -> Path:
        """Put the token where programs of this user find it, readable by nobody else, and return the file.

        Raises:
            DiskError: It cannot be written; no part of it is there.
        """
        with told(_FILE):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, f"{self.token}\n".encode(), name=_FILE)
        return path


def _same(secret: str, given: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace"))

"""Who may reach what: hosts and origins, sessions, the token, what belongs to whom, and how many at once.

Pure ASGI around the whole application, the mounted page included. From the outside in: `HeardOut` (who is refused can
read why), `Guard` (whose request this can be, and what every answer says to a browser), `Sessions` (which visitor, and
the token), `Belongings` (what is that visitor's on Gradio's routes), `Crowd` (how much work at once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.middleware import Middleware

from workbench.http.access.belongings import Belongings
from workbench.http.access.crowd import Crowd
from workbench.http.access.files import PrivateFiles, file_key
from workbench.http.access.hearing import HeardOut
from workbench.http.access.hosts import Guard
from workbench.http.access.ownership import Ownership
from workbench.http.access.sessions import SESSION, Sessions
from workbench.http.access.tokens import Tokens

__all__ = ["SESSION", "Access", "Ownership", "Tokens", "file_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may reach a server.

    Attributes:
        hosts: Names it goes by besides those of this machine.
        tokens: What lets people in; None lets in everybody who reaches it.
        ownership: Sessions, and what belongs to them.
    """

    hosts: Sequence[str] = ()
    tokens: Tokens | None = None
    ownership: Ownership = field(default_factory=Ownership)

    def layers(self, private: Path) -> list[Middleware]:
        """What stands around the application, the outermost first.

        Args:
            private: The folder below which everything lies that the page serves to one visitor.
        """
        return [
            Middleware(HeardOut),
            Middleware(Guard, hosts=self.hosts),
            Middleware(Sessions, ownership=self.ownership, tokens=self.tokens),
            Middleware(Belongings, ownership=self.ownership, files=PrivateFiles(private)),
            Middleware(Crowd),
        ]

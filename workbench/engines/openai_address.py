"""Where a transcription server is, and whether that is this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass

import httpx

from workbench.errors import UsageError

DEFAULT_URL = "http://127.0.0.1:8000/v1"
_ALLOW = "Run the server on this machine, or set WORKBENCH_ALLOW_REMOTE=1 if your recordings may go there."


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send clips, and which model to ask for; None takes the server's only one."""

    url: httpx.URL
    model: str | None

    @classmethod
    def parse(cls, text: str) -> Server:
        """Read `http://127.0.0.1:8000/v1#model`.

        Raises:
            UsageError: No http address, or one with a password in it.
        """
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            raise UsageError(f"{text!r} is no address: {error}", hint=f"Write openai-http:{DEFAULT_URL}.") from None
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise UsageError(f"{text!r} is no server's address.", hint=f"Write openai-http:{DEFAULT_URL}.")
        return cls(url.copy_with(fragment=None, query=None), url.fragment or None)

    def __str__(self) -> str:
        return f"{self.url}#{self.model}" if self.model else str(self.url)

    def path(self, below: str) -> str:
        """The address of something below the server's own: "models"."""
        return f"{str(self.url).rstrip('/')}/{below}"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine. Only `localhost` is looked up: asking for any other name would go out."""
        host = self.url.host
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            pass
        if host != "localhost" and not host.endswith(".localhost"):
            return False
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, self.url.port or 80)}
        except OSError:
            return False
        return all(ipaddress.ip_address(address).is_loopback for address in found)

    def check_allowed(self, *, allow_remote: bool = False) -> None:
        """Refuse a server elsewhere, unless that was allowed.

        Raises:
            UsageError: The server is not on this machine.
        """
        allowed = allow_remote or os.environ.get("WORKBENCH_ALLOW_REMOTE", "") in ("1", "true")
        if not allowed and not self.is_local:
            raise UsageError(f"{self.url.host} is not this machine, and recordings stay on it.", hint=_ALLOW)

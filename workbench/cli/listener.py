"""The socket that the page is served on, which has to be there before the process is sealed."""

from __future__ import annotations

import errno
import ipaddress
import socket

from workbench.errors import UsageError


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine only.

    Raises:
        UsageError: The host is not a loopback address, or the port cannot be had.
    """
    if not _is_loopback(host):
        raise UsageError(
            f"The workbench is served on this machine only, not on {host}.",
            hint="Use 127.0.0.1; from elsewhere, reach it through an SSH tunnel.",
        )
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is not a port.", hint="Use a number from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=128)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UsageError(f"Port {port} {reason}.", hint="Stop what uses it, or choose another with --port.") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

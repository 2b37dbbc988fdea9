"""The socket that the page is served on, which has to be there before the process is sealed."""

from __future__ import annotations

import errno
import ipaddress
import socket

from workbench.errors import UsageError

_BACKLOG = 1024
"""Connections that the kernel keeps until they are taken; hundreds of clients may come at once."""


def listen(host: str, port: int, *, allow_remote: bool = False) -> socket.socket:
    """A socket that listens on this machine only, or on the one address of it that was named.

    Args:
        host: A name or an address.
        port: Its port; 0 for any that is free.
        allow_remote: Whether the address may be one that others reach.

    Raises:
        UsageError: The host is not a loopback address and may not be another, is every address at once, or the port
            cannot be had.
    """
    if not is_loopback(host):
        _check_remote(host, allow_remote)
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is not a port.", hint="Use a number from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise UsageError(f"There is no host named {host}.", hint="Use an address of this machine.") from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"{host} is not this machine.", hint="Use one of its addresses.") from error
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UsageError(f"Port {port} {reason}.", hint="Stop what uses it, or choose another with --port.") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_remote(host: str, allowed: bool) -> None:
    if not allowed:
        raise UsageError(
            f"The workbench is served on this machine only, not on {host}.",
            hint="Use 127.0.0.1, and reach it from elsewhere through an SSH tunnel; or add --allow-remote.",
        )
    if host.strip("[]") in ("", "0.0.0.0", "::", "*"):
        raise UsageError(
            f"{host or 'Nothing'} is every address of this machine.", hint="Name the one that others are to use."
        )

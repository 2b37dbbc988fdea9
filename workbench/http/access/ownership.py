"""Who has been here, and what is theirs: uploads, events and results belong to the visitor's session."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock

MOST_SESSIONS = 1024
MOST_KEYS = 20_000
"""What one session may own. A page asks for its state every other second, but claims only files and events."""


class Ownership:
    """Sessions, and the keys that each owns; kept in memory, bounded, and safe to use from any thread.

    A key is any text that names one thing: `file:/home/a/tmp/talk.wav`, `event:1f2e`. A key that is *claimed* may have
    several owners (two visitors who upload the same file have the same path); one that is *held* has one.

    Args:
        sessions: How many are kept. A new one takes the place of one that owns nothing, else of the one that was seen
            longest ago.
        keys: How many each may own; the one that was claimed or held first is given up for a new one.
    """

    def __init__(self, *, sessions: int = MOST_SESSIONS, keys: int = MOST_KEYS) -> None:
        self._most_sessions = sessions
        self._most_keys = keys
        self._owned: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()
        self._holders: dict[str, str] = {}
        self._lock = Lock()

    def open(self) -> str:
        """A new session's name: 256 random bits, which only its visitor is told."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._owned) >= self._most_sessions:
                bare = (one for one, owned in self._owned.items() if not owned)
                self._forget(next(bare, next(iter(self._owned))))
            self._owned[session] = OrderedDict()
        return session

    def knows(self, session: str) -> bool:
        """Whether the session was opened here and is kept; it counts as seen."""
        with self._lock:
            if session in self._owned:
                self._owned.move_to_end(session)
            return session in self._owned

    def claim(self, session: str, key: str) -> None:
        """The session owns the key from now on, perhaps with others; nothing happens where the session is unknown."""
        with self._lock:
            self._add(session, key)

    def hold(self, session: str, key: str) -> bool:
        """Whether the key is this session's alone; it becomes so where nobody held it."""
        with self._lock:
            if session not in self._owned:
                return False
            holder = self._holders.setdefault(key, session)
            if holder == session:
                self._add(session, key)
            return holder == session

    def owns(self, session: str, key: str) -> bool:
        """Whether the session claimed or holds the key."""
        with self._lock:
            return key in self._owned.get(session, ())

    def forget(self, session: str) -> None:
        """The session is unknown from now on, and what only it owned is nobody's."""
        with self._lock:
            self._forget(session)

    def __len__(self) -> int:
        """How many sessions there are."""
        return len(self._owned)

    def _add(self, session: str, key: str) -> None:
        owned = self._owned.get(session)
        if owned is None:
            return
        owned[key] = None
        owned.move_to_end(key)
        while len(owned) > self._most_keys:
            given_up, _ = owned.popitem(last=False)
            if self._holders.get(given_up) == session:
                del self._holders[given_up]

    def _forget(self, session: str) -> None:
        for key in self._owned.pop(session, ()):
            if self._holders.get(key) == session:
                del self._holders[key]

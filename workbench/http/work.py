"""Long work on a thread of its own, given up when the one who asked has gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import AsyncExitStack, closing, contextmanager
from typing import Any, TypeVar

from anyio import CancelScope, CapacityLimiter, create_task_group, from_thread, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from workbench.engines.turns import given_up_by
from workbench.errors import WorkbenchError

T = TypeVar("T")

# The device works for one at a time, so more threads only wait. They are not taken from the pool that the page and
# the short requests share.
_THREADS = CapacityLimiter(8)


async def last_event(request: Request, events: Generator[T, None, None]) -> T:
    """Exhaust a generator on one thread and return its last event; the generator is closed on that thread.

    Raises:
        ClientDisconnect: The client went away; the work was stopped at the event it was at, or in line for the device.
        WorkbenchError: What the work raised.
    """

    def work() -> T:
        with _out_of_the_line(), closing(events):
            last = next(events)
            for event in events:
                from_thread.check_cancelled()
                last = event
            return last

    return await on_thread(request.receive, work)


async def finished(request: Request, work: Callable[[], T]) -> T:
    """Run work that tells nothing on its way; it is not stopped where the client goes away.

    Raises:
        ClientDisconnect: The client went away.
        WorkbenchError: What the work raised.
    """
    return await on_thread(request.receive, work)


async def on_thread(receive: Receive, work: Callable[[], T]) -> T:
    """Run `work` on a thread; where the client goes away, the thread's next `from_thread` call raises.

    Raises:
        ClientDisconnect: The client went away.
    """
    results: list[T] = []
    errors: list[Exception] = []
    async with create_task_group() as tasks:
        tasks.start_soon(_cancel_on_disconnect, receive, tasks.cancel_scope)
        try:
            results.append(await to_thread.run_sync(work, limiter=_THREADS))
        except Exception as error:  # raised below: a task group would wrap it
            errors.append(error)
        tasks.cancel_scope.cancel()
    if errors:
        raise errors.pop()  # in a local variable it would hold this frame, which holds the recording
    if not results:
        raise ClientDisconnect
    return results[0]


@contextmanager
def _out_of_the_line() -> Generator[None]:
    """Around work on a thread: where the client goes away while it waits for the device, it is closed where it is."""

    def check() -> None:
        try:
            from_thread.check_cancelled()
        except BaseException as gone:  # asyncio's, which no work here knows; a generator's end, all of it does
            raise GeneratorExit from gone

    try:
        with given_up_by(check):
            yield
    except GeneratorExit:
        from_thread.check_cancelled()
        raise


async def _cancel_on_disconnect(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


Named = tuple[str, Any]
"""An event's name, empty for none, and what it says, ready for JSON."""
_STILL_THERE = b":\n\n"
"""A comment (HTML Living Standard, 9.2.6): clients ignore it, and what stands between keeps the connection."""


class EventStream(Response):
    """Server-sent events (HTML Living Standard, 9.2), one for each named value that a generator yields.

    The generator runs and is closed on one thread. An error before the first event is an ordinary error response; a
    later one is the last event, named `error`. A client that goes away cancels the work where the generator yields
    next, or waits for the device; None in the place of an event says only that the work goes on.

    Args:
        events: What to send.
        describe: An error as the JSON that this server's errors have.
        keeps: What the events need, such as an uploaded file; closed once they have ended, however they end.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: Generator[Named | None, None, None],
        describe: Callable[[WorkbenchError], Any],
        *,
        keeps: AsyncExitStack | None = None,
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._events = events
        self._describe = describe
        self._keeps = keeps or AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._keeps:
            try:
                await on_thread(receive, lambda: self._work(scope, receive, send))
            except ClientDisconnect:
                return

    def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        with _out_of_the_line(), closing(self._events):
            try:
                first = self._first()
            except WorkbenchError as error:
                refusal = JSONResponse(self._describe(error), status_code=error.http_status)
                from_thread.run(refusal, scope, receive, send)
                return

            async def post(message: Message) -> None:
                await send(message)

            from_thread.run(post, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            for event in self._all_from(first):
                from_thread.check_cancelled()  # uvicorn takes what is sent to a client that has gone
                frame = _STILL_THERE if event is None else _frame(*event)
                from_thread.run(post, _body(frame, more=True))
            from_thread.run(post, _body(b"", more=False))

    def _first(self) -> Named:
        for event in self._events:
            from_thread.check_cancelled()
            if event is not None:
                return event
        raise RuntimeError("The work ended without an event.")

    def _all_from(self, first: Named) -> Iterable[Named | None]:
        yield first
        try:
            yield from self._events
        except WorkbenchError as error:
            yield "error", self._describe(error)


def _body(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _frame(name: str, value: Any) -> bytes:
    """One event; JSON on one line holds no line break that would end its data."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n".encode()

"""An ASGI application served by Granian: one supervising process and workers with an event loop each.

Workers get what they need as an argument of their loader, not through the environment. They end with the supervisor: on
SIGTERM it lets them finish what they are answering, one that has not begun to serve ends at once, and when the
supervisor is killed outright, the kernel kills them, so that no orphan keeps the port.

HTTP/1.1 alone: TLS and HTTP/2 end at the edge. Where Granian has to find out which of the two a client speaks, it waits
without a limit for one that says nothing, and such connections would fill a worker for good.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from config.lifeline import die_with
from config.logs import configure_logs
from config.workers import STOP_LIMIT_S, STOP_SIGNALS, listener

SERVING_AFTER_S = 0.05
QUIET_LIMIT_S = 75
"""Without the whole head of a request, as at the origin: what stands in front closes its idle connections sooner (60 s
is the default of most), so that no request meets a closing one."""
CONNECTIONS = 8192
"""Of one worker; silent ones count, and beyond them nobody is heard. Each takes 20 KB. Granian would divide 1,024 among
all workers."""
FILES_BESIDE = 256
"""That are no client's: the pools of connections, and what the application reads."""
FILES = 2 * CONNECTIONS + FILES_BESIDE
"""Open ones of a worker. WebSockets are not among the connections, and may be as many. A worker whose files are all
taken answers nobody and keeps a core busy."""
COLLECTED_AFTER = 10_000
"""New objects. An answer makes some hundreds, and hardly ever one that is garbage without being freed at once."""


def serve(name: str, create: Callable[[], Any], *, host: str, port: int, workers: int, websockets: bool) -> None:
    """Serve `create()`, called in each worker, until SIGTERM or SIGINT; blocks. Raises InvalidSetting.

    `create` is pickled on its way to a worker: a function of a module, or a partial of one.
    """
    require_free(host, port, variable=f"SEGUE_{name.upper()}_PORT")
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_end_on_signals)
    server = Server(
        name,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=QUIET_LIMIT_S * 1000),
        workers=workers,
        backpressure=connections_of(_files()),
        websockets=websockets,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_LIMIT_S,
    )
    server.serve(target_loader=partial(_load, name, create, os.getpid()), wrap_loader=False)


def require_free(host: str, port: int, *, variable: str) -> None:
    """Granian listens with SO_REUSEPORT: a second server would silently take half of the requests of the first.

    Raises InvalidSetting.
    """
    listener(host, port, variable=variable).close()


def most_sockets() -> int:
    """How many WebSockets this process, a worker, has room for beside its connections."""
    return connections_of(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def connections_of(files: int) -> int:
    """How many connections a worker that may open so many files has room for, and how many WebSockets beside them."""
    allowed = FILES if files == resource.RLIM_INFINITY else min(FILES, files)
    return max(1, (allowed - FILES_BESIDE) // 2)


def _files() -> int:
    """Have workers open as many files as the system allows, up to FILES; how many those are, -1 for any number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        with suppress(ValueError, OSError):  # a kernel may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _load(name: str, create: Callable[[], Any], supervisor: int) -> Callable[..., Awaitable[None]]:
    """Runs in each worker, before the first request."""
    die_with(supervisor)
    configure_logs(name, json=not sys.stderr.isatty())
    application = create()
    _keep_out_of_collections()
    # uvloop forgets a signal that arrives while it does not run, and Granian starts it twice: for the lifespan and to
    # serve. From here to there a signal waits in the kernel instead.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    return partial(_answer, application)


def _keep_out_of_collections() -> None:
    """Have the garbage collector pass over what is there by now, which stays for as long as the worker serves.

    It would look through a schema of hundreds of thousands of objects each time, and hold up whoever asks meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


def _answer(application: Any, scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
    """Pass a request on; the lifespan's too, with an eye on the moment when it has started."""
    if scope["type"] == "lifespan":
        return cast("Awaitable[None]", application(scope, receive, partial(_started, send)))
    return cast("Awaitable[None]", application(scope, receive, send))


async def _started(send: Callable[[Any], Awaitable[None]], message: dict[str, Any]) -> None:
    if message["type"].startswith("lifespan.startup"):
        # A timer does not fire in the loop's first run, which ends with this message, but in its second.
        asyncio.get_running_loop().call_later(SERVING_AFTER_S, _hear_signals)
    await send(message)


def _hear_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _end_on_signals() -> None:
    """Give a forked worker the default handlers until Granian sets its own.

    It inherits the supervisor's, which only note that the signal has come: a worker that was told to stop while it was
    still loading the application would serve on, until it is killed after STOP_LIMIT_S.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)

"""`segue origin`: the packaging origin on its port. Workers hold caches only, so a killed one loses nothing.

Each worker is uvicorn with a protocol of ours (`origin.hot`); why not the server of the graph is decision 0101.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from functools import partial

import uvicorn

from config import workers
from config.logs import configure_logs
from config.settings import origin_settings
from origin.app import create_app
from origin.asgi import Application
from origin.hot.protocol import QUIET_LIMIT_S, HotProtocol

DRAIN_LIMIT_S = workers.STOP_LIMIT_S - 2
"""For answers that have begun; connections to the store are closed after it, before the supervisor loses patience."""


def serve(environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; blocks. Raises InvalidSetting before anything is started."""
    settings = origin_settings(environment)
    with workers.listener(settings.host, settings.port, variable="SEGUE_ORIGIN_PORT") as listener:
        workers.supervise(partial(_work, environment, listener), workers=settings.workers)


def load(environment: Mapping[str, str]) -> Application:
    """Build the application of one worker."""
    return create_app(origin_settings(environment))


def _work(environment: Mapping[str, str], listener: socket.socket) -> None:
    configure_logs("origin", json=not sys.stderr.isatty())
    server_of(load(environment)).run(sockets=[listener])


def server_of(application: Application) -> uvicorn.Server:
    """The server of one worker: the hot path before the application, and nothing of uvicorn's between the two."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            interface="asgi3",
            loop="uvloop",
            http=HotProtocol,
            ws="none",
            lifespan="on",
            backlog=workers.BACKLOG,
            timeout_keep_alive=QUIET_LIMIT_S,
            timeout_graceful_shutdown=DRAIN_LIMIT_S,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="error",
        )
    )

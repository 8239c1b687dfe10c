"""`segue graph`: the API on its port. Workers hold no state, so a killed one loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from litestar import Litestar

from config import serving
from config.settings import graph_settings
from graph.app import create_app


def serve(environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; blocks. Raises InvalidSetting before anything is started."""
    settings = graph_settings(environment)
    create = partial(load, dict(environment))
    serving.serve("graph", create, host=settings.host, port=settings.port, workers=settings.workers, websockets=True)


def load(environment: Mapping[str, str]) -> Litestar:
    """Build the application of one worker."""
    return create_app(graph_settings(environment))

"""`segue origin`: the packaging origin on its port. Workers hold caches only, so a killed one loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from config import serving
from config.settings import origin_settings
from origin.app import create_app
from origin.asgi import Application


def serve(environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; blocks. Raises InvalidSetting before anything is started."""
    settings = origin_settings(environment)
    create = partial(load, dict(environment))
    serving.serve("origin", create, host=settings.host, port=settings.port, workers=settings.workers, websockets=False)


def load(environment: Mapping[str, str]) -> Application:
    """Build the application of one worker."""
    return create_app(origin_settings(environment))

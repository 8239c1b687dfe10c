"""The one place where the origin process is wired."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.objects import open_store
from config.settings import OriginSettings
from origin.asgi import Application
from origin.descriptors import Descriptors
from origin.service import Service
from origin.store import Store


def create_app(settings: OriginSettings) -> Application:
    """The ASGI application. Its connections are opened in its lifespan, in the loop that serves it."""
    keys = {key.key_id: bytes.fromhex(key.secret.reveal()) for key in settings.edge_keys}

    @asynccontextmanager
    async def open_service() -> AsyncIterator[Service]:
        async with open_store(settings.s3) as objects:
            store = Store(objects, deadline_s=settings.s3.timeout_s)
            yield Service(
                store=store,
                descriptors=Descriptors(store.asset),
                keys=keys,
                manifest_max_age_s=settings.manifest_max_age_s,
                clock=time.time,
            )

    return Application(open_service)

from typing import cast
from uuid import UUID

import pytest

from config.postgres import Pool
from graph.context import Context, Services
from graph.errors import Unauthenticated
from graph.reads.routing import Source
from graph.viewer import Role, Viewer

NO_SERVICES = cast("Services", None)
NO_SOURCE = Source(cast("Pool", None))


def context(role: Role | None) -> Context:
    viewer = None if role is None else Viewer(user_id=UUID(int=1), role=role, token_expires_at_s=0)
    return Context(NO_SERVICES, viewer, request_id="request-1", source=NO_SOURCE)


def test_nobody_is_no_viewer() -> None:
    with pytest.raises(Unauthenticated):
        context(None).require_viewer()

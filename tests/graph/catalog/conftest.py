"""What the catalogue's tests stand on: an artist's account, and the catalogue it adds to."""

from typing import Any

import pytest

from graph.viewer import Role, Viewer
from tests.graph.catalog.catalogue import Catalogue


@pytest.fixture
async def owner(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


@pytest.fixture
def catalogue(ask: Any, owner: Viewer) -> Catalogue:
    return Catalogue(ask, owner)

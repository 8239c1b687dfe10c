"""What the tests of pictures stand on: an artist's account, and what it has."""

import pytest

from graph.viewer import Role, Viewer
from tests.graph.images.gallery import Gallery


@pytest.fixture
async def artist(add_user) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


@pytest.fixture
def gallery(app, pool, artist) -> Gallery:
    assert app is not None
    return Gallery(pool, artist)

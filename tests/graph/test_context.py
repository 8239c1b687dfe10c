from typing import cast
from uuid import UUID

import pytest

from graph.context import Context, Services
from graph.errors import Unauthenticated
from graph.viewer import Role, Viewer

NO_SERVICES = cast("Services", None)


def context(role: Role | None, *, remember: bool = True) -> Context:
    viewer = None if role is None else Viewer(user_id=UUID(int=1), role=role, token_expires_at_s=0)
    return Context(NO_SERVICES, viewer, request_id="request-1", remember=remember)


def test_nobody_is_no_viewer() -> None:
    with pytest.raises(Unauthenticated):
        context(None).require_viewer()


class Source:
    """A batch function that notes which keys it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def __call__(self, _: Context, keys: list[int]) -> list[int]:
        self.asked.append(keys)
        return [key * 10 for key in keys]


async def test_a_query_loads_a_key_once() -> None:
    source, operation = Source(), context(None)
    assert [await operation.load(source, key) for key in (1, 2, 1)] == [10, 20, 10]
    assert source.asked == [[1], [2]]


async def test_what_may_change_meanwhile_is_loaded_anew() -> None:
    source, operation = Source(), context(None, remember=False)
    assert [await operation.load(source, key) for key in (1, 1)] == [10, 10]
    assert source.asked == [[1], [1]]


async def test_an_operation_starts_with_nothing_loaded_and_the_same_viewer() -> None:
    source, socket = Source(), context(Role.ARTIST)
    for _ in range(2):
        operation = socket.for_operation(remember=True)
        await operation.load(source, 1)
        assert (operation.viewer, operation.request_id) == (socket.viewer, "request-1")
    assert source.asked == [[1], [1]]

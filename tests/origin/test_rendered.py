import pytest

from origin.errors import NotThere
from origin.rendered import ENTRY_BYTES, Rendered
from origin.resources import Resource, Written


class Writer:
    """Counts what is written anew."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def __call__(self, name: str, size: int = 1000):
        def write() -> Resource:
            self.written.append(name)
            return Resource(content_type="text/plain", etag=f'"{name}"', headers={}, body=Written(bytes(size)))

        return write


@pytest.fixture
def write() -> Writer:
    return Writer()


def test_is_written_once_and_the_same_afterwards(write) -> None:
    rendered = Rendered()
    first = rendered.get("a", write("a"))
    assert rendered.get("a", write("a")) is first
    assert rendered.get("b", write("b")) is not first
    assert write.written == ["a", "b"]


def test_keeps_what_was_used_last_within_its_room(write) -> None:
    rendered = Rendered(room_bytes=2 * (1000 + ENTRY_BYTES))
    for name in ("a", "b", "a", "c", "a", "b"):
        rendered.get(name, write(name))
    assert write.written == ["a", "b", "c", "b"]


def test_what_is_larger_than_the_room_is_not_kept(write) -> None:
    rendered = Rendered(room_bytes=4000)
    for name, size in (("large", 4000), ("large", 4000), ("small", 10), ("small", 10)):
        assert rendered.get(name, write(name, size)).body.size == size
    assert write.written == ["large", "large", "small"]


def test_an_error_is_passed_on_and_not_kept(write) -> None:
    def fail() -> Resource:
        raise NotThere("nothing in common")

    rendered = Rendered()
    with pytest.raises(NotThere):
        rendered.get("a", fail)
    rendered.get("a", write("a"))
    assert write.written == ["a"]

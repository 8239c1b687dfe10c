"""Positions keep the order of a list of any moves, stay short, and are never two of a kind."""

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.playlists.position import DIGITS, HEAD_LENGTH, MAX_LENGTH, between, spread

MOST = 10_000


def legal(position: str) -> bool:
    tail = position[HEAD_LENGTH:]
    return HEAD_LENGTH <= len(position) <= MAX_LENGTH and set(position) <= set(DIGITS) and not tail.endswith("0")


def put(held: list[str], place: int, count: int) -> list[str]:
    """Put `count` at `place`, spreading all anew where there is no room; the order of what was there stays."""
    low = held[place - 1] if place > 0 else None
    high = held[place] if place < len(held) else None
    new = between(low, high, count)
    if new is None:
        held = spread(len(held))
        new = between(held[place - 1] if place > 0 else None, held[place] if place < len(held) else None, count)
        assert new is not None
    return held[:place] + new + held[place:]


def outermost(low: str | None, high: str | None) -> str:
    new = between(low, high, 1)
    assert new is not None
    return new[0]


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 40)), min_size=1, max_size=60))
def test_any_insertions_keep_the_order(steps: list[tuple[float, int]]) -> None:
    held: list[str] = []
    for where, count in steps:
        held = put(held, round(where * len(held)), count)
        assert held == sorted(held, key=str.encode)
        assert len(set(held)) == len(held)
        assert all(map(legal, held))


@settings(max_examples=20)
@given(st.integers(0, 3), st.integers(1, 3))
def test_a_gap_takes_two_hundred_before_it_is_used_up(place: int, count: int) -> None:
    held = spread(6)
    for _ in range(200 // count):
        new = between(held[place], held[place + 1], count)
        assert new is not None
        held[place + 1 : place + 1] = new
        assert all(map(legal, new))


def test_a_used_up_gap_says_so() -> None:
    low, high = spread(2)
    put_in = 0
    while (new := between(low, high, 1)) is not None:
        (high,) = new
        put_in += 1
    assert len(high) == MAX_LENGTH
    assert put_in == 217
    assert between(low, high, 1) is None


def test_the_ends_take_more_than_a_playlist_in_eight_digits() -> None:
    last = first = spread(1)[0]
    for _ in range(MOST):
        last, first = outermost(last, None), outermost(None, first)
    assert len(last) == len(first) == HEAD_LENGTH


def test_behind_the_last_step_there_is_still_room() -> None:
    last = "z" * HEAD_LENGTH
    behind = between(last, None, 3)
    assert behind is not None
    assert [last, *behind] == sorted([last, *behind])
    before = between(None, "0" * (HEAD_LENGTH - 1) + "1", 3)
    assert before is not None
    assert before == sorted(before)
    assert all(map(legal, before + behind))


def test_a_whole_playlist_is_spread_in_eight_digits() -> None:
    held = spread(MOST)
    assert held == sorted(held)
    assert {len(position) for position in held} == {HEAD_LENGTH}
    assert len(set(held)) == MOST

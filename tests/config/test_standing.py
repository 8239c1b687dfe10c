import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.standing import Mark, Standing, behind_s, chosen, fresh_at_s, kept, may_answer, parse

LIMIT_S = 5.0


@pytest.mark.parametrize(
    ("text", "position"),
    [("0/0", 0), ("0/16B3748", 0x16B3748), ("1/0", 2**32), ("FFFFFFFF/FFFFFFFF", 2**64 - 1)],
    ids=["the beginning", "in the first half", "where the second half begins", "the last there can be"],
)
def test_reads_positions_as_postgresql_prints_them(text: str, position: int) -> None:
    assert parse(text) == position


def test_a_replica_is_as_fresh_as_the_newest_mark_that_it_has_reached() -> None:
    marks = [Mark(position=10, at_s=1.0), Mark(position=20, at_s=2.0), Mark(position=30, at_s=3.0)]
    assert [fresh_at_s(Standing(position=n, seen_at_s=3), marks) for n in (9, 10, 29, 30)] == [None, 1.0, 2.0, 3.0]


def test_an_idle_primary_makes_no_replica_look_late() -> None:
    marks = [Mark(position=10, at_s=float(second)) for second in range(100)]
    assert may_answer(Standing(position=10, seen_at_s=99), marks, needed=10, now_s=100, limit_s=LIMIT_S)


@pytest.mark.parametrize(
    ("standing", "needed"),
    [
        (None, 0),
        (Standing(position=19, seen_at_s=9.5), 20),
        (Standing(position=20, seen_at_s=4.9), 0),
        (Standing(position=9, seen_at_s=9.5), 0),
    ],
    ids=["not heard of", "behind what the reader wrote", "not heard of lately", "behind the limit"],
)
def test_a_replica_that_may_not_answer(standing: Standing | None, needed: int) -> None:
    marks = [Mark(position=9, at_s=4.0), Mark(position=15, at_s=6.0)]
    assert not may_answer(standing, marks, needed=needed, now_s=10.0, limit_s=LIMIT_S)


def test_old_marks_are_forgotten() -> None:
    marks: tuple[Mark, ...] = ()
    for second in range(100):
        marks = kept(marks, Mark(position=second, at_s=float(second)), limit_s=LIMIT_S)
    assert [mark.at_s for mark in marks] == [94.0, 95.0, 96.0, 97.0, 98.0, 99.0]


def test_a_reader_stays_with_one_replica_and_readers_are_spread() -> None:
    assert [chosen([True, True, True], reader=reader) for reader in (0, 1, 2, 3, 1)] == [0, 1, 2, 0, 1]
    assert chosen([False, True, False], reader=0) == 1
    assert chosen([False, False], reader=0) is None
    assert chosen([], reader=0) is None


@given(
    written=st.lists(st.floats(0, 100), min_size=1, max_size=30).map(sorted),
    replayed=st.integers(0, 40),
    asked_s=st.floats(0, 110),
)
def test_who_may_answer_has_all_that_is_older_than_the_limit(
    written: list[float], replayed: int, asked_s: float
) -> None:
    """Position n is written at `written[n - 1]`; the primary is looked at every second until `asked_s`."""

    def position(at_s: float) -> int:
        return sum(moment <= at_s for moment in written)

    marks: tuple[Mark, ...] = ()
    for second in range(int(asked_s) + 1):
        marks = kept(marks, Mark(position=position(second), at_s=float(second)), limit_s=LIMIT_S)
    standing = Standing(position=min(replayed, position(asked_s)), seen_at_s=asked_s)
    if may_answer(standing, marks, needed=0, now_s=asked_s, limit_s=LIMIT_S):
        assert standing.position >= position(asked_s - LIMIT_S)


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (None, None),
        (Standing(position=30, seen_at_s=10), 1.0),
        (Standing(position=15, seen_at_s=10), 4.0),
        (Standing(position=1, seen_at_s=10), LIMIT_S),
    ],
    ids=["not heard of", "at the newest mark", "between two marks", "behind the limit"],
)
def test_a_replica_is_behind_by_the_age_of_what_it_shows(standing: Standing | None, told: float | None) -> None:
    marks = [Mark(position=10, at_s=6.0), Mark(position=20, at_s=8.0), Mark(position=30, at_s=9.0)]
    assert behind_s(standing, marks, now_s=10.0, limit_s=LIMIT_S) == told
    assert behind_s(standing, [], now_s=10.0, limit_s=LIMIT_S) is None

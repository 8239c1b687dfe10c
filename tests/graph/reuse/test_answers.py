import pytest

from graph.reuse.answers import OVERHEAD_BYTES, Answer, Answers


def answer(*tables: str, body: bytes = b"{}", made_at_s: float = 0.0) -> Answer:
    return Answer(body=body, media_type="application/json", tables=frozenset(tables), made_at_s=made_at_s)


@pytest.fixture
def answers() -> Answers:
    made = Answers(capacity_bytes=3 * (OVERHEAD_BYTES + 2), max_age_s=60)
    made.tables = frozenset({"tracks", "albums", "likes"})
    made.watched = frozenset({"tracks", "albums"})
    return made


def held(answers: Answers, *keys: str, now_s: float = 1.0) -> list[str]:
    return [key for key in keys if answers.get(key, now_s=now_s)]


def test_an_answer_leaves_when_a_table_changes_that_it_was_made_of(answers: Answers) -> None:
    answers.put("a", answer("tracks"), since=0)
    answers.put("b", answer("albums", "tracks"), since=0)
    answers.put("c", answer("albums"), since=0)
    answers.changed("tracks")
    assert held(answers, "a", "b", "c") == ["c"]


def test_an_answer_that_was_made_while_something_changed_is_not_kept(answers: Answers) -> None:
    since = answers.changes
    answers.changed("albums")
    answers.put("a", answer("tracks"), since=since)
    assert held(answers, "a") == []


def test_an_answer_grows_old(answers: Answers) -> None:
    answers.put("a", answer("tracks", made_at_s=100.0), since=0)
    assert held(answers, "a", now_s=159.9) == ["a"]
    assert held(answers, "a", now_s=160.0) == []
    assert (answers.hits, answers.misses) == (1, 1)


def test_the_answer_that_was_asked_for_longest_ago_makes_room(answers: Answers) -> None:
    for key in "abc":
        answers.put(key, answer("tracks"), since=0)
    assert held(answers, "a") == ["a"]
    answers.put("d", answer("tracks"), since=0)
    assert held(answers, *"abcd") == ["a", "c", "d"]


def test_an_answer_that_has_no_room_is_not_kept(answers: Answers) -> None:
    answers.put("a", answer("tracks", body=b"x" * 10_000), since=0)
    assert held(answers, "a") == []


def test_nothing_is_kept_while_nobody_listens(answers: Answers) -> None:
    answers.watched = frozenset()
    answers.put("a", answer("tracks"), since=0)
    assert held(answers, "a") == []


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        pytest.param("SELECT * FROM tracks AS t JOIN albums AS a ON true", {"tracks", "albums"}, id="tables that tell"),
        pytest.param("SELECT 1", set(), id="no table"),
        pytest.param("SELECT * FROM tracks, likes", None, id="a table that does not tell"),
    ],
)
def test_what_an_answer_is_made_of_stands_in_its_statements(
    answers: Answers, statement: str, tables: set[str] | None
) -> None:
    assert answers.made_of([statement]) == tables


def test_the_tag_of_an_answer_is_that_of_its_bytes() -> None:
    assert answer(body=b"1").etag == answer("tracks", body=b"1", made_at_s=5).etag != answer(body=b"2").etag

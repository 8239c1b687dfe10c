import pytest

from graph.reuse.answers import OVERHEAD_BYTES, TAG_BYTES, Answer, Answers
from graph.reuse.tags import Tables

TOLD = Tables(names=frozenset({"tracks"}), watched={"tracks": frozenset()})


SIZE_BYTES = 4 + OVERHEAD_BYTES + TAG_BYTES
"""Of an answer with one tag."""


def answer(*tags: str, body: bytes = b"{}", made_at_s: float = 0.0) -> Answer:
    return Answer(body=body, media_type="application/json", tags=frozenset(tags), made_at_s=made_at_s)


@pytest.fixture
def answers() -> Answers:
    made = Answers(capacity_bytes=4 * SIZE_BYTES, max_age_s=60)
    made.tables = TOLD
    return made


def held(answers: Answers, *keys: str, now_s: float = 1.0) -> list[str]:
    return [key for key in keys if answers.get(key, now_s=now_s)]


def test_an_answer_leaves_when_a_change_is_told_that_has_one_of_its_tags(answers: Answers) -> None:
    answers.put("a", answer("tracks-any"), since=0)
    answers.put("b", answer("album-2"), since=0)
    answers.put("c", answer("album-3"), since=0)
    answers.changed("tracks track-1 album-2")
    assert held(answers, "a", "b", "c") == ["c"]


def test_a_body_is_kept_in_a_coding_that_there_is_room_for() -> None:
    kept = answer("tracks", body=b"12345678")
    size_bytes = kept.size_bytes
    kept.keep_encoded("br", b"1234")
    kept.keep_encoded("gzip", b"12345")
    assert kept.encoded == {"br": b"1234"}
    assert kept.size_bytes == size_bytes
    assert answer("tracks").encoded == {}


def test_what_has_left_is_not_remembered(answers: Answers) -> None:
    answers.put("a", answer("album-2"), since=0)
    assert answers.held_bytes == SIZE_BYTES
    answers.changed("albums album-2")
    assert answers.held_bytes == 0
    answers.put("a", answer("album-3"), since=1)
    answers.changed("albums album-2")
    assert held(answers, "a") == ["a"]


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
    for key in "abcd":
        answers.put(key, answer("tracks"), since=0)
    assert held(answers, "a") == ["a"]
    answers.put("e", answer("tracks"), since=0)
    assert held(answers, *"abcde") == ["a", "c", "d", "e"]


def test_an_answer_that_has_no_room_is_not_kept(answers: Answers) -> None:
    answers.put("a", answer("tracks", body=b"x" * 10_000), since=0)
    assert held(answers, "a") == []


def test_nothing_is_kept_while_nobody_listens(answers: Answers) -> None:
    answers.tables = Tables()
    answers.put("a", answer("tracks"), since=0)
    assert held(answers, "a") == []


def test_the_tag_of_an_answer_is_that_of_its_bytes() -> None:
    assert answer(body=b"1").etag == answer("tracks", body=b"1", made_at_s=5).etag != answer(body=b"2").etag

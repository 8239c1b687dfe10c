import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest

from graph.errors import ProblemCode, Refused
from graph.uploads.body import Body
from graph.uploads.records import Stored

FILE = bytes(range(256)) * 4


def body(content: bytes = FILE) -> Body:
    promised = Stored(
        id=UUID(int=1),
        user_id=UUID(int=2),
        track_id=UUID(int=3),
        object_key="uploads/1",
        file_name="a.wav",
        content_type="audio/wav",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    return Body(promised)


def code_of(refusal: pytest.ExceptionInfo[Refused]) -> ProblemCode:
    (problem,) = refusal.value.problems
    return problem.code


@pytest.mark.parametrize("size", [1, 7, 256, len(FILE), 2 * len(FILE)])
def test_passes_everything_on_in_order(size: int) -> None:
    taken = body()
    passed = [taken.feed(FILE[start : start + size]) for start in range(0, len(FILE), size)]
    assert b"".join([*passed, taken.finish()]) == FILE


def test_empty_pieces_change_nothing() -> None:
    taken = body()
    assert [taken.feed(b""), taken.feed(FILE), taken.feed(b"")] == [b"", b"", b""]
    assert taken.finish() == FILE


def test_an_empty_file_is_as_good_as_any() -> None:
    assert body(b"").finish() == b""


def test_the_last_piece_waits_for_the_verdict() -> None:
    taken = body()
    assert taken.feed(FILE[:1000]) == b""
    assert taken.feed(bytes(len(FILE) - 1000)) == FILE[:1000]
    with pytest.raises(Refused) as refusal:
        taken.finish()
    assert code_of(refusal) is ProblemCode.UPLOAD_CHECKSUM_MISMATCH


def test_one_byte_too_many_is_refused_at_once() -> None:
    taken = body()
    taken.feed(FILE)
    with pytest.raises(Refused) as refusal:
        taken.feed(b"!")
    assert code_of(refusal) is ProblemCode.UPLOAD_SIZE_MISMATCH


def test_one_byte_too_few_is_refused_at_the_end() -> None:
    taken = body()
    taken.feed(FILE[:-1])
    with pytest.raises(Refused, match="1024 bytes were announced and 1023 have arrived") as refusal:
        taken.finish()
    assert code_of(refusal) is ProblemCode.UPLOAD_SIZE_MISMATCH

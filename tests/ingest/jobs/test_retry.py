"""What becomes of a job, by whose fault it was."""

from datetime import timedelta

import pytest

from config.errors import ServiceUnavailable
from ingest.contract import FailureCode
from ingest.errors import ChildDied, MediaError, NoRoom, RenditionRejected, Superseded
from ingest.jobs.retry import GiveUp, TryAgain, back_off, decide, gravest, told

AWAY = ServiceUnavailable("S3", "refused")
BUG = ChildDied("encode", "SIGSEGV")


def test_fault_of_the_master_is_final_at_once() -> None:
    decision = decide(MediaError(FailureCode.CORRUPT, "no frame"), attempt=1, retries=0)
    assert decision == GiveUp(failure=FailureCode.CORRUPT)


@pytest.mark.parametrize("error", [BUG, RenditionRejected("aac-96", "short"), ValueError("a bug")], ids=repr)
def test_our_fault_is_tried_three_times(error: Exception) -> None:
    assert decide(error, attempt=1, retries=0) == TryAgain(delay=timedelta(seconds=2), counts=True)
    assert decide(error, attempt=2, retries=1) == TryAgain(delay=timedelta(seconds=4), counts=True)
    assert decide(error, attempt=3, retries=2) == GiveUp(failure=FailureCode.INTERNAL)


@pytest.mark.parametrize("error", [AWAY, NoRoom()], ids=["an absent service", "a full disk"])
def test_what_will_pass_does_not_count(error: Exception) -> None:
    assert decide(error, attempt=3, retries=2) == TryAgain(delay=timedelta(seconds=8), counts=False)


def test_absence_of_a_service_is_outlived_for_at_least_half_an_hour_and_not_for_ever() -> None:
    waits = [decide(AWAY, attempt=1, retries=retries) for retries in range(16)]
    assert all(isinstance(wait, TryAgain) for wait in waits)
    assert sum((wait.delay for wait in waits if isinstance(wait, TryAgain)), timedelta()) > timedelta(minutes=30)
    assert decide(AWAY, attempt=3, retries=16) == GiveUp(failure=FailureCode.INTERNAL)


def test_delays_stop_growing_at_five_minutes() -> None:
    assert decide(AWAY, attempt=1, retries=15) == TryAgain(delay=timedelta(minutes=5), counts=False)


def test_job_that_is_tried_for_ever_waits_five_minutes_each_time() -> None:
    assert back_off(10**9) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(ValueError("a \0bug"), "a bug", id="what PostgreSQL cannot hold is left out"),
        pytest.param(ValueError("x" * 5000), "x" * 2000, id="a screen of text"),
        pytest.param(MemoryError(), "MemoryError", id="an error without a word"),
    ],
)
def test_fault_is_told_in_words_that_can_be_kept(error: Exception, text: str) -> None:
    assert told(error) == text


@pytest.mark.parametrize(
    ("together", "found"),
    [
        pytest.param([BUG], BUG, id="one"),
        pytest.param([BUG, AWAY], AWAY, id="an absent service explains a fault"),
        pytest.param([AWAY, MediaError(FailureCode.CORRUPT, "")], MediaError, id="a bad master stays bad"),
        pytest.param([BUG, Superseded("")], Superseded, id="a lost claim ends everything"),
    ],
)
def test_what_fails_together_is_judged_as_one(together: list[Exception], found: object) -> None:
    judged = gravest(ExceptionGroup("renditions", [ExceptionGroup("one of them", together)]))
    assert judged is found or type(judged) is found

import pytest
from msgspec.structs import replace

from graph.keys import new_key
from graph.live.events import NowPlaying, PlayState, change, decode_message, encode, stopped

USER = new_key()
NOW_MS = 1_000_000
PLAYING = NowPlaying(
    user_id=USER, track_id=new_key(), state=PlayState.PLAYING, position_ms=0, reported_at_ms=NOW_MS, sequence=10
)
LATER = replace(PLAYING, sequence=11, position_ms=30_000)
EARLIER = replace(PLAYING, sequence=9)
STOP = replace(stopped(USER, now_ms=NOW_MS), sequence=11)
EARLIER_STOP = replace(STOP, sequence=9)
HIDDEN = replace(stopped(USER, now_ms=NOW_MS), sequence=10)


@pytest.mark.parametrize(
    ("shown", "current", "expected"),
    [
        pytest.param(None, None, None, id="nothing, and nothing new"),
        pytest.param(None, PLAYING, PLAYING, id="the first report"),
        pytest.param(None, STOP, None, id="a stop of which nothing had been seen"),
        pytest.param(PLAYING, LATER, LATER, id="a later report"),
        pytest.param(PLAYING, PLAYING, None, id="the same report, read again"),
        pytest.param(PLAYING, EARLIER, None, id="a report that was overtaken"),
        pytest.param(PLAYING, STOP, STOP, id="a stop"),
        pytest.param(PLAYING, EARLIER_STOP, None, id="a stop that was overtaken"),
        pytest.param(PLAYING, None, HIDDEN, id="not to be seen any more"),
        pytest.param(HIDDEN, None, None, id="still not to be seen"),
        pytest.param(HIDDEN, PLAYING, None, id="what was hidden, read again"),
        pytest.param(HIDDEN, LATER, LATER, id="a report after hiding"),
        pytest.param(STOP, replace(STOP, sequence=12), None, id="a stop after a stop"),
    ],
)
def test_watcher_is_sent(shown: NowPlaying | None, current: NowPlaying | None, expected: NowPlaying | None) -> None:
    assert change(shown, current, now_ms=NOW_MS) == expected


def test_message_carries_event_and_sequence() -> None:
    message = b"77 " + encode(PLAYING)
    assert decode_message(message) == replace(PLAYING, sequence=77)


def test_a_stop_has_no_track() -> None:
    assert stopped(USER, now_ms=NOW_MS).track_id is None


@pytest.mark.parametrize(
    ("state", "age_s", "left_s"),
    [
        (PlayState.PLAYING, 0, 60),
        (PlayState.PLAYING, 59, 1),
        (PlayState.PLAYING, 61, 0),
        (PlayState.PAUSED, 61, 539),
    ],
)
def test_report_is_believed_for_a_while(state: PlayState, age_s: int, left_s: int) -> None:
    assert replace(PLAYING, state=state).expires_in_s(NOW_MS + age_s * 1000) == left_s

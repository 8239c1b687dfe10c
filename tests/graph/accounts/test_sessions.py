import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from graph.accounts.sessions import GRACE, Stored, Verdict, digest, judge, successor, token_of

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
LONG_AGO = NOW - GRACE


@pytest.mark.parametrize(
    ("expires_at", "used_at", "revoked_at", "verdict"),
    [
        pytest.param(LATER, None, None, Verdict.ROTATE, id="fresh"),
        pytest.param(NOW, None, None, Verdict.REFUSE, id="expires this very moment"),
        pytest.param(EARLIER, None, None, Verdict.REFUSE, id="expired"),
        pytest.param(LATER, LONG_AGO, None, Verdict.REVOKE_FAMILY, id="used"),
        pytest.param(EARLIER, LONG_AGO, None, Verdict.REVOKE_FAMILY, id="used, and expired since"),
        pytest.param(LATER, EARLIER, None, Verdict.REPEAT, id="used a moment ago"),
        pytest.param(LATER, LATER, None, Verdict.REPEAT, id="used by a process whose clock is ahead"),
        pytest.param(LATER, None, EARLIER, Verdict.REFUSE, id="revoked"),
        pytest.param(LATER, EARLIER, EARLIER, Verdict.REFUSE, id="used, and its family revoked"),
    ],
)
def test_judges(expires_at: datetime, used_at: datetime | None, revoked_at: datetime | None, verdict: Verdict) -> None:
    stored = Stored(family_id=UUID(int=1), expires_at=expires_at, used_at=used_at, revoked_at=revoked_at)
    assert judge(stored, now=NOW) is verdict


def test_a_token_is_text_for_a_url_and_stored_as_its_sha256() -> None:
    token = token_of(bytes(range(224, 256)))
    assert token == "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8"
    assert digest(token) == hashlib.sha256(token.encode("ascii")).digest()


def test_successor_follows_from_the_token_and_the_secret_alone() -> None:
    first = successor("token", secret=b"ours")
    assert first == successor("token", secret=b"ours")
    assert len({first, successor("token", secret=b"other"), successor("other", secret=b"ours"), "token"}) == 4

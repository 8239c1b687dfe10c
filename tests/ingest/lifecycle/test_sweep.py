"""What may be swept, decided by listings, rows and a clock that are values."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lifecycle.sweep import candidates, covers, images_of, orphans, owner_of, revisions_of, withdrawals_of
from origin.layout import withdrawal_key

NOW = datetime(2026, 5, 14, tzinfo=UTC)
GRACE = timedelta(days=1)
A, B = UUID(int=10), UUID(int=11)


class Listed(NamedTuple):
    """An object of a listing."""

    key: str
    modified_at: datetime


def old(*keys: str) -> list[Listed]:
    return [Listed(key, NOW - GRACE) for key in keys]


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        (f"uploads/{A}", f"uploads/{A}"),
        (f"assets/{A}/1/asset.json", f"assets/{A}/1/"),
        (f"assets/{A}/12/aac-96.mp4", f"assets/{A}/12/"),
        (f"images/{A}/300.webp", f"images/{A}/"),
        (withdrawal_key(A), f"assets/{A}/withdrawn"),
        (f"assets/{A}/withdrawn/1", None),
        (f"uploads/{A}/part", None),
        ("uploads/readme.txt", None),
        (f"assets/{A}/latest/asset.json", None),
        (f"assets/{A}/0/asset.json", None),
        (f"assets/{A}", None),
        (f"backups/{A}", None),
        ("", None),
    ],
)
def test_key_tells_its_owner(key: str, owner: str | None) -> None:
    assert owner_of(key) == owner


def test_owners_are_found_in_the_database_by_their_columns() -> None:
    owners = [f"uploads/{A}", f"assets/{A}/12/", f"images/{B}/", f"assets/{B}/withdrawn"]
    assert revisions_of(owners) == [(A, 12)]
    assert images_of(owners) == [B]
    assert withdrawals_of(owners) == [B]


def test_orphans_go_and_what_is_named_stays() -> None:
    found = candidates(old(f"uploads/{A}", f"uploads/{B}", f"assets/{A}/1/x", f"assets/{A}/2/x"), now=NOW, grace=GRACE)
    assert orphans(found, {f"uploads/{A}", f"assets/{A}/2/"}) == [f"uploads/{B}", f"assets/{A}/1/x"]


def test_what_is_removed_later_stays_until_then() -> None:
    found = candidates(old(f"assets/{A}/1/x", f"assets/{B}/1/x"), now=NOW, grace=GRACE)
    assert orphans(found, {f"assets/{A}/"}) == [f"assets/{B}/1/x"]


def test_marker_stays_with_its_asset_and_keeps_none_of_its_revisions() -> None:
    found = candidates(
        old(*(f"assets/{key}/{name}" for key in (A, B) for name in ("withdrawn", "1/x"))), now=NOW, grace=GRACE
    )
    assert orphans(found, {f"assets/{A}/withdrawn", f"assets/{B}/"}) == [f"assets/{A}/1/x"]


def test_what_is_young_stays() -> None:
    young = Listed(f"uploads/{A}", NOW - GRACE + timedelta(seconds=1))
    assert candidates([young], now=NOW, grace=GRACE) == {}


keys = st.one_of(
    st.builds("uploads/{}".format, st.sampled_from([A, B])),
    st.builds("assets/{}/{}/{}".format, st.sampled_from([A, B]), st.integers(0, 3), st.sampled_from("xy")),
    st.builds("assets/{}/withdrawn".format, st.sampled_from([A, B])),
    st.builds("images/{}/{}".format, st.sampled_from([A, B]), st.sampled_from(["64.avif", "source"])),
    st.text(max_size=20),
)
ages = st.timedeltas(timedelta(0), timedelta(days=2))


@given(
    listing=st.lists(st.builds(lambda key, age: Listed(key, NOW - age), keys, ages), max_size=20),
    named=st.sets(st.sampled_from([name for key in (A, B) for name in (f"assets/{key}/", f"assets/{key}/1/")])),
)
def test_nothing_named_young_or_strange_is_ever_swept(listing: list[Listed], named: set[str]) -> None:
    swept = set(orphans(candidates(listing, now=NOW, grace=GRACE), named))
    for one in listing:
        owner = owner_of(one.key)
        kept = owner is None or not named.isdisjoint(covers(owner)) or one.modified_at > NOW - GRACE
        twice_listed = any(other.key == one.key and other.modified_at <= NOW - GRACE for other in listing)
        assert (one.key not in swept) or not (kept and not twice_listed)
        if owner is None or not named.isdisjoint(covers(owner)):
            assert one.key not in swept

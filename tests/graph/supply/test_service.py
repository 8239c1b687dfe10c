"""Taking deliveries: idempotent, as a whole or not at all, by as many statements for one row as for many."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from graph.catalog import descriptions
from graph.catalog.credits import Credit, CreditRole
from graph.catalog.lyrics import Line
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.errors import Forbidden, ProblemCode, Refused
from graph.licences.rules import Grant
from graph.supply import service
from graph.supply.rules import MAX_TRACKS, SuppliedAlbum, SuppliedTrack
from graph.viewer import Role

RIVERS = SuppliedAlbum(title="Rivers", type=ReleaseType.EP, release_date=date(2024, 5, 1))
TRACKS = """
SELECT track.title, artist.name AS artist, album.title AS album, track.isrc, track.disc_number, track.track_number,
       track.explicit, track.search_text
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
LEFT JOIN albums AS album ON album.id = track.album_id ORDER BY track.title, track.id
"""
# With the transaction that wrote each row: one that is written anew as it was is another one.
EVERYTHING = """
SELECT (SELECT array_agg(t.xmin::text || t::text ORDER BY id) FROM artists t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY id) FROM albums t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY id) FROM tracks t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY id) FROM genres t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY track_id, position) FROM track_genres t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY track_id, position) FROM track_credits t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY track_id) FROM track_lyrics t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY id) FROM licences t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY supply_key) FROM supplied_tracks t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY supply_key) FROM supplied_albums t),
       (SELECT array_agg(t.xmin::text || t::text ORDER BY album_id, position) FROM album_genres t),
       (SELECT count(*) FROM pgqueuer), (SELECT count(*) FROM withdrawals)
"""


def delivery(count: int = 3) -> list[SuppliedTrack]:
    return [
        SuppliedTrack(
            key=f"k{n}",
            isrc=f"SEABC26{n:05}",
            title=f"Part {n}",
            artist="Alma",
            album=RIVERS,
            track_number=n % 900 + 1,
            explicit=True,
            genres=["Folk", "Ambient"],
            credits=[Credit(role=CreditRole.COMPOSER, name="Alma Ek")],
            lyrics="River, river",
            synced_lyrics=[Line(start_ms=1000, text="River")],
            licences=[Grant(markets=("SE", "NO"))],
        )
        for n in range(count)
    ]


@pytest.fixture
async def label(add_user) -> Any:
    return await add_user(Role.LABEL)


async def everything(pool) -> list[Any]:
    return list(await pool.fetchrow(EVERYTHING))


async def test_delivery_makes_artists_albums_and_tracks(pool, valkey, label) -> None:
    delivered = await service.upsert_tracks(pool, valkey, label, delivery(2))
    assert [(one.index, one.created) for one in delivered.accepted] == [(0, True), (1, True)]
    assert delivered.rejected == ()
    first = (await pool.fetch(TRACKS))[0]
    assert dict(first) == {
        "title": "Part 0",
        "artist": "Alma",
        "album": "Rivers",
        "isrc": "SEABC2600000",
        "disc_number": 1,
        "track_number": 1,
        "explicit": True,
        "search_text": "part 0\nalma rivers",
    }
    album = await pool.fetchrow("SELECT type, release_date, state FROM albums")
    assert tuple(album) == ("ep", date(2024, 5, 1), "live")
    assert await pool.fetchval("SELECT count(*) FROM artists") == 1
    assert await pool.fetchval("SELECT markets FROM tracks LIMIT 1") == ["NO", "SE"]
    assert await pool.fetchval("SELECT synced->0->>'text' FROM track_lyrics WHERE plain = 'River, river'") == "River"


async def test_same_delivery_again_changes_nothing(pool, valkey, label) -> None:
    await service.upsert_tracks(pool, valkey, label, delivery())
    before = await everything(pool)
    delivered = await service.upsert_tracks(pool, valkey, label, delivery())
    assert [one.created for one in delivered.accepted] == [False, False, False]
    assert await everything(pool) == before


async def test_what_a_row_leaves_out_stays(pool, valkey, label) -> None:
    await service.upsert_tracks(pool, valkey, label, delivery(1))
    before = await everything(pool)
    await service.upsert_tracks(pool, valkey, label, [SuppliedTrack(key="k0", title="Part 0", artist="Alma")])
    assert await everything(pool) == before


async def test_what_a_row_says_is_written(pool, valkey, label) -> None:
    await service.upsert_tracks(pool, valkey, label, delivery(1))
    lakes = SuppliedAlbum(title="Lakes", state=ReleaseState.SCHEDULED, live_at=datetime(2030, 1, 1, tzinfo=UTC))
    row = SuppliedTrack(key="k0", title="Delta", artist="Bela", album=lakes, explicit=False, licences=[], genres=[])
    (accepted,) = (await service.upsert_tracks(pool, valkey, label, [row])).accepted
    (found,) = await pool.fetch(TRACKS)
    assert not accepted.created
    assert (found["title"], found["artist"], found["album"], found["isrc"]) == (
        "Delta",
        "Bela",
        "Lakes",
        "SEABC2600000",
    )
    assert (found["explicit"], found["search_text"]) == (False, "delta\nbela lakes")
    assert await pool.fetchval("SELECT markets FROM tracks") is None
    assert await pool.fetchval("SELECT count(*) FROM track_genres") == 0
    # Both albums are measured again: the track has left one and come to the other.
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'album_loudness'") == 2


async def test_track_without_a_key_is_known_again_by_its_isrc_and_may_get_one(pool, valkey, label) -> None:
    row = SuppliedTrack(isrc="SE-ABC-26-00001", title="Flood", artist="Alma")
    keyed = SuppliedTrack(key="mine", isrc="SEABC2600001", title="Flood", artist="Alma")
    other = SuppliedTrack(key="other", isrc="SEABC2600001", title="Flood", artist="Alma")
    first, again, named, renamed, second = [
        (await service.upsert_tracks(pool, valkey, label, [one])).accepted[0]
        for one in (row, row, keyed, SuppliedTrack(key="mine", title="High Water", artist="Alma"), other)
    ]
    assert first.created
    assert {again.track_id, named.track_id, renamed.track_id} == {first.track_id}
    # The same recording under another key is a track of its own.
    assert second.created


RELEASES = """
SELECT album.title, album.type, supplied.supply_key AS key,
       (SELECT array_agg(search_text ORDER BY id) FROM tracks WHERE album_id = album.id) AS found
FROM albums AS album LEFT JOIN supplied_albums AS supplied ON supplied.album_id = album.id ORDER BY album.id
"""


def on(release: str | None, *, key: str, title: str = "Rivers", **said: Any) -> SuppliedTrack:
    album = SuppliedAlbum(key=release, title=title, **said)
    return SuppliedTrack(key=key, title="Flood", artist="Alma", album=album)


async def test_releases_of_one_title_are_told_apart_by_their_keys(pool, valkey, label) -> None:
    rows = [
        on("S", key="1", type=ReleaseType.SINGLE, genres=["Folk"]),
        on("A", key="2", type=ReleaseType.ALBUM),
        on("A", key="3"),
    ]
    await service.upsert_tracks(pool, valkey, label, rows)
    before = await everything(pool)
    assert [(row["type"], row["key"], len(row["found"])) for row in await pool.fetch(RELEASES)] == [
        ("single", "S", 1),
        ("album", "A", 2),
    ]
    assert await pool.fetchval("SELECT name FROM album_genres JOIN genres ON genres.id = genre_id") == "Folk"
    await service.upsert_tracks(pool, valkey, label, rows)
    assert await everything(pool) == before


async def test_release_that_is_known_by_its_key_may_be_retitled(pool, valkey, label) -> None:
    await service.upsert_tracks(pool, valkey, label, [on("A", key="1"), on("A", key="2")])
    await service.upsert_tracks(pool, valkey, label, [on("A", key="1", title="Lakes")])
    (release,) = await pool.fetch(RELEASES)
    # Also the track of which the second delivery says nothing.
    assert (release["title"], release["found"]) == ("Lakes", ["flood\nalma lakes"] * 2)


async def test_release_without_a_key_gets_that_of_the_first_that_names_it(pool, valkey, label) -> None:
    await service.upsert_tracks(pool, valkey, label, [on(None, key="1")])
    await service.upsert_tracks(pool, valkey, label, [on("A", key="1"), on("B", key="2")])
    found = [(row["key"], row["found"] and len(row["found"])) for row in await pool.fetch(RELEASES)]
    assert found == [("A", 1), ("B", 1)]


@pytest.mark.parametrize(
    ("held", "first", "second", "field"),
    [
        pytest.param(None, "A", None, "title", id="by its new key, then by its title"),
        pytest.param(None, None, "A", "key", id="by its title, then by its new key"),
        pytest.param("A", "A", None, "title", id="by its key, then by its title"),
        pytest.param("A", None, "A", "key", id="by its title, then by its key"),
    ],
)
async def test_row_that_names_a_release_otherwise_than_an_earlier_one_is_reported(  # noqa: PLR0917 -- pytest's own
    pool, valkey, label, held, first, second, field
) -> None:
    await service.upsert_tracks(pool, valkey, label, [on(held, key="1", genres=["Folk"])])
    otherwise = on(second, key="2", genres=["Jazz"], artist="Alma")
    rows = [on(first, key="1"), msgspec.structs.replace(otherwise, artist="Bela")]
    for _ in range(2):
        delivered = await service.upsert_tracks(pool, valkey, label, rows)
        assert [one.index for one in delivered.accepted] == [0]
        ((index, problem),) = [(one.index, one.problem) for one in delivered.rejected]
        assert (index, problem.field, problem.code) == (1, ("album", field), ProblemCode.INVALID_VALUE)
        assert "row 0" in problem.message
    assert await pool.fetchval("SELECT array_agg(name) FROM genres") == ["Folk"]
    assert await pool.fetchval("SELECT array_agg(name) FROM artists") == ["Alma"], "none is made for it"
    assert [row["title"] for row in await pool.fetch(RELEASES)] == ["Rivers"]


async def test_track_is_found_by_the_title_that_its_release_has(pool, valkey, label) -> None:
    """The first row that names the release says its title."""
    await service.upsert_tracks(pool, valkey, label, [on("A", key="1"), on("A", key="2", title="Lakes")])
    (release,) = await pool.fetch(RELEASES)
    assert (release["title"], release["found"]) == ("Rivers", ["flood\nalma rivers"] * 2)


async def test_rows_that_cannot_be_written_are_reported_and_the_others_are_written(pool, valkey, label) -> None:
    rows = [*delivery(2), SuppliedTrack(key="bad", title="", artist="Alma")]
    delivered = await service.upsert_tracks(pool, valkey, label, [rows[2], *rows[:2]])
    assert [one.index for one in delivered.accepted] == [1, 2]
    assert [(one.index, one.problem.code) for one in delivered.rejected] == [(0, ProblemCode.REQUIRED)]
    assert len(await pool.fetch(TRACKS)) == 2


async def test_genres_and_credits_of_a_row_take_the_place_of_those_there_were(pool, valkey, label) -> None:
    composer, mixer = Credit(role=CreditRole.COMPOSER, name="Alma Ek"), Credit(role=CreditRole.MIXER, name="Bela")
    for genres, credits_ in ((["Folk", "Ambient"], [composer, mixer]), (["Ambient", "Jazz"], [mixer])):
        row = SuppliedTrack(key="k", title="Flood", artist="Alma", genres=genres, credits=credits_)
        await service.upsert_tracks(pool, valkey, label, [row])
    named = "SELECT name FROM track_genres JOIN genres ON genres.id = genre_id ORDER BY position"
    assert [row["name"] for row in await pool.fetch(named)] == ["Ambient", "Jazz"]
    held = [tuple(row) for row in await pool.fetch("SELECT position, role, name FROM track_credits")]
    assert held == [(0, "mixer", "Bela")]


async def test_what_fails_half_way_leaves_nothing(pool, valkey, label, monkeypatch: pytest.MonkeyPatch) -> None:
    await service.upsert_tracks(pool, valkey, label, delivery(1))
    before = await everything(pool)

    async def fail(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(descriptions, "write_credits", fail)
    with pytest.raises(ConnectionError):
        await service.upsert_tracks(pool, valkey, label, delivery(3))
    assert await everything(pool) == before


async def test_accounts_do_not_see_one_anothers_keys_artists_and_tracks(pool, valkey, label, add_user) -> None:
    await service.upsert_tracks(pool, valkey, label, delivery(1))
    other = await add_user(Role.ARTIST)
    (accepted,) = (await service.upsert_tracks(pool, valkey, other, delivery(1))).accepted
    assert accepted.created
    assert await pool.fetchval("SELECT count(*) FROM artists WHERE name = 'Alma'") == 2


async def test_two_deliveries_at_once_make_every_track_once(pool, valkey, label) -> None:
    await asyncio.gather(*(service.upsert_tracks(pool, valkey, label, delivery(20)) for _ in range(3)))
    counts = "SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM artists), (SELECT count(*) FROM albums)"
    assert tuple(await pool.fetchrow(counts)) == (20, 1, 1)


async def test_ten_thousand_tracks_are_taken_at_once_and_known_again(pool, valkey, label) -> None:
    rows = [
        SuppliedTrack(
            key=f"k{n}",
            title=f"Part {n}",
            artist=f"Artist {n % 500}",
            album=SuppliedAlbum(title=f"Album {n % 1000}"),
            genres=["Folk"],
            licences=[Grant(markets=("SE",))],
        )
        for n in range(MAX_TRACKS)
    ]
    first = await service.upsert_tracks(pool, valkey, label, rows)
    assert ([one.created for one in first.accepted], first.rejected) == ([True] * MAX_TRACKS, ())
    counts = (
        "SELECT (SELECT count(*) FROM artists), (SELECT count(*) FROM albums),"
        " (SELECT count(*) FROM tracks WHERE markets = '{SE}'), (SELECT count(*) FROM track_genres)"
    )
    assert tuple(await pool.fetchrow(counts)) == (500, 1000, MAX_TRACKS, MAX_TRACKS)
    again = await service.upsert_tracks(pool, valkey, label, rows)
    assert [one.track_id for one in again.accepted] == [one.track_id for one in first.accepted]
    assert not any(one.created for one in again.accepted)


async def test_listeners_deliver_nothing(pool, valkey, add_user) -> None:
    with pytest.raises(Forbidden):
        await service.upsert_tracks(pool, valkey, await add_user(Role.LISTENER), delivery())
    assert await pool.fetch(TRACKS) == []


@pytest.mark.parametrize(
    ("count", "code"), [(0, ProblemCode.REQUIRED), (MAX_TRACKS + 1, ProblemCode.TOO_LONG)], ids=["none", "too many"]
)
async def test_delivery_has_between_one_and_ten_thousand_tracks(pool, valkey, label, count, code) -> None:
    rows = [SuppliedTrack(key="k", title="Flood", artist="Alma")] * count
    with pytest.raises(Refused) as refusal:
        await service.upsert_tracks(pool, valkey, label, rows)
    assert [one.code for one in refusal.value.problems] == [code]

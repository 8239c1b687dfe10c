"""Writers of the catalogue at one moment: whichever statement of the one the other comes between, both come through."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from graph.catalog import deletion, service, withdrawal
from graph.catalog.changes import AlbumChange, TrackChange, update_album, update_track
from graph.catalog.credits import Credit, CreditRole
from graph.catalog.releases import ReleaseState
from graph.errors import Forbidden, Refused
from graph.images.artwork import set_artwork
from graph.keys import new_key
from graph.profiles.service import ArtistChange, hand_over, update_artist
from graph.supply.rules import SuppliedAlbum, SuppliedTrack
from graph.supply.service import Delivered, upsert_tracks
from graph.viewer import Role, Viewer
from tests.graph.turns import MOST_STATEMENTS, Write, interrupted, take_turns

LATER = timedelta(hours=1)
ROUNDS = 12
WITHDRAWN = """
SELECT track.withdrawn_at IS NOT NULL OR coalesce(album.state = 'withdrawn', false)
FROM tracks AS track LEFT JOIN albums AS album ON album.id = track.album_id
"""
SHARED_BY_TWO_ACCOUNTS = """
SELECT count(*) FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
JOIN albums AS album ON album.id = track.album_id JOIN artists AS other ON other.id = album.artist_id
WHERE artist.owner_id <> other.owner_id
"""
CLEAR = "DELETE FROM tracks; DELETE FROM albums; DELETE FROM artists"

FLOOD = SuppliedTrack(key="flood", title="Flood", artist="Alma", album=SuppliedAlbum(key="rivers", title="Rivers"))
RAIN = SuppliedTrack(key="rain", title="Rain", artist="Alma", album=FLOOD.album)


class Shelf:
    """Two artists of a label; Alma has two albums, and the first of these a track. What can be done to them."""

    def __init__(self, pool: Any, owner: Viewer) -> None:
        self.pool, self.owner = pool, owner
        self.alma, self.bela, self.rivers, self.lakes, self.flood = (new_key() for _ in range(5))

    async def fill(self, *, flood_by: str = "alma") -> "Shelf":
        await self.pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $3, 'Alma', 'alma'),"
            " ($2, $3, 'Bela', 'bela')",
            *(self.alma, self.bela, self.owner.user_id),
        )
        await self.pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $3, 'Rivers', 'rivers\nalma'),"
            " ($2, $3, 'Lakes', 'lakes\nalma')",
            *(self.rivers, self.lakes, self.alma),
        )
        await self.pool.execute(
            "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
            " VALUES ($1, $2, $3, 'Flood', 'flood\nalma rivers', $4)",
            *(self.flood, getattr(self, flood_by), self.rivers, new_key()),
        )
        return self

    async def set(self, *, on: UUID | None, withdrawn: bool, albums_withdrawn: tuple[bool, bool]) -> bool:
        """Put the track somewhere, with nothing left to be told; answers whether the origins have it no more."""
        for album, gone in zip((self.rivers, self.lakes), albums_withdrawn, strict=True):
            state = "withdrawn" if gone else "live"
            await self.pool.execute("UPDATE albums SET state = $2 WHERE id = $1", album, state)
        placed = "UPDATE tracks SET album_id = $1, withdrawn_at = CASE WHEN $2 THEN now() END"
        await self.pool.execute(placed, on, withdrawn)
        await self.pool.execute("DELETE FROM withdrawals")
        return bool(await self.pool.fetchval(WITHDRAWN))

    def reinstate(self, pool: Any) -> Awaitable[Any]:
        return withdrawal.reinstate(pool, self.owner, track_id=self.flood)

    def withdraw(self, pool: Any) -> Awaitable[Any]:
        return withdrawal.withdraw(pool, self.owner, track_id=self.flood)

    def move(self, album_id: UUID | None) -> Write:
        change = TrackChange(album_id=album_id)
        return lambda pool: update_track(pool, self.owner, track_id=self.flood, change=change)

    def state(self, album_id: UUID, state: ReleaseState) -> Write:
        return lambda pool: update_album(pool, self.owner, album_id=album_id, change=AlbumChange(state=state))

    def retitle(self, title: str) -> Write:
        return lambda pool: update_album(pool, self.owner, album_id=self.rivers, change=AlbumChange(title=title))

    def rename(self, artist_id: UUID, name: str) -> Write:
        return lambda pool: update_artist(pool, self.owner, artist_id=artist_id, change=ArtistChange(name=name))

    def add_album(self, artist_id: UUID) -> Write:
        return lambda pool: service.create_album(pool, self.owner, artist_id=artist_id, title="Seas", release_date=None)

    def add_track(self, artist_id: UUID) -> Write:
        placed: dict[str, Any] = {"isrc": None, "disc_number": 1, "track_number": None, "explicit": False}
        return lambda pool: service.create_track(
            pool, self.owner, artist_id=artist_id, album_id=self.rivers, title="Rain", **placed
        )

    def hand_over(self, artist_id: UUID, to: Viewer) -> Write:
        return lambda pool: hand_over(pool, self.owner, artist_id=artist_id, account_id=to.user_id)

    def take_artwork_off(self, type_name: str, key: UUID) -> Write:
        return lambda pool: set_artwork(pool, self.owner, type_name=type_name, key=key, image_id=None)

    def delete(self, artist_id: UUID) -> Write:
        return lambda pool: deletion.delete_artist(pool, self.owner, artist_id=artist_id, removal_delay=LATER)

    def deliver(self, valkey: Any, *rows: SuppliedTrack) -> Write:
        return lambda pool: upsert_tracks(pool, valkey, self.owner, rows)


Shelves = Callable[..., AsyncIterator[tuple[int, Shelf]]]


@pytest.fixture
async def label(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.LABEL)
    return viewer


@pytest.fixture
def shelves(pool: Any, label: Viewer) -> Shelves:
    """A shelf for each number of statements after which a writer is interrupted."""

    async def fill(numbers: Iterable[int], *, flood_by: str = "alma") -> AsyncIterator[tuple[int, Shelf]]:
        for number in numbers:
            yield number, await Shelf(pool, label).fill(flood_by=flood_by)
            await pool.execute(CLEAR)

    return fill


def unless_refused(write: Write) -> Write:
    """Who comes second may be told that it has nothing to write to."""

    async def wrapped(pool: Any) -> Any:
        try:
            return await write(pool)
        except (Refused, Forbidden) as refusal:
            return refusal

    return wrapped


async def test_reinstated_track_is_promised_by_the_release_that_it_has_moved_to(pool: Any, shelves: Shelves) -> None:
    """It has asked for the lock of a release that the track leaves; the release that the track comes to goes live."""
    async for number, shelf in shelves(range(2, 6)):
        await shelf.set(on=shelf.rivers, withdrawn=True, albums_withdrawn=(False, True))
        order = [0] + [1] * MOST_STATEMENTS + [2] * number + [0] * MOST_STATEMENTS
        comes_back = shelf.state(shelf.lakes, ReleaseState.LIVE)
        await take_turns(pool, order, shelf.reinstate, shelf.move(shelf.lakes), comes_back)
        assert await pool.fetchval("SELECT withdrawn FROM withdrawals") is False, f"{number} statements of the release"


async def test_origins_are_told_of_a_track_as_it_is_in_the_end(pool: Any, shelves: Shelves) -> None:
    async for number, shelf in shelves(range(ROUNDS)):
        random, places = Random(number), (shelf.rivers, shelf.lakes, None)  # noqa: S311 -- the same in every run
        told = await shelf.set(
            on=random.choice(places),
            withdrawn=random.random() < 0.5,
            albums_withdrawn=(random.random() < 0.5, random.random() < 0.5),
        )
        await take_turns(
            pool,
            [random.randrange(3) for _ in range(MOST_STATEMENTS)],
            random.choice((shelf.reinstate, shelf.withdraw)),
            shelf.move(random.choice(places)),
            shelf.state(random.choice(places[:2]), random.choice((ReleaseState.LIVE, ReleaseState.WITHDRAWN))),
        )
        promised = await pool.fetchval("SELECT withdrawn FROM withdrawals")
        assert await pool.fetchval(WITHDRAWN) is (told if promised is None else promised), f"round {number}"
        await pool.execute("DELETE FROM withdrawals")


@pytest.mark.parametrize("first", ["the delivery", "the deletion"])
async def test_delivery_to_an_artist_who_goes_is_whole_or_gone(
    pool: Any, valkey: Any, shelves: Shelves, first: str
) -> None:
    async for number, shelf in shelves(range(0, 18, 3)):
        await shelf.deliver(valkey, FLOOD)(pool)
        writes = [shelf.deliver(valkey, FLOOD, RAIN), shelf.delete(shelf.alma)]
        if first == "the deletion":
            writes.reverse()
        answers = await take_turns(pool, interrupted(number), *writes)
        (report,) = [one for one in answers if isinstance(one, Delivered)]
        accepted = {one.track_id for one in report.accepted}
        there = {row["id"] for row in await pool.fetch("SELECT id FROM tracks")}
        assert len(accepted) == 2
        assert there in (accepted, set()), f"after {number} statements"


@pytest.mark.parametrize(
    ("order", "before"),
    [
        pytest.param(interrupted(17), ("featured",), id="the delivery holds the credit that the deletion wants"),
        pytest.param(interrupted(6, first=1), ("featured",), id="the deletion holds the artist, then wants the credit"),
        pytest.param(interrupted(6, first=1), (), id="the deletion holds the artist"),
    ],
)
async def test_delivery_that_credits_an_artist_who_goes_leaves_the_name(
    pool: Any, valkey: Any, shelves: Shelves, order: list[int], before: tuple[str, ...]
) -> None:
    async for _, shelf in shelves([0]):
        for roles in (before, ("composer", "featured")):
            named = [Credit(role=CreditRole(role), name="Bela", artist_id=shelf.bela) for role in roles]
            write = shelf.deliver(valkey, SuppliedTrack(key="rain", title="Rain", artist="Alma", credits=named))
            await (write(pool) if roles is before else take_turns(pool, order, write, shelf.delete(shelf.bela)))
        credits_ = await pool.fetch("SELECT role, name, artist_id FROM track_credits ORDER BY position")
        assert [tuple(row) for row in credits_] == [("composer", "Bela", None), ("featured", "Bela", None)]


@pytest.mark.parametrize("album", [FLOOD.album, None], ids=["a release", "a track"])
async def test_delivery_leaves_alone_what_is_handed_over_meanwhile(
    pool: Any, valkey: Any, shelves: Shelves, add_user: Any, album: SuppliedAlbum | None
) -> None:
    """It names another artist, so that nothing but the track and its release tell it whose they are."""
    row = SuppliedTrack(key="flood", title="Flood", artist="Bela", album=album)
    other = await add_user(Role.LABEL)
    async for number, shelf in shelves(range(0, 18, 3)):
        await shelf.deliver(valkey, FLOOD)(pool)
        handed = unless_refused(shelf.hand_over(shelf.alma, other))
        await take_turns(pool, interrupted(number), shelf.deliver(valkey, row), handed)
        assert await pool.fetchval(SHARED_BY_TWO_ACCOUNTS) == 0, f"after {number} statements"


async def test_album_of_one_account_gets_no_track_of_another(pool: Any, shelves: Shelves, add_user: Any) -> None:
    other = await add_user(Role.LABEL)
    async for number, shelf in shelves(range(8)):
        writes = shelf.add_track(shelf.bela), shelf.hand_over(shelf.alma, other)
        await take_turns(pool, interrupted(number), *map(unless_refused, writes))
        assert await pool.fetchval(SHARED_BY_TWO_ACCOUNTS) == 0, f"after {number} statements"


@pytest.mark.parametrize(("type_name", "whose"), [("Artist", "alma"), ("Album", "rivers"), ("Track", "flood")])
async def test_artwork_is_not_changed_by_who_has_handed_it_over(
    pool: Any, shelves: Shelves, add_user: Any, type_name: str, whose: str
) -> None:
    other = await add_user(Role.LABEL)
    async for number, shelf in shelves(range(4)):
        done: list[Write] = []
        writes = shelf.take_artwork_off(type_name, getattr(shelf, whose)), shelf.hand_over(shelf.alma, other)
        noted = [noting(unless_refused(write), done) for write in writes]
        answer, _ = await take_turns(pool, interrupted(number), *noted)
        assert isinstance(answer, Forbidden) is (done == noted[::-1]), f"after {number} statements"


def noting(write: Write, done: list[Write]) -> Write:
    """A write that enters itself into a list when it is done."""

    async def noted(pool: Any) -> Any:
        answer = await write(pool)
        done.append(noted)
        return answer

    return noted


@pytest.mark.parametrize("first", ["the artist", "the album"])
async def test_track_is_found_by_both_names_that_change_at_once(pool: Any, shelves: Shelves, first: str) -> None:
    async for number, shelf in shelves(range(10), flood_by="bela"):
        writes = [shelf.rename(shelf.bela, "Cara"), shelf.retitle("Deltas")]
        if first == "the album":
            writes.reverse()
        await take_turns(pool, interrupted(number), *writes)
        assert await texts(pool) == ["flood\ncara deltas"], f"after {number} statements"


@pytest.mark.parametrize("whose", ["the artist's", "the album's"])
async def test_added_track_is_found_by_a_name_that_changes_meanwhile(pool: Any, shelves: Shelves, whose: str) -> None:
    async for number, shelf in shelves(range(6)):
        changes = shelf.rename(shelf.bela, "Cara") if whose == "the artist's" else shelf.retitle("Deltas")
        await take_turns(pool, interrupted(number), shelf.add_track(shelf.bela), changes)
        found = "rain\ncara rivers" if whose == "the artist's" else "rain\nbela deltas"
        assert found in await texts(pool), f"after {number} statements"


async def test_delivered_track_is_found_by_the_name_that_its_artist_has(
    pool: Any, valkey: Any, shelves: Shelves
) -> None:
    """The artist of that name is another one for a delivery that comes after the new name."""
    async for number, shelf in shelves(range(4)):
        row = SuppliedTrack(key="rain", title="Rain", artist="Bela")
        await take_turns(pool, interrupted(number), shelf.deliver(valkey, row), shelf.rename(shelf.bela, "Cara"))
        artist = await pool.fetchval(
            "SELECT name FROM artists JOIN tracks ON artist_id = artists.id WHERE title = 'Rain'"
        )
        assert f"rain\n{artist.lower()}" in await texts(pool), f"after {number} statements"


async def texts(pool: Any) -> list[str]:
    """What tracks are found by."""
    return [row["search_text"] for row in await pool.fetch("SELECT search_text FROM tracks ORDER BY title")]


async def test_what_is_added_to_an_artist_who_goes_is_refused_or_gone(pool: Any, shelves: Shelves) -> None:
    async for number, shelf in shelves(range(6)):
        adds = unless_refused(shelf.add_album(shelf.alma))
        answer, _ = await take_turns(pool, interrupted(number), adds, shelf.delete(shelf.alma))
        assert isinstance(answer, UUID | Refused)
        assert await pool.fetchval("SELECT count(*) FROM albums") == 0

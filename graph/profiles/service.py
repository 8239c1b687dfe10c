"""An artist's profile (name, biography, links), and handing an artist over to another account, such as a label's.

A new name is written into everything that search finds by it. An artist whose music lies on albums together with that
of other artists of the account is not handed over: an album belongs to one account (docs/decisions/0051).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog import search_texts
from graph.catalog.held import hold_artist, hold_music
from graph.catalog.lyrics import checked_text
from graph.catalog.records import Artist
from graph.check import Check
from graph.errors import ProblemCode, refused
from graph.names import clean
from graph.profiles.links import Link, checked
from graph.search.text import index_text
from graph.viewer import Role, Viewer

WRITE_NAME = "UPDATE artists SET name = $2, search_text = $3 WHERE id = $1"
WRITE_BIOGRAPHY = """
INSERT INTO artist_profiles (artist_id, biography) VALUES ($1, $2)
ON CONFLICT (artist_id) DO UPDATE SET biography = excluded.biography
"""
WRITE_LINKS = """
INSERT INTO artist_profiles (artist_id, links) VALUES ($1, $2)
ON CONFLICT (artist_id) DO UPDATE SET links = excluded.links
"""
ALBUMS = "SELECT id, title FROM albums WHERE artist_id = $1 ORDER BY id FOR UPDATE"
WRITE_ALBUM_TEXTS = """
UPDATE albums AS album SET search_text = found.search_text
FROM unnest($1::uuid[], $2::text[]) AS found (id, search_text) WHERE album.id = found.id
"""
# Two questions, each by the index of the artist: as one it would be asked of every track that there is.
SHARES_ALBUMS = """
SELECT EXISTS (
    SELECT FROM tracks AS track JOIN albums AS album ON album.id = track.album_id
    WHERE track.artist_id = $1 AND album.artist_id <> $1
) OR EXISTS (
    SELECT FROM albums AS album JOIN tracks AS track ON track.album_id = album.id
    WHERE album.artist_id = $1 AND track.artist_id <> $1
)
"""
NEW_OWNER = "SELECT role FROM users WHERE id = $1 FOR SHARE"
HAND_OVER = "UPDATE artists SET owner_id = $2 WHERE id = $1"


class ArtistChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a profile; what is left out stays."""

    name: str | UnsetType = UNSET
    biography: str | UnsetType | None = UNSET
    links: Sequence[Link] | UnsetType = UNSET


@begun_again
async def update_artist(pool: Pool, viewer: Viewer, *, artist_id: UUID, change: ArtistChange) -> None:
    """Change the profile of an artist that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        before = await hold_artist(connection, viewer, artist_id)
        kept = _checked(change)
        if kept.name is not UNSET:
            await _rename(connection, before, kept.name)
        if kept.biography is not UNSET:
            await connection.execute(WRITE_BIOGRAPHY, artist_id, kept.biography)
        if kept.links is not UNSET:
            await connection.execute(WRITE_LINKS, artist_id, msgspec.json.encode(kept.links).decode())


@begun_again
async def hand_over(pool: Pool, viewer: Viewer, *, artist_id: UUID, account_id: UUID | None) -> None:
    """Give an artist that the viewer manages to another account that publishes. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        await hold_artist(connection, viewer, artist_id)
        await hold_music(connection, artist_id)  # whoever is putting it onto an album of another artist comes first
        role = None if account_id is None else await connection.fetchval(NEW_OWNER, account_id)
        if role is None:
            raise refused(ProblemCode.NOT_FOUND, "userId")
        if Role(role) is Role.LISTENER:
            raise refused(ProblemCode.INVALID_VALUE, "userId", "This account does not publish.")
        if await connection.fetchval(SHARES_ALBUMS, artist_id):
            message = "The artist has music on albums together with other artists of the account; move that first."
            raise refused(ProblemCode.INVALID_VALUE, "artistId", message)
        await connection.execute(HAND_OVER, artist_id, account_id)


def _checked(change: ArtistChange) -> ArtistChange:
    """The change as it is stored. Raises Refused, with every problem at once."""
    check = Check()
    kept = ArtistChange(
        name=check.given(change.name, partial(clean, field="name")),
        biography=check.given(change.biography, lambda text: checked_text(text or "", field="biography")),
        links=check.given(change.links, partial(checked, field="links")),
    )
    check.require()
    return kept


async def _rename(connection: Connection, artist: Artist, name: str) -> None:
    if name == artist.name:
        return
    await connection.execute(WRITE_NAME, artist.id, name, index_text(name))
    albums = await connection.fetch(ALBUMS, artist.id)
    texts = [index_text(album["title"], name) for album in albums]
    await connection.execute(WRITE_ALBUM_TEXTS, [album["id"] for album in albums], texts)
    await search_texts.write_for_artist(connection, artist.id)

"""Rules of share links: what may be shared, and where a link leads.

Rules. What everybody may see can be shared, by whoever is signed in; one thing has one link, whoever asks for it. A
link gives nobody a right: it leads to what the follower may see anyway, so a playlist that becomes private is out of
sight behind its link as well. It outlives what it leads to, so that who follows it hears that this is gone.

Links are looked up at the primary: who follows one has often been sent it a moment ago.

Not here: the preview of a link on the web (`graph.sharing.page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from config.postgres import Pool
from graph.catalog.reads import ALBUM, ARTIST, TRACK
from graph.errors import ProblemCode, refused
from graph.playlists.reads import PLAYLIST
from graph.reads.statements import Statement, by_keys
from graph.sharing.slugs import is_slug, new_slug

SHAREABLE = {entity.type_name: entity for entity in (ALBUM, ARTIST, PLAYLIST, TRACK)}
SEEN = {name: by_keys(entity, ()) for name, entity in SHAREABLE.items()}
# A withdrawn track is seen by everybody and says so; its link would lead to a page that is not there.
PUBLIC = {**SEEN, TRACK.type_name: by_keys(TRACK, (), where="track.withdrawn_at IS NULL")}

# The same link again for who comes second; the update makes the statement answer it.
MAKE = """
INSERT INTO share_links (slug, type_name, key) VALUES ($1, $2, $3)
ON CONFLICT (type_name, key) DO UPDATE SET key = excluded.key RETURNING slug
"""
FIND = "SELECT type_name, key FROM share_links WHERE slug = $1"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link, and what it leads to."""

    slug: str
    type_name: str
    key: UUID


async def create_link(pool: Pool, *, type_name: str, key: UUID, seen: Mapping[str, object]) -> Link:
    """The link of something that everybody may see. `seen` is by what the asker sees. Raises Refused."""
    if not await _visible(pool, SEEN[type_name], key, seen):
        raise refused(ProblemCode.NOT_FOUND, "subjectId")
    if not await _visible(pool, PUBLIC[type_name], key, {**seen, "viewer_id": None, "is_admin": False}):
        raise refused(ProblemCode.NOT_SHAREABLE, "subjectId")
    slug: str = await pool.fetchval(MAKE, new_slug(), type_name, key)
    return Link(slug=slug, type_name=type_name, key=key)


async def find_link(pool: Pool, slug: str) -> Link | None:
    """The link of a slug, whether there still is what it leads to or not."""
    row = await pool.fetchrow(FIND, slug) if is_slug(slug) else None
    return None if row is None else Link(slug=slug, type_name=row["type_name"], key=row["key"])


async def is_gone(pool: Pool, link: Link) -> bool:
    """Whether there is not any more what a link led to, for anybody."""
    table = SHAREABLE[link.type_name].table
    exists: bool = await pool.fetchval(f"SELECT EXISTS (SELECT FROM {table} WHERE id = $1)", link.key)  # noqa: S608 -- a declared name
    return not exists


async def _visible(pool: Pool, statement: Statement, key: UUID, seen: Mapping[str, object]) -> bool:
    values = {**seen, "keys": [key]}
    return bool(await pool.fetch(statement.text, *(values[name] for name in statement.parameters)))

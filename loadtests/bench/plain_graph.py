"""What one would write without Segue: Strawberry with DataLoaders on the same tables, as the libraries' pages show it.

It is what `loadtests.bench.graph` measures ours beside, and it is meant to be good at it: a pool of asyncpg with one
constant statement for each batch, loaders that live as long as a request, Strawberry's caches of parsed and validated
documents, Litestar's controller, uvloop under Granian, and the same check of the same access tokens. It lists only
tracks with media that are ready; it knows no licences, no limits, no rates and no masking of errors, which ours pays
for.

`python -m loadtests.bench.plain_graph` serves it; settings come as JSON on standard input.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from typing import Any, TypedDict
from uuid import UUID

import asyncpg
import jwt
import strawberry
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from granian.constants import Interfaces, Loops
from granian.server import Server
from litestar import Litestar, Request
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.litestar import BaseContext, make_graphql_controller

ARTISTS = "SELECT id, name FROM artists WHERE id = ANY($1::uuid[])"
ALBUMS = "SELECT id, title, release_date FROM albums WHERE id = ANY($1::uuid[])"
LIKED = """
SELECT liked.created_at, track.id, track.title, track.explicit, track.artist_id, track.album_id, media.duration_ms
FROM liked_tracks AS liked
JOIN tracks AS track ON track.id = liked.track_id
JOIN LATERAL (
    SELECT duration_ms FROM assets WHERE asset_id = track.asset_id AND status = 'ready' ORDER BY revision DESC LIMIT 1
) AS media ON true
WHERE liked.user_id = $1 AND ($2::timestamptz IS NULL OR (liked.created_at, liked.track_id) < ($2, $3::uuid))
ORDER BY liked.created_at DESC, liked.track_id DESC LIMIT $4
"""


class Settings(TypedDict):
    """What the process is told."""

    postgres_url: str
    access_token_key: str
    port: int


class Context(BaseContext, kw_only=True):
    """Of one request."""

    pool: asyncpg.Pool
    user_id: UUID | None
    artists: DataLoader[UUID, Any]
    albums: DataLoader[UUID, Any]


Info = strawberry.Info[Context, None]


@strawberry.type
class Artist:
    id: strawberry.ID
    name: str


@strawberry.type
class Album:
    id: strawberry.ID
    title: str
    release_date: date | None


@strawberry.type
class Track:
    id: strawberry.ID
    title: str
    explicit: bool
    duration_ms: int | None
    artist_id: strawberry.Private[UUID]
    album_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def artist(self, info: Info) -> Artist | None:
        found: Artist | None = await info.context.artists.load(self.artist_id)
        return found

    @strawberry.field
    async def album(self, info: Info) -> Album | None:
        found: Album | None = None if self.album_id is None else await info.context.albums.load(self.album_id)
        return found


@strawberry.type
class TrackEdge:
    cursor: str
    node: Track


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class TrackConnection:
    edges: list[TrackEdge]
    page_info: PageInfo


@strawberry.type
class Library:
    key: strawberry.Private[UUID]

    @strawberry.field
    async def liked_tracks(self, info: Info, first: int = 20, after: str | None = None) -> TrackConnection:
        at, key = _place(after)
        rows = await info.context.pool.fetch(LIKED, self.key, at, key, first + 1)
        edges = [TrackEdge(cursor=_cursor(row), node=_track(row)) for row in rows[:first]]
        more = PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None)
        return TrackConnection(edges=edges, page_info=more)


@strawberry.type
class User:
    library: Library


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: Info) -> User | None:
        return None if info.context.user_id is None else User(library=Library(key=info.context.user_id))


def create_app(settings: Settings) -> Litestar:
    """The application of one worker."""
    private = load_pem_private_key(settings["access_token_key"].encode(), password=None)
    public: Any = private.public_key()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with asyncpg.create_pool(settings["postgres_url"], min_size=8, max_size=8) as pool:
            app.state.pool = pool
            yield

    async def context_of(request: Request[Any, Any, Any]) -> Context:
        pool = request.app.state.pool
        return Context(
            pool=pool,
            user_id=_user_of(request.headers.get("authorization"), public),
            artists=DataLoader(partial(_load, pool, ARTISTS, _artist)),
            albums=DataLoader(partial(_load, pool, ALBUMS, _album)),
        )

    schema = strawberry.Schema(
        Query, extensions=[lambda: ParserCache(maxsize=100), lambda: ValidationCache(maxsize=100)]
    )
    controller = make_graphql_controller(schema, path="/graphql", context_getter=context_of)
    return Litestar(route_handlers=[controller], lifespan=[lifespan], openapi_config=None)


async def _load(pool: asyncpg.Pool, statement: str, made: Callable[[Any], Any], keys: list[UUID]) -> list[Any]:
    rows: Iterable[Any] = await pool.fetch(statement, keys)
    found = {row["id"]: made(row) for row in rows}
    return [found.get(key) for key in keys]


def _artist(row: Any) -> Artist:
    return Artist(id=_id(row), name=row["name"])


def _album(row: Any) -> Album:
    return Album(id=_id(row), title=row["title"], release_date=row["release_date"])


def _track(row: Any) -> Track:
    return Track(
        id=_id(row),
        title=row["title"],
        explicit=row["explicit"],
        duration_ms=row["duration_ms"],
        artist_id=row["artist_id"],
        album_id=row["album_id"],
    )


def _id(row: Any) -> strawberry.ID:
    return strawberry.ID(str(row["id"]))


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(f"{row['created_at'].isoformat()} {row['id']}".encode()).decode()


def _place(after: str | None) -> tuple[datetime | None, UUID | None]:
    if after is None:
        return None, None
    at, _, key = base64.urlsafe_b64decode(after).decode().partition(" ")
    return datetime.fromisoformat(at), UUID(key)


def _user_of(authorization: str | None, public: Ed25519PublicKey) -> UUID | None:
    if authorization is None:
        return None
    claims = jwt.decode(authorization.removeprefix("Bearer "), public, algorithms=["EdDSA"], issuer="segue")
    return UUID(claims["sub"])


def serve(settings: Settings) -> None:
    """Serve with one worker until SIGTERM; blocks."""
    server = Server("plain", port=settings["port"], interface=Interfaces.ASGI, loop=Loops.uvloop, workers=1)
    server.serve(target_loader=partial(create_app, settings), wrap_loader=False)


if __name__ == "__main__":
    serve(json.load(sys.stdin))

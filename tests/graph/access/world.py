"""Something of every kind, each with an owner, and the seven who ask for it."""

import hashlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from config.postgres import Pool
from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer

ROLES = {
    "listener": Role.LISTENER,
    "other listener": Role.LISTENER,
    "artist": Role.ARTIST,
    "other artist": Role.ARTIST,
    "label": Role.LABEL,
    "admin": Role.ADMIN,
}
ACTORS = ("anonymous", *ROLES)


class World:
    """`named` has the global ids of what there is; the catalogue is the artist's, all else the listener's."""

    def __init__(self, viewers: dict[str, Viewer], named: SimpleNamespace) -> None:
        self.viewers = viewers
        self.named = named

    def viewer(self, actor: str) -> Viewer | None:
        return self.viewers.get(actor)


async def make_world(pool: Pool) -> World:
    viewers = {actor: Viewer(user_id=new_key(), role=role, token_expires_at_s=2**40) for actor, role in ROLES.items()}
    await pool.executemany(
        "INSERT INTO users (id, email, display_name, password_hash, role) VALUES ($1, $2, $3, '', $4)",
        [(one.user_id, f"{one.user_id}@tests.example", actor, one.role.value) for actor, one in viewers.items()],
    )
    keys = SimpleNamespace(
        artist=new_key(), album=new_key(), draft=new_key(), track=new_key(), hidden=new_key(),
        upload=new_key(), image=new_key(), picture=new_key(), genre=new_key(),
        playlist=new_key(), private=new_key(), entry=new_key(), private_entry=new_key(),
    )  # fmt: skip
    owner, listener = viewers["artist"].user_id, viewers["listener"].user_id
    await pool.execute("UPDATE users SET market = 'SE' WHERE id = $1", listener)
    await pool.execute("INSERT INTO follows (follower_id, followed_id, sort_name) VALUES ($1, $2, '')", listener, owner)
    await _catalogue(pool, keys, owner)
    await _masters(pool, keys, owner)
    await _pictures(pool, keys, owner)
    await _playlists(pool, keys, listener)
    named = SimpleNamespace(
        **{name: ids.encode(kind, getattr(keys, name)) for name, kind in KINDS.items()},
        user=ids.encode("User", listener),
        publisher=ids.encode("User", owner),
        other=ids.encode("User", viewers["other artist"].user_id),
        slug=keys.track.hex[-12:],
        digest=hashlib.sha256(keys.upload.bytes).hexdigest(),
        sent=hashlib.sha256(keys.track.bytes).hexdigest(),
        audio=hashlib.sha256(keys.track.bytes).hexdigest(),
        now=datetime.now(UTC).isoformat(),
    )
    return World(viewers, named)


async def _catalogue(pool: Pool, keys: Any, owner: UUID) -> None:
    await pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')", keys.artist, owner
    )
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text, state) VALUES ($1, $3, 'Out', 'out', 'live'),"
        " ($2, $3, 'Draft', 'draft', 'draft')",
        keys.album,
        keys.draft,
        keys.artist,
    )
    await pool.execute(
        "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id) VALUES"
        " ($1, $3, $4, 'Tune', 'tune', $1), ($2, $3, NULL, 'Hidden', 'hidden', $2)",
        keys.track,
        keys.hidden,
        keys.artist,
        keys.album,
    )
    await pool.execute("INSERT INTO genres (id, slug, name) VALUES ($1, $2, $2)", keys.genre, keys.genre.hex)
    await pool.execute(
        "INSERT INTO share_links (slug, type_name, key) VALUES ($1, 'Track', $2)", keys.track.hex[-12:], keys.track
    )
    await pool.execute("INSERT INTO licences (id, track_id, market) VALUES ($1, $2, '*')", new_key(), keys.track)


async def _masters(pool: Pool, keys: Any, owner: UUID) -> None:
    """The track's, which was sent and is ready, and one of the hidden track that is still promised."""
    done, promised = new_key(), keys.upload
    for upload, track, completed in ((done, keys.track, datetime.now(UTC)), (promised, keys.hidden, None)):
        await pool.execute(
            "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
            " expires_at, completed_at) VALUES ($1, $2, $3, $4, 'a.wav', 'audio/wav', 1, $5, $6, $7)",
            upload,
            owner,
            track,
            f"uploads/{upload}",
            hashlib.sha256(track.bytes).digest(),
            datetime.now(UTC) + timedelta(hours=1),
            completed,
        )
    await pool.execute(
        "INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, duration_ms, proposed_tags,"
        " pcm_sha256) VALUES ($1, 1, $2, 'ready', 'done', 1, 60000, '{}', $3)",
        keys.track,
        done,
        hashlib.sha256(keys.track.bytes).digest(),
    )


async def _pictures(pool: Pool, keys: Any, owner: UUID) -> None:
    await pool.execute(
        "INSERT INTO images (id, owner_id, status, size_bytes, sha256, expires_at)"
        " VALUES ($1, $2, 'announced', 1, $3, now() + interval '1 hour')",
        keys.image,
        owner,
        hashlib.sha256(keys.image.bytes).digest(),
    )
    await pool.execute(
        "INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder)"
        " VALUES ($1, $2, 'ready', 1, $3, 64, 64, '#000000', 'x')",
        keys.picture,
        owner,
        hashlib.sha256(keys.picture.bytes).digest(),
    )


async def _playlists(pool: Pool, keys: Any, listener: UUID) -> None:
    for playlist, entry, public in ((keys.playlist, keys.entry, True), (keys.private, keys.private_entry, False)):
        await pool.execute(
            "INSERT INTO playlists (id, owner_id, name, folded_name, public) VALUES ($1, $2, 'List', 'list', $3)",
            playlist,
            listener,
            public,
        )
        await pool.execute(
            "INSERT INTO playlist_entries (id, playlist_id, track_id, position) VALUES ($1, $2, $3, 'VVVVVVVV')",
            entry,
            playlist,
            keys.track,
        )


KINDS = {
    "artist": "Artist",
    "album": "Album",
    "draft": "Album",
    "track": "Track",
    "hidden": "Track",
    "upload": "Upload",
    "image": "Image",
    "picture": "Image",
    "genre": "Genre",
    "playlist": "Playlist",
    "private": "Playlist",
    "entry": "PlaylistEntry",
    "private_entry": "PlaylistEntry",
}


async def fingerprint(pool: Pool) -> str:
    """Of every row of every table."""
    tables = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    rows = "(SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} AS t)"
    parts = [rows.format(row[0]) for row in tables]
    found: str = await pool.fetchval(f"SELECT concat_ws(' ', {', '.join(parts)})")
    return found

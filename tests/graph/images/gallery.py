"""Pictures that nobody sent, and the catalogue that shows them."""

import hashlib
from uuid import UUID

from config.postgres import Pool
from graph import ids
from graph.keys import new_key
from graph.viewer import Viewer
from tests.graph.masters import add_revision

ERRORS = "userErrors { field code }"
SET = (
    "mutation($subject: ID!, $image: ID) { setArtwork(input: {subjectId: $subject, imageId: $image}) {"
    f" subject {{ id image {{ id }} }} {ERRORS} }} }}"
)


class Gallery:
    """Rows of images and of what shows them."""

    def __init__(self, pool: Pool, owner: Viewer) -> None:
        self.pool = pool
        self.owner = owner

    async def image(self, status: str = "ready", *, owner: Viewer | None = None) -> str:
        key = new_key()
        await self.pool.execute(
            "INSERT INTO images (id, owner_id, status, size_bytes, sha256, failure_code, expires_at, width_px,"
            " height_px, color, placeholder, sizes) VALUES ($1, $2, $3, 1, $4,"
            " CASE $3 WHEN 'failed' THEN 'artwork_invalid' END, CASE $3 WHEN 'announced' THEN now() END, 90, 60,"
            " '#102030', 'L00000fQfQfQfQfQfQfQfQfQfQfQ', $5)",
            key,
            (owner or self.owner).user_id,
            status,
            hashlib.sha256(key.bytes).digest(),
            '[{"size_px": 64, "width_px": 64, "height_px": 43}, {"size_px": 300, "width_px": 90, "height_px": 60}]',
        )
        return ids.encode("Image", key)

    async def album(self, *, tracks: int = 1) -> tuple[str, str, list[str]]:
        """An artist with an album of ready tracks; global ids."""
        artist, album = new_key(), new_key()
        await self.pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')",
            artist,
            self.owner.user_id,
        )
        await self.pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'Rivers', 'rivers')", album, artist
        )
        keys = [await self._track(artist, album) for _ in range(tracks)]
        return ids.encode("Artist", artist), ids.encode("Album", album), [ids.encode("Track", key) for key in keys]

    async def _track(self, artist: UUID, album: UUID) -> UUID:
        track, asset = new_key(), new_key()
        await self.pool.execute(
            "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
            " VALUES ($1, $2, $3, 'Tune', 'tune', $4)",
            *(track, artist, album, asset),
        )
        await add_revision(self.pool, self.owner, track=track, asset=asset, duration_ms=1)
        return track

"""A catalogue that its owner adds to through the API, as the tests of its nouns begin with."""

from typing import Any

from graph import ids
from graph.viewer import Viewer
from tests.graph.masters import add_upload

ERRORS = "userErrors { field code }"
CREATE_ARTIST = f"mutation($in: CreateArtistInput!) {{ createArtist(input: $in) {{ artist {{ id name }} {ERRORS} }} }}"
CREATE_ALBUM = (
    "mutation($in: CreateAlbumInput!) { createAlbum(input: $in) {"
    f" album {{ id title releaseDate artist {{ name }} }} {ERRORS} }} }}"
)
CREATE_TRACK = (
    "mutation($in: CreateTrackInput!) { createTrack(input: $in) { track { id title isrc discNumber trackNumber explicit"
    f" durationMs artist {{ name }} album {{ title }} ingest {{ status }} }} {ERRORS} }} }}"
)
COUNT = "SELECT (SELECT count(*) FROM artists) + (SELECT count(*) FROM albums) + (SELECT count(*) FROM tracks)"


class Catalogue:
    """Adds to the catalogue through the API, as its owner."""

    def __init__(self, ask: Any, owner: Viewer) -> None:
        self.ask = ask
        self.owner = owner

    async def artist(self, name: str = "Alma Lund") -> str:
        payload = await self.ask.data(CREATE_ARTIST, self.owner, **{"in": {"name": name}})
        return str(payload["artist"]["id"])

    async def album(self, artist: str, title: str = "Rivers", **more: Any) -> str:
        payload = await self.ask.data(CREATE_ALBUM, self.owner, **{"in": {"artistId": artist, "title": title, **more}})
        return str(payload["album"]["id"])

    async def track(self, artist: str, title: str = "River", **more: Any) -> str:
        payload = await self.ask.data(CREATE_TRACK, self.owner, **{"in": {"artistId": artist, "title": title, **more}})
        return str(payload["track"]["id"])

    async def finish(self, track: str, *, status: str = "ready", revision: int = 1) -> None:
        """Give a track a revision, as ingest would."""
        pool = self.ask.app.state.services.pool
        key = ids.find("Track", track)
        upload = await add_upload(pool, self.owner.user_id, key)
        ready = ("done", 1, 1000 * revision, -14.5, -1.25)
        reached = ready if status == "ready" else ("decode", 0.25, None, None, None)
        await pool.execute(
            "INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, duration_ms, integrated_lufs,"
            " true_peak_dbtp) SELECT asset_id, $2, $3, $4, $5, $6, $7, $8, $9 FROM tracks WHERE id = $1",
            *(key, revision, upload, status, *reached),
        )

    async def count(self) -> int:
        total: int = await self.ask.app.state.services.pool.fetchval(COUNT)
        return total

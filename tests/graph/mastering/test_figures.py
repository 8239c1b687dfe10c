"""The figures of masters and albums from outside: who sees them, and in how many statements."""

import json
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer
from tests.graph.masters import add_upload

LOUDNESS = (
    "integratedLufs monoIntegratedLufs loudnessRangeLu maxMomentaryLufs maxShortTermLufs samplePeakDbfs truePeakDbtp"
    " gainDb albumOffsetDb"
)
TRACK = (
    f"query($id: ID!) {{ track(id: $id) {{ loudness {{ {LOUDNESS} }} qualityWarnings {{ code message }}"
    " ingest { status quarantined } } }"
)
ALBUM = f"""
query($id: ID!) {{ album(id: $id) {{
  loudness {{
    integratedLufs loudnessRangeLu maxMomentaryLufs maxShortTermLufs samplePeakDbfs truePeakDbtp gainDb
  }}
  tracks(first: 50) {{ edges {{ node {{
    loudness {{ {LOUDNESS} }} qualityWarnings {{ code }} ingest {{ quarantined }}
    album {{ loudness {{ truePeakDbtp }} }}
  }} }} }}
}} }}
"""
WARNINGS = [{"code": "clipped", "detail": "Three samples in a row are at full scale."}]


class Mastered:
    """An album of tracks whose figures are known."""

    def __init__(self, pool: Any, owner: Viewer) -> None:
        self._pool = pool
        self._owner = owner
        self.artist, self.album = new_key(), new_key()

    async def write(self) -> "Mastered":
        await self._pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'A', 'a')",
            self.artist,
            self._owner.user_id,
        )
        await self._pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text, integrated_lufs, loudness_range_lu, true_peak_dbtp,"
            " gain_db) VALUES ($1, $2, 'B', 'b', -10.5, 7, 0.25, -3.5)",
            self.album,
            self.artist,
        )
        return self

    async def track(self, *, status: str = "ready", max_momentary_lufs: float = -8.5) -> UUID:
        track, asset = new_key(), new_key()
        await self._pool.execute(
            "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
            " VALUES ($1, $2, $3, 'T', 't', $4)",
            *(track, self.artist, self.album, asset),
        )
        await self.revision(track, 1, status=status, max_momentary_lufs=max_momentary_lufs)
        if status == "failed":
            await self._pool.execute(
                "INSERT INTO quarantined_jobs (asset_id, revision, job, fault) VALUES ($1, 1, '{}', 'a bug')", asset
            )
        return track

    async def revision(self, track: UUID, number: int, *, status: str, max_momentary_lufs: float) -> None:
        upload = await add_upload(self._pool, self._owner.user_id, track)
        await self._pool.execute(
            "INSERT INTO assets (asset_id, revision, upload_id, status, failure_code, duration_ms, integrated_lufs,"
            " loudness_range_lu, max_momentary_lufs, max_short_term_lufs, sample_peak_dbfs, true_peak_dbtp, gain_db,"
            " warnings) SELECT asset_id, $2, $3, $4, $5, 9, -12.5, 5, $6, -9.5, -0.5, 0.25, -1.5, $7"
            " FROM tracks WHERE id = $1",
            *(track, number, upload, status, "internal" if status == "failed" else None),
            *(max_momentary_lufs, json.dumps(WARNINGS)),
        )


@pytest.fixture
async def owner(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


@pytest.fixture
async def mastered(ask: Any, owner: Viewer) -> Mastered:
    return await Mastered(ask.app.state.services.pool, owner).write()


async def test_owner_sees_every_figure(ask: Any, owner: Viewer, mastered: Mastered) -> None:
    track = await ask.data(TRACK, owner, id=ids.encode("Track", await mastered.track()))
    assert track == {
        "loudness": {
            "integratedLufs": -12.5,
            "monoIntegratedLufs": None,
            "loudnessRangeLu": 5.0,
            "maxMomentaryLufs": -8.5,
            "maxShortTermLufs": -9.5,
            "samplePeakDbfs": -0.5,
            "truePeakDbtp": 0.25,
            "gainDb": -1.5,
            "albumOffsetDb": -2.0,
        },
        "qualityWarnings": [{"code": "CLIPPED", "message": WARNINGS[0]["detail"]}],
        "ingest": {"status": "READY", "quarantined": False},
    }


async def test_listener_sees_the_loudness_alone(ask: Any, add_user: Any, mastered: Mastered) -> None:
    given = ids.encode("Track", await mastered.track())
    for viewer in (None, await add_user(Role.LISTENER), await add_user(Role.ARTIST)):
        track = await ask.data(TRACK, viewer, id=given)
        assert track["loudness"]["integratedLufs"] == -12.5
        assert (track["qualityWarnings"], track["ingest"]) == (None, None)


async def test_artist_learns_that_we_keep_what_we_failed(ask: Any, owner: Viewer, mastered: Mastered) -> None:
    track = await ask.data(TRACK, owner, id=ids.encode("Track", await mastered.track(status="failed")))
    assert track["ingest"] == {"status": "FAILED", "quarantined": True}
    assert (track["loudness"], track["qualityWarnings"]) == (None, None)


async def test_album_s_figures_take_one_statement_however_many_tracks(
    ask: Any, owner: Viewer, mastered: Mastered, counting: Any
) -> None:
    taken = []
    for _ in range(2):
        for status in ("ready", "ready", "failed"):
            await mastered.track(status=status)
        async with counting() as statements:
            album = await ask.data(ALBUM, owner, id=ids.encode("Album", mastered.album))
        taken.append(len(statements))
    assert album["loudness"] == {
        "integratedLufs": -10.5,
        "loudnessRangeLu": 7.0,
        "maxMomentaryLufs": -8.5,
        "maxShortTermLufs": -9.5,
        "samplePeakDbfs": -0.5,
        "truePeakDbtp": 0.25,
        "gainDb": -3.5,
    }
    assert len(album["tracks"]["edges"]) == 6
    # The album and its loudness, its tracks, their albums with the loudness of those, their own, how far they are.
    assert taken == [6, 6]


async def test_album_s_maxima_are_those_of_its_loudest_ready_track(ask: Any, owner: Viewer, mastered: Mastered) -> None:
    query = "query($id: ID!) { album(id: $id) { loudness { maxMomentaryLufs samplePeakDbfs } } }"
    empty = await ask.data(query, owner, id=ids.encode("Album", mastered.album))
    assert empty["loudness"] == {"maxMomentaryLufs": None, "samplePeakDbfs": None}
    tracks = [
        await mastered.track(status=status, max_momentary_lufs=highest)
        for status, highest in (("ready", -8.5), ("ready", -6.25), ("failed", -3.0))
    ]
    album = await ask.data(query, owner, id=ids.encode("Album", mastered.album))
    assert album["loudness"] == {"maxMomentaryLufs": -6.25, "samplePeakDbfs": -0.5}
    await mastered.revision(tracks[1], 2, status="ready", max_momentary_lufs=-7.5)
    album = await ask.data(query, owner, id=ids.encode("Album", mastered.album))
    assert album["loudness"] == {"maxMomentaryLufs": -7.5, "samplePeakDbfs": -0.5}

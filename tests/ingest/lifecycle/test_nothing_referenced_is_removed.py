"""Random lives of masters and pictures, with sweeps in between: what is referenced stays, what is not goes.

The rows, the store and the code that writes them are the real ones; only the encoders and the drawer are not, for what
they make is of no interest here. Several actors are at work at once. The sweep's clock is days ahead at times, so that
the grace time hides nothing: what it removes is removed by the order of listing and asking alone.
"""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.domain.errors import RetryRequested
from valkey.asyncio import Valkey

from config.settings import ingest_settings
from graph.catalog import deletion
from graph.errors import Refused
from graph.images import artwork
from graph.images import service as pictures
from graph.uploads import handover
from graph.uploads.records import Stored
from graph.viewer import Role, Viewer
from ingest.albums import Albums
from ingest.contract import ALBUM_ENTRYPOINT, ENTRYPOINT, IMAGE_ENTRYPOINT, FailureCode
from ingest.errors import ChildDied, MediaError, NotQuarantined
from ingest.images import job as images
from ingest.images import proposal
from ingest.images.ledger import ImageLedger
from ingest.jobs import handler as handlers
from ingest.jobs import quarantine
from ingest.jobs.ledger import Ledger
from ingest.lifecycle import removals
from ingest.lifecycle.housekeeping import sweep
from ingest.renditions.ladder import File, Rung
from ingest.renditions.recipe import Recipe
from origin.asset import Codec
from origin.image import record_key, source_key
from tests.ingest.lifecycle.pretended import RUNGS, Killed, pretend

DELAY = timedelta(hours=6)
GRACE = timedelta(days=1)
RECIPE = Recipe(
    ladder=tuple(Rung(name=name, codec=Codec.FLAC, files=(File.CMAF,)) for name in RUNGS),
    target_lufs=-14.0,
    aac_coder="fast",
)


class Life:
    """One account's music, and what may happen to it. Each public method is one thing that happens."""

    def __init__(self, pool: asyncpg.Pool, store: Any, valkey: Valkey, folder: Path, chance: random.Random) -> None:
        self.pool, self.store, self.chance = pool, store, chance
        self.viewer = Viewer(user_id=uuid4(), role=Role.ARTIST, token_expires_at_s=0)
        self._folder = folder
        self.pictures = [bytes([number]) for number in range(4)]
        self._faults = True
        # What an offered picture has instead of a row is the grace time, so a clock that is ahead has to wait for it.
        self._offering = asyncio.Lock()
        self.jobs = handlers.Handler(
            recipe=RECIPE,
            ledger=Ledger(pool, removal_delay=DELAY),
            offer=lambda *given: proposal.offer(pool, store, *given),
            store=store,
            valkey=valkey,
            pool=None,  # type: ignore[arg-type]  # nothing is encoded
            folder=folder,
        )
        self.drawing = images.ImageHandler(ledger=ImageLedger(pool), store=store, folder=folder)
        self.albums = Albums(pool, store, target_lufs=-14.0)

    async def begin(self) -> None:
        await self.pool.execute(
            "INSERT INTO users (id, email, display_name, password_hash, role) VALUES ($1, 'a@example.org', 'A', 'x',"
            " 'artist')",
            self.viewer.user_id,
        )

    async def _some(self, statement: str) -> Any:
        rows = await self.pool.fetch(statement)
        return self.chance.choice(rows) if rows else None

    async def add_music(self) -> None:
        artist, album = uuid4(), uuid4()
        async with self.pool.acquire() as connection, connection.transaction():  # nobody deletes half of it
            await connection.execute(
                "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'A', 'a')",
                artist,
                self.viewer.user_id,
            )
            await connection.execute(
                "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'B', 'b')", album, artist
            )
            for on in (album, album, None):
                await connection.execute(
                    "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
                    " VALUES ($1, $2, $3, 'T', 't', $4)",
                    *(uuid4(), artist, on, uuid4()),
                )

    async def promise_master(self) -> None:
        track = await self._some("SELECT id FROM tracks")
        if track is None:
            return
        upload = uuid4()
        with suppress(asyncpg.ForeignKeyViolationError):  # the track went a moment ago
            await self.pool.execute(
                "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
                " expires_at) VALUES ($1, $2, $3, $4, 'a.wav', 'audio/wav', 1, $5, now() + interval '1 hour')",
                *(upload, self.viewer.user_id, track["id"], f"uploads/{upload}", hashlib.sha256(b"m").digest()),
            )
            if self.chance.random() < 0.3:
                await self.store.multipart.begin(f"uploads/{upload}", content_type="audio/wav")

    async def complete_master(self) -> None:
        row = await self._some("SELECT * FROM uploads WHERE completed_at IS NULL")
        if row is None:
            return
        await self.store.write(row["object_key"], b"m", content_type="audio/wav")
        upload = Stored(**{name: row[name] for name in Stored.__struct_fields__})
        with suppress(Refused):
            async with self.pool.acquire() as connection, connection.transaction():
                await handover.keep(connection, self.viewer, upload, back_catalogue=False)

    async def promise_picture(self) -> None:
        content = self.chance.choice(self.pictures)
        digest = hashlib.sha256(content).hexdigest()
        given = {"content_type": "image/png", "size_bytes": 1, "sha256": digest, "lifetime_s": 3600}
        announced = await pictures.announce(self.pool, self.store, viewer=self.viewer, **given)  # type: ignore[arg-type]
        if announced.put is not None and self.chance.random() < 0.8:
            await self.store.write(source_key(announced.image.id), content, content_type="image/png")

    async def complete_picture(self) -> None:
        row = await self._some("SELECT id FROM images WHERE status = 'announced'")
        if row is not None:
            with suppress(Refused):
                await pictures.complete(self.pool, self.store, viewer=self.viewer, image_id=row["id"])

    async def show_picture(self) -> None:
        kind, table = self.chance.choice([("Artist", "artists"), ("Album", "albums"), ("Track", "tracks")])
        subject = await self._some(f"SELECT id FROM {table}")  # noqa: S608 -- of this test
        image = await self._some("SELECT id FROM images WHERE status <> 'announced'")
        if subject is not None:
            shown = None if image is None or self.chance.random() < 0.3 else image["id"]
            with suppress(Refused):
                await artwork.set_artwork(self.pool, self.viewer, type_name=kind, key=subject["id"], image_id=shown)

    async def delete(self) -> None:
        kind = self.chance.choices(["track", "album", "artist"], [6, 2, 1])[0]
        row = await self._some(f"SELECT id FROM {kind}s")  # noqa: S608 -- of this test
        if row is not None:
            with suppress(Refused):
                erase = getattr(deletion, f"delete_{kind}")
                await erase(self.pool, self.viewer, **{f"{kind}_id": row["id"]}, removal_delay=DELAY)

    async def decide_on_quarantined(self) -> None:
        row = await self._some("SELECT asset_id, revision FROM quarantined_jobs")
        if row is not None:
            decide = quarantine.retry if self.chance.random() < 0.5 else quarantine.drop
            with suppress(NotQuarantined):
                await decide(self.pool, quarantine.Handle(row["asset_id"], row["revision"]))

    async def work(self) -> None:
        """Do one job of the queue, as a worker that may be killed."""
        row = await self.pool.fetchrow(
            "UPDATE pgqueuer SET status = 'picked' WHERE id = (SELECT id FROM pgqueuer WHERE status = 'queued'"
            " ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
        )
        if row is None:
            return
        handle = {
            ENTRYPOINT: self.jobs.handle,
            ALBUM_ENTRYPOINT: self.albums.handle,
            IMAGE_ENTRYPOINT: self.drawing.handle,
        }[row["entrypoint"]]
        try:
            async with self._offering:
                await handle(SimpleNamespace(payload=row["payload"], attempts=row["attempts"]))  # type: ignore[arg-type]
        except (RetryRequested, Killed):
            await self.pool.execute(
                "UPDATE pgqueuer SET status = 'queued', attempts = attempts + 1 WHERE id = $1", row["id"]
            )
        else:
            await self.pool.execute("DELETE FROM pgqueuer WHERE id = $1", row["id"])

    def fault(self) -> None:
        """What may go wrong at any step of a job."""
        if self._faults and self.chance.random() < 0.06:
            raise self.chance.choice(
                [Killed(), MediaError(FailureCode.CORRUPT, "x"), ChildDied("render", "SIGSEGV"), ValueError("a bug")]
            )

    async def keep_house(self) -> None:
        ahead = self.chance.choice([timedelta(0), timedelta(hours=7), 2 * GRACE, 30 * GRACE])
        async with self._offering if ahead > GRACE else nothing():
            await sweep(self.pool, self.store, now=datetime.now(UTC) + ahead, grace=GRACE)

    async def end(self) -> None:
        """Let everything that is under way come to its end, and time pass."""
        self._faults = False
        for row in await self.pool.fetch("SELECT asset_id, revision FROM quarantined_jobs"):
            await quarantine.drop(self.pool, quarantine.Handle(row["asset_id"], row["revision"]))
        while await self.pool.fetchval("SELECT count(*) FROM pgqueuer"):
            await self.work()
        for days in (30, 60):
            await sweep(self.pool, self.store, now=datetime.now(UTC) + timedelta(days=days), grace=GRACE)
            await removals.work_off(self.pool, self.store, now=datetime.now(UTC) + timedelta(days=days))

    async def referenced(self) -> set[str]:
        """Every object that a row of the database promises to somebody."""
        named = set()
        for row in await self.pool.fetch("SELECT asset_id, revision FROM assets WHERE status = 'ready'"):
            directory = f"assets/{row['asset_id']}/{row['revision']}/"
            named |= {f"{directory}{rung}.mp4" for rung in RUNGS}
            named |= {directory + name for name in ("loudness.blocks", "asset.json")}
        for row in await self.pool.fetch("SELECT asset_id, revision, rung FROM asset_renditions"):
            named.add(f"assets/{row['asset_id']}/{row['revision']}/{row['rung']}.mp4")
        waiting = (
            "SELECT object_key FROM uploads JOIN assets ON upload_id = id WHERE status IN ('queued', 'processing')"
            " OR EXISTS (SELECT FROM quarantined_jobs AS q WHERE (q.asset_id, q.revision)"
            " = (assets.asset_id, assets.revision))"
        )
        named |= {row["object_key"] for row in await self.pool.fetch(waiting)}
        for row in await self.pool.fetch("SELECT id, status FROM images WHERE status NOT IN ('announced', 'failed')"):
            if row["status"] == "ready":
                named |= {f"images/{row['id']}/64.webp", record_key(row["id"])}
            else:
                named.add(source_key(row["id"]))
        return named


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens(queue: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    settings = ingest_settings(queue.environment)
    async with (
        asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=6) as pool,
        Valkey.from_url(settings.valkey.url.reveal()) as valkey,
    ):
        life = Life(pool, queue.store, valkey, tmp_path, random.Random(seed))  # noqa: S311 -- a choice of happenings, the same one each time
        pretend(life, monkeypatch)
        await life.begin()
        happenings = {
            life.add_music: 1,
            life.promise_master: 6,
            life.complete_master: 6,
            life.promise_picture: 2,
            life.complete_picture: 2,
            life.show_picture: 3,
            life.delete: 2,
            life.decide_on_quarantined: 2,
            life.work: 14,
            life.keep_house: 3,
        }

        async def act(count: int) -> None:
            for happening in life.chance.choices(list(happenings), list(happenings.values()), k=count):
                await happening()

        await life.add_music()
        for _ in range(12):
            await asyncio.gather(act(12), act(12))
            missing = await life.referenced() - set(await queue.store.keys(""))
            assert missing == set()
        await life.end()
        assert set(await queue.store.keys("")) == await life.referenced()
        assert await queue.store.multipart.unfinished("uploads/") == []

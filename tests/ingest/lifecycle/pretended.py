"""In the place of the encoders and of the drawer: what stores as they do, at once, and fails wherever they may."""

import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest

from config.objects import ObjectStore
from ingest import publish
from ingest.images import job as images
from ingest.jobs import handler as handlers
from ingest.product import Product
from ingest.renditions.finished import Finished
from ingest.tasks import Illustrated, ImageFile, Picture
from origin.asset import Asset
from origin.image import ImageFormat
from tests import described

RUNGS = ("one", "two")
DRAWN = Illustrated(
    color="#000000",
    placeholder="x",
    files=(ImageFile(size_px=64, image_format=ImageFormat.WEBP, width_px=9, height_px=9, byte_length=1),),
)


class Killed(BaseException):
    """The end of a worker by SIGKILL: nothing of it runs any more."""


class World(Protocol):
    """What the pretended work happens in."""

    store: ObjectStore
    chance: random.Random
    pictures: tuple[bytes, ...]

    def fault(self) -> None:
        """Raise one of the things that may go wrong at any step, or none."""


class Run:
    """A run of a job, as `ingest.jobs.handler` makes one."""

    def __init__(
        self, world: World, job: Any, *, folder: Path, shelf: Any, reporter: Any, offer: Any, **_: object
    ) -> None:
        self._world, self._job, self._folder = world, job, folder
        self._shelf, self._reporter, self._offer = shelf, reporter, offer

    async def perform(self) -> Product:
        renditions = {name: described.rendition(name) for name in RUNGS}
        for name, rendition in renditions.items():
            if await self._shelf.find(name) is None:
                finished = Finished(rung_name=name, rendition=rendition, progressive=None)
                await self._shelf.keep(finished, {f"{name}.mp4": self._file("some.mp4", b"x")})
            self._world.fault()
        asset = described.asset(*renditions.values(), asset_id=self._job.asset_id, revision=self._job.revision)
        return await self._published(asset)

    async def _published(self, asset: Asset) -> Product:
        await publish.publish(self._world.store, asset, self._file("blocks", b""), self._reporter.step)
        self._world.fault()
        offered = await self._offered(asset.asset_id)
        self._world.fault()
        return Product(asset=asset, image=offered)

    async def _offered(self, asset_id: UUID) -> Any:
        content = self._world.chance.choice([None, *self._world.pictures])
        if content is None:
            return None
        picture = Picture(size_bytes=1, sha256=hashlib.sha256(content).hexdigest())
        return await self._offer(asset_id, picture, self._file("picture", content))

    def _file(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path


class Drawer:
    """A child process that draws."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, task: Any, _watch: object) -> Illustrated:
        self._world.fault()
        Path(task.files_path).write_bytes(b"x")
        return DRAWN


def pretend(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put them in the place of the real ones."""

    @asynccontextmanager
    async def child(*_: object) -> AsyncIterator[Drawer]:
        yield Drawer(world)

    monkeypatch.setattr(handlers, "Run", partial(Run, world))
    monkeypatch.setattr(images, "child", child)

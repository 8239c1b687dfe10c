"""Drawing an image from a picture; runs in a child process of its own, with limits, and behind the fence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.images import blurhash
from ingest.images.headers.sniff import sniff
from ingest.isolation import fence
from ingest.tasks import Illustrate, Illustrated


def run(task: Illustrate, moved: Callable[[float], None]) -> Illustrated:
    """Draw every size. Raises MediaError, RenditionRejected."""
    data = Path(task.picture_path).read_bytes()
    sniff(data)  # whatever is no picture never meets the library
    from ingest.images import drawing  # noqa: F401, PLC0415 -- the other stages run without libvips; see `illustrate`

    with Path(task.files_path).open("wb") as target:
        fence.close()
        return illustrate(data, target, moved)


def illustrate(data: bytes, target: IO[bytes], moved: Callable[[float], None]) -> Illustrated:
    """Draw a picture into an open file. Raises MediaError, RenditionRejected."""
    header = sniff(data)
    from ingest.images import drawing  # noqa: PLC0415 -- the other stages run without libvips and its many libraries

    try:
        picture = drawing.open_picture(data, header)
        moved(0.2)
        files = tuple(drawing.draw(picture, target))
        pixels = drawing.thumbnail_pixels(picture)
    except MemoryError as error:
        raise MediaError(FailureCode.ARTWORK_INVALID, "drawing it takes too much memory") from error
    return Illustrated(color=blurhash.average(pixels), placeholder=blurhash.encode(pixels), files=files)

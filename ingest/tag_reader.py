"""Reading the tags of an open file: by tinytag, which is in pure Python and raises its own errors only, nearly.

It was quick on every broken file that was tried; but whatever is raised means "no tags". Where it falls short:

- The field `ISRC` of a RIFF INFO list is the source that was digitised, never the code of a recording, and the texts of
  that list are in any encoding: the ID3 tag in a WAVE file's `id3 ` chunk comes first, and the list's code is dropped.
- ID3v2.2 and 2.3 may be written "unsynchronised", with a zero behind every FF, which is taken out before it reads; of
  ID3v2.2 it misses a short last frame, unless there is room behind it.
- It does not know RF64, of which the `id3 ` chunk alone is read.

Not here: what the fields mean (`ingest.tags`), and the fence that a stranger's file is read behind
(`ingest.stages.describe`).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import IO

from tinytag import TinyTag

from ingest.containers.header import MAX_CHUNKS, skip_id3
from ingest.tags import Fields

MAX_ID3_BYTES = 64_000_000
"""Of a tag that is copied into memory; three covers of the largest size that is taken."""
UNSYNCHRONISED = 0x80
ROOM_BYTES = 10
"""Behind a copied tag: the length of a header, which tinytag counts twice."""


def read(file: IO[bytes]) -> tuple[Fields, bytes | None]:
    """The fields by tinytag's names, and the picture, the front cover if there is one. Raises anything."""
    kind = _wave(file)
    id3 = _id3_of_wave(file) if kind else None
    sources: list[IO[bytes]] = [] if id3 is None else [io.BytesIO(id3)]
    if kind != b"RF64":
        sources.append(_copied_id3(file) or file)
    fields: dict[str, list[str]] = {}
    picture: bytes | None = None
    for source in sources:
        source.seek(0)
        tag = TinyTag.get(file_obj=source, tags=True, duration=False, image=True)  # type: ignore[arg-type]  # IO is one
        found = {name: [str(value) for value in values] for name, values in _values(tag).items()}
        if source is file and kind:
            found.pop("isrc", None)
        fields = {**found, **fields}
        picture = picture or _picture(tag)
    return fields, picture


def _values(tag: TinyTag) -> Mapping[str, list[object]]:
    return {name: list(values) for name, values in tag.as_dict().items() if isinstance(values, list)}


def _picture(tag: TinyTag) -> bytes | None:
    image = tag.images.front_cover or tag.images.any
    return None if image is None else image.data


def _wave(file: IO[bytes]) -> bytes:
    """The first four bytes of a WAVE file; nothing for others."""
    file.seek(0)
    head = file.read(12)
    return head[:4] if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE" else b""


def _id3_of_wave(file: IO[bytes]) -> bytes | None:
    """The body of a WAVE file's `id3 ` chunk, found by walking over the others from its first one."""
    long_data = 0
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = struct.unpack("<4sI", head)
        if name.lower() == b"id3 ":
            return file.read(min(length, MAX_ID3_BYTES))
        if name == b"ds64":  # the length of a data chunk beyond 4 GB (EBU Tech 3306)
            (long_data,) = struct.unpack("<8xQ", file.read(16))
            file.seek(-16, io.SEEK_CUR)
        if name == b"data" and length == 0xFFFFFFFF:
            length = long_data
        file.seek(length + length % 2, io.SEEK_CUR)
    return None


def _copied_id3(file: IO[bytes]) -> IO[bytes] | None:
    """A copy of an ID3v2.2 or 2.3 tag as tinytag reads it; None when it reads the file itself as well."""
    file.seek(0)
    head = file.read(10)
    length = skip_id3(head)
    if not length or not (head[3] == 2 or (head[3] == 3 and head[5] & UNSYNCHRONISED)):
        return None
    body = file.read(min(length, MAX_ID3_BYTES) - len(head))
    if head[5] & UNSYNCHRONISED:
        body = body.replace(b"\xff\x00", b"\xff")
    size = len(body) + ROOM_BYTES
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return io.BytesIO(head[:5] + bytes([head[5] & ~UNSYNCHRONISED]) + synchsafe + body + bytes(ROOM_BYTES))

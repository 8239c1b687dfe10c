"""Reading a master's tags and its picture; runs in a child process of its own, with limits, behind the fence.

tinytag reads the tags, for it raises its own errors only and is quick on every broken file that was tried; but the file
is a stranger's, so whatever it raises means "no tags". Where it falls short:

- The field `ISRC` of a RIFF INFO list is the source that was digitised, never the code of a recording, and the texts of
  that list are in any encoding: the ID3 tag in a WAVE file's `id3 ` chunk comes first, and the list's code is dropped.
- ID3v2.2 and 2.3 may be written "unsynchronised", with a zero behind every FF, which is taken out before it reads; of
  ID3v2.2 it misses a short last frame, unless there is room behind it.
- It does not know RF64, of which the `id3 ` chunk alone is read.

A picture is looked at by its header alone here; it is drawn by a job of its own (`ingest.images.job`).
"""

from __future__ import annotations

import codecs
import hashlib
import io
import struct
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from tinytag import TinyTag

from ingest.containers.header import MAX_CHUNKS, skip_id3
from ingest.contract import QualityCode, QualityWarning
from ingest.errors import MediaError
from ingest.images.headers.sniff import sniff
from ingest.isolation import fence
from ingest.tags import Fields, tags_of
from ingest.tasks import Describe, Described, Picture

MAX_ID3_BYTES = 64_000_000
"""Of a tag that is copied into memory; three covers of the largest size that is taken."""
UNSYNCHRONISED = 0x80
ROOM_BYTES = 10
"""Behind a copied tag: the length of a header, which tinytag counts twice."""
ENCODINGS = ("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1")
"""Those of tags; Python loads an encoding from a file when it meets it, which is too late behind the fence."""


def run(task: Describe, moved: Callable[[float], None]) -> Described:
    """Read what there is, behind the fence."""
    with Path(task.path).open("rb") as upload, Path(task.picture_path).open("wb") as target:
        for encoding in ENCODINGS:
            codecs.lookup(encoding)
        fence.close()
        return describe(upload, target, moved)


def describe(upload: IO[bytes], target: IO[bytes], moved: Callable[[float], None]) -> Described:
    """Read an open upload, and its picture into an open file; a file whose tags cannot be read has none."""
    moved(0.0)
    try:
        fields, data = read(upload)
        tags = tags_of(fields)
    except Exception:  # noqa: BLE001 -- the tags of a stranger's file are never a reason to refuse its audio
        traceback.print_exc()
        return Described()
    picture, warnings = _kept(data, target)
    return Described(tags=tags, picture=picture, warnings=warnings)


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


def _kept(data: bytes | None, target: IO[bytes]) -> tuple[Picture | None, tuple[QualityWarning, ...]]:
    """The picture, written down, or a warning that says why it is not used."""
    if not data:
        return None, ()
    try:
        sniff(data)
    except MediaError as error:
        detail = f"The picture inside this file cannot be used: {error.detail}. Upload the cover on its own."
        return None, (QualityWarning(code=QualityCode.UNREADABLE_ARTWORK, detail=detail),)
    target.write(data)
    return Picture(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()), ()


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

"""Reading a master's tags and its picture; runs in a child process of its own, with limits, behind the fence.

A picture is looked at by its header alone here; it is drawn by a job of its own (`ingest.images.job`).
"""

from __future__ import annotations

import codecs
import hashlib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ingest.contract import QualityCode, QualityWarning
from ingest.errors import MediaError
from ingest.images.headers.sniff import sniff
from ingest.isolation import fence
from ingest.tag_reader import read
from ingest.tags import tags_of
from ingest.tasks import Describe, Described, Picture

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

"""Images, as they are read. A picture is its owner's until it is ready."""

from __future__ import annotations

from typing import Any

import msgspec

from graph.failures import IngestFailure
from graph.reads.declarations import Column, Entity
from ingest.contract import FailureCode, ImageStatus
from origin.image import ImageSize

ARTWORK = "image.status = 'ready'"
"""What an image has to be before it is shown on what it illustrates, to its owner as well."""


def _drawn(column: str, *, convert: Any = None) -> Column:
    return Column(sql=f"CASE WHEN image.status = 'ready' THEN image.{column} END", convert=convert)


def _sizes(text: str) -> tuple[ImageSize, ...]:
    return msgspec.json.decode(text, type=tuple[ImageSize, ...])


IMAGE = Entity(
    type_name="Image",
    table="images",
    alias="image",
    columns={
        "status": Column(sql="image.status", convert=ImageStatus),
        "failure": Column(sql="image.failure_code", convert=lambda code: IngestFailure.of(FailureCode(code))),
        "width": _drawn("width_px"),
        "height": _drawn("height_px"),
        "color": _drawn("color"),
        "placeholder": _drawn("placeholder"),
        "sizes": _drawn("sizes", convert=_sizes),
    },
    computed={"files": ("sizes",), "file": ("sizes",), "srcset": ("sizes",)},
    visible="image.status = 'ready' OR image.owner_id = :viewer_id OR :is_admin",
)

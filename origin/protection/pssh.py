"""The box that carries a key system's data, `pssh` (ISO/IEC 23001-7, 8.1), and the names of the systems."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack
from uuid import UUID

from origin.protection.boxes import full_box

COMMON = UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
"""The W3C's common system, which lists key ids and nothing else; ClearKey reads it."""
CLEAR_KEY = UUID("e2719d58-a985-b3c9-781a-b030af78d30e")
"""The DASH-IF's name of ClearKey in a manifest; it has no box of its own."""
WIDEVINE = UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
PLAYREADY = UUID("9a04f079-9840-4286-ab92-e65be0885f95")
FAIRPLAY = UUID("94ce86fb-07ff-4f43-adb8-93d2fa968ca2")


def common_pssh(key_ids: Sequence[UUID]) -> bytes:
    """Version 1, with the key ids and no data."""
    listed = b"".join(key_id.bytes for key_id in key_ids)
    return full_box(b"pssh", COMMON.bytes, pack(">I", len(key_ids)), listed, pack(">I", 0), version=1)

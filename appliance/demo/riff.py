"""WAV metadata: an ID3v2.4 tag in a RIFF chunk named `id3 `, which is where readers of WAV look for a cover.

The tag follows id3.org's "ID3 tag version 2.4.0": sizes are synchsafe, text is UTF-8 (encoding 3), and nothing in it
needs unsynchronisation because no MPEG decoder ever sees it.

Not here: the audio chunks, which stay as they were written.
"""

from __future__ import annotations

import struct
from typing import Final

from appliance.demo.tags import FRONT_COVER, Cover, Tags

UTF8: Final = b"\x03"
RIFF_HEADER_BYTES: Final = 8


def with_metadata(wav: bytes, tags: Tags) -> bytes:
    """The same file with the tag as its last chunk and the length in its header mended."""
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        raise ValueError("a WAV file starts with RIFF....WAVE")
    body = wav[RIFF_HEADER_BYTES:] + _chunk(b"id3 ", id3(tags))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def id3(tags: Tags) -> bytes:
    """A whole ID3v2.4 tag (section 3): ten bytes of header, then the frames."""
    texts = {
        b"TIT2": tags.title,
        b"TPE1": tags.artist,
        b"TALB": tags.album,
        b"TDRC": str(tags.year),
        b"TPOS": str(tags.disc_number),
        b"TRCK": str(tags.track_number),
        b"TSRC": tags.isrc,
    }
    frames = [_frame(name, UTF8 + text.encode("utf-8")) for name, text in texts.items()]
    frames.append(_frame(b"APIC", _attached_picture(tags.cover)))
    body = b"".join(frames)
    return b"ID3\x04\x00\x00" + synchsafe(len(body)) + body


def synchsafe(number: int) -> bytes:
    """Four bytes of seven bits each (section 6.2)."""
    if not 0 <= number < 1 << 28:
        raise ValueError(f"a synchsafe number has 28 bits, {number} has more")
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: bytes, body: bytes) -> bytes:
    return name + synchsafe(len(body)) + b"\x00\x00" + body


def _attached_picture(cover: Cover) -> bytes:
    """Encoding, media type, kind of picture, an empty description, the picture (section 4.14 of the frames)."""
    return UTF8 + cover.media_type.encode("ascii") + b"\x00" + bytes([FRONT_COVER]) + b"\x00" + cover.data


def _chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk; an odd one is followed by a byte that its length does not count."""
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)

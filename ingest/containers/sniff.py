"""Sniffing: tell what an upload is by its own bytes, before any library may open it.

Rules (docs/decisions/0022): the file's name and content type decide nothing; whatever is not one of the containers in
`PARSERS` is refused, so that a playlist dressed up as audio never reaches a demuxer that would follow it.

Not here: decoding, and the comparison of the promise with what was decoded (`ingest.stages.decode`).
"""

from __future__ import annotations

from ingest.containers import aiff, flac, m4a, mp3, ogg, wav
from ingest.containers.header import Buffer, Header, skip_id3
from ingest.contract import FailureCode
from ingest.errors import MediaError

# The order matters: MP3 has no magic of its own and searches for frames, so it is asked last.
PARSERS = (
    (wav.matches, wav.parse),
    (aiff.matches, aiff.parse),
    (flac.matches, flac.parse),
    (ogg.matches, ogg.parse),
    (m4a.matches, m4a.parse),
    (mp3.matches, mp3.parse),
)
# The openings of the containers, to tell a file that was cut inside its first bytes from one that is something else.
OPENINGS = (b"RIFF", *wav.LARGE, b"FORM", b"fLaC", b"OggS")


def sniff(data: Buffer) -> Header:
    """Return what the header promises. Raises MediaError, and nothing else, whatever the bytes are."""
    if len(data) == 0:
        raise MediaError(FailureCode.EMPTY, "0 bytes")
    for matches, parse in PARSERS:
        if matches(data):
            return parse(data)
    start = bytes(data[:12])
    if len(start) < 12 and any(start.startswith(opening) for opening in OPENINGS):
        raise MediaError(FailureCode.TRUNCATED, f"only {len(start)} bytes of a header")
    if skip_id3(data) >= len(data):
        raise MediaError(FailureCode.TRUNCATED, "the file ends with the tag in front of its audio")
    raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, f"begins with {start!r}")

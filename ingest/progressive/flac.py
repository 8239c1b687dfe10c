"""A native FLAC file around the frames of a track file (RFC 9639).

STREAMINFO, then a seek table with a point about every ten seconds, then the labels, then the frames as they are: their
numbers count frames of one fixed size, from 0, in both containers. What STREAMINFO says (digest, smallest and largest
frame) is known at the end; all of the metadata has one length whatever it says, and its place is kept free.

FLAC assigns one set of speakers to each number of channels. A master with another set (2.1, or a centre behind) keeps
it in the comment that section 8.6.2 has for it, and players that do not look there hear it as FLAC assigns it.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from typing import IO

from ingest.cmaf.track_file import FLAC_FRAME, Frame, Track
from ingest.errors import IngestFault
from ingest.pcm import DEFAULT_POSITIONS
from ingest.progressive.labels import Labels, vorbis_comment

MARKER = b"fLaC"
STREAMINFO, SEEKTABLE, VORBIS_COMMENT = 0, 3, 4
LAST = 0x80
STREAMINFO_BYTES, POINT_BYTES = 34, 18
POINT_EVERY_S = 10
"""As the reference encoder does it: four hours are 26 kB, and a player reads at most ten seconds in vain."""
VENDOR = b"segue"

# Section 9.1.3 leaves open whether the surround pair stands beside or behind the listener.
ASSIGNED = {*DEFAULT_POSITIONS.values(), ("FL", "FR", "FC", "SL", "SR"), ("FL", "FR", "FC", "LFE", "SL", "SR")}
SPEAKERS = (
    "FL",
    "FR",
    "FC",
    "LFE",
    "BL",
    "BR",
    "FLC",
    "FRC",
    "BC",
    "SL",
    "SR",
    "TC",
    "TFL",
    "TFC",
    "TFR",
    "TBL",
    "TBC",
    "TBR",
)
"""In the order of the bits of WAVEFORMATEXTENSIBLE's channel mask, in which channels follow one another."""


class FlacWriter:
    """Writes to `target`, which is empty and can be sought; `track` needs no configuration yet.

    `positions` are the speakers of its channels, by FFmpeg's short names.
    """

    def __init__(self, target: IO[bytes], track: Track, labels: Labels, *, positions: tuple[str, ...]) -> None:
        self._target = target
        self._comment = vorbis_comment(labels, vendor=VENDOR, more=speakers_comment(positions))
        self._frames_a_point = max(1, round(POINT_EVERY_S * track.sample_rate_hz / FLAC_FRAME))
        self._promised_count = -(-track.sample_count // FLAC_FRAME)
        self._frame_count = 0
        self._offset = 0
        self._points: list[bytes] = []
        point_count = -(-self._promised_count // self._frames_a_point)
        target.write(self._metadata(bytes(STREAMINFO_BYTES), [bytes(POINT_BYTES)] * point_count))

    def add(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            if self._frame_count % self._frames_a_point == 0:
                first_sample = self._frame_count * FLAC_FRAME
                self._points.append(pack(">QQH", first_sample, self._offset, frame.duration_ticks))
            self._offset += self._target.write(frame.data)
            self._frame_count += 1

    def finish(self, streaminfo: bytes) -> None:
        """Write the metadata; `streaminfo` is the encoder's last word. Raises IngestFault when frames are missing."""
        if self._frame_count != self._promised_count:
            raise IngestFault(f"the encoder gave {self._frame_count} frames instead of {self._promised_count}")
        self._target.seek(0)
        self._target.write(self._metadata(streaminfo, self._points))

    def _metadata(self, streaminfo: bytes, points: list[bytes]) -> bytes:
        return b"".join(
            (
                MARKER,
                _block(STREAMINFO, streaminfo),
                _block(SEEKTABLE, b"".join(points)),
                _block(LAST | VORBIS_COMMENT, self._comment),
            )
        )


def speakers_comment(positions: tuple[str, ...]) -> dict[str, str]:
    """The channel mask, where FLAC's own assignment is another and a mask can tell it."""
    if positions in ASSIGNED or not set(positions) <= set(SPEAKERS):
        return {}
    bits = [SPEAKERS.index(position) for position in positions]
    if bits != sorted(bits):
        return {}
    return {"WAVEFORMATEXTENSIBLE_CHANNEL_MASK": f"0x{sum(1 << bit for bit in bits):x}"}


def _block(kind: int, body: bytes) -> bytes:
    """Section 8.1; a length has 24 bits."""
    return pack(">I", kind << 24 | len(body)) + body

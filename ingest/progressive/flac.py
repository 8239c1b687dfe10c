"""A native FLAC file around the frames of a track file (RFC 9639).

STREAMINFO, then a seek table with a point about every ten seconds, then the labels, then the frames as they are: their
numbers count frames of one fixed size, from 0, in both containers. What STREAMINFO says (digest, smallest and largest
frame) is known at the end; all of the metadata has one length whatever it says, and its place is kept free.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from typing import IO

from ingest.cmaf.track_file import FLAC_FRAME, Frame, Track
from ingest.errors import IngestFault
from ingest.progressive.labels import Labels, vorbis_comment
from ingest.progressive.written import Written

MARKER = b"fLaC"
STREAMINFO, SEEKTABLE, VORBIS_COMMENT = 0, 3, 4
LAST = 0x80
STREAMINFO_BYTES, POINT_BYTES = 34, 18
POINT_EVERY_S = 10
"""As the reference encoder does it: four hours are 26 kB, and a player reads at most ten seconds in vain."""
VENDOR = b"segue"


class FlacWriter:
    """Writes to `target`, which is empty and can be sought; `track` needs no configuration yet."""

    def __init__(self, target: IO[bytes], track: Track, labels: Labels) -> None:
        self._target = target
        self._track = track
        self._labels = labels
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

    def finish(self, streaminfo: bytes) -> Written:
        """Write the metadata; `streaminfo` is the encoder's last word. Raises IngestFault when frames are missing."""
        if self._frame_count != self._promised_count:
            raise IngestFault(f"the encoder gave {self._frame_count} frames instead of {self._promised_count}")
        self._target.seek(0)
        self._target.write(self._metadata(streaminfo, self._points))
        return Written(priming_samples=0, padding_samples=0, sample_count=self._track.sample_count)

    def _metadata(self, streaminfo: bytes, points: list[bytes]) -> bytes:
        return b"".join(
            (
                MARKER,
                _block(STREAMINFO, streaminfo),
                _block(SEEKTABLE, b"".join(points)),
                _block(LAST | VORBIS_COMMENT, vorbis_comment(self._labels, vendor=VENDOR)),
            )
        )


def _block(kind: int, body: bytes) -> bytes:
    """Section 8.1; a length has 24 bits."""
    return pack(">I", kind << 24 | len(body)) + body

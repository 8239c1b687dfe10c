"""An Ogg Vorbis file by libvorbis, through libsndfile (FFmpeg's build has no libvorbis, and its own encoder is poor).

Rules:

- A bandwidth is nominal: libvorbis encodes at a quality, and the table of its own nominal bandwidths leads there.
- Portions are small: libvorbis' encoder keeps what it was given on its stack, and one long write overflows it
  (libsndfile issues 424, 1023 and 1095). It runs in a child process in any case.
- The length is exact: the last page's position says how many samples of the last block are heard.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from ingest.errors import IngestFault
from ingest.pcm import Floats
from ingest.progressive.labels import Labels
from ingest.progressive.ogg import pages, relabelled
from ingest.progressive.written import Written

PORTION_FRAMES = 16_384
"""Measured to be safe with the usual stack of 8 MB."""
STEREO_KBPS_OF_QUALITY = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)
"""Nominal kbit/s of the qualities 0 to 10, for stereo at 44.1 and 48 kHz (libvorbis' own tables of rates)."""

SYSTEM_ERROR = 2
"""SF_ERR_SYSTEM of libsndfile's interface."""


class VorbisFile:
    """Takes frames of shape (n, channels), full scale at 1.0."""

    def __init__(self, path: Path, *, sample_rate_hz: int, channels: int, bandwidth_bps: int, labels: Labels) -> None:
        self._path = path
        self._encoded = path.with_suffix(".encoded")
        self._labels = labels
        self._count = 0
        self._file = soundfile.SoundFile(
            self._encoded,
            "w",
            samplerate=sample_rate_hz,
            channels=channels,
            format="OGG",
            subtype="VORBIS",
            compression_level=compression_level(bandwidth_bps * 2 // channels),
        )

    def write(self, portion: Floats) -> None:
        with _told_as_full():
            for first in range(0, len(portion), PORTION_FRAMES):
                self._file.write(portion[first : first + PORTION_FRAMES])
        self._count += len(portion)

    def finish(self) -> Written:
        """Empty the encoder and write the file with its labels. Raises IngestFault."""
        with _told_as_full():
            self._file.close()
        with self._encoded.open("rb") as source, self._path.open("wb") as target:
            try:
                target.writelines(relabelled(pages(source), self._labels))
            except ValueError as error:
                raise IngestFault(f"libsndfile wrote an incomplete file: {error}") from error
        self._encoded.unlink()
        return Written(priming_samples=0, padding_samples=0, sample_count=self._count)


@contextmanager
def _told_as_full() -> Iterator[None]:
    """Libsndfile keeps the system's error to itself; what keeps it from writing a file that it made is a full disk."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        if error.code != SYSTEM_ERROR:
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def compression_level(stereo_bandwidth_bps: int) -> float:
    """Libsndfile's scale, on which 0 is quality 10 and 1 is quality 0."""
    quality = np.interp(stereo_bandwidth_bps / 1000, STEREO_KBPS_OF_QUALITY, range(11))
    return 1 - float(quality) / 10

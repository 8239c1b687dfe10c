"""Masters: a piece of the library as the bytes of a tagged FLAC or WAV file."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import soundfile

from appliance.demo import flac, riff
from appliance.demo.covers import cover
from appliance.demo.library import Piece
from appliance.demo.render import quantised, render
from appliance.demo.tags import Tags


def master(piece: Piece) -> bytes:
    """The file of one piece; the same bytes on every run with the same libraries."""
    samples = quantised(render(piece.plan, piece.rate_hz), piece.bits, piece.plan.seed)
    encoded = _encoded(samples, piece)
    write = flac.with_metadata if piece.container == "flac" else riff.with_metadata
    return write(encoded, tags(piece))


def tags(piece: Piece) -> Tags:
    return Tags(
        title=piece.title,
        artist=piece.album.artist,
        album=piece.album.title,
        year=piece.album.year,
        track_number=piece.number,
        isrc=piece.isrc,
        cover=cover(piece.album),
    )


def _encoded(samples: npt.NDArray[np.int32], piece: Piece) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, piece.rate_hz, format=piece.container.upper(), subtype=f"PCM_{piece.bits}")
    return file.getvalue()

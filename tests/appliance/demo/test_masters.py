"""The library as files, judged by others: tinytag for tags, FFmpeg for samples and loudness, libvips for covers."""

import hashlib
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips
from tinytag import TinyTag

from appliance.demo.library import PIECES, Piece
from appliance.demo.masters import master

EVERY_PIECE = pytest.mark.parametrize("piece", PIECES, ids=[piece.title for piece in PIECES])


@EVERY_PIECE
def test_another_reader_finds_the_tags(piece: Piece, masters: dict[str, Path]) -> None:
    tag = TinyTag.get(masters[piece.title])

    assert (tag.title, tag.artist, tag.album) == (piece.title, piece.album.artist, piece.album.title)
    assert (tag.year, tag.disc, tag.track) == (str(piece.album.year), 1, piece.number)
    assert tag.other["isrc"] == [piece.isrc]
    assert (tag.samplerate, tag.bitdepth, tag.channels) == (piece.rate_hz, piece.bits, 2)


@EVERY_PIECE
def test_another_reader_finds_the_cover(piece: Piece, masters: dict[str, Path]) -> None:
    found = TinyTag.get(masters[piece.title], image=True).images.front_cover

    assert found is not None
    picture = pyvips.Image.new_from_buffer(found.data, "")
    assert found.mime_type == ("image/png" if piece.album.png else "image/jpeg")
    assert (picture.width, picture.height, picture.bands) == (480, 480, 3)


@EVERY_PIECE
def test_decodes_to_its_whole_length_without_clipping(piece: Piece, masters: dict[str, Path]) -> None:
    samples = _decoded(masters[piece.title])

    expected_s = piece.plan.beats * piece.plan.beat_s + 1.2
    assert samples.shape == (2, round(expected_s * piece.rate_hz))
    assert 8 <= expected_s <= 20
    assert np.abs(samples).max() < 10 ** (-0.5 / 20)
    assert not np.array_equal(samples[0], samples[1])
    assert np.abs(samples[:, -50:]).max() < 1e-3  # faded out, not cut off


def test_the_pieces_differ_in_loudness(masters: dict[str, Path]) -> None:
    measured = sorted(_integrated_lufs(path) for path in masters.values())

    assert measured[0] < -25
    assert measured[-1] > -11
    assert all(louder - softer > 0.1 for softer, louder in pairwise(measured))


def test_the_pieces_differ_in_tempo_and_key() -> None:
    assert len({piece.plan.tempo_bpm for piece in PIECES}) == len(PIECES)
    assert len({(piece.plan.root % 12, piece.plan.scale) for piece in PIECES}) == len(PIECES)


def test_isrcs_and_file_names_are_unique_and_isrcs_are_well_formed() -> None:
    assert len({piece.isrc for piece in PIECES}) == len({piece.file_name for piece in PIECES}) == 12
    assert all(re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", piece.isrc) for piece in PIECES)


def test_the_formats_are_those_that_the_ingest_has_to_know() -> None:
    assert {(piece.container, piece.rate_hz, piece.bits) for piece in PIECES} == {
        ("flac", 44_100, 16),
        ("flac", 48_000, 24),
        ("wav", 48_000, 16),
        ("wav", 48_000, 24),
    }


def test_another_process_makes_the_same_bytes(masters: dict[str, Path]) -> None:
    piece = PIECES[3]
    program = (
        "import hashlib; from appliance.demo.library import PIECES; from appliance.demo.masters import master;"
        "print(hashlib.sha256(master(PIECES[3])).hexdigest())"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )

    assert told.stdout.strip() == hashlib.sha256(masters[piece.title].read_bytes()).hexdigest()


def test_another_seed_makes_another_piece(masters: dict[str, Path]) -> None:
    import msgspec  # noqa: PLC0415 -- used here only

    piece = PIECES[0]
    reseeded = msgspec.structs.replace(piece, plan=msgspec.structs.replace(piece.plan, seed=999))

    assert master(reseeded) != masters[piece.title].read_bytes()


def _decoded(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    with av.open(path) as container:
        resampler = av.AudioResampler(format="dblp")
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def _integrated_lufs(path: Path) -> float:
    """FFmpeg's EBU R 128 meter, which knows nothing of how the pieces were made."""
    graph = av.filter.Graph()
    with av.open(path) as container:
        source = graph.add_abuffer(template=container.streams.audio[0])
        meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        integrated = float("nan")
        for frame in container.decode(audio=0):
            graph.push(frame)
            while True:
                try:
                    measured = graph.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                integrated = float(measured.metadata.get("lavfi.r128.I", integrated))
    return integrated

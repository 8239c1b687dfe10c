"""Render and verify, one after the other, on files as the pipeline lays them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from config.settings import LADDER
from ingest.cmaf.boxes import walk
from ingest.errors import RenditionRejected
from ingest.pcm import SampleForm
from ingest.renditions import ladder
from ingest.renditions.ladder import File
from ingest.tasks import Rendered
from origin.asset import WHOLE_FILE_PART_BYTES, Codec, block_digest

RUNGS = {rung.name: rung for rung in ladder.parse(LADDER.read_text("utf-8"))}
STREAMED = [name for name, rung in RUNGS.items() if File.CMAF in rung.files]
LOSSY = [name for name, rung in RUNGS.items() if not rung.lossless]
PRIMING = {Codec.AAC: 1024, Codec.OPUS: 312, Codec.FLAC: 0}
FRAME = {Codec.AAC: 1024, Codec.OPUS: 960, Codec.FLAC: 4096}


def track_path(rendered: Rendered) -> Path:
    return Path(next(file.path for file in rendered.files if file.file is File.CMAF))


@pytest.mark.parametrize("name", STREAMED)
def test_track_file_is_what_its_figures_say(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    result = workbench(masters.music(7.3, 44_100), 44_100).render(name)
    data, track = track_path(result).read_bytes(), result.track
    assert track.header_byte_length + sum(part.byte_length for part in track.segments) == len(data)
    starts = [box.start for box in walk(data) if box.path == "moof"]
    lengths = [part.byte_length for part in track.segments]
    assert starts == [track.header_byte_length + sum(lengths[:index]) for index in range(len(lengths))]
    pieces = [data[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    assert [part.sha256 for part in track.segments] == [hashlib.sha256(piece).hexdigest()[:32] for piece in pieces]
    assert track.header_sha256 == hashlib.sha256(data[: track.header_byte_length]).hexdigest()[:32]
    ticks = sum(part.duration_ticks for part in track.segments)
    assert ticks == result.priming_samples + result.sample_count + result.padding_samples
    payloads = sum(len(box.payload) for box in walk(data) if box.path == "mdat")
    assert result.payload_byte_length == payloads


@pytest.mark.parametrize("name", STREAMED)
def test_peak_of_the_shortest_track_is_not_below_its_average(
    masters: Any, workbench: Callable[..., Any], name: str
) -> None:
    """The header counts for the average, and lifts it above every segment's own rate."""
    result = workbench(masters.tone(0.1)).render(name)
    average = track_path(result).stat().st_size * 8 * 48_000 / result.sample_count
    assert result.track.peak_bandwidth_bps == round(average)


@pytest.mark.parametrize("name", RUNGS)
def test_every_file_is_digested_and_measured_as_it_lies_there(
    masters: Any, workbench: Callable[..., Any], name: str
) -> None:
    bench = workbench(masters.music(1.1, 44_100), 44_100)
    result = bench.render(name)
    assert [file.file for file in result.files] == list(RUNGS[name].files)
    for file in result.files:
        data = Path(file.path).read_bytes()
        assert (file.byte_length, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        parts = [data[start : start + WHOLE_FILE_PART_BYTES] for start in range(0, len(data), WHOLE_FILE_PART_BYTES)]
        assert file.part_sha256s == (() if file.file is File.CMAF else tuple(map(block_digest, parts)))
        assert Path(file.path) == bench.folder / RUNGS[name].object_name(file.file)


@pytest.mark.parametrize("name", RUNGS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rung_of_every_width_is_verified(
    masters: Any, workbench: Callable[..., Any], name: str, channels: int
) -> None:
    bench = workbench(masters.music(1.3, 44_100, channels=channels), 44_100)
    result = bench.render(name)
    assert result.sample_count == bench.source(RUNGS[name]).info.sample_count
    bench.verify(name, result)


@pytest.mark.parametrize(
    ("codec", "cuts"),
    [
        pytest.param(Codec.AAC, (47 * 1024, 188 * 1024, 188 * 1024, 47 * 1024), id="AAC"),
        pytest.param(Codec.OPUS, (50 * 960, 200 * 960, 200 * 960, 51 * 960), id="Opus"),
        pytest.param(Codec.FLAC, (12 * 4096, 47 * 4096, 47 * 4096, 480_000 - 106 * 4096), id="FLAC"),
    ],
)
def test_renditions_of_a_codec_are_cut_at_the_same_frames(
    masters: Any, workbench: Callable[..., Any], codec: Codec, cuts: tuple[int, ...]
) -> None:
    bench = workbench(masters.music(10.0))
    names = [name for name in STREAMED if RUNGS[name].codec is codec]
    found = {tuple(part.duration_ticks for part in bench.render(name).track.segments) for name in names}
    assert found == {cuts}


@pytest.mark.parametrize("name", ["aac-96", "opus-24"])
@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("frames", [5, 47])
def test_padding_fills_the_last_frame(
    masters: Any, workbench: Callable[..., Any], name: str, frames: int, off: int
) -> None:
    codec = RUNGS[name].codec
    samples = frames * FRAME[codec] - PRIMING[codec] + off
    bench = workbench(masters.tone(2.0)[:samples])
    result = bench.render(name)
    padding = -(PRIMING[codec] + samples) % FRAME[codec]
    assert (result.priming_samples, result.padding_samples) == (PRIMING[codec], padding)
    bench.verify(name, result)


@pytest.mark.parametrize("name", LOSSY)
def test_gain_is_carried_by_a_lossy_rendition(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    bench = workbench(masters.music(4.0))
    found = bench.verify(name, bench.render(name, gain_db=-7.5)).reading
    assert found.integrated_lufs == pytest.approx(bench.measured.master.integrated_lufs - 7.5, abs=0.5)
    assert found.true_peak_dbtp < bench.measured.master.true_peak_dbtp - 3.0


# At 24 kbit/s Opus keeps the sound and not the wave: a sample more or less cannot be told.
@pytest.mark.parametrize("name", ["aac-320", "aac-160", "aac-96", "opus-96"])
def test_lossy_rendition_is_aligned_with_its_master(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    frames = masters.music(2.0)
    with av.open(str(track_path(workbench(frames).render(name)))) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    lags = range(-3, 4)
    matches = [np.corrcoef(heard[100 + lag : 90_100 + lag], frames[100:90_100, 0])[0, 1] for lag in lags]
    assert lags[int(np.argmax(matches))] == 0


@pytest.mark.parametrize(
    ("form", "bits", "channels", "rate"),
    [
        pytest.param(SampleForm.S16, 16, 2, 44_100, id="16 bits"),
        pytest.param(SampleForm.S32, 20, 2, 48_000, id="20 bits"),
        pytest.param(SampleForm.S32, 24, 2, 96_000, id="24 bits at 96 kHz"),
        pytest.param(SampleForm.S32, 32, 2, 192_000, id="32 bits at 192 kHz"),
        pytest.param(SampleForm.F32, 32, 2, 48_000, id="floats"),
        pytest.param(SampleForm.S16, 16, 6, 44_100, id="5.1"),
        pytest.param(SampleForm.S16, 16, 8, 44_100, id="7.1"),
        pytest.param(SampleForm.S32, 24, 1, 22_050, id="mono at 22.05 kHz"),
    ],
)
def test_flac_is_the_stored_master_in_both_files(
    masters: Any, workbench: Callable[..., Any], *, form: SampleForm, bits: int, channels: int, rate: int
) -> None:
    bench = workbench(masters.music(1.3, rate, channels=channels), rate, form=form, bits=bits)
    result = bench.render("flac")
    assert {file.file for file in result.files} == {File.CMAF, File.FLAC}
    assert bench.verify("flac", result).reading == bench.measured.master


@pytest.mark.parametrize("file", [File.CMAF, File.FLAC])
def test_one_changed_sample_is_found_in_either_file(masters: Any, workbench: Callable[..., Any], file: File) -> None:
    bench = workbench(masters.music(1.0))
    whole = bench.render("flac")
    kept = {one.file: Path(one.path).read_bytes() for one in whole.files}
    changed = bytearray(Path(bench.master.pcm_path).read_bytes())
    changed[1000] ^= 1
    Path(bench.master.pcm_path).write_bytes(changed)
    result = bench.render("flac")
    for one in result.files:
        if one.file is not file:
            Path(one.path).write_bytes(kept[one.file])
    with pytest.raises(RenditionRejected, match=f"the samples of its {file.value} file are not the master's"):
        bench.verify("flac", result)


@pytest.mark.parametrize("name", ["flac", "aac-96", "opus-96"])
def test_lost_last_segment_is_found(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    bench = workbench(masters.music(7.0))
    result = bench.render(name)
    path = track_path(result)
    path.write_bytes(path.read_bytes()[: -result.track.segments[-1].byte_length])
    with pytest.raises(RenditionRejected, match="samples instead of"):
        bench.verify(name, result)


@pytest.mark.parametrize("name", ["aac-96", "mp3-320", "vorbis-96"])
def test_damaged_file_is_found(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    bench = workbench(masters.music(3.0))
    result = bench.render(name)
    path = Path(result.files[0].path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 6000] = bytes(6000)
    path.write_bytes(data)
    with pytest.raises(RenditionRejected):
        bench.verify(name, result)


def test_second_file_that_sounds_different_is_found(masters: Any, workbench: Callable[..., Any]) -> None:
    bench = workbench(masters.music(1.5))
    louder = bench.render("aac-160", gain_db=1.0)
    kept = Path(louder.files[1].path).read_bytes()
    result = bench.render("aac-160")
    assert result.files[1].file is File.M4A
    Path(result.files[1].path).write_bytes(kept)
    with pytest.raises(RenditionRejected, match="its m4a file sounds different"):
        bench.verify("aac-160", result)


@pytest.mark.parametrize("field", ["padding_samples", "priming_samples", "sample_count"])
def test_figures_that_lie_about_the_length_are_found(masters: Any, workbench: Callable[..., Any], field: str) -> None:
    bench = workbench(masters.music(1.0))
    result = bench.render("aac-96")
    lying = msgspec.structs.replace(result, **{field: getattr(result, field) + 1})
    with pytest.raises(RenditionRejected, match="samples"):
        bench.verify("aac-96", lying)


def test_values_that_are_no_numbers_are_found(
    masters: Any, workbench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = workbench(masters.music(1.0))
    result = bench.render("mp3-320")
    monkeypatch.setattr(
        "ingest.progressive.read.decoded", lambda *_: iter([np.full((result.sample_count, 2), np.nan, np.float32)])
    )
    with pytest.raises(RenditionRejected, match="not numbers"):
        bench.verify("mp3-320", result)


def test_rendition_that_encodes_to_silence_has_no_loudness(masters: Any, workbench: Callable[..., Any]) -> None:
    bench = workbench(masters.tone(1.0, dbfs=-90.0))
    assert bench.verify("aac-96", bench.render("aac-96", gain_db=-60.0)).reading.integrated_lufs is None


@pytest.mark.parametrize("name", RUNGS)
def test_same_source_gives_the_same_bytes(masters: Any, workbench: Callable[..., Any], name: str) -> None:
    bench = workbench(masters.music(1.2))
    assert bench.render(name).files == bench.render(name).files

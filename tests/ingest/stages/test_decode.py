"""Decoding masters of every form, whole and damaged, against libsndfile as the outside oracle."""

import contextlib
import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.containers.header import Container, Header
from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.pcm import PcmInfo, SampleForm
from ingest.sniff import sniff
from ingest.stages import decode
from ingest.stages.decode import Tally
from ingest.tasks import Decode

BROKEN = Path(__file__).parents[3].parent / "shared" / "audio" / "broken"


def ignore(_fraction: float) -> None:
    pass


def run(data: bytes, folder: Path) -> tuple[PcmInfo, bytes]:
    upload, pcm = folder / "upload", folder / "master.pcm"
    upload.write_bytes(data)
    info = decode.run(Decode(path=str(upload), header=sniff(data), pcm_path=str(pcm)), ignore)
    return info, pcm.read_bytes()


def refusal(data: bytes, folder: Path) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        run(data, folder)
    return caught.value.failure


@pytest.mark.parametrize(
    ("container", "subtype", "stored"),
    [
        pytest.param("WAV", "PCM_U8", (SampleForm.S16, 16), id="8-bit WAV"),
        pytest.param("WAV", "PCM_16", (SampleForm.S16, 16), id="16-bit WAV"),
        pytest.param("WAV", "PCM_24", (SampleForm.S32, 24), id="24-bit WAV"),
        pytest.param("WAV", "PCM_32", (SampleForm.S32, 32), id="32-bit WAV"),
        pytest.param("WAVEX", "PCM_24", (SampleForm.S32, 24), id="extensible WAV"),
        pytest.param("FLAC", "PCM_16", (SampleForm.S16, 16), id="16-bit FLAC"),
        pytest.param("FLAC", "PCM_24", (SampleForm.S32, 24), id="24-bit FLAC"),
    ],
)
def test_integer_masters_decode_bit_for_bit(
    masters: Any, tmp_path: Path, container: str, subtype: str, stored: tuple[SampleForm, int]
) -> None:
    data = masters.sndfile(masters.music(0.7, 44_100), 44_100, container=container, subtype=subtype)
    info, pcm = run(data, tmp_path)
    form, _ = stored
    assert ((info.form, info.stored_bits), info.sample_count, info.positions) == (stored, 30_870, ("FL", "FR"))
    found = np.frombuffer(pcm, dtype=form.dtype).reshape(-1, 2).astype("<i4") << (16 if form is SampleForm.S16 else 0)
    assert np.array_equal(found, masters.samples(data))


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_float_masters_keep_what_is_above_full_scale(masters: Any, tmp_path: Path, subtype: str) -> None:
    frames = masters.tone(0.5, dbfs=6.0)
    info, pcm = run(masters.sndfile(frames, 48_000, container="WAV", subtype=subtype), tmp_path)
    assert (info.form, info.stored_bits) == (SampleForm.F32, 24)
    assert np.array_equal(np.frombuffer(pcm, "<f4").reshape(-1, 2), frames.astype("<f4"))


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_lossy_masters_decode_to_their_exact_length(masters: Any, tmp_path: Path, container: str, subtype: str) -> None:
    frames = masters.music(2.0, 44_100)[:80_001]
    info, pcm = run(masters.sndfile(frames, 44_100, container=container, subtype=subtype), tmp_path)
    assert (info.form, info.sample_count, len(pcm)) == (SampleForm.F32, 80_001, 80_001 * 8)
    found = np.frombuffer(pcm, "<f4").reshape(-1, 2)
    assert np.corrcoef(found[:, 0], frames[:, 0])[0, 1] > 0.99


@pytest.mark.parametrize(
    ("channels", "positions"),
    [
        (1, ("FC",)),
        (6, ("FL", "FR", "FC", "LFE", "BL", "BR")),
        (8, ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")),
    ],
)
def test_wav_without_a_mask_has_the_usual_speakers(
    masters: Any, tmp_path: Path, channels: int, positions: tuple[str, ...]
) -> None:
    info, _ = run(masters.wav(masters.tone(0.2, channels=channels)), tmp_path)
    assert info.positions == positions


def test_streamed_wav_decodes_to_its_end(masters: Any, tmp_path: Path) -> None:
    data = bytearray(masters.wav(masters.tone(0.5)))
    data[40:44] = b"\xff\xff\xff\xff"
    info, _ = run(bytes(data), tmp_path)
    assert info.sample_count == 24_000


def test_trailing_garbage_is_not_audio(masters: Any, tmp_path: Path) -> None:
    info, _ = run(masters.wav(masters.tone(0.5)) + b"garbage!" * 512, tmp_path)
    assert info.sample_count == 24_000


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_cut_flac_is_truncated(masters: Any, tmp_path: Path, keep: float) -> None:
    data = masters.flac(masters.music(3.0, 44_100))
    assert refusal(data[: int(len(data) * keep)], tmp_path) is FailureCode.TRUNCATED


def test_flac_with_a_hole_in_its_middle_is_corrupt(masters: Any, tmp_path: Path) -> None:
    data = bytearray(masters.flac(masters.music(3.0, 44_100)))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    assert refusal(bytes(data), tmp_path) is FailureCode.CORRUPT


def test_flac_that_promises_less_than_it_holds_is_corrupt(masters: Any, tmp_path: Path) -> None:
    data = bytearray(masters.flac(masters.music(3.0, 44_100)))
    data[8 + 14 : 8 + 18] = struct.pack(">I", 44_100)
    assert refusal(bytes(data), tmp_path) is FailureCode.CORRUPT


HEADER = Header(
    container=Container.FLAC, codec="flac", sample_rate_hz=48_000, channels=2, bits_per_sample=16, sample_count=48_000
)
OPEN = Header(
    container=Container.MP3, codec="mp3float", sample_rate_hz=48_000, channels=2, bits_per_sample=0, sample_count=None
)


@pytest.mark.parametrize(
    ("header", "tally", "failure"),
    [
        pytest.param(HEADER, Tally(samples=48_000), None, id="as promised"),
        pytest.param(HEADER, Tally(samples=48_000, stumbled=True), None, id="as promised, with rubbish behind"),
        pytest.param(HEADER, Tally(samples=47_999), FailureCode.TRUNCATED, id="a sample short"),
        pytest.param(HEADER, Tally(samples=48_001), FailureCode.CORRUPT, id="a sample too many"),
        pytest.param(HEADER, Tally(samples=9, stumbled=True, recovered=True), FailureCode.CORRUPT, id="a hole"),
        pytest.param(OPEN, Tally(samples=48_000), None, id="no promise"),
        pytest.param(OPEN, Tally(samples=48_000, stumbled=True), FailureCode.TRUNCATED, id="no promise, a bad end"),
        pytest.param(OPEN, Tally(samples=4_799), FailureCode.TOO_SHORT, id="no promise, too short"),
    ],
)
def test_header_is_held_to_its_promise(header: Header, tally: Tally, failure: FailureCode | None) -> None:
    if failure is None:
        decode.compare(header, tally)
        return
    with pytest.raises(MediaError) as caught:
        decode.compare(header, tally)
    assert caught.value.failure is failure


def test_playlist_behind_an_audio_magic_opens_no_other_file(masters: Any, tmp_path: Path) -> None:
    """Were the header sniffed wrongly, FFmpeg would still be held to the demuxer and the decoder of the header."""
    (tmp_path / "secret.wav").write_bytes(masters.wav(masters.tone(0.5)))
    playlist = tmp_path / "upload"
    playlist.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n")
    for container in Container:
        header = Header(
            container=container,
            codec="pcm_s16le",
            sample_rate_hz=48_000,
            channels=2,
            bits_per_sample=16,
            sample_count=None,
        )
        with pytest.raises(MediaError) as caught:
            decode.run(Decode(path=str(playlist), header=header, pcm_path=str(tmp_path / "x")), ignore)
        assert caught.value.failure is FailureCode.CORRUPT


def test_only_the_promised_decoder_opens(masters: Any, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(masters.wav(masters.tone(0.5)))
    header = Header(
        container=Container.WAV,
        codec="flac",
        sample_rate_hz=48_000,
        channels=2,
        bits_per_sample=16,
        sample_count=24_000,
    )
    with pytest.raises(MediaError):
        decode.run(Decode(path=str(upload), header=header, pcm_path=str(tmp_path / "x")), ignore)


@settings(max_examples=40, deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_damage_decodes_or_is_our_error(masters: Any, tmp_path_factory: Any, damage: list[tuple[int, int]]) -> None:
    data = bytearray(masters.flac(masters.music(0.3, 8_000, channels=1), 8_000))
    for place, value in damage:
        data[place % len(data)] = value
    with contextlib.suppress(MediaError):
        run(bytes(data), tmp_path_factory.mktemp("damaged"))


# A dozen that stand for the set: what each is follows from its name.
SAMPLE = {
    "evil.mp3": FailureCode.UNSUPPORTED_CONTAINER,
    "ietf-wg-cellar__01_-_changing_samplerate.flac": FailureCode.CORRUPT,
    "ietf-wg-cellar__02_-_increasing_number_of_channels.flac": FailureCode.CORRUPT,
    "ietf-wg-cellar__05_-_32bps_audio.flac": None,
    "ietf-wg-cellar__05_-_wrong_total_number_of_samples.flac": FailureCode.CORRUPT,
    "ietf-wg-cellar__06_-_missing_streaminfo_metadata_block.flac": FailureCode.CORRUPT,
    "ietf-wg-cellar__07_-_15_bit_per_sample.flac": None,
    "ietf-wg-cellar__11_-_incorrect_metadata_block_length.flac": FailureCode.TRUNCATED,
    "lieff__l3-he_mode.bit": FailureCode.CORRUPT,
    "ruuda__wasted_bits.flac": None,
    "tinytag__8bit_pcm.wav": None,
    "tinytag__adpcm.wav": FailureCode.UNSUPPORTED_CODEC,
    "tinytag__empty_file.wav": FailureCode.EMPTY,
    "tinytag__gsm_6_10.wav": FailureCode.UNSUPPORTED_CODEC,
    "tinytag__no_audio_data_uncompressed.wav": FailureCode.TOO_SHORT,
    "tinytag__silence.opus": FailureCode.UNSUPPORTED_CODEC,
    "tinytag__vbr44stereo.mp3": None,
}


@pytest.mark.skipif(
    not BROKEN.is_dir(), reason="the malformed files of shared/audio/broken are not next to the project"
)
@pytest.mark.parametrize("name", SAMPLE)
def test_malformed_files_decode_or_have_their_code(tmp_path: Path, name: str) -> None:
    data = (BROKEN / name).read_bytes()
    found: FailureCode | None = None
    try:
        run(data, tmp_path)
    except MediaError as error:
        found = error.failure
    assert found is SAMPLE[name]


@pytest.mark.skipif(
    not BROKEN.is_dir(), reason="the malformed files of shared/audio/broken are not next to the project"
)
def test_every_malformed_file_is_sniffed_to_a_promise_or_our_error() -> None:
    answers = 0
    for path in sorted(BROKEN.iterdir()):
        if path.stat().st_size == 0:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            with contextlib.suppress(MediaError):
                assert isinstance(sniff(data), Header)
            answers += 1
    assert answers > 300

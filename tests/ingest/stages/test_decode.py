"""Decoding masters of every form, whole and damaged, against libsndfile as the outside oracle."""

import contextlib
import io
import struct
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.containers.header import Container, Header
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode, QualityCode
from ingest.errors import MediaError
from ingest.pcm import PcmInfo, SampleForm
from ingest.stages import decode
from ingest.stages.decode import Tally
from ingest.tasks import Decoded


def ignore(_fraction: float) -> None:
    pass


def decoded(data: bytes, header: Header | None = None) -> tuple[Decoded, bytes]:
    """Decoded here, and not in a child behind the fence: what is open in this process has to stay so."""
    target = io.BytesIO()
    result = decode.decode(io.BytesIO(data), header or sniff(data), target, ignore)
    return result, target.getvalue()


def run(data: bytes) -> tuple[PcmInfo, bytes]:
    result, pcm = decoded(data)
    return result.info, pcm


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        run(data)
    return caught.value.failure


@pytest.mark.parametrize(
    ("container", "subtype", "stored"),
    [
        pytest.param("WAV", "PCM_U8", (SampleForm.S16, 16), id="8-bit WAV"),
        pytest.param("WAV", "PCM_16", (SampleForm.S16, 16), id="16-bit WAV"),
        pytest.param("WAV", "PCM_24", (SampleForm.S32, 24), id="24-bit WAV"),
        pytest.param("WAV", "PCM_32", (SampleForm.S32, 32), id="32-bit WAV"),
        pytest.param("WAVEX", "PCM_24", (SampleForm.S32, 24), id="extensible WAV"),
        pytest.param("RF64", "PCM_24", (SampleForm.S32, 24), id="24-bit RF64"),
        pytest.param("AIFF", "PCM_S8", (SampleForm.S16, 16), id="8-bit AIFF"),
        pytest.param("AIFF", "PCM_16", (SampleForm.S16, 16), id="16-bit AIFF"),
        pytest.param("AIFF", "PCM_24", (SampleForm.S32, 24), id="24-bit AIFF"),
        pytest.param("AIFF", "PCM_32", (SampleForm.S32, 32), id="32-bit AIFF"),
        pytest.param("FLAC", "PCM_16", (SampleForm.S16, 16), id="16-bit FLAC"),
        pytest.param("FLAC", "PCM_24", (SampleForm.S32, 24), id="24-bit FLAC"),
    ],
)
def test_integer_masters_decode_bit_for_bit(
    masters: Any, container: str, subtype: str, stored: tuple[SampleForm, int]
) -> None:
    data = masters.sndfile(masters.music(0.7, 44_100), 44_100, container=container, subtype=subtype)
    info, pcm = run(data)
    form, _ = stored
    assert ((info.form, info.stored_bits), info.sample_count, info.positions) == (stored, 30_870, ("FL", "FR"))
    found = np.frombuffer(pcm, dtype=form.dtype).reshape(-1, 2).astype("<i4") << (16 if form is SampleForm.S16 else 0)
    assert np.array_equal(found, masters.samples(data))


@pytest.mark.parametrize(
    ("bits", "stored"),
    [
        pytest.param(12, (SampleForm.S16, 16), id="12 bits in 16"),
        pytest.param(20, (SampleForm.S32, 24), id="20 bits in 24"),
    ],
)
def test_wav_of_an_odd_width_decodes_bit_for_bit(masters: Any, bits: int, stored: tuple[SampleForm, int]) -> None:
    """They lie in the upper bits of whole bytes (Microsoft's "Multiple channel audio data and WAVE files")."""
    form, held = stored
    whole = np.rint(masters.music(0.5) * (2 ** (bits - 1) - 1)).astype("<i4") << (held - bits)
    packed = whole.view(np.uint8).reshape(-1, 4)[:, : held // 8].tobytes()
    description = struct.pack("<HHIIHH", 1, 2, 48_000, 48_000 * held // 4, held // 4, bits)
    info, pcm = run(masters.riff((b"fmt ", description), (b"data", packed)))
    assert ((info.form, info.stored_bits), info.sample_count) == (stored, 24_000)
    found = np.frombuffer(pcm, form.dtype).reshape(-1, 2) >> (8 * form.byte_width - held)
    assert np.array_equal(found, whole)


@pytest.mark.parametrize(
    ("used", "held", "stored"),
    [
        pytest.param(24, 32, 24, id="24 bits in 32"),
        pytest.param(20, 32, 24, id="20 bits in 32"),
        pytest.param(16, 24, 24, id="16 bits in 24"),
        pytest.param(0, 32, 32, id="bits that are not told"),
    ],
)
def test_extensible_wav_keeps_the_bits_that_are_used(masters: Any, used: int, held: int, stored: int) -> None:
    whole = np.rint(masters.music(0.5) * (2**15 - 1)).astype("<i4") << 16
    packed = whole.view(np.uint8).reshape(-1, 4)[:, 4 - held // 8 :].tobytes()
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    block = 2 * held // 8
    description = struct.pack("<HHIIHHHHI", 0xFFFE, 2, 48_000, 48_000 * block, block, held, 22, used, 3) + guid
    info, pcm = run(masters.riff((b"fmt ", description), (b"data", packed)))
    assert (info.form, info.stored_bits, info.sample_count) == (SampleForm.S32, stored, 24_000)
    assert np.array_equal(np.frombuffer(pcm, "<i4"), whole.ravel())


@pytest.mark.parametrize("container", ["WAV", "AIFF"])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"], ids=["32 bits", "64 bits"])
def test_float_masters_keep_what_is_above_full_scale(masters: Any, container: str, subtype: str) -> None:
    frames = masters.tone(0.5, dbfs=6.0)
    info, pcm = run(masters.sndfile(frames, 48_000, container=container, subtype=subtype))
    assert (info.form, info.stored_bits) == (SampleForm.F32, 24)
    assert np.array_equal(np.frombuffer(pcm, "<f4").reshape(-1, 2), frames.astype("<f4"))


@pytest.mark.parametrize(
    ("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")], ids=str
)
def test_lossy_masters_decode_to_their_exact_length(masters: Any, container: str, subtype: str) -> None:
    frames = masters.music(2.0)[:80_001]
    data = masters.sndfile(frames, 48_000, container=container, subtype=subtype)
    info, pcm = run(data)
    assert (info.form, info.sample_count, len(pcm)) == (SampleForm.F32, 80_001, 80_001 * 8)
    found = np.frombuffer(pcm, "<f4").reshape(-1, 2)
    assert np.corrcoef(found[:, 0], frames[:, 0])[0, 1] > 0.97
    oracle, _ = soundfile.read(io.BytesIO(data), always_2d=True)
    assert len(oracle) == 80_001
    # Two decoders, sample by sample; FFmpeg's of Opus rounds elsewhere than the reference.
    assert np.sqrt(np.mean((found - oracle) ** 2)) < 1e-4


def in_one_page(ogg: bytes) -> bytes:
    """The same packets of Vorbis with all the audio on one page."""
    buffer = io.BytesIO()
    with (
        av.open(io.BytesIO(ogg)) as source,
        av.open(buffer, "w", format="ogg", options={"page_duration": "9000000"}) as to,
    ):
        stream = to.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux():
            if packet.size:
                packet.stream = stream
                to.mux(packet)
    return buffer.getvalue()


def test_vorbis_of_one_page_loses_no_sample(masters: Any) -> None:
    """FFmpeg by itself leaves out the first 128 of such a file."""
    data = in_one_page(masters.sndfile(masters.music(0.3), 48_000, container="OGG", subtype="VORBIS"))
    assert data.count(b"OggS") == 3  # identification, comment and setup, audio
    info, pcm = run(data)
    oracle, _ = soundfile.read(io.BytesIO(data), always_2d=True)
    assert info.sample_count == len(oracle) >= 14_400
    assert np.abs(np.frombuffer(pcm, "<f4").reshape(-1, 2) - oracle).max() < 1e-6


@pytest.mark.parametrize("sample_count", [44_100, 44_101, 45_055])
def test_aac_decodes_to_its_exact_length(masters: Any, sample_count: int) -> None:
    frames = masters.music(1.1, 44_100)[:sample_count]
    info, pcm = run(masters.encoded(frames, 44_100, container="ipod", codec="aac"))
    assert (info.form, info.sample_count) == (SampleForm.F32, sample_count)
    found = np.frombuffer(pcm, "<f4").reshape(-1, 2)
    assert np.corrcoef(found[:, 0], frames[:, 0])[0, 1] > 0.97  # which a shift by one sample would spoil


@pytest.mark.parametrize(("container", "codec"), [("ipod", "alac"), ("ogg", "flac")], ids=["ALAC", "FLAC in Ogg"])
def test_lossless_codecs_decode_bit_for_bit(masters: Any, container: str, codec: str) -> None:
    whole = np.rint(masters.music(0.7, 44_100) * 32_767)
    info, pcm = run(masters.encoded(whole / 32_768, 44_100, container=container, codec=codec))
    assert (info.sample_count, info.positions) == (30_870, ("FL", "FR"))
    found = np.frombuffer(pcm, info.form.dtype).reshape(-1, 2)
    assert np.array_equal(found >> (8 * info.form.byte_width - 16), whole)


@pytest.mark.parametrize("bits", [16, 24])
def test_flac_whose_digest_is_another_is_told(masters: Any, bits: int) -> None:
    data = bytearray(masters.flac(masters.music(0.5, 44_100), bits=bits))
    assert decoded(bytes(data))[0].warnings == ()
    data[8 + 18] ^= 1
    (warning,) = decoded(bytes(data))[0].warnings
    assert warning.code is QualityCode.MD5_MISMATCH


def test_flac_without_a_digest_is_not_suspected(masters: Any) -> None:
    data = bytearray(masters.flac(masters.music(0.5, 44_100)))
    data[8 + 18 : 8 + 34] = bytes(16)
    assert decoded(bytes(data))[0].warnings == ()


@pytest.mark.parametrize(
    ("channels", "positions"),
    [
        (1, ("FC",)),
        (6, ("FL", "FR", "FC", "LFE", "BL", "BR")),
        (8, ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")),
    ],
)
def test_wav_without_a_mask_has_the_usual_speakers(masters: Any, channels: int, positions: tuple[str, ...]) -> None:
    info, _ = run(masters.wav(masters.tone(0.2, channels=channels)))
    assert info.positions == positions


def test_streamed_wav_decodes_to_its_end(masters: Any) -> None:
    data = bytearray(masters.wav(masters.tone(0.5)))
    data[40:44] = b"\xff\xff\xff\xff"
    info, _ = run(bytes(data))
    assert info.sample_count == 24_000


def test_trailing_garbage_is_not_audio(masters: Any) -> None:
    info, _ = run(masters.wav(masters.tone(0.5)) + b"garbage!" * 512)
    assert info.sample_count == 24_000


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_cut_flac_is_truncated(masters: Any, keep: float) -> None:
    data = masters.flac(masters.music(3.0, 44_100))
    assert refusal(data[: int(len(data) * keep)]) is FailureCode.TRUNCATED


def test_flac_with_a_hole_in_its_middle_is_corrupt(masters: Any) -> None:
    data = bytearray(masters.flac(masters.music(3.0, 44_100)))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    assert refusal(bytes(data)) is FailureCode.CORRUPT


def test_flac_that_promises_less_than_it_holds_is_corrupt(masters: Any) -> None:
    data = bytearray(masters.flac(masters.music(3.0, 44_100)))
    data[8 + 14 : 8 + 18] = struct.pack(">I", 44_100)
    assert refusal(bytes(data)) is FailureCode.CORRUPT


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
    playlist = f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n".encode()
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
            decoded(playlist, header)
        assert caught.value.failure is FailureCode.CORRUPT


def test_only_the_promised_decoder_opens(masters: Any) -> None:
    header = Header(
        container=Container.WAV,
        codec="flac",
        sample_rate_hz=48_000,
        channels=2,
        bits_per_sample=16,
        sample_count=24_000,
    )
    with pytest.raises(MediaError):
        decoded(masters.wav(masters.tone(0.5)), header)


def test_memory_that_is_refused_is_the_masters_fault(masters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(decode, "_open", refused)
    assert refusal(masters.wav(masters.tone(0.5))) is FailureCode.RESOURCE_LIMIT


FORMS = {
    "RF64": lambda make, frames: make.sndfile(frames, 8_000, container="RF64", subtype="PCM_16"),
    "AIFF": lambda make, frames: make.sndfile(frames, 8_000, container="AIFF", subtype="PCM_24"),
    "FLAC": lambda make, frames: make.flac(frames, 8_000),
    "Vorbis": lambda make, frames: make.sndfile(frames, 8_000, container="OGG", subtype="VORBIS"),
    "Opus": lambda make, frames: make.sndfile(frames, 8_000, container="OGG", subtype="OPUS"),
    "MP3": lambda make, frames: make.sndfile(frames, 8_000, container="MP3", subtype="MPEG_LAYER_III"),
    "AAC": lambda make, frames: make.encoded(frames, 8_000, container="ipod", codec="aac"),
    "ALAC": lambda make, frames: make.encoded(frames, 8_000, container="ipod", codec="alac"),
}


@pytest.fixture(scope="module", params=FORMS)
def small(request: Any, masters: Any) -> bytes:
    made: bytes = FORMS[request.param](masters, masters.music(0.3, 8_000, channels=1))
    return made


@settings(max_examples=40)
@given(damage=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_damage_decodes_or_is_our_error(small: bytes, damage: list[tuple[int, int]]) -> None:
    data = bytearray(small)
    for place, value in damage:
        data[place % len(data)] = value
    with contextlib.suppress(MediaError):
        run(bytes(data))


def test_format_tag_that_ffmpeg_does_not_know_is_corrupt(masters: Any) -> None:
    """A header that was sniffed otherwise: FFmpeg finds no decoder at all for the stream."""
    data = masters.riff((b"fmt ", struct.pack("<HHIIHH", 0xEEEE, 2, 48_000, 192_000, 4, 16)), (b"data", bytes(40_000)))
    with pytest.raises(MediaError) as caught:
        decoded(data, msgspec.structs.replace(HEADER, container=Container.WAV, codec="pcm_s16le"))
    assert caught.value.failure is FailureCode.CORRUPT

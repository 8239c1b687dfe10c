import hashlib
import io

import numpy as np
import pytest
import soundfile

from ingest.fingerprint import fingerprint


@pytest.fixture
def fingerprint_of(tmp_path):
    async def made(name: str, content: bytes) -> str | None:
        file = tmp_path / name
        file.write_bytes(content)
        return await fingerprint(file, scratch=tmp_path)

    return made


@pytest.mark.parametrize("bits", [16, 24])
async def test_one_audio_has_one_fingerprint_in_every_lossless_container(fingerprint_of, masters, bits) -> None:
    music = masters.music(0.5, 44_100)
    wav = masters.wav(music, 44_100, bits=bits)
    samples = masters.samples(wav)
    copies = {
        "a.flac": masters.sndfile(samples, 44_100, container="FLAC", subtype=f"PCM_{bits}"),
        "a.aiff": masters.sndfile(samples, 44_100, container="AIFF", subtype=f"PCM_{bits}"),
    }
    expected = hashlib.sha256(samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, 4 - bits // 8 :].tobytes())
    assert await fingerprint_of("a.wav", wav) == expected.hexdigest()
    for name, copy in copies.items():
        assert await fingerprint_of(name, copy) == expected.hexdigest(), name


async def test_the_tags_of_a_file_do_not_count(fingerprint_of, masters) -> None:
    plain, tagged = masters.flac(masters.music(0.3)), io.BytesIO()
    with soundfile.SoundFile(tagged, "w", 44_100, 2, format="FLAC", subtype="PCM_16") as file:
        file.title = "A title"
        file.write(masters.samples(plain))
    assert b"A title" in tagged.getvalue()
    assert await fingerprint_of("b.flac", tagged.getvalue()) == await fingerprint_of("a.flac", plain)


async def test_one_sample_more_is_another_fingerprint(fingerprint_of, masters) -> None:
    music = masters.music(0.3)
    assert await fingerprint_of("a.wav", masters.wav(music)) != await fingerprint_of("b.wav", masters.wav(music[:-1]))


@pytest.mark.parametrize("content", [b"", b"no music", b"RIFF\x00\x00\x00\x00WAVE"], ids=["empty", "text", "a stub"])
async def test_what_cannot_be_decoded_has_none_and_leaves_nothing(fingerprint_of, content, tmp_path) -> None:
    assert await fingerprint_of("a.wav", content) is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


async def test_a_file_that_is_gone_is_the_callers_to_tell(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        await fingerprint(tmp_path / "gone.wav", scratch=tmp_path)


async def test_values_that_are_no_numbers_have_no_fingerprint(fingerprint_of, masters) -> None:
    broken = masters.tone(0.2)
    broken[100] = np.nan
    assert await fingerprint_of("a.wav", masters.sndfile(broken, 48_000, container="WAV", subtype="FLOAT")) is None

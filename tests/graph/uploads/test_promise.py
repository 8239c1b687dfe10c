import pytest
from msgspec.structs import replace

from graph.errors import ProblemCode
from graph.uploads.promise import Promise, normalised, problems

GOOD = Promise(file_name="Tune (final).wav", content_type="audio/wav", size_bytes=44, sha256="0f" * 32)
MAX_BYTES = 1000


def test_takes_a_plain_promise() -> None:
    assert problems(GOOD, MAX_BYTES) == []


def test_takes_an_empty_file_and_one_of_the_largest_size() -> None:
    assert problems(replace(GOOD, size_bytes=0), MAX_BYTES) == []
    assert problems(replace(GOOD, size_bytes=MAX_BYTES), MAX_BYTES) == []


@pytest.mark.parametrize("content_type", ["audio/wav", "audio/x-m4a", "application/ogg", "application/octet-stream"])
def test_takes_what_audio_goes_by(content_type: str) -> None:
    assert problems(replace(GOOD, content_type=content_type), MAX_BYTES) == []


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        pytest.param({"size_bytes": -1}, "sizeBytes", ProblemCode.INVALID_VALUE, id="a negative size"),
        pytest.param({"size_bytes": 1001}, "sizeBytes", ProblemCode.TOO_LARGE, id="one byte too many"),
        pytest.param({"sha256": "0f" * 31}, "sha256", ProblemCode.INVALID_VALUE, id="31 bytes of SHA-256"),
        pytest.param({"sha256": "zz" * 32}, "sha256", ProblemCode.INVALID_VALUE, id="letters that are no hex"),
        pytest.param({"sha256": "\u0660" * 64}, "sha256", ProblemCode.INVALID_VALUE, id="digits of another script"),
        pytest.param({"file_name": ""}, "fileName", ProblemCode.INVALID_VALUE, id="no name"),
        pytest.param({"file_name": "a" * 256}, "fileName", ProblemCode.INVALID_VALUE, id="a name of 256 letters"),
        pytest.param({"file_name": "../a.wav"}, "fileName", ProblemCode.INVALID_VALUE, id="a climb"),
        pytest.param({"file_name": "c:\\a.wav"}, "fileName", ProblemCode.INVALID_VALUE, id="a folder of Windows"),
        pytest.param({"file_name": "a\0.wav"}, "fileName", ProblemCode.INVALID_VALUE, id="a NUL"),
        pytest.param({"content_type": "audio"}, "contentType", ProblemCode.INVALID_VALUE, id="half a media type"),
        pytest.param(
            {"content_type": "audio/wav\r\nx: y"}, "contentType", ProblemCode.INVALID_VALUE, id="a second header"
        ),
        pytest.param({"content_type": "image/png"}, "contentType", ProblemCode.UNSUPPORTED_TYPE, id="a picture"),
        pytest.param({"content_type": "audio/midi"}, "contentType", ProblemCode.UNSUPPORTED_TYPE, id="notes, no audio"),
        pytest.param({"content_type": "audio/wav; a=b"}, "contentType", ProblemCode.INVALID_VALUE, id="a parameter"),
    ],
)
def test_says_what_is_wrong(changed: dict[str, object], field: str, code: ProblemCode) -> None:
    found = problems(replace(GOOD, **changed), MAX_BYTES)
    assert [(problem.field, problem.code) for problem in found] == [((field,), code)]


def test_says_everything_at_once() -> None:
    bad = Promise(file_name="", content_type="", size_bytes=-1, sha256="")
    assert [problem.field for problem in problems(bad, MAX_BYTES)] == [
        ("fileName",),
        ("contentType",),
        ("sizeBytes",),
        ("sha256",),
    ]


def test_case_and_outer_spaces_do_not_matter() -> None:
    shouted = Promise(file_name=" a.wav ", content_type="Audio/WAV", size_bytes=1, sha256=" " + "0F" * 32)
    assert normalised(shouted) == Promise(file_name="a.wav", content_type="audio/wav", size_bytes=1, sha256="0f" * 32)

"""What artists are told: every code has its sentence, and the sentence says what to do."""

import pytest

from ingest.contract import REMEDIES, FailureCode

DOING = ("Upload ", "Export ", "Check ", "Split ", "Your file is kept")


@pytest.mark.parametrize("code", FailureCode)
def test_every_refusal_tells_what_to_do(code: FailureCode) -> None:
    sentences = REMEDIES[code].rstrip(".").split(". ")
    assert len(sentences) >= 2, "one sentence for what is wrong, one for what to do"
    assert any(sentence.startswith(DOING) for sentence in sentences[1:])


def test_codes_that_programs_rely_on_stay() -> None:
    assert {code.value for code in FailureCode} >= {
        "unsupported_container", "unsupported_codec", "protected", "several_streams", "empty", "truncated", "corrupt",
        "too_short", "too_long", "silent", "resource_limit", "upload_changed", "artwork_invalid", "internal",
    }  # fmt: skip

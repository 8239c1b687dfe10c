import gzip

import brotli
import pytest

from origin.encodings import Coding, compress, negotiated


@pytest.mark.parametrize(
    ("offer", "coding"),
    [
        ("gzip", Coding.GZIP),
        ("GZIP", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("gzip; q=1.0", Coding.GZIP),
        ("br", Coding.BROTLI),
        ("gzip, deflate, br, zstd", Coding.BROTLI),
        ("deflate, gzip;q=0.5, br;q=0.4", Coding.GZIP),
        ("br;q=0, gzip", Coding.GZIP),
    ],
)
def test_best_of_what_is_offered_is_taken(offer: str, coding: Coding) -> None:
    assert negotiated(offer) is coding


@pytest.mark.parametrize(
    "offer", ["", "identity", "deflate", "gzip;q=0", "gzip; q=0.000", "*", "gzipped", "br;q=1.2.3", "br;", ",,"]
)
def test_nothing_is_encoded_unasked(offer: str) -> None:
    assert negotiated(offer) is None


@pytest.mark.parametrize(("coding", "decompress"), [(Coding.GZIP, gzip.decompress), (Coding.BROTLI, brotli.decompress)])
def test_another_implementation_reads_it_back(coding, decompress) -> None:
    text = b"#EXTINF:4.000000,\n" * 100
    assert decompress(compress(text, coding)) == text
    assert len(compress(text, coding)) < len(text) / 10
    assert compress(text, coding) == compress(text, coding)

"""What web pages may read; the browsers' own rules are in the Fetch standard, section 3.3."""

import pytest

from origin.cors import OPEN, PREFLIGHT, cors_of, merged

PAGE = "https://player.example"


@pytest.mark.parametrize("origin", [None, PAGE, "null"])
def test_any_page_reads_without_credentials(origin: str | None) -> None:
    headers = OPEN.headers(origin)
    assert headers["access-control-allow-origin"] == headers["timing-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers  # a browser refuses it beside a star
    assert "vary" not in headers


def test_listed_page_reads_with_credentials() -> None:
    headers = cors_of((PAGE, "https://other.example")).headers(PAGE)
    assert headers["access-control-allow-origin"] == headers["timing-allow-origin"] == PAGE
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [None, "https://player.example.evil", "http://player.example", "null", ""])
def test_other_pages_are_told_nothing_and_caches_keep_them_apart(origin: str | None) -> None:
    assert cors_of((PAGE,)).headers(origin) == {"vary": "Origin"}


def test_a_star_in_a_list_is_a_star() -> None:
    assert cors_of((PAGE, "*")) == OPEN


def test_answer_varies_by_both() -> None:
    merge = merged({"vary": "Accept-Encoding", "etag": "x"}, cors_of((PAGE,)).headers(PAGE))
    assert (merge["vary"], merge["etag"]) == ("Accept-Encoding, Origin", "x")
    assert merged({"etag": "x"}, OPEN.headers(None))["etag"] == "x"


def test_preflight_allows_ranges_cmcd_and_licence_requests() -> None:
    allowed = set(PREFLIGHT["access-control-allow-headers"].split(", "))
    assert {"Range", "Content-Type", "CMCD-Request", "CMCD-Object", "CMCD-Status", "CMCD-Session"} <= allowed
    assert PREFLIGHT["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"

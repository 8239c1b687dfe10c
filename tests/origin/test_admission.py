from urllib.parse import urljoin
from uuid import UUID

import pytest

from edge.terms import NO_TERMS, Terms
from edge.token import mint, verify
from origin.admission import admitted, selection, way_to
from origin.errors import MalformedQuery, Refused
from origin.layout import asset_directory
from origin.protection.scheme import Scheme
from origin.routes import DashManifest, Header, MasterPlaylist, MediaPlaylist, MediaSegment, WholeFile
from origin.selection import Selection

SECRET = bytes(range(32))
KEYS = {"k1": SECRET}
DIRECTORY = "assets/0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01/"
EXPIRY = 1_800_000_000
CHEAP = Terms(codecs=frozenset({"aac", "opus"}), max_bandwidth_bps=160_000)


def token(terms: Terms = NO_TERMS) -> str:
    return mint(key_id="k1", secret=SECRET, directory=DIRECTORY, expires_at_s=EXPIRY, terms=terms)


def grant(terms: Terms = NO_TERMS, *, protected: bool = False, now_s: int = EXPIRY - 1):
    return admitted(token(terms), directory=DIRECTORY, protected=protected, keys=KEYS, now_s=now_s)


@pytest.mark.parametrize(
    ("protection", "protected", "opens"),
    [
        ("clear", False, True),
        ("clear", True, False),
        ("protected", False, False),
        ("protected", True, True),
        ("any", False, True),
        ("any", True, True),
    ],
)
def test_a_token_opens_the_kind_of_media_that_its_terms_name(protection, protected, opens) -> None:
    terms = Terms(protection=protection)
    if opens:
        assert grant(terms, protected=protected).terms == terms
    else:
        with pytest.raises(Refused, match="terms"):
            grant(terms, protected=protected)


def test_a_bad_token_is_refused_with_its_cause() -> None:
    with pytest.raises(Refused, match="token_expired"):
        grant(now_s=EXPIRY)
    with pytest.raises(Refused, match="token_forged"):
        admitted(token(), directory="assets/", protected=False, keys=KEYS, now_s=0)


@pytest.mark.parametrize("file", [MasterPlaylist(), DashManifest()], ids=["master playlist", "MPD"])
def test_the_query_narrows_what_a_manifest_lists(file) -> None:
    narrowed = selection(grant(CHEAP), file, b"codecs=aac,flac&max_bandwidth=320000")
    assert narrowed == Selection(codecs=frozenset({"aac"}), max_bandwidth_bps=160_000)
    with pytest.raises(MalformedQuery):
        selection(grant(CHEAP), file, b"codecs=")


@pytest.mark.parametrize(
    "file",
    [MediaPlaylist("aac-96"), Header("aac-96"), MediaSegment("aac-96", 0), WholeFile("aac-96.m4a")],
    ids=["media playlist", "header", "segment", "whole file"],
)
def test_nothing_else_looks_at_its_query(file) -> None:
    wanted = Selection(codecs=CHEAP.codecs, max_bandwidth_bps=160_000)
    assert selection(grant(CHEAP), file, b"codecs=flac") == selection(grant(CHEAP), file, b"codecs=") == wanted


@pytest.mark.parametrize("scheme", [None, Scheme.CBCS], ids=["clear", "protected"])
def test_a_presentation_hands_on_what_it_was_granted(make_asset, make_rendition, scheme) -> None:
    terms = Terms(codecs=CHEAP.codecs, protection="clear" if scheme is None else "protected")
    asset = make_asset(make_rendition(ticks=(1000,)), asset_id=UUID(int=5), revision=2)
    way = way_to(asset, grant(terms, protected=scheme is not None), scheme=scheme, keys=KEYS)
    place = f"/app/token/presentations/order/{'' if scheme is None else 'cbcs/'}master.m3u8"
    _, _, text, *rest = urljoin(place, way).split("/")
    form = "" if scheme is None else "cbcs/"
    assert "/".join(rest) == f"{asset_directory(UUID(int=5))}2/{form}"
    handed_on = verify(text, directory=asset_directory(UUID(int=5)), keys=KEYS, now_s=EXPIRY - 1)
    assert (handed_on.terms, handed_on.expires_at_s) == (terms, EXPIRY)

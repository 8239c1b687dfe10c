"""A plan's quality, on the running origin: what a token's terms and a manifest's query leave of the ladder."""

import xml.etree.ElementTree as ET

import m3u8
import pytest

from edge.terms import Terms

AAC = Terms(codecs=frozenset({"aac"}), max_bandwidth_bps=200_000)
REPRESENTATION = "{urn:mpeg:dash:schema:mpd:2011}Representation"


def variants(answer) -> list[str]:
    assert answer.status == 200
    return [variant.uri for variant in m3u8.loads(answer.body.decode()).playlists]


def representations(answer) -> list[str]:
    assert answer.status == 200
    return [element.attrib["id"] for element in ET.fromstring(answer.body).iter(REPRESENTATION)]


def test_manifests_of_a_token_list_what_its_terms_allow(origin) -> None:
    assert variants(origin.ask(origin.path("master.m3u8", terms=AAC))) == ["aac-96.m3u8"]
    assert representations(origin.ask(origin.path("manifest.mpd", terms=AAC))) == ["aac-96"]


@pytest.mark.parametrize("name", ["{}.m3u8", "{}/header.mp4", "{}/0.m4s"])
def test_media_of_a_token_are_what_its_terms_allow(origin, name) -> None:
    assert origin.ask(origin.path(name.format("aac-96"), terms=AAC)).status == 200
    for outside in ("aac-320", "flac"):
        answer = origin.ask(origin.path(name.format(outside), terms=AAC))
        assert (answer.status, answer.body) == (403, b"Forbidden\n")


def test_terms_cannot_be_taken_off_a_token(origin) -> None:
    path = origin.path("flac/0.m4s", terms=AAC)
    version, key_id, expiry, _, mac = path[1:].split("/")[0].split(".")
    rest = path.split("/", 2)[2]
    assert version == "s2"
    assert origin.ask(f"/s1.{key_id}.{expiry}.{mac}/{rest}").status == 403
    assert origin.ask(f"/s2.{key_id}.{expiry}.codecs-flac.{mac}/{rest}").status == 403


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("codecs=aac", ["aac-96.m3u8", "aac-320.m3u8"]),
        ("max_bandwidth=100000", ["aac-96.m3u8"]),
        ("codecs=flac,opus", ["flac.m3u8"]),
        ("CMCD=sid%3D%22x%22", ["aac-96.m3u8", "aac-320.m3u8", "flac.m3u8"]),
    ],
)
def test_a_query_narrows_a_manifest(origin, query, left) -> None:
    assert variants(origin.ask(f"{origin.path('master.m3u8')}?{query}")) == left
    told = representations(origin.ask(f"{origin.path('manifest.mpd')}?{query}"))
    assert [f"{name}.m3u8" for name in told] == left


def test_a_query_cannot_widen_the_terms(origin) -> None:
    path = origin.path("master.m3u8", terms=AAC)
    assert variants(origin.ask(f"{path}?codecs=aac,flac&max_bandwidth=999999999")) == ["aac-96.m3u8"]
    assert origin.ask(f"{path}?codecs=flac").status == 404


@pytest.mark.parametrize("query", ["codecs=", "codecs=AAC", "max_bandwidth=lots", "max_bandwidth=1&max_bandwidth=2"])
def test_a_malformed_query_is_told_and_not_kept(origin, query) -> None:
    answer = origin.ask(f"{origin.path('master.m3u8')}?{query}")
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (400, b"Bad Request\n", "no-store")


def test_segments_and_media_playlists_do_not_look_at_queries(origin) -> None:
    for name in ("flac.m3u8", "flac/0.m4s", "flac/header.mp4"):
        path = origin.path(name)
        assert origin.ask(f"{path}?codecs=&max_bandwidth=1").body == origin.ask(path).body


def test_a_tier_is_one_manifest_whatever_its_terms_are_called(origin) -> None:
    """So that caches hold one entry and validators agree."""
    one = origin.ask(origin.path("master.m3u8", terms=Terms(max_bandwidth_bps=100_000)))
    other = origin.ask(f"{origin.path('master.m3u8')}?codecs=aac&max_bandwidth=120000")
    assert one.body == other.body
    assert one.headers["etag"] == other.headers["etag"]

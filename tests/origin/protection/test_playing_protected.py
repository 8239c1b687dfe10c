"""What players make of protected media: FFmpeg opens the running origin's URLs and hears what clear ones sound like."""

import io
import json
import urllib.request
import xml.etree.ElementTree as ET
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urljoin
from uuid import UUID

import av
import numpy as np
import pytest

from edge.terms import Terms

RENDITIONS = ["aac-96", "aac-320", "flac"]
PROTECTED = Terms(protection="protected")
MPD = {
    "mpd": "urn:mpeg:dash:schema:mpd:2011",
    "cenc": "urn:mpeg:cenc:2013",
}
DEFAULT_KEY_ID = "{urn:mpeg:cenc:2013}default_KID"


def decoded(source, **options: str) -> np.ndarray:
    with av.open(source, options=options) as container:
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])


def url(origin, name: str) -> str:
    return f"http://{origin.host}{origin.path(name, terms=PROTECTED)}"


def fetched(address: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(address, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_player_fetches_the_key_of_whole_segments_and_hears_the_same(origin, recording, rendition) -> None:
    heard = decoded(url(origin, f"aes128/{rendition}.m3u8"))
    assert np.array_equal(heard, decoded(io.BytesIO(recording.files[rendition])))


def test_player_opens_the_multivariant_playlist_of_whole_segments(origin) -> None:
    with av.open(url(origin, "aes128/master.m3u8")) as container:
        assert len(container.streams.audio) == len(RENDITIONS)
        assert next(container.decode(audio=2)).samples > 0


@pytest.mark.parametrize("scheme", ["cbcs", "cenc"])
@pytest.mark.parametrize("rendition", RENDITIONS)
def test_what_the_mpd_lists_decodes_with_the_licence_beside_it(origin, recording, rendition, scheme) -> None:
    manifest = url(origin, f"{scheme}/manifest.mpd")
    root = ET.fromstring(fetched(manifest))
    (group,) = [each for each in root.iterfind(".//mpd:AdaptationSet", MPD) if rendition in ids(each)]
    key_id = UUID(group.find("mpd:ContentProtection", MPD).attrib[DEFAULT_KEY_ID])
    key = licensed(urljoin(manifest, "../license"), key_id)
    file = b"".join(fetched(urljoin(manifest, name)) for name in names(group, rendition))
    assert np.array_equal(
        decoded(io.BytesIO(file), decryption_key=key.hex()), decoded(io.BytesIO(recording.files[rendition]))
    )


def ids(group: ET.Element) -> list[str]:
    return [each.attrib["id"] for each in group.iterfind("mpd:Representation", MPD)]


def licensed(address: str, key_id: UUID) -> bytes:
    kid = urlsafe_b64encode(key_id.bytes).rstrip(b"=").decode()
    licence = json.loads(fetched(address, json.dumps({"kids": [kid], "type": "temporary"}).encode()))
    (key,) = licence["keys"]
    assert (key["kid"], key["kty"], licence["type"]) == (kid, "oct", "temporary")
    return urlsafe_b64decode(key["k"] + "==")


def names(group: ET.Element, rendition: str) -> list[str]:
    (template,) = group.iterfind(f"mpd:Representation[@id='{rendition}']/mpd:SegmentTemplate", MPD)
    count = sum(1 + int(entry.get("r", "0")) for entry in template.iterfind(".//mpd:S", MPD))
    named = [template.attrib["initialization"]]
    named += [template.attrib["media"].replace("$Number$", str(number)) for number in range(count)]
    return [name.replace("$RepresentationID$", rendition) for name in named]


def test_page_may_ask_for_a_licence(origin) -> None:
    answer = origin.ask(origin.path("license"), method="OPTIONS", origin="https://player.example")
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")
    assert "Content-Type" in answer.headers["access-control-allow-headers"].split(", ")

"""SPEKE: a small key server that is written by hand from AWS's and the DASH-IF's texts, asked over real HTTP."""

import asyncio
import struct
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from config.settings import protection_settings
from origin.app import open_keys
from origin.asset import Codec
from origin.errors import KeysAway, KeysUnusable, NotThere
from origin.protection import cpix
from origin.protection.headers import protect_header
from origin.protection.keyrings import Keyrings
from origin.protection.keys import Content
from origin.protection.scheme import Scheme
from origin.protection.segments import protect_segment
from origin.protection.speke import SpekeKeys

NAMES = {"cpix": "urn:dashif:org:cpix", "pskc": "urn:ietf:params:xml:ns:keyprov:pskc"}
CPIX = f"{{{NAMES['cpix']}}}"
PSKC = f"{{{NAMES['pskc']}}}"
WIDEVINE, PLAYREADY, FAIRPLAY = (
    "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    "9a04f079-9840-4286-ab92-e65be0885f95",
    "94ce86fb-07ff-4f43-adb8-93d2fa968ca2",
)
ASSET_ID = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01")
MP4 = "urn:mpeg:dash:mp4protection:2011"


def content(scheme: Scheme = Scheme.CBCS, *, periods: int = 2) -> Content:
    return Content(
        asset_id=ASSET_ID,
        revision=3,
        scheme=scheme,
        period_count=periods,
        segments_per_period=5 if periods > 1 else None,
    )


def key_of(key_id: UUID) -> bytes:
    return bytes(byte ^ 0xA5 for byte in key_id.bytes)


def pssh_of(system: str, data: bytes) -> bytes:
    body = bytes(4) + UUID(system).bytes + struct.pack(">I", len(data)) + data
    return struct.pack(">I4s", 8 + len(body), b"pssh") + body


def widevine_data(key_id: UUID) -> bytes:
    """A protobuf with one field, the key id (number 2, length-delimited)."""
    return b"\x12\x10" + key_id.bytes


class KeyServer:
    """Answers as a key provider has to; what it was sent is kept, and a test may spoil what it answers."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], ET.Element]] = []
        self.status = 200
        self.version = "2.0"
        self.gate = asyncio.Event()
        self.gate.set()
        self.spoil = lambda _document: None

    async def answer(self, request: web.Request) -> web.Response:
        document = ET.fromstring(await request.read())
        self.requests.append((dict(request.headers), ET.fromstring(ET.tostring(document))))
        await self.gate.wait()
        for key in document.iter(f"{CPIX}ContentKey"):
            key_id = UUID(key.attrib["kid"])
            data = ET.SubElement(ET.SubElement(key, f"{CPIX}Data"), f"{PSKC}Secret")
            # Broken into lines, as XML writers do.
            ET.SubElement(data, f"{PSKC}PlainValue").text = f"\n  {b64encode(key_of(key_id)).decode()}\n"
            key.set("explicitIV", b64encode(key_id.bytes[::-1]).decode())
        for system in document.iter(f"{CPIX}DRMSystem"):
            self._fill(system, document.find("cpix:ContentKeyList/cpix:ContentKey", NAMES).attrib)
        self.spoil(document)
        return web.Response(
            status=self.status,
            body=ET.tostring(document),
            content_type="application/xml",
            headers={"X-Speke-Version": self.version, "X-Speke-User-Agent": "test"},
        )

    def _fill(self, system: ET.Element, key: dict[str, str]) -> None:
        key_id, name = UUID(system.attrib["kid"]), system.attrib["systemId"]
        method = {"cbcs": "SAMPLE-AES", "cenc": "SAMPLE-AES-CTR"}[key["commonEncryptionScheme"]]
        box = {
            WIDEVINE: pssh_of(WIDEVINE, widevine_data(key_id)),
            PLAYREADY: pssh_of(PLAYREADY, f"<WRMHEADER>{key_id}</WRMHEADER>".encode("utf-16-le")),
        }.get(name, b"")
        lines = {
            WIDEVINE: f'URI="data:text/plain;base64,{b64encode(box).decode()}",KEYID=0x{key_id.hex},'
            f'KEYFORMATVERSIONS="1",KEYFORMAT="urn:uuid:{WIDEVINE}"',
            PLAYREADY: 'URI="data:text/plain;charset=UTF-16;base64,AAAA",KEYFORMATVERSIONS="1",'
            'KEYFORMAT="com.microsoft.playready"',
            FAIRPLAY: f'URI="skd://{key_id}",KEYFORMATVERSIONS="1",KEYFORMAT="com.apple.streamingkeydelivery"',
        }
        for child in system:
            if child.tag == f"{CPIX}PSSH":
                child.text = b64encode(box).decode()
            elif child.tag == f"{CPIX}ContentProtectionData":
                child.text = b64encode(self._elements(name, box)).decode()
            elif child.attrib == {"playlist": "media"}:
                child.text = b64encode(f"#EXT-X-KEY:METHOD={method},{lines[name]}\n".encode()).decode()

    def _elements(self, system: str, box: bytes) -> bytes:
        """One server declares its namespaces, another relies on the manifest's."""
        text = b64encode(box).decode()
        if system == WIDEVINE:
            return f'<pssh xmlns="urn:mpeg:cenc:2013">{text}</pssh>'.encode()
        return f"<cenc:pssh>{text}</cenc:pssh><mspr:pro>AAAA</mspr:pro>".encode()


@pytest.fixture
async def server() -> KeyServer:
    return KeyServer()


@pytest.fixture
async def address(server) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/speke", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/speke"
    server.gate.set()
    await runner.cleanup()


@pytest.fixture
async def keys(address) -> AsyncIterator[SpekeKeys]:
    async with aiohttp.ClientSession() as session:
        yield SpekeKeys(session, url=address, authorization="Basic c2VndWU6cGE1NQ==")


async def test_origin_asks_the_server_that_its_settings_name(server, address) -> None:
    given = {"SEGUE_SPEKE_URL": address, "SEGUE_SPEKE_AUTHORIZATION": "Bearer abc"}
    async with open_keys(protection_settings(given)) as provider:
        assert len((await provider.keyring(content())).keys) == 2
    ((headers, _),) = server.requests
    assert headers["Authorization"] == "Bearer abc"


async def test_request_is_what_the_profile_asks_for(keys, server) -> None:
    await keys.keyring(content())
    ((headers, document),) = server.requests
    assert (headers["X-Speke-Version"], headers["Content-Type"]) == ("2.0", "application/xml")
    assert headers["Authorization"] == "Basic c2VndWU6cGE1NQ=="
    assert (document.tag, document.attrib) == (f"{CPIX}CPIX", {"contentId": f"{ASSET_ID}-3", "version": "2.3"})
    assert [child.tag.removeprefix(CPIX) for child in document] == [
        "ContentKeyList",
        "DRMSystemList",
        "ContentKeyPeriodList",
        "ContentKeyUsageRuleList",
    ]
    ids = [key.attrib["kid"] for key in document[0]]
    assert [key.attrib["commonEncryptionScheme"] for key in document[0]] == ["cbcs", "cbcs"]
    asked = [(system.attrib["kid"], system.attrib["systemId"]) for system in document[1]]
    assert asked == [(key_id, system) for key_id in ids for system in (FAIRPLAY, WIDEVINE, PLAYREADY)]
    assert [period.attrib["index"] for period in document[2]] == ["0", "1"]
    for rule, key_id, period in zip(document[3], ids, document[2], strict=True):
        assert rule.attrib == {"kid": key_id, "intendedTrackType": "AUDIO"}
        period_filter, audio_filter = rule
        assert period_filter.attrib == {"periodId": period.attrib["id"]}
        assert (audio_filter.tag, audio_filter.attrib) == (f"{CPIX}AudioFilter", {})


async def test_one_key_for_all_names_no_period_and_cenc_no_fairplay(keys, server) -> None:
    await keys.keyring(content(Scheme.CENC, periods=1))
    ((_, document),) = server.requests
    assert document.find("cpix:ContentKeyPeriodList", NAMES) is None
    assert document.find(".//cpix:KeyPeriodFilter", NAMES) is None
    assert [system.attrib["systemId"] for system in document.iter(f"{CPIX}DRMSystem")] == [WIDEVINE, PLAYREADY]


async def test_keys_and_vectors_are_the_servers(keys) -> None:
    keyring = await keys.keyring(content())
    assert [key.key for key in keyring.keys] == [key_of(key.key_id) for key in keyring.keys]
    assert [key.iv for key in keyring.keys] == [key.key_id.bytes[::-1] for key in keyring.keys]
    assert not keyring.disclosed
    assert len({key.key_id for key in keyring.keys} | {key.key_id for key in (await keys.keyring(other())).keys}) == 4


def other() -> Content:
    return content(Scheme.CENC)


async def test_hls_names_each_system_in_each_period(keys) -> None:
    keyring = await keys.keyring(content())
    assert [keyring.signalling.key_tags_before(index) != () for index in range(10)] == [True, *[False] * 4] * 2
    second = keyring.keys[1].key_id
    box = pssh_of(WIDEVINE, widevine_data(second))
    assert [tag.line() for tag in keyring.signalling.key_tags_before(5)] == [
        (
            f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{second}",KEYFORMAT="com.apple.streamingkeydelivery",'
            'KEYFORMATVERSIONS="1"'
        ),
        (
            f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,{b64encode(box).decode()}",KEYID=0x{second.hex},'
            f'KEYFORMAT="urn:uuid:{WIDEVINE}",KEYFORMATVERSIONS="1"'
        ),
        (
            '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;charset=UTF-16;base64,AAAA",'
            'KEYFORMAT="com.microsoft.playready",KEYFORMATVERSIONS="1"'
        ),
    ]
    assert [tag.session_line("../t/") for tag in keyring.signalling.session_tags][3] == (
        f'#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://{second}",KEYFORMAT="com.apple.streamingkeydelivery",'
        'KEYFORMATVERSIONS="1"'
    )


async def test_dash_names_each_system_with_all_keys(keys) -> None:
    keyring = await keys.keyring(content())
    scheme, widevine, playready = keyring.signalling.content_protections
    assert (scheme.scheme_id_uri, scheme.value, scheme.default_kid) == (MP4, "cbcs", keyring.keys[0].key_id)
    assert [widevine.scheme_id_uri, playready.scheme_id_uri] == [f"urn:uuid:{WIDEVINE}", f"urn:uuid:{PLAYREADY}"]
    boxes = [b64encode(pssh_of(WIDEVINE, widevine_data(key.key_id))).decode() for key in keyring.keys]
    assert [(child.name, child.text) for child in widevine.children] == [("{urn:mpeg:cenc:2013}pssh", b) for b in boxes]
    names = ["{urn:mpeg:cenc:2013}pssh", "{urn:microsoft:playready}pro", "{urn:mpeg:cenc:2013}pssh"]
    assert [child.name for child in playready.children] == names  # what is said of both keys alike is said once


async def test_header_carries_the_boxes_of_all_systems(keys, tracks, read) -> None:
    keyring = await keys.keyring(content())
    header = protect_header(tracks[Codec.AAC].header, scheme=Scheme.CBCS, key=keyring.keys[0], pssh=keyring.pssh)
    systems = [str(UUID(bytes=box.content[4:20])) for box in read.walked(header) if box.path == "moov/pssh"]
    assert systems == [WIDEVINE, PLAYREADY, WIDEVINE, PLAYREADY]


async def test_segments_are_encrypted_with_the_servers_keys(keys, tracks, read) -> None:
    keyring = await keys.keyring(content())
    header = protect_header(tracks[Codec.AAC].header, scheme=Scheme.CBCS, key=keyring.keys[0], pssh=keyring.pssh)
    segment = tracks[Codec.AAC].segments[1]
    out = protect_segment(segment, scheme=Scheme.CBCS, key=keyring.key_of(7), header_key=keyring.keys[0], first_iv=0)
    opened = read.decrypted_samples(header, out, {keyring.keys[1].key_id: key_of(keyring.keys[1].key_id)})
    assert opened == read.stored_samples(segment)


async def test_whole_segments_have_no_licence_server(keys, server) -> None:
    with pytest.raises(NotThere):
        await keys.keyring(content(Scheme.AES_128))
    assert server.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_server_in_trouble_is_away(keys, server, status) -> None:
    server.status = status
    with pytest.raises(KeysAway):
        await keys.keyring(content())


async def test_server_that_says_nothing_is_away(keys, server) -> None:
    server.gate.clear()
    with pytest.raises(KeysAway):
        await keys.keyring(content())


async def test_server_that_is_not_there_is_away(unused_tcp_port) -> None:
    async with aiohttp.ClientSession() as session:
        keys = SpekeKeys(session, url=f"http://127.0.0.1:{unused_tcp_port}/", authorization="")
        with pytest.raises(KeysAway):
            await keys.keyring(content())


@pytest.mark.parametrize("status", [302, 400, 403, 422])
async def test_server_that_refuses_is_not_asked_again_by_itself(keys, server, status) -> None:
    server.status = status
    with pytest.raises(KeysUnusable):
        await keys.keyring(content())


async def test_other_version_of_the_protocol_is_refused(keys, server) -> None:
    server.version = "1.0"
    with pytest.raises(KeysUnusable, match=r"SPEKE 1\.0"):
        await keys.keyring(content())


def first(document: ET.Element, path: str) -> ET.Element:
    return document.find(path, NAMES)


SPOILED = {
    "another content": lambda document: document.set("contentId", "other"),
    "no key": lambda document: document[0].remove(document[0][0]),
    "key of another id": lambda document: document[0][0].set("kid", str(UUID(int=1))),
    "id that is none": lambda document: document[0][0].set("kid", "one"),
    "another scheme": lambda document: document[0][1].set("commonEncryptionScheme", "cenc"),
    "encrypted key": lambda document: first(document, ".//pskc:Secret").remove(first(document, ".//pskc:PlainValue")),
    "key too short": lambda document: setattr(first(document, ".//pskc:PlainValue"), "text", "AAAA"),
    "key that is no base64": lambda document: setattr(first(document, ".//pskc:PlainValue"), "text", "?" * 24),
    "vector too short": lambda document: document[0][0].set("explicitIV", "AAAA"),
    "box that is none": lambda document: setattr(document.findall(".//cpix:PSSH", NAMES)[0], "text", "AAAAAAAAAAAA"),
    "box of another kind": lambda document: setattr(
        document.findall(".//cpix:PSSH", NAMES)[0], "text", b64encode(b"\0\0\0\x08free").decode()
    ),
    "elements that do not end": lambda document: setattr(
        first(document, ".//cpix:ContentProtectionData"), "text", b64encode(b"<a>").decode()
    ),
    "tag of another method": lambda document: setattr(
        first(document, ".//cpix:HLSSignalingData"), "text", b64encode(b'#EXT-X-KEY:METHOD=AES-128,URI="x"').decode()
    ),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
async def test_answer_that_lacks_anything_is_refused_whole(keys, server, spoil) -> None:
    server.spoil = spoil
    with pytest.raises(KeysUnusable):
        await keys.keyring(content())


@given(document=st.binary(max_size=200) | st.just(b"<a/>"))
def test_any_answer_is_a_keyring_or_our_error(document) -> None:
    with pytest.raises(KeysUnusable):
        cpix.keyring(document, content())


async def test_many_who_ask_at_once_cause_one_question(keys, server) -> None:
    keyrings = Keyrings(keys)
    answers = await asyncio.gather(*(keyrings.keyring(content()) for _ in range(20)))
    assert len(server.requests) == 1
    assert all(answer is answers[0] for answer in answers)
    await keyrings.keyring(content())
    assert len(server.requests) == 1


async def test_failure_is_not_kept(keys, server) -> None:
    keyrings = Keyrings(keys)
    server.status = 503
    with pytest.raises(KeysAway):
        await keyrings.keyring(content())
    server.status = 200
    assert len((await keyrings.keyring(content())).keys) == 2


async def test_longest_unused_keyring_makes_room(keys, server) -> None:
    keyrings = Keyrings(keys, room_keys=4)
    for scheme in (Scheme.CBCS, Scheme.CENC, Scheme.CBCS):
        await keyrings.keyring(content(scheme))
    await keyrings.keyring(content(Scheme.CENC, periods=1))  # cenc with two keys goes
    assert len(server.requests) == 3
    await keyrings.keyring(content(Scheme.CBCS))
    assert len(server.requests) == 3
    await keyrings.keyring(content(Scheme.CENC))
    assert len(server.requests) == 4

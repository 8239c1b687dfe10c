"""Protected media from the request to the answer, over a store that is written by hand and counts what is read."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

import m3u8
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree
from msgspec import structs

from edge.terms import Terms
from edge.token import mint
from origin.descriptors import Descriptors
from origin.exchange import Answer, Request
from origin.layout import asset_directory, revision_directory
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.reads.cache import Cache
from origin.service import Service

SECRET = bytes(range(32))
OTHER_ASSET = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e02")
RENDITIONS = ["aac-96", "flac"]
MPD = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}


class Memory:
    """The recording, and a list of the blocks that were read."""

    def __init__(self, recording) -> None:
        self.objects = recording.objects()
        self.asset_record = recording.asset
        self.reads: list[str] = []

    async def asset(self, _asset_id, _revision):
        return self.asset_record

    def held(self, _block):
        return None

    async def block(self, block):
        self.reads.append(block.key)
        return block.checked(self.objects[block.key][block.span.start : block.span.end])

    def ahead(self, block):
        pass


class Provider:
    """Derived keys, which a licence server gives out when they are not `disclosed`."""

    def __init__(self, secret: bytes, *, disclosed: bool) -> None:
        self._keys = DerivedKeys(secret)
        self._disclosed = disclosed

    async def keyring(self, content):
        return structs.replace(await self._keys.keyring(content), disclosed=self._disclosed)


Ask = Callable[..., object]


@pytest.fixture
def memory(recording) -> Memory:
    return Memory(recording)


@pytest.fixture
def node(memory, recording) -> Callable[..., Ask]:
    """Start an origin and give a function that asks it, for a file of the recording."""

    def start(*, secret: bytes = SECRET, segments_per_period: int | None = None, disclosed: bool = True) -> Ask:
        service = Service(
            store=memory,
            lookup=Lookup(
                store=memory,
                descriptors=Descriptors(memory.asset, room_bytes=1_000_000),
                protected=Protected(
                    provider=Provider(secret, disclosed=disclosed),
                    cache=Cache(16 * 1024 * 1024),
                    segments_per_period=segments_per_period,
                ),
                keys={"k1": SECRET},
                manifest_max_age_s=20,
                clock=lambda: 1_800_000_000,
            ),
        )

        async def ask(name: str, *, method="GET", body=b"", protection="protected", asset_id=None, **headers) -> Answer:
            place = recording.asset.asset_id, recording.asset.revision
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            raw_path = f"/{token(asset_id or place[0], protection)}/{revision_directory(*place)}{name}".encode()
            return await service.answer(Request(method=method, raw_path=raw_path, headers=named, body=body))

        return ask

    return start


def token(asset_id: UUID, protection: str) -> str:
    return mint(
        key_id="k1",
        secret=SECRET,
        directory=asset_directory(asset_id),
        expires_at_s=1_800_000_001,
        terms=Terms(protection=protection),
    )


def request_for(*key_ids: UUID) -> bytes:
    kids = [urlsafe_b64encode(key_id.bytes).rstrip(b"=").decode() for key_id in key_ids]
    return json.dumps({"kids": kids, "type": "temporary"}).encode()


def default_key_id(header: bytes) -> UUID:
    """The last 16 bytes of `tenc` in cenc, which has no constant vector."""
    return UUID(bytes=header.partition(b"tenc")[2][8:24])


@pytest.mark.parametrize(
    ("protection", "name", "status"),
    [
        pytest.param("clear", "aac-96/0.m4s", 200, id="clear token, clear segment"),
        pytest.param("clear", "cbcs/aac-96/0.m4s", 403, id="clear token, protected segment"),
        pytest.param("clear", "cbcs/aac-96/header.mp4", 403, id="clear token, protected header"),
        pytest.param("clear", "cbcs/master.m3u8", 403, id="clear token, protected manifest"),
        pytest.param("clear", "keys/cbcs/0.key", 403, id="clear token, key"),
        pytest.param("protected", "aac-96/0.m4s", 403, id="protected token, clear segment"),
        pytest.param("protected", "master.m3u8", 403, id="protected token, clear manifest"),
        pytest.param("protected", "cbcs/aac-96/0.m4s", 200, id="protected token, protected segment"),
        pytest.param("protected", "keys/cbcs/0.key", 200, id="protected token, key"),
        pytest.param("any", "aac-96/0.m4s", 200, id="token for both, clear segment"),
        pytest.param("any", "cenc/aac-96/0.m4s", 200, id="token for both, protected segment"),
        pytest.param("protected", "cbcs/flac.flac", 403, id="whole file below a scheme"),
        pytest.param("protected", "cens/aac-96/0.m4s", 403, id="a scheme that is none of ours"),
        pytest.param("protected", "keys/cbcs/1.key", 404, id="crypto period behind the last"),
        pytest.param("protected", "aes128/manifest.mpd", 404, id="DASH of whole segments"),
        pytest.param("protected", "cbcs/aac-96/9.m4s", 404, id="segment behind the last"),
        pytest.param("protected", "license", 405, id="licence without a request"),
    ],
)
async def test_token_opens_what_its_terms_say(node, protection, name, status) -> None:
    assert (await node()(name, protection=protection)).status == status


async def test_token_of_another_asset_opens_no_key_and_no_licence(node) -> None:
    ask = node()
    assert (await ask("keys/aes128/0.key", asset_id=OTHER_ASSET)).status == 403
    refused = await ask("license", method="POST", body=request_for(OTHER_ASSET), asset_id=OTHER_ASSET)
    assert (refused.status, refused.cause) == (403, "token_forged")


@pytest.mark.parametrize("scheme", ["cbcs", "cenc"])
@pytest.mark.parametrize("rendition", RENDITIONS)
async def test_licence_opens_segments_to_the_stored_samples(node, recording, read, rendition, scheme) -> None:
    ask = node(segments_per_period=2)
    header = (await ask(f"{scheme}/{rendition}/header.mp4")).body
    listed = [UUID(bytes=header.partition(b"pssh")[2][24 + 16 * n : 40 + 16 * n]) for n in range(2)]
    licence = await ask("license", method="POST", body=request_for(listed[0]))  # and with it come all periods' keys
    assert licence.headers["cache-control"] == "private, no-store"
    keys = {unpadded(key["kid"]): unpadded(key["k"]) for key in json.loads(licence.body)["keys"]}
    by_id = {UUID(bytes=key_id): key for key_id, key in keys.items()}
    assert by_id.keys() == set(listed)
    for index in range(len(recording.asset.rendition(rendition).segments)):
        answer = await ask(f"{scheme}/{rendition}/{index}.m4s")
        stored = recording.segment(rendition, index)
        assert read.decrypted_samples(header, answer.body, by_id) == read.stored_samples(stored)
        assert answer.headers["content-length"] == str(len(answer.body))


def unpadded(text: str) -> bytes:
    assert "=" not in text
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("rendition", RENDITIONS)
async def test_playlist_leads_to_the_key_of_each_whole_segment(node, recording, rendition) -> None:
    ask = node(segments_per_period=2)
    playlist = m3u8.loads((await ask(f"aes128/{rendition}.m3u8")).body.decode())
    addresses = []
    for index, segment in enumerate(playlist.segments):
        assert segment.key.method == "AES-128"
        assert segment.key.uri.startswith("../")
        key = (await ask(segment.key.uri.removeprefix("../"))).body
        data = (await ask(f"aes128/{segment.uri}")).body
        padded = Cipher(AES128(key), CBC(bytes.fromhex(segment.key.iv.removeprefix("0x")))).decryptor().update(data)
        remover = PKCS7(128).unpadder()
        assert remover.update(padded) + remover.finalize() == recording.segment(rendition, index)
        addresses.append(segment.key.uri)
    assert addresses == [f"../keys/aes128/{index // 2}.key" for index in range(len(addresses))]
    assert len(addresses) > 2
    assert (await ask(f"aes128/{rendition}/header.mp4")).body == recording.header(rendition)


async def test_playlist_of_cbcs_has_the_address_of_the_key_and_nothing_else(node) -> None:
    text = (await node()("cbcs/aac-96.m3u8")).body.decode()
    assert text.index("#EXT-X-MAP") < text.index("#EXT-X-KEY") < text.index("aac-96/0.m4s")
    (tag,) = [line for line in text.splitlines() if line.startswith("#EXT-X-KEY")]
    attributes, _, vector = tag.rpartition(",IV=0x")
    assert attributes == '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="../keys/cbcs/0.key"'
    assert len(bytes.fromhex(vector)) == 16


async def test_playlist_of_cenc_has_two_ways_to_the_same_key(node) -> None:
    ask = node()
    text = (await ask("cenc/aac-96.m3u8")).body.decode()
    key_id = default_key_id((await ask("cenc/aac-96/header.mp4")).body)
    assert [line for line in text.splitlines() if line.startswith("#EXT-X-KEY")] == [
        '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="../keys/cenc/0.key"',
        (
            f'#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,{b64encode(key_id.bytes).decode()}"'
            f',KEYID=0x{key_id.hex},KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1"'
        ),
    ]


async def test_manifest_names_scheme_key_and_systems(node) -> None:
    ask = node()
    root = etree.fromstring((await ask("cenc/manifest.mpd")).body)
    header = (await ask("cenc/aac-96/header.mp4")).body
    sets = root.findall(".//mpd:AdaptationSet", MPD)
    assert len(sets) == 2
    for element in sets:
        scheme, clear_key = element.findall("mpd:ContentProtection", MPD)
        assert scheme.attrib == {
            "schemeIdUri": "urn:mpeg:dash:mp4protection:2011",
            "value": "cenc",
            "{urn:mpeg:cenc:2013}default_KID": str(default_key_id(header)),
        }
        assert clear_key.attrib["schemeIdUri"] == "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
        assert list(clear_key) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"[]", 400, id="no object"),
        pytest.param(b'{"kids": ["AAAA"]}', 400, id="key id too short"),
        pytest.param(b'{"kids": ["!!!!"]}', 400, id="key id of other characters"),
        pytest.param(b'{"kids": ["\xc3\xa9"]}', 400, id="key id outside of ASCII"),
        pytest.param(b'{"kids": [], "type": "persistent-license"}', 400, id="licence that stays"),
        pytest.param(b'{"kids": []}', 403, id="no key"),
        pytest.param(request_for(OTHER_ASSET), 403, id="key of nobody's"),
        pytest.param(b" " * 65_537, 413, id="too long"),
    ],
)
async def test_licence_is_refused(node, body, status) -> None:
    answer = await node()("license", method="POST", body=body)
    assert (answer.status, answer.headers["cache-control"]) == (status, "no-store")


async def test_licence_has_the_keys_of_this_asset_alone(node) -> None:
    ask = node()
    mine = default_key_id((await ask("cenc/aac-96/header.mp4")).body)
    answer = await ask("license", method="POST", body=request_for(OTHER_ASSET, mine))
    keys = json.loads(answer.body)["keys"]
    assert [(key["kty"], UUID(bytes=unpadded(key["kid"]))) for key in keys] == [("oct", mine)]


@pytest.mark.parametrize("name", ["cbcs/aac-96/0.m4s", "keys/cbcs/0.key", "master.m3u8"])
async def test_nothing_but_a_licence_is_asked_for_by_post(node, name) -> None:
    assert (await node()(name, method="POST", body=request_for(OTHER_ASSET))).status == 405


@pytest.mark.parametrize("name", ["aes128/flac/1.m4s", "cbcs/flac/1.m4s", "cenc/flac/1.m4s", "cbcs/flac/header.mp4"])
async def test_every_node_says_the_same(node, name) -> None:
    first, second = await node()(name), await node()(name)
    assert first.body == second.body
    assert first.headers["etag"] == second.headers["etag"]


async def test_etag_tells_forms_keys_and_places_apart(node) -> None:
    protected = [f"{scheme}/aac-96/{index}.m4s" for scheme in ("aes128", "cbcs", "cenc") for index in (0, 1)]
    protected += ["cbcs/aac-96/header.mp4", "cenc/aac-96/header.mp4", "cbcs/flac/0.m4s"]
    ask, other = node(), node(secret=bytes(32))
    answers = [await ask(name) for name in protected] + [await other(name) for name in protected]
    clear = ("aac-96/0.m4s", "aac-96/1.m4s", "aac-96/header.mp4")
    answers += [await ask(name, protection="clear") for name in clear]
    etags = [answer.headers["etag"] for answer in answers]
    assert len(set(etags)) == len(etags)


async def test_known_segment_is_not_sent_again_and_a_part_is_of_the_encrypted(node) -> None:
    ask = node()
    whole = await ask("cbcs/aac-96/1.m4s")
    assert (await ask("cbcs/aac-96/1.m4s", if_none_match=whole.headers["etag"])).status == 304
    part = await ask("cbcs/aac-96/1.m4s", range="bytes=100-199")
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.body)}"
    head = await ask("cbcs/aac-96/1.m4s", method="HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole.body)))


async def test_encrypted_segment_is_kept(node, memory) -> None:
    ask = node()
    first = await ask("cenc/aac-96/1.m4s")
    assert len(memory.reads) == 1
    assert (await ask("cenc/aac-96/1.m4s")).body == first.body
    assert len(memory.reads) == 1


async def test_keys_of_a_licence_server_are_not_given_out(node) -> None:
    ask = node(disclosed=False)
    mine = default_key_id((await ask("cenc/aac-96/header.mp4")).body)
    assert (await ask("keys/cenc/0.key")).status == 404
    assert (await ask("license", method="POST", body=request_for(mine))).status == 404


async def test_keys_are_not_for_caches(node) -> None:
    answer = await node()("keys/aes128/0.key")
    assert (len(answer.body), answer.headers["content-type"]) == (16, "application/octet-stream")
    assert answer.headers["cache-control"] == "private, no-store"

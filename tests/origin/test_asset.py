"""The descriptor: what is written is read, what is illegal does not exist, and layout follows from lengths alone."""

import hashlib
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin import asset as contract
from origin import layout
from origin.asset import Asset, InvalidDescriptor

DIGEST = "0" * contract.DIGEST_DIGITS


@pytest.fixture(scope="module")
def descriptor(make_asset, make_rendition) -> Asset:
    return make_asset(
        make_rendition(ticks=(1000, 1000, 500), priming_samples=100, padding_samples=50, segment_bytes=(30, 20, 10))
    )


def damaged(asset: Asset, change: Callable[[dict], None]) -> bytes:
    fields = json.loads(contract.encode(asset))["asset"]
    change(fields)
    return sealed(json.dumps(fields))


def sealed(content: str) -> bytes:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f'{{"sha256":"{digest}","asset":{content}}}'.encode()


def test_what_is_written_is_read(descriptor) -> None:
    assert contract.decode(contract.encode(descriptor)) == descriptor


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: a.update(version=1), id="another version"),
        pytest.param(lambda a: a.update(revision=0), id="revision zero"),
        pytest.param(lambda a: a.update(renditions=[]), id="no renditions"),
        pytest.param(lambda a: a["renditions"].append(a["renditions"][0]), id="two renditions of one name"),
        pytest.param(lambda a: a["renditions"][0].update(name="../aac"), id="a name that climbs"),
        pytest.param(lambda a: a["renditions"][0].update(name="AAC"), id="a name in capitals"),
        pytest.param(lambda a: a["renditions"][0].update(name="aac-"), id="a name that ends in a hyphen"),
        pytest.param(lambda a: a["renditions"][0].update(channels=9), id="nine channels"),
        pytest.param(lambda a: a["renditions"][0].update(segments=[]), id="no segments"),
        pytest.param(lambda a: a["renditions"][0].update(sample_count=2351), id="a sample too many"),
        pytest.param(lambda a: a["renditions"][0].update(padding_samples=-1), id="negative padding"),
        pytest.param(lambda a: a["renditions"][0].update(priming_samples=1000), id="a first segment of priming alone"),
        pytest.param(
            lambda a: a["renditions"][0]["segments"].__setitem__(1, [0, 1000, DIGEST]), id="a segment of no bytes"
        ),
        pytest.param(
            lambda a: a["renditions"][0]["segments"].__setitem__(1, [20, 0, DIGEST]), id="a segment of no time"
        ),
        pytest.param(lambda a: a["renditions"][0]["segments"].__setitem__(1, [20, 1000, "0"]), id="a short digest"),
        pytest.param(lambda a: a["renditions"][0].update(header_sha256="G" * 32), id="a header's digest of no digits"),
        pytest.param(lambda a: a["master"].update(sample_count=0), id="a master of no samples"),
        pytest.param(lambda a: a["master"].update(sample_rate_hz=0), id="a master of no rate"),
        pytest.param(lambda a: a.pop("master"), id="no master"),
    ],
)
def test_an_illegal_descriptor_is_not_read(descriptor, change) -> None:
    with pytest.raises(InvalidDescriptor):
        contract.decode(damaged(descriptor, change))


def test_what_damaged_checks_would_be_read_if_nothing_were_changed(descriptor) -> None:
    assert contract.decode(damaged(descriptor, lambda _: None)) == descriptor


def test_one_other_byte_anywhere_is_noticed(descriptor) -> None:
    whole = contract.encode(descriptor)
    for place in range(len(whole)):
        other = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(InvalidDescriptor):
            contract.decode(other)


def test_digest_of_a_block_is_the_start_of_its_sha256() -> None:
    assert contract.block_digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223"  # FIPS 180-2, appendix B.1


def test_a_truncated_descriptor_is_not_read(descriptor) -> None:
    whole = contract.encode(descriptor)
    for end in range(len(whole)):
        with pytest.raises(InvalidDescriptor):
            contract.decode(whole[:end])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_our_error(data: bytes) -> None:
    with pytest.raises(InvalidDescriptor):
        contract.decode(data)


def test_segments_lie_end_to_end_behind_the_header(descriptor) -> None:
    rendition = descriptor.renditions[0]
    assert [rendition.byte_range(index) for index in range(3)] == [(700, 30), (730, 20), (750, 10)]
    for index in (-1, 3):
        with pytest.raises(IndexError):
            rendition.byte_range(index)


def test_places_of_segments_are_added_up_once_and_for_this_rendition_alone(descriptor) -> None:
    rendition = descriptor.renditions[0]
    assert rendition.byte_range(0) == (700, 30)
    assert rendition._starts is rendition._starts
    assert msgspec.structs.replace(rendition, header_byte_length=800).byte_range(0) == (800, 30)


def test_duration_is_the_masters_to_the_millisecond(descriptor) -> None:
    master = msgspec.structs.replace(descriptor.master, sample_rate_hz=44_100, sample_count=44_100 * 3 + 22)
    assert master.duration_ms == 3000


def test_everything_of_an_asset_lies_below_its_directory(descriptor) -> None:
    place = descriptor.asset_id, descriptor.revision
    directory = layout.asset_directory(descriptor.asset_id)
    assert directory == "assets/0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01/"
    assert layout.descriptor_key(*place) == f"{directory}3/asset.json"
    assert layout.track_file_key(*place, "aac-160") == f"{directory}3/aac-160.mp4"
    url = layout.file_url("https://cdn.example", "TOKEN", *place, layout.HLS_MANIFEST)
    assert url == f"https://cdn.example/TOKEN/{directory}3/master.m3u8"

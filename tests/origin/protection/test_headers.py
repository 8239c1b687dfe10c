"""Encrypted headers: what they add, and that nothing else changes."""

import pytest

from origin.asset import Codec
from origin.errors import DamagedAsset
from origin.protection.headers import protect_header
from origin.protection.pssh import common_pssh
from origin.protection.scheme import Scheme

ENTRY = "moov/trak/mdia/minf/stbl/stsd"
SINF = f"{ENTRY}/enca/sinf"
FORMATS = {Codec.AAC: "mp4a", Codec.OPUS: "Opus", Codec.FLAC: "fLaC"}
CONFIGURATIONS = {Codec.AAC: "esds", Codec.OPUS: "dOps", Codec.FLAC: "dfLa"}


@pytest.mark.parametrize("scheme", [Scheme.CBCS, Scheme.CENC])
@pytest.mark.parametrize("codec", FORMATS)
def test_sample_entry_is_wrapped_and_the_rest_stays(tracks, content_keys, read, codec, scheme) -> None:
    header, kind = tracks[codec].header, FORMATS[codec]
    box = common_pssh([content_keys[0].key_id])
    found = list(read.walked(protect_header(header, scheme=scheme, key=content_keys[0], pssh=[box])))
    expected = []
    for stored in read.walked(header):
        expected.append(stored.path.replace(f"/{kind}", "/enca"))
        if stored.path == f"{ENTRY}/{kind}/{CONFIGURATIONS[codec]}":
            expected += [SINF, f"{SINF}/frma", f"{SINF}/schm", f"{SINF}/schi", f"{SINF}/schi/tenc"]
    assert [each.path for each in found] == [*expected, "moov/pssh"]
    holders = {"moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", "moov/trak/mdia/minf/stbl", ENTRY}
    kept = [each.content for each in read.walked(header) if each.path not in {*holders, f"{ENTRY}/{kind}"}]
    assert [each.content for each in found if each.content in kept] == kept


@pytest.mark.parametrize(
    ("scheme", "sinf"),
    [
        pytest.param(
            Scheme.CBCS,
            "0000000c66726d616d703461"
            "000000147363686d000000006362637300010000"
            "000000397363686900000031"
            "74656e6301000000000001005eb2d1c000004000800000000000000110000102030405060708090a0b0c0d0e0f",
            id="cbcs",
        ),
        pytest.param(
            Scheme.CENC,
            "0000000c66726d616d703461"
            "000000147363686d0000000063656e6300010000"
            "000000287363686900000020"
            "74656e6300000000000001085eb2d1c0000040008000000000000001",
            id="cenc",
        ),
    ],
)
def test_boxes_are_those_of_shaka_packager(tracks, content_keys, read, scheme, sinf) -> None:
    # shaka-packager 3.4.2 with --enable_raw_key_encryption, the same key and a track file of ours.
    key = content_keys[0]
    header = protect_header(tracks[Codec.AAC].header, scheme=scheme, key=key, pssh=[common_pssh([key.key_id])])
    assert read.content_of(header, SINF).hex() == sinf
    assert read.content_of(header, "moov/pssh").hex() == (
        "010000001077efecc0b24d02ace33c1e52e2fb4b000000015eb2d1c000004000800000000000000100000000"
    )


def test_whole_segments_have_a_clear_header(tracks, content_keys) -> None:
    header = tracks[Codec.AAC].header
    assert protect_header(header, scheme=Scheme.AES_128, key=content_keys[0], pssh=[]) == header


def test_common_box_lists_the_key_ids(content_keys) -> None:
    # W3C "cenc" Initialization Data Format, section 4.
    ids = [key.key_id for key in content_keys]
    assert common_pssh(ids).hex() == (
        "00000044" + b"pssh".hex() + "01000000" + "1077efecc0b24d02ace33c1e52e2fb4b" + "00000002"
        "5eb2d1c0000040008000000000000001" + "5eb2d1c0000040008000000000000002" + "00000000"
    )


def test_damaged_header_is_told_and_not_guessed_at(tracks, content_keys) -> None:
    header = tracks[Codec.AAC].header
    entry = header.index(b"mp4a") - 1  # the last byte of its length
    too_long = header[:entry] + bytes([header[entry] + 1]) + header[entry + 1 :]
    for damaged in (b"", header[:-1], header + header, header.replace(b"stbl", b"free"), too_long):
        with pytest.raises(DamagedAsset):
            protect_header(damaged, scheme=Scheme.CBCS, key=content_keys[0], pssh=[])

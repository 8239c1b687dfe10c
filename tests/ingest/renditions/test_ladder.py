"""The ladder as data: what the packaged file says, and what is refused in another one."""

import json
from pathlib import Path

import msgspec
import pytest

from config.settings import LADDER
from ingest.errors import InvalidLadder
from ingest.renditions.ladder import File, Rung, parse
from origin.asset import Codec

PACKAGED = parse(LADDER.read_text("utf-8"))
AAC = {"name": "aac-64", "codec": "aac", "bandwidth_bps": 64_000, "files": ["cmaf"]}


def text(*entries: dict[str, object]) -> str:
    """JSON's strings, numbers and lists of strings are TOML's."""
    lines = [[f"{key} = {json.dumps(value)}" for key, value in entry.items()] for entry in entries]
    return "".join("\n[[rung]]\n" + "\n".join(entry) + "\n" for entry in lines)


def test_packaged_ladder_is_what_the_product_promises() -> None:
    promised = {
        "aac-320": (320_000, {File.CMAF}),
        "aac-160": (160_000, {File.CMAF, File.M4A}),
        "aac-96": (96_000, {File.CMAF}),
        "opus-96": (96_000, {File.CMAF}),
        "opus-24": (24_000, {File.CMAF}),
        "flac": (None, {File.CMAF, File.FLAC}),
        "mp3-320": (320_000, {File.MP3}),
        "vorbis-320": (320_000, {File.OGG}),
        "vorbis-160": (160_000, {File.OGG}),
        "vorbis-96": (96_000, {File.OGG}),
    }
    assert {rung.name: (rung.bandwidth_bps(2), set(rung.files)) for rung in PACKAGED} == promised


def test_packaged_ladder_lies_in_a_package_of_the_wheel() -> None:
    assert LADDER.is_file()
    assert LADDER.parent == Path(__file__).parents[3] / "config"


def test_one_entry_more_is_one_rung_more() -> None:
    extended = LADDER.read_text("utf-8") + text(AAC)
    assert parse(extended) == (
        *PACKAGED,
        Rung(name="aac-64", codec=Codec.AAC, stereo_bandwidth_bps=64_000, files=(File.CMAF,)),
    )


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param({"name": "AAC 64"}, "AAC 64: a name is lower-case", id="name with a blank"),
        pytest.param({"name": ""}, ": a name is lower-case", id="empty name"),
        pytest.param({"name": "../flac"}, r"\.\./flac: a name is lower-case", id="name that climbs"),
        pytest.param({"name": "a" * 65}, "a: a name has at most 64 characters", id="name that is too long for a URL"),
        pytest.param({"name": "master"}, "master: the list of all renditions has this name", id="name that is taken"),
        pytest.param({"codec": "mp2"}, r"the file: Invalid enum value 'mp2' - at `\$\.rung\[0\]\.codec`", id="codec"),
        pytest.param({"bandwidth_bps": 5}, "aac-64: bandwidth_bps of aac has to be 16000 to 512000", id="too little"),
        pytest.param({"bandwidth_bps": 900_000}, "aac-64: bandwidth_bps of aac has to be", id="too much"),
        pytest.param({"bandwidth_bps": "64k"}, "the file: Expected `int | null`, got `str`", id="a word"),
        pytest.param({"files": []}, "aac-64: files of aac are one or more of cmaf and m4a, each once", id="no file"),
        pytest.param({"files": ["cmaf", "cmaf"]}, "aac-64: files of aac", id="a file twice"),
        pytest.param({"files": ["ogg"]}, "aac-64: files of aac", id="a file of another codec"),
        pytest.param({"bitrate": 64_000}, "the file: Object contains unknown field `bitrate`", id="unknown key"),
        pytest.param({"codec": "flac"}, "aac-64: flac is lossless and has no bandwidth_bps", id="lossless with a rate"),
        pytest.param(
            {"codec": "mp3", "files": ["mp3"], "bandwidth_bps": 100_000},
            "aac-64: bandwidth_bps of mp3 has to be one of 64000, 80000",
            id="a rate that MP3 has not",
        ),
    ],
)
def test_entry_that_cannot_be_made_is_refused_by_its_name(change: dict[str, object], finding: str) -> None:
    with pytest.raises(InvalidLadder, match=finding):
        parse(text({**AAC, **change}))


def test_lossy_rung_needs_a_bandwidth() -> None:
    with pytest.raises(InvalidLadder, match="aac-64: bandwidth_bps of aac has to be"):
        parse(text({name: value for name, value in AAC.items() if name != "bandwidth_bps"}))


def test_two_entries_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidLadder, match="aac-64: two entries have this name"):
        parse(text(AAC, AAC))


def test_ladder_without_anything_to_stream_is_refused() -> None:
    with pytest.raises(InvalidLadder, match="no entry has a cmaf file"):
        parse(text({"name": "mp3", "codec": "mp3", "bandwidth_bps": 320_000, "files": ["mp3"]}))


@pytest.mark.parametrize("damaged", ["rung", "[[rung]", "", "\x00"])
def test_file_that_is_no_ladder_is_refused(damaged: str) -> None:
    with pytest.raises(InvalidLadder, match="the file: "):
        parse(damaged)


def test_mono_gets_half_the_bandwidth() -> None:
    assert [rung.bandwidth_bps(1) for rung in PACKAGED if rung.name == "aac-320"] == [160_000]


def test_rung_travels_to_a_child_and_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PACKAGED), type=tuple[Rung, ...]) == PACKAGED


def test_objects_are_named_after_their_rung() -> None:
    names = [rung.object_name(file) for rung in PACKAGED for file in rung.files if rung.name in ("aac-160", "flac")]
    assert names == ["aac-160.mp4", "aac-160.m4a", "flac.mp4", "flac.flac"]

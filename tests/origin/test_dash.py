"""The MPD against the schema of its standard, and its arithmetic."""

import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from origin import dash

SCHEMAS = Path(__file__).parents[2].parent / "shared" / "schemas" / "dash"
MPD = "{urn:mpeg:dash:schema:mpd:2011}"
XLINK = "xlink.xsd"


class LocalSchemas(etree.Resolver):
    """Answers the schema's import of xlink, which points at the network, with the file beside it."""

    def resolve(self, url, _identifier, context):
        if url.endswith(XLINK):
            return self.resolve_filename(str(SCHEMAS / XLINK), context)
        return None


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    if not SCHEMAS.is_dir():
        pytest.skip("shared/schemas/dash is not beside the project")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(LocalSchemas())
    return etree.XMLSchema(etree.parse(SCHEMAS / "DASH-MPD.xsd", parser))


def golden() -> list[Path]:
    return sorted((Path(__file__).parent / "golden").glob("*/manifest.mpd"))


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.parent.name)
def test_golden_manifest_is_valid(schema, path: Path) -> None:
    schema.assertValid(etree.parse(path))


def test_manifest_of_real_media_is_valid(schema, recording) -> None:
    schema.assertValid(etree.fromstring(dash.manifest(recording.asset)))


def test_schema_refuses_a_broken_manifest(schema, recording) -> None:
    broken = dash.manifest(recording.asset).replace(b' d="', b' length="')
    assert not schema.validate(etree.fromstring(broken))


def test_durations_are_exact_to_the_sample(recording) -> None:
    root = ET.fromstring(dash.manifest(recording.asset))
    for representation in root.iter(f"{MPD}Representation"):
        rendition = recording.asset.rendition(representation.attrib["id"])
        template = representation.find(f"{MPD}SegmentTemplate")
        assert template is not None
        assert int(template.attrib["timescale"]) == rendition.sample_rate_hz
        assert "presentationTimeOffset" not in template.attrib
        entries = list(template.iter(f"{MPD}S"))
        assert entries[0].attrib["t"] == "0"
        ticks = sum(int(entry.attrib["d"]) * (1 + int(entry.get("r", "0"))) for entry in entries)
        assert ticks == rendition.sample_count
    told = Fraction(root.attrib["mediaPresentationDuration"].removeprefix("PT").removesuffix("S"))
    assert 0 <= told - Fraction(len(recording.pcm), 44_100) < Fraction(1, 1_000_000)


def test_one_adaptation_set_a_codec_and_the_small_one_preferred(recording) -> None:
    sets = list(ET.fromstring(dash.manifest(recording.asset)).iter(f"{MPD}AdaptationSet"))
    offered = [[element.attrib["id"] for element in each.iter(f"{MPD}Representation")] for each in sets]
    assert offered == [["aac-96", "aac-320"], ["flac"]]
    assert [each.attrib["selectionPriority"] for each in sets] == ["2", "1"]


@pytest.mark.parametrize(("channels", "configuration"), [(1, "1"), (2, "2"), (4, "10"), (6, "6"), (7, "11"), (8, "12")])
def test_channels_are_told_by_their_standard_number(make_asset, make_rendition, channels, configuration) -> None:
    asset = make_asset(make_rendition(ticks=(44_100,), channels=channels))
    (told,) = ET.fromstring(dash.manifest(asset)).iter(f"{MPD}AudioChannelConfiguration")
    assert told.attrib["value"] == configuration

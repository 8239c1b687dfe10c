"""The MPD against the schema of its standard, and its arithmetic."""

import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from origin import dash
from origin.errors import NotThere
from origin.presentation import Track
from origin.protection.scheme import Scheme
from origin.protection.signalling import MP4_PROTECTION, Child, ContentProtection, Signalling

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


def mpd(*assets) -> bytes:
    return dash.manifest([Track(asset=asset) for asset in assets])


def golden() -> list[Path]:
    return sorted((Path(__file__).parent / "golden").glob("*/manifest.mpd"))


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.parent.name)
def test_golden_manifest_is_valid(schema, path: Path) -> None:
    schema.assertValid(etree.parse(path))


def test_manifest_of_real_media_is_valid(schema, recording) -> None:
    schema.assertValid(etree.fromstring(mpd(recording.asset)))


@pytest.mark.parametrize(
    "systems",
    [
        pytest.param(
            (ContentProtection(scheme_id_uri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e", value="ClearKey1.0"),),
            id="clear key",
        ),
        pytest.param(
            (
                ContentProtection(
                    scheme_id_uri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95",
                    children=(
                        Child(name="{urn:mpeg:cenc:2013}pssh", text="AAAA"),
                        Child(name="{urn:microsoft:playready}pro", text="AAAA"),
                    ),
                ),
            ),
            id="key system with data",
        ),
    ],
)
def test_protected_manifest_is_valid(schema, recording, systems) -> None:
    scheme = ContentProtection(scheme_id_uri=MP4_PROTECTION, value="cbcs", default_kid=UUID(int=5))
    keys = Signalling(
        scheme=Scheme.CBCS, segments_per_period=None, periods=((),), content_protections=(scheme, *systems)
    )
    schema.assertValid(etree.fromstring(dash.manifest([Track(asset=recording.asset, signalling=keys)])))


def test_schema_refuses_a_broken_manifest(schema, recording) -> None:
    broken = mpd(recording.asset).replace(b' d="', b' length="')
    assert not schema.validate(etree.fromstring(broken))


def test_durations_are_exact_to_the_sample(recording) -> None:
    root = ET.fromstring(mpd(recording.asset))
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
    sets = list(ET.fromstring(mpd(recording.asset)).iter(f"{MPD}AdaptationSet"))
    offered = [[element.attrib["id"] for element in each.iter(f"{MPD}Representation")] for each in sets]
    assert offered == [["aac-96", "aac-320"], ["flac"]]
    assert [each.attrib["selectionPriority"] for each in sets] == ["2", "1"]


@pytest.mark.parametrize(("channels", "configuration"), [(1, "1"), (2, "2"), (4, "10"), (6, "6"), (7, "11"), (8, "12")])
def test_channels_are_told_by_their_standard_number(make_asset, make_rendition, channels, configuration) -> None:
    asset = make_asset(make_rendition(ticks=(44_100,), channels=channels))
    (told,) = ET.fromstring(mpd(asset)).iter(f"{MPD}AudioChannelConfiguration")
    assert told.attrib["value"] == configuration


def test_codecs_have_sets_of_their_own(make_asset, make_rendition) -> None:
    asset = make_asset(
        make_rendition("flac", ticks=(44_100,), channels=6),
        make_rendition("aac-96", ticks=(44_100,)),
        make_rendition("flac-stereo", ticks=(44_100,)),
    )
    sets = list(ET.fromstring(mpd(asset)).iter(f"{MPD}AdaptationSet"))
    assert [[element.attrib["id"] for element in each.iter(f"{MPD}Representation")] for each in sets] == [
        ["aac-96"],
        ["flac-stereo"],
        ["flac"],
    ]


def test_figures_are_told_of_every_representation(recording) -> None:
    for representation in ET.fromstring(mpd(recording.asset)).iter(f"{MPD}Representation"):
        rendition = recording.asset.rendition(representation.attrib["id"])
        told = {
            each.attrib["schemeIdUri"]: each.attrib["value"]
            for each in representation.iterfind(f"{MPD}SupplementalProperty")
        }
        assert told == {
            "urn:segue:gapless:1": f"sample_rate=44100 priming={rendition.priming_samples} "
            f"padding={rendition.padding_samples} samples={len(recording.pcm)}",
            "urn:segue:loudness:1": "integrated_lufs=-14.00 true_peak_dbtp=-1.50 gain_db=0.00",
        }


def test_tracks_are_periods_behind_one_another(make_asset, make_rendition) -> None:
    assets = [make_asset(make_rendition(ticks=(ticks,))) for ticks in (44_101, 44_100, 22_050)]
    root = ET.fromstring(dash.manifest([Track(asset=asset, base=f"../{n}/") for n, asset in enumerate(assets)]))
    periods = list(root.iter(f"{MPD}Period"))
    assert [period.attrib["start"] for period in periods] == ["PT0.000000S", "PT1.000023S", "PT2.000023S"]
    assert root.attrib["mediaPresentationDuration"] == "PT2.500023S"
    assert [period.findtext(f"{MPD}BaseURL") for period in periods] == ["../0/", "../1/", "../2/"]
    assert len({period.attrib["id"] for period in periods}) == 3


def test_encryption_of_whole_segments_is_not_of_dash(make_asset, make_rendition) -> None:
    keys = Signalling(scheme=Scheme.AES_128, segments_per_period=None, periods=((),), content_protections=())
    with pytest.raises(NotThere):
        dash.manifest([Track(asset=make_asset(make_rendition(ticks=(1000,))), signalling=keys)])

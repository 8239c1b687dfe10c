"""The linter on what the running origin serves, and its reader of boxes on what FFmpeg wrote."""

import pytest

from appliance.lint import timing
from appliance.lint.collect import collect
from appliance.lint.findings import Severity
from appliance.lint.rules import judge
from edge.terms import Terms


async def test_our_streams_keep_every_rule_that_binds(origin) -> None:
    findings = judge(await collect(origin.url("master.m3u8"), with_segments=True))
    assert {(finding.rule, finding.severity) for finding in findings} == {("7.5", Severity.SHOULD)}


@pytest.mark.parametrize("scheme", ["aes128", "cbcs"])
async def test_our_encrypted_streams_keep_them_too(origin, scheme) -> None:
    path = origin.path(f"{scheme}/master.m3u8", terms=Terms(protection="protected"))
    findings = judge(await collect(f"http://{origin.host}{path}", with_segments=True))
    assert {finding.rule for finding in findings} == {"7.5"}


def test_segments_are_timed_as_they_were_cut(recording) -> None:
    for rendition in recording.asset.renditions:
        header = timing.header(recording.header(rendition.name))
        assert header is not None
        assert header.timescale == rendition.timescale
        start = 0
        for index, segment in enumerate(rendition.segments):
            span = timing.span(recording.segment(rendition.name, index), header)
            assert span == timing.Span(start, segment.duration_ticks)
            start += segment.duration_ticks


def test_cut_or_damaged_boxes_are_no_timing(recording) -> None:
    data = recording.header("aac-96")
    segment = recording.segment("aac-96", 0)[:2000]
    header = timing.header(data)
    for end in range(0, len(data), 7):
        timing.header(data[:end])
    for place in range(400):
        damaged = bytearray(segment)
        damaged[place] ^= 0xFF
        timing.span(bytes(damaged), header)
    assert timing.header(b"") is None
    assert timing.span(b"", header) is None
    assert timing.span(b"\x00\x00\x00\x08moof" * 100_000, header) is None

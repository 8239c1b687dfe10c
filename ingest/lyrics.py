"""Lyrics with times: LRC text to lines in milliseconds. Pure.

A line is `[mm:ss.xx]text`, with several times before one text when it is sung again; `[offset:+250]` lets everything
appear that many milliseconds earlier. ID3's SYLT frames are read as LRC too (`ingest.stages.describe`).
"""

from __future__ import annotations

import re

from ingest.contract import LyricLine

TIME = re.compile(r"\[(\d{1,3}):([0-5]?\d)(?:[.:](\d{1,3}))?\]", re.ASCII)
OFFSET = re.compile(r"^\[offset:\s*([+-]?\d{1,6})\]\s*$", re.ASCII | re.IGNORECASE | re.MULTILINE)
WORD_TIME = re.compile(r"<\d{1,3}:[0-5]?\d(?:[.:]\d{1,3})?>", re.ASCII)
"""Times of single words ("enhanced" LRC), which are left out."""
MAX_LINES = 2000
MAX_LINE_LENGTH = 500


def read(text: str) -> tuple[LyricLine, ...]:
    """The lines in the order of their times; none for a text that has no times."""
    found = OFFSET.search(text)
    offset_ms = int(found[1]) if found else 0
    lines = [line for row in text.splitlines()[:MAX_LINES] for line in _lines(row, offset_ms)]
    return tuple(sorted(lines, key=lambda line: line.start_ms)[:MAX_LINES])


def _lines(row: str, offset_ms: int) -> list[LyricLine]:
    position, starts = 0, []
    rest = row.strip()
    while time := TIME.match(rest, position):
        minutes, seconds, fraction = time.groups(default="0")
        # The fraction is of a second, however many digits it has.
        starts.append(60_000 * int(minutes) + 1000 * int(seconds) + int(fraction.ljust(3, "0")))
        position = time.end()
    text = " ".join(WORD_TIME.sub("", rest[position:]).split())[:MAX_LINE_LENGTH]
    return [LyricLine(start_ms=max(0, start - offset_ms), text=text) for start in starts]

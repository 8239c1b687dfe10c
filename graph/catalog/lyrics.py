"""Lyrics: as plain text, and line by line with the times at which they are sung. Pure.

The two are kept beside each other, for the plain text has verses and the lines have times.

Not here: reading them out of a master (`ingest.lyrics`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from graph.errors import ProblemCode, refused
from graph.names import BIDI_OVERRIDES

MAX_LENGTH = 50_000
"""Ten times a long rap; the longest opera's libretto is no track's."""
MAX_LINES = 2_000
MAX_LINE_LENGTH = 1_000
MAX_START_MS = 24 * 3600 * 1000


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line, and when it begins; an empty one where nothing is sung."""

    start_ms: int
    text: str


def checked_text(text: str, *, field: str) -> str | None:
    """The text with its lines; None when there is nothing in it. Raises Refused."""
    lines = (_plain(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept = "\n".join(lines).strip()
    if len(kept) > MAX_LENGTH:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_LENGTH} characters.")
    return kept or None


def checked_lines(lines: Sequence[Line], *, field: str) -> tuple[Line, ...]:
    """The lines in their order, which has to be that of their times. Raises Refused."""
    if len(lines) > MAX_LINES:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_LINES} lines.")
    for place, line in enumerate(lines):
        if not 0 <= line.start_ms <= MAX_START_MS:
            message = "A line begins within the track, at 0 ms or later."
            raise refused(ProblemCode.INVALID_VALUE, f"{field}.{place}.startMs", message)
        if len(line.text) > MAX_LINE_LENGTH:
            message = f"At most {MAX_LINE_LENGTH} characters a line."
            raise refused(ProblemCode.TOO_LONG, f"{field}.{place}.text", message)
    if any(later.start_ms < earlier.start_ms for earlier, later in pairwise(lines)):
        raise refused(ProblemCode.INVALID_VALUE, field, "The lines have to be in the order of their times.")
    return tuple(Line(start_ms=line.start_ms, text=_plain(line.text).strip()) for line in lines)


def _plain(line: str) -> str:
    """One line without what controls a terminal or the direction of what stands around it."""
    kept = (
        " " if character == "\t" else character
        for character in unicodedata.normalize("NFC", line)
        if character == "\t" or not (character in BIDI_OVERRIDES or unicodedata.category(character) in ("Cc", "Cs"))
    )
    return "".join(kept).rstrip()

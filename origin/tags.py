"""The lines of an HLS playlist. Everything about their spelling and quoting is here (RFC 8216 sections 4.1 and 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

MEDIA_TYPE = "application/vnd.apple.mpegurl"


class Quoted(msgspec.Struct, frozen=True):
    """A quoted-string. HLS has no escapes, so a text with a quote or a line break cannot be written: ValueError."""

    text: str

    def __post_init__(self) -> None:
        if any(character in self.text for character in '"\r\n'):
            raise ValueError(f"not a quoted-string: {self.text!r}")

    def __str__(self) -> str:
        return f'"{self.text}"'


class Enumerated(msgspec.Struct, frozen=True):
    """An enumerated-string: a word of the standard, without quotes."""

    text: str

    def __str__(self) -> str:
        return self.text


YES = Enumerated("YES")

Value: TypeAlias = int | Quoted | Enumerated
"""An attribute's decimal-integer, quoted-string or enumerated-string."""

UNSAYABLE = str.maketrans({'"': "\N{RIGHT DOUBLE QUOTATION MARK}", "\r": " ", "\n": " ", "\0": " "})


def sayable(text: str) -> Quoted:
    """A quoted-string of any text, what cannot stand in one replaced by what looks most like it."""
    return Quoted(text.translate(UNSAYABLE))


def tag(name: str, value: int | str | None = None) -> str:
    """`#NAME` or `#NAME:value`."""
    return f"#{name}" if value is None else f"#{name}:{value}"


def attribute_tag(name: str, attributes: Mapping[str, Value]) -> str:
    """`#NAME:A=1,B="text"`, in the order of the mapping."""
    return tag(name, ",".join(f"{key}={value}" for key, value in attributes.items()))


def extinf(microseconds: int) -> str:
    """The duration tag of one segment, with six decimals and without a title."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    return tag("EXTINF", f"{seconds}.{fraction:06d},")


def playlist(lines: Iterable[str]) -> bytes:
    """UTF-8 without a byte order mark, a line feed behind every line, `#EXTM3U` first."""
    return "".join(f"{line}\n" for line in ("#EXTM3U", *lines)).encode()

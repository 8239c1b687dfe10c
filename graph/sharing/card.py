"""What the preview of a link says: made of what the API answers to anybody, turned into a page of HTML.

Pure. The page is for two readers: programs that show a preview take its `<meta>` elements (Open Graph protocol, ogp.me,
with its music types; Twitter cards), people see a picture, a name and a line. Every value is escaped, for names are
strangers' texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

SITE = "Segue"
MAX_DESCRIPTION = 200
"""What previews show of a description, at most; they cut longer ones anywhere."""
PICTURE_PX = 640
"""Previews want 600 pixels at least for a large picture; the next size has four times the bytes."""

Data = Mapping[str, Any]
"""A node as the API answers it."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG, which every program can show."""

    url: str
    width_px: int
    height_px: int


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one thing."""

    og_type: str
    title: str
    line: str
    picture: Picture | None
    properties: tuple[tuple[str, str], ...] = ()
    """Of its Open Graph type alone."""


def card_of(node: Data) -> Card:
    """The card of a node, as `page.DOCUMENT` asks for it."""
    picture = _picture(node["image"])
    match node["__typename"]:
        case "Track":
            duration_ms = node["durationMs"]
            length = () if duration_ms is None else (("music:duration", str(round(duration_ms / 1000))),)
            line = _line("Track", node["artist"], node["album"] and node["album"]["title"])
            return Card(og_type="music.song", title=node["title"], line=line, picture=picture, properties=length)
        case "Album":
            date = node["releaseDate"]
            released = () if date is None else (("music:release_date", date),)
            line = _line("Album", node["artist"], date and date[:4], _tracks(node["tracks"]))
            return Card(og_type="music.album", title=node["title"], line=line, picture=picture, properties=released)
        case "Playlist":
            line = node["description"] or _line("Playlist", node["owner"], _tracks(node["entries"]))
            return Card(og_type="music.playlist", title=node["name"], line=_cut(line), picture=picture)
        case _:
            return Card(og_type="profile", title=node["name"], line=f"Artist on {SITE}", picture=picture)


def page(card: Card, *, url: str, style: str) -> str:
    """The page of a link."""
    title, line = escape(card.title), escape(card.line)
    image = ""
    if card.picture is not None:
        at = card.picture
        image = f'<img src="{escape(at.url)}" width="{at.width_px}" height="{at.height_px}" alt="Artwork of {title}">\n'
    metas = "\n".join(
        f'<meta {kind}="{escape(name)}" content="{escape(value)}">' for kind, name, value in _metas(card, url)
    )
    return f"""<!doctype html>
<html lang="en" prefix="og: https://ogp.me/ns# music: https://ogp.me/ns/music#">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {SITE}</title>
<link rel="canonical" href="{escape(url)}">
{metas}
<style>{style}</style>
</head>
<body>
<main>
{image}<h1>{title}</h1>
<p>{line}</p>
</main>
</body>
</html>
"""


def _metas(card: Card, url: str) -> Iterator[tuple[str, str, str]]:
    """The attribute that names each element, its name, and its content."""
    yield "name", "description", card.line
    yield "property", "og:site_name", SITE
    yield "property", "og:type", card.og_type
    yield "property", "og:url", url
    yield "property", "og:title", card.title
    yield "property", "og:description", card.line
    for name, value in card.properties:
        yield "property", name, value
    yield "name", "twitter:card", "summary"
    yield "name", "twitter:title", card.title
    yield "name", "twitter:description", card.line
    if card.picture is not None:
        yield "property", "og:image", card.picture.url
        yield "property", "og:image:type", "image/jpeg"
        yield "property", "og:image:width", str(card.picture.width_px)
        yield "property", "og:image:height", str(card.picture.height_px)
        yield "property", "og:image:alt", f"Artwork of {card.title}"
        yield "name", "twitter:image", card.picture.url


def _picture(image: Data | None) -> Picture | None:
    """The size that is meant for a preview, or the largest below it."""
    files: Sequence[Data] = () if image is None else image["files"]
    jpegs = [file for file in files if file["format"] == "JPEG" and file["size"] <= PICTURE_PX]
    if not jpegs:
        return None
    best = max(jpegs, key=lambda file: file["size"])
    return Picture(url=best["url"], width_px=best["width"], height_px=best["height"])


def _line(kind: str, by: Data | None, *facts: str | None) -> str:
    names = [kind, *(by[name] for name in ("name", "displayName") if by and name in by)]
    return _cut(" · ".join([" by ".join(names), *(fact for fact in facts if fact)]))


def _tracks(connection: Data | None) -> str | None:
    count = 0 if connection is None else connection["totalCount"]
    return f"{count} track{'' if count == 1 else 's'}" if count else None


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1].rstrip() + "…"

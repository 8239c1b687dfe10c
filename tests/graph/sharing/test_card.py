"""What a preview says, and that no text of a stranger is taken for markup."""

from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph.sharing.card import MAX_DESCRIPTION, Card, Picture, card_of, page

URL = "https://segue.example/s/abcdefghijkl"


class Reader(HTMLParser):
    """What a program that shows previews reads: metas, the title, and which elements there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.metas: dict[str, str] = {}
        self.elements: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        given = dict(attrs)
        if tag == "meta" and "content" in given:
            self.metas[str(given.get("property") or given.get("name"))] = str(given["content"])

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def image(*sizes: int) -> dict[str, Any]:
    return {
        "files": [
            {"size": size, "width": size, "height": size - 1, "format": form, "url": f"https://cdn/{size}.{form}"}
            for size in sizes
            for form in ("AVIF", "JPEG")
        ]
    }


def test_a_track_says_how_long_it_is_by_whom_and_from_where() -> None:
    card = card_of(
        {
            "__typename": "Track",
            "title": "River",
            "durationMs": 181_600,
            "artist": {"name": "Alma"},
            "album": {"title": "Water"},
            "image": image(64, 300, 640, 1200),
        }
    )
    read = Reader(page(card, url=URL, style=""))
    assert read.metas == {
        "viewport": "width=device-width, initial-scale=1",
        "description": "Track by Alma · Water",
        "og:site_name": "Segue",
        "og:type": "music.song",
        "og:url": URL,
        "og:title": "River",
        "og:description": "Track by Alma · Water",
        "music:duration": "182",
        "twitter:card": "summary",
        "twitter:title": "River",
        "twitter:description": "Track by Alma · Water",
        "og:image": "https://cdn/640.JPEG",
        "og:image:type": "image/jpeg",
        "og:image:width": "640",
        "og:image:height": "639",
        "og:image:alt": "Artwork of River",
        "twitter:image": "https://cdn/640.JPEG",
    }


def test_an_album_says_when_it_came_out_and_how_many_tracks_it_has() -> None:
    node = {
        "__typename": "Album",
        "title": "Water",
        "releaseDate": "2024-05-03",
        "artist": {"name": "Alma"},
        "tracks": {"totalCount": 12},
        "image": image(64),
    }
    card = card_of(node)
    assert (card.og_type, card.line) == ("music.album", "Album by Alma · 2024 · 12 tracks")
    assert card.properties == (("music:release_date", "2024-05-03"),)
    assert card.picture is not None
    assert card.picture.url == "https://cdn/64.JPEG"
    bare = {**node, "releaseDate": None, "tracks": {"totalCount": 1}, "image": None}
    assert card_of(bare) == Card(og_type="music.album", title="Water", line="Album by Alma · 1 track", picture=None)


def test_a_playlist_says_its_description_or_whose_it_is() -> None:
    node = {
        "__typename": "Playlist",
        "name": "Evening",
        "description": "",
        "owner": {"displayName": "Mo"},
        "entries": {"totalCount": 0},
        "image": None,
    }
    assert card_of(node).line == "Playlist by Mo"
    assert card_of({**node, "description": "Quiet."}).line == "Quiet."
    long = card_of({**node, "description": "word " * 100}).line
    assert len(long) <= MAX_DESCRIPTION
    assert long.endswith("word…")


def test_an_artist_is_a_profile() -> None:
    card = card_of({"__typename": "Artist", "name": "Alma", "image": None})
    assert (card.og_type, card.title, card.line) == ("profile", "Alma", "Artist on Segue")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_any_text_is_a_text_and_no_markup(text: str) -> None:
    picture = Picture(url=f"https://cdn/{text}", width_px=1, height_px=1)
    plain = Reader(page(Card(og_type="profile", title="x", line="x", picture=picture), url=URL, style=""))
    read = Reader(page(Card(og_type="profile", title=text, line=text, picture=picture), url=URL, style=""))
    assert read.elements == plain.elements
    assert read.metas["og:title"] == read.metas["twitter:description"] == text
    assert text in "".join(read.texts)

import pytest

from appliance.importer.albums import VARIOUS_ARTISTS, Description, settled


def track(title: str = "Song", artist: str | None = "Ada", album: str | None = "Hits", **more: object) -> Description:
    return Description(title=title, artist=artist, album=album, **more)


def album_artists(*descriptions: Description) -> list[str | None]:
    return [description.album_artist for description in settled(descriptions)]


def test_an_album_by_one_artist_is_that_artists() -> None:
    assert album_artists(track(artist="Ada"), track(artist="ADA")) == ["Ada", "ADA"]


def test_an_album_by_several_artists_is_a_compilation() -> None:
    assert album_artists(track(artist="Ada"), track(artist="Bert")) == [VARIOUS_ARTISTS, VARIOUS_ARTISTS]


def test_a_guest_makes_no_second_artist() -> None:
    plain, guest = settled([track(artist="Ada"), track(artist="Ada feat. Bert")])
    assert [(plain.artist, plain.album_artist), (guest.artist, guest.album_artist)] == [("Ada", "Ada")] * 2


def test_a_tag_decides_where_it_speaks() -> None:
    named = track(artist="Bert", album_artist="Ada")
    assert album_artists(track(artist="Ada", album_artist="Ada"), named) == ["Ada", "Ada"]
    assert album_artists(track(compilation=True)) == [VARIOUS_ARTISTS]


def test_two_albums_in_one_folder_do_not_mix() -> None:
    assert album_artists(track(artist="Ada", album="One"), track(artist="Bert", album="Two")) == ["Ada", "Bert"]


def test_a_track_without_an_album_has_no_album_artist() -> None:
    assert album_artists(track(album=None), track(artist="Bert", album=None)) == [None, None]


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        pytest.param("Ada feat. Bert", "Song", ("Ada", "Song (feat. Bert)"), id="feat."),
        pytest.param("Ada ft. Bert & Cleo", "Song", ("Ada", "Song (feat. Bert & Cleo)"), id="two guests"),
        pytest.param("Ada (featuring Bert)", "Song", ("Ada", "Song (feat. Bert)"), id="in brackets"),
        pytest.param("Ada feat. Bert", "Song (feat. Bert)", ("Ada", "Song (feat. Bert)"), id="named in the title"),
        pytest.param("Little Feat", "Song", ("Little Feat", "Song"), id="a band of that name"),
        pytest.param("Featherweight", "Song", ("Featherweight", "Song"), id="a word that begins so"),
        pytest.param(None, "Song", (None, "Song"), id="nobody"),
    ],
)
def test_guests_stand_in_the_title(artist: str | None, title: str, expected: tuple[str | None, str]) -> None:
    (found,) = settled([track(title=title, artist=artist)])
    assert (found.artist, found.title) == expected

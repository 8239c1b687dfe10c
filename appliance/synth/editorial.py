"""What is said about tracks and albums: genres, credits, and licences that keep a few tracks to some markets.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from appliance.synth import words
from appliance.synth.catalogue import Albums, Artists, Tracks
from appliance.synth.draws import Numbers, generator, keys, skewed, times_ms
from appliance.synth.sizes import Order
from appliance.synth.table import Row, Table
from graph.search.text import fold

GENRES = 120
LICENSED = 0.02
"""Of all tracks; the rest has no licence and so may be heard everywhere."""
MARKETS = ("DE", "FR", "GB", "JP", "US")
END = datetime(2100, 1, 1, tzinfo=UTC)


def genre_tables(order: Order, albums: Albums, tracks: Tracks) -> Iterator[Table]:
    """Genres, one for each album and its tracks: the first ones have the most."""
    rng = generator(order.seed, "genres")
    names = list(dict.fromkeys(words.playlist_names(rng, GENRES * 4)))[:GENRES]
    genres = keys(rng, times_ms(rng, len(names), now=order.now))
    yield Table(
        name="genres",
        columns="id slug name",
        rows=((key, fold(name), name) for key, name in zip(genres, names, strict=True)),
    )
    of_album: list[int] = skewed(rng, len(names), len(albums.keys), steepness=2).tolist()
    of_single: list[int] = skewed(rng, len(names), len(tracks.keys), steepness=2).tolist()
    yield Table(
        name="album_genres",
        columns="genre_id album_id position",
        rows=((genres[genre], album, 0) for genre, album in zip(of_album, albums.keys, strict=True)),
    )
    yield Table(
        name="track_genres",
        columns="genre_id track_id position",
        rows=(
            (genres[of_album[album] if album >= 0 else single], track, 0)
            for track, album, single in zip(tracks.keys, tracks.album, of_single, strict=True)
        ),
    )


def credit_table(artists: Artists, tracks: Tracks) -> Table:
    """The artist of each track as its performer."""
    return Table(
        name="track_credits",
        columns="track_id position role name artist_id",
        rows=(
            (track, 0, "performer", artists.names[artist], artists.keys[artist])
            for track, artist in zip(tracks.keys, tracks.artist, strict=True)
        ),
    )


def licence_table(order: Order, tracks: Tracks) -> Table:
    """A few tracks in two markets each, from the day on which they were added."""
    rng = generator(order.seed, "licences")
    chosen: Numbers = rng.permutation(len(tracks.keys))[: int(len(tracks.keys) * LICENSED)]
    licences = keys(rng, tracks.created_ms[chosen.repeat(2)])
    first = rng.integers(0, len(MARKETS), size=len(chosen)).tolist()

    def rows() -> Iterator[Row]:
        for place, (track, market) in enumerate(zip(chosen.tolist(), first, strict=True)):
            starts_at = tracks.created[track] - timedelta(days=1)
            for second in (0, 1):
                name = MARKETS[(market + second) % len(MARKETS)]
                yield licences[2 * place + second], tracks.keys[track], name, starts_at, END

    return Table(name="licences", columns="id track_id market starts_at ends_at", rows=rows())

"""Artists, albums and tracks.

Pure. A few accounts own all artists, as labels do. Nine tracks of ten are on an album, the rest are singles; albums
come out one after the other and their tracks with them, so that keys ascend with time as they do in a real catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np

from appliance.synth import words
from appliance.synth.draws import Numbers, generator, keys, moments, shares, skewed, times_ms
from appliance.synth.sizes import Order
from appliance.synth.table import Row, Table
from graph.search.text import fold

ON_ALBUMS = 0.9
ALBUM_SPREAD = 0.6
"""Of the logarithm of an album's length: most have 3 to 12 tracks, a few more than 40."""
ARTIST_STEEPNESS = 3.0
"""The first thousandth of the artists has a tenth of the albums."""
LONGEST_SINGLE, LONGEST_EP = 2, 6


class Artists(msgspec.Struct, frozen=True, kw_only=True):
    """Every artist, in the order of creation."""

    keys: list[UUID]
    names: list[str]
    folded: list[str]
    created: list[datetime]


class Albums(msgspec.Struct, frozen=True, kw_only=True):
    """Every album in the order of creation; `artist` is an index, as are all numbers between these records."""

    keys: list[UUID]
    titles: list[str]
    folded: list[str]
    artist: list[int]
    length: list[int]
    created: list[datetime]
    created_ms: Numbers


class Tracks(msgspec.Struct, frozen=True, kw_only=True):
    """Every track, those of albums first and in their order; a single's album is -1."""

    keys: list[UUID]
    assets: list[UUID]
    titles: list[str]
    folded: list[str]
    artist: list[int]
    album: list[int]
    number: list[int]
    created: list[datetime]
    created_ms: Numbers


def artists_of(order: Order) -> Artists:
    rng = generator(order.seed, "artists")
    created_ms = times_ms(rng, order.sizes.artists, now=order.now)
    names = words.names(rng, order.sizes.artists)
    return Artists(
        keys=keys(rng, created_ms), names=names, folded=[fold(name) for name in names], created=moments(created_ms)
    )


def albums_of(order: Order) -> Albums:
    rng = generator(order.seed, "albums")
    size = order.sizes.albums
    created_ms = times_ms(rng, size, now=order.now)
    titles = words.titles(rng, size)
    return Albums(
        keys=keys(rng, created_ms),
        titles=titles,
        folded=[fold(title) for title in titles],
        artist=skewed(rng, order.sizes.artists, size, steepness=ARTIST_STEEPNESS).tolist(),
        length=shares(rng, int(order.sizes.tracks * ON_ALBUMS), size, spread=ALBUM_SPREAD).tolist(),
        created=moments(created_ms),
        created_ms=created_ms,
    )


def tracks_of(order: Order, albums: Albums) -> Tracks:
    rng = generator(order.seed, "tracks")
    size = order.sizes.tracks
    lengths = np.array(albums.length)
    album = np.repeat(np.arange(len(lengths)), lengths)
    singles = size - len(album)
    number = np.arange(len(album)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    single_artist = skewed(rng, order.sizes.artists, singles, steepness=ARTIST_STEEPNESS)
    created_ms = np.concatenate([albums.created_ms[album], times_ms(rng, singles, now=order.now)])
    titles = words.titles(rng, size)
    return Tracks(
        keys=keys(rng, created_ms),
        assets=keys(rng, created_ms),
        titles=titles,
        folded=[fold(title) for title in titles],
        artist=np.concatenate([np.array(albums.artist, dtype=np.int64)[album], single_artist]).tolist(),
        album=np.concatenate([album, np.full(singles, -1)]).tolist(),
        number=number.tolist(),
        created=moments(created_ms),
        created_ms=created_ms,
    )


def artist_table(artists: Artists, owners: list[UUID]) -> Table:
    def rows() -> Iterator[Row]:
        for index, key in enumerate(artists.keys):
            owner = owners[index % len(owners)]
            yield key, owner, artists.names[index], artists.folded[index], artists.created[index]

    return Table(name="artists", columns="id owner_id name search_text created_at", rows=rows())


def album_table(artists: Artists, albums: Albums) -> Table:
    def rows() -> Iterator[Row]:
        for index, key in enumerate(albums.keys):
            artist, at = albums.artist[index], albums.created[index]
            text = f"{albums.folded[index]}\n{artists.folded[artist]}"
            kind = _type_of(albums.length[index])
            yield key, artists.keys[artist], albums.titles[index], kind, at.date(), text, at

    return Table(name="albums", columns="id artist_id title type release_date search_text created_at", rows=rows())


def track_table(order: Order, artists: Artists, albums: Albums, tracks: Tracks) -> Table:
    rng = generator(order.seed, "explicit")
    explicit = (rng.random(len(tracks.keys)) < 0.1).tolist()

    def rows() -> Iterator[Row]:
        for index, key in enumerate(tracks.keys):
            artist, album = tracks.artist[index], tracks.album[index]
            text = f"{tracks.folded[index]}\n{artists.folded[artist]}"
            on_album = album >= 0
            yield (
                key,
                artists.keys[artist],
                albums.keys[album] if on_album else None,
                tracks.titles[index],
                f"ZZSYN{index:07}",  # ZZ is a country that ISO 3166 gives to nobody
                tracks.number[index] if on_album else None,
                explicit[index],
                f"{text} {albums.folded[album]}" if on_album else text,
                tracks.assets[index],
                tracks.created[index],
            )

    columns = "id artist_id album_id title isrc track_number explicit search_text asset_id created_at"
    return Table(name="tracks", columns=columns, rows=rows())


def _type_of(length: int) -> str:
    return "single" if length <= LONGEST_SINGLE else "ep" if length <= LONGEST_EP else "album"

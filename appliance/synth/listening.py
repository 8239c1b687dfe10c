"""What listeners have played in the last weeks, and what is counted of it, as the rollup would have counted it.

Pure. Every play lies in the last eight weeks, so it is in the span of six months and in all time, and half of them in
that of four weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np

from appliance.synth.catalogue import Artists, Tracks
from appliance.synth.draws import POPULAR, Numbers, charts, generator, keys, moments, skewed, times_ms
from appliance.synth.editorial import MARKETS
from appliance.synth.people import People
from appliance.synth.sizes import Order
from appliance.synth.table import Row, Table
from graph.listening.spans import DAYS_OF, LONGEST_CHART, ListeningSpan, first_day, popularity_weight

PLAYS_EACH = 40
FAVOURITES = 100
"""Tracks that one listener plays, the first ones more often."""
GOLDEN = 0.6180339887498949
"""Its multiples, without their whole parts, are spread evenly and never repeat."""
SPAN_YEARS = 56 / 365
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


class Plays(msgspec.Struct, frozen=True, kw_only=True):
    """Every play, the oldest first; users, tracks, artists and markets by index."""

    user: Numbers
    track: Numbers
    artist: Numbers
    market: Numbers
    at_ms: Numbers


def plays_of(order: Order, tracks: Tracks) -> Plays:
    rng = generator(order.seed, "plays")
    count = order.sizes.listeners * PLAYS_EACH
    user = skewed(rng, order.sizes.listeners, count, steepness=2)
    among = charts(order.seed, len(tracks.keys))
    # Somebody's favourites follow from who it is, so that what is played often is played by the same listeners.
    favourite = user * FAVOURITES + skewed(rng, FAVOURITES, count, steepness=2)
    track = among[(len(among) * (favourite * GOLDEN % 1) ** POPULAR).astype(np.int64)]
    return Plays(
        user=user,
        track=track,
        artist=np.array(tracks.artist, dtype=np.int64)[track],
        market=user % len(MARKETS),
        at_ms=times_ms(rng, count, now=order.now, years=SPAN_YEARS),
    )


def play_table(order: Order, listeners: People, artists: Artists, tracks: Tracks, plays: Plays) -> Table:
    """The history itself, in the months that it needs."""
    rng = generator(order.seed, "play keys")
    ids, at = keys(rng, plays.at_ms), moments(plays.at_ms)
    months = {f"{moment:%Y-%m}-01" for moment in at}

    def rows() -> Iterator[Row]:
        columns = (plays.user.tolist(), plays.track.tolist(), plays.artist.tolist(), plays.market.tolist())
        for key, user, track, artist, market, moment in zip(ids, *columns, at, strict=True):
            listener, name = listeners.keys[user], MARKETS[market]
            yield key, listener, tracks.keys[track], artists.keys[artist], name, moment, 180_000, False

    return Table(
        name="plays",
        columns="id user_id track_id artist_id market played_at played_ms private",
        rows=rows(),
        before=tuple(f"SELECT make_month_of_plays('{month}')" for month in sorted(months)),
    )


def counted_tables(order: Order, listeners: People, artists: Artists, tracks: Tracks, plays: Plays) -> Iterator[Table]:
    """What is kept of the history so that nobody reads it: the last time of each track, days, tops, hours, scores."""
    yield _recent(listeners, tracks, plays)
    today = order.now.astimezone(UTC).date()
    yield _days(listeners, artists, tracks, plays, today=today)
    for column, name, things, keys_ in (
        ("track_id", "top_tracks", plays.track, tracks.keys),
        ("artist_id", "top_artists", plays.artist, artists.keys),
    ):
        rows = (
            (listeners.keys[user], span.value, keys_[thing], count)
            for span in ListeningSpan
            for user, thing, count in _tops(plays, things, since=_first(span, today))
        )
        yield Table(name=name, columns=f"user_id span {column} plays", rows=rows)
    yield _hours(order, tracks, plays)
    yield _waiting(tracks, plays)


def _recent(listeners: People, tracks: Tracks, plays: Plays) -> Table:
    # Plays ascend in time, so of each pair the last one counts: the first of the reversed.
    _, first = np.unique(np.stack([plays.user, plays.track])[:, ::-1], axis=1, return_index=True)
    last = len(plays.user) - 1 - first
    at = moments(plays.at_ms[last])
    pairs = zip(plays.user[last].tolist(), plays.track[last].tolist(), at, strict=True)
    return Table(
        name="recent_tracks",
        columns="user_id track_id played_at",
        rows=((listeners.keys[user], tracks.keys[track], moment) for user, track, moment in pairs),
    )


def _days(listeners: People, artists: Artists, tracks: Tracks, plays: Plays, *, today: date) -> Table:
    groups, counts = _counted(plays.user, plays.at_ms // DAY_MS, plays.track, plays.artist)
    spans = [
        f"UPDATE listening_spans SET first_day = '{first_day(span, today=today)}'"  # noqa: S608 -- a date of ours
        f" WHERE span = '{span.value}'"
        for span in DAYS_OF
    ]
    return Table(
        name="listening_days",
        columns="user_id day track_id artist_id plays",
        rows=(
            (listeners.keys[user], _day(day), tracks.keys[track], artists.keys[artist], count)
            for (user, day, track, artist), count in zip(groups, counts, strict=True)
        ),
        before=tuple(spans),
    )


def _tops(plays: Plays, things: Numbers, *, since: date | None) -> Iterator[tuple[int, int, int]]:
    counts_from = 0 if since is None else (since - date(1970, 1, 1)).days * DAY_MS
    chosen = plays.at_ms >= counts_from
    groups, counts = _counted(plays.user[chosen], things[chosen])
    for (user, thing), count in zip(groups, counts, strict=True):
        yield user, thing, count


def _hours(order: Order, tracks: Tracks, plays: Plays) -> Table:
    lately = plays.at_ms >= _ms(order.now - LONGEST_CHART)
    groups, counts = _counted(plays.at_ms[lately] // HOUR_MS, plays.market[lately], plays.track[lately])
    return Table(
        name="track_hours",
        columns="hour market track_id plays",
        rows=(
            (datetime.fromtimestamp(hour * HOUR_MS / 1000, tz=UTC), MARKETS[market], tracks.keys[track], count)
            for (hour, market, track), count in zip(groups, counts, strict=True)
        ),
    )


def _waiting(tracks: Tracks, plays: Plays) -> Table:
    """What artists are known for, as the rollup leaves it for the schedule to show."""
    days, places = np.unique(plays.at_ms // DAY_MS, return_inverse=True)
    weights = np.array([popularity_weight(_day(day)) for day in days.tolist()])
    heard, tracks_of = np.unique(plays.track, return_inverse=True)
    counts, scores = np.bincount(tracks_of), np.bincount(tracks_of, weights=weights[places])
    rows = zip(heard.tolist(), counts.tolist(), scores.tolist(), strict=True)
    return Table(
        name="track_plays_waiting",
        columns="track_id plays score",
        rows=((tracks.keys[track], count, score) for track, count, score in rows),
    )


def _counted(*columns: Numbers) -> tuple[list[list[int]], list[int]]:
    """The distinct rows of these columns, and how often each is there."""
    groups, counts = np.unique(np.stack(columns), axis=1, return_counts=True)
    return groups.T.tolist(), counts.tolist()


def _first(span: ListeningSpan, today: date) -> date | None:
    return first_day(span, today=today) if span in DAYS_OF else None


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

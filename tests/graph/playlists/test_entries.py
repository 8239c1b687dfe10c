"""Adding, removing and moving entries: where they end up, and what is refused as a whole."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import ProblemCode, Refused
from graph.keys import new_key
from graph.playlists.entries import add_entries
from graph.playlists.position import MAX_LENGTH, spread
from graph.playlists.records import MAX_AT_ONCE, MAX_ENTRIES, End, Place, StaleRevision
from graph.playlists.service import create_playlist

FIRST = Place(end=End.START)


async def test_entries_stand_where_they_were_put(desk) -> None:
    a, b = await desk.add(2)
    c, d = await desk.add(2, place=FIRST)
    (e,) = await desk.add(place=Place(before=b))
    f, g = await desk.add(2, place=Place(after=b))
    (h,) = await desk.add(place=Place(after=c))
    assert await desk.order() == [c, h, d, a, e, b, f, g]


async def test_an_entry_says_who_added_it_and_when(desk) -> None:
    (entry,) = await desk.add()
    row = await desk.pool.fetchrow("SELECT added_by, added_at, track_id FROM playlist_entries WHERE id = $1", entry)
    assert (row["added_by"], row["track_id"]) == (desk.owner.user_id, desk.track)
    assert abs(row["added_at"] - datetime.now(UTC)) < timedelta(minutes=10)


async def test_moved_entries_keep_their_ids_and_stand_in_the_order_given(desk) -> None:
    a, b, c, d, e = await desk.add(5)
    revision = 2
    for moved, place, expected in [
        ([e], FIRST, [e, a, b, c, d]),
        ([a, e], Place(after=c), [b, c, a, e, d]),
        ([d, b], Place(end=End.END), [c, a, e, d, b]),
        ([b], Place(before=a), [c, b, a, e, d]),
        ([c], Place(before=b), [c, b, a, e, d]),
    ]:
        revision = await desk.move(revision, *moved, place=place)
        assert await desk.order() == expected
    assert revision == await desk.revision() == 7


async def test_removed_entries_are_gone_and_the_others_stay(desk) -> None:
    a, b, c = await desk.add(3)
    await desk.remove(2, a, c)
    assert await desk.order() == [b]
    assert await desk.told() == [
        ("playlist_entry", b, False),
        ("playlist", desk.playlist, False),
        ("playlist_entry", a, True),
        ("playlist_entry", c, True),
    ]


async def test_any_moves_do_what_a_list_does(desk) -> None:
    draw = random.Random(11)  # noqa: S311 -- a plan, not a secret
    model = list(await desk.add(6))
    revision = 2
    for _ in range(40):
        moved = draw.sample(model, draw.randint(1, 3))
        rest = [entry for entry in model if entry not in moved]
        at = draw.randrange(len(rest))
        place, cut = draw.choice([(Place(before=rest[at]), at), (Place(after=rest[at]), at + 1)])
        revision = await desk.move(revision, *moved, place=place)
        model = [*rest[:cut], *moved, *rest[cut:]]
    assert await desk.order() == model


async def test_a_used_up_gap_is_opened_and_no_order_lost(desk) -> None:
    a, b, c = await desk.add(3)
    low, high, last = "V" * 8, "V" * 8 + "0" * (MAX_LENGTH - 9) + "1", "W" * 8
    await desk.pool.execute(
        "UPDATE playlist_entries AS entry SET position = new.position"
        " FROM unnest($1::uuid[], $2::text[]) AS new (id, position) WHERE entry.id = new.id",
        [a, b, c],
        [low, high, last],
    )
    await desk.pool.execute("DELETE FROM changes")
    (d,) = await desk.add(place=Place(before=b))
    assert await desk.order() == [a, d, b, c]
    assert {key for _, key, _ in await desk.told()} == {desk.playlist, a, b, c, d}
    await desk.move(3, c, place=Place(after=a))
    assert await desk.order() == [a, c, d, b]


async def test_a_stale_revision_changes_nothing(desk) -> None:
    a, b = await desk.add(2)
    for write in (
        desk.add_tracks([desk.track], revision=1),
        desk.move(1, b, place=FIRST),
        desk.remove(1, b),
    ):
        with pytest.raises(StaleRevision) as stale:
            await write
        assert stale.value.current == 2
    assert await desk.order() == [a, b]


async def test_one_unknown_among_many_refuses_them_all(desk) -> None:
    a, b = await desk.add(2)
    lost = new_key()
    for write, field in (
        (desk.add_tracks([desk.track, lost]), "trackIds"),
        (desk.move(2, b, lost, place=FIRST), "entryIds"),
        (desk.remove(2, b, lost), "entryIds"),
    ):
        with pytest.raises(Refused) as refusal:
            await write
        assert [(problem.code, problem.field) for problem in refusal.value.problems] == [
            (ProblemCode.NOT_FOUND, (field, "1"))
        ]
    assert (await desk.order(), await desk.revision()) == ([a, b], 2)


async def test_places_and_lists_that_make_no_sense_are_refused(desk) -> None:
    a, b = await desk.add(2)
    for write, code, field in (
        (desk.move(2, a, place=Place(after=a)), "INVALID_VALUE", ("place",)),
        (desk.move(2, a, place=Place(before=new_key())), "NOT_FOUND", ("place", "before")),
        (desk.add(place=Place(after=new_key())), "NOT_FOUND", ("place", "after")),
        (desk.move(2, b, b, place=FIRST), "INVALID_VALUE", ("entryIds",)),
        (desk.remove(2), "REQUIRED", ("entryIds",)),
        (desk.remove(2, *[new_key()] * (MAX_AT_ONCE + 1)), "TOO_LONG", ("entryIds",)),
    ):
        with pytest.raises(Refused) as refusal:
            await write
        assert [(problem.code.name, problem.field) for problem in refusal.value.problems] == [(code, field)]
    assert (await desk.order(), await desk.revision()) == ([a, b], 2)


async def test_a_track_that_is_not_out_is_added_by_its_artist_alone(desk, artist, add_track) -> None:
    unready = await add_track(artist)
    with pytest.raises(Refused):
        await desk.add_tracks([desk.track, unready])
    own = await create_playlist(desk.pool, artist, name="Own", description="", public=False)
    added = await add_entries(
        desk.pool, artist, playlist_id=own, revision=1, track_ids=[unready], place=FIRST, market=None
    )
    assert (len(added.entry_ids), added.revision) == (1, 2)


async def test_a_full_playlist_takes_no_more(desk) -> None:
    await desk.pool.execute(
        "INSERT INTO playlist_entries (id, playlist_id, track_id, position)"
        " SELECT gen_random_uuid(), $1, $2, position FROM unnest($3::text[]) AS position",
        desk.playlist,
        desk.track,
        spread(MAX_ENTRIES - 1),
    )
    with pytest.raises(Refused) as refusal:
        await desk.add(2)
    assert [problem.code for problem in refusal.value.problems] == [ProblemCode.PLAYLIST_FULL]
    await desk.add()
    assert await desk.revision() == 2

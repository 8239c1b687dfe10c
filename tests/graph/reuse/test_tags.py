from uuid import UUID

import pytest

from graph.reads.footprints import Footprint, Footprints
from graph.reuse.tags import MOST_ROWS, Tables, Uncertain, tags_of, told, told_kinds

ALBUM, ARTIST = UUID(int=1), UUID(int=2)
TABLES = Tables(
    names=frozenset({"albums", "artists", "charts", "likes", "tracks"}),
    watched={
        "albums": told_kinds(["release", "id"]),
        "artists": told_kinds(["artist", "id"]),
        "charts": frozenset(),
        "tracks": told_kinds(["track", "id", "album", "album_id"]),
    },
)


def footprints(*parts: Footprint) -> Footprints:
    made = Footprints()
    made.parts.extend(parts)
    return made


def asked(sql: str, table: str | None = None, *keys: UUID) -> Footprint:
    return Footprint(sql=sql, table=table, keys=frozenset(keys))


@pytest.mark.parametrize(
    ("part", "tags"),
    [
        pytest.param(
            asked("FROM tracks WHERE album_id = ANY(:keys)", "albums", ALBUM),
            {"tracks", f"album-{ALBUM}", f"album-{ALBUM}-parts"},
            id="a list",
        ),
        pytest.param(
            asked("FROM albums, artists", "albums", ALBUM),
            {"albums", f"album-{ALBUM}", "artists", "artists-any"},
            id="a table that tells nothing of such keys",
        ),
        pytest.param(asked("FROM tracks"), {"tracks", "tracks-any"}, id="not asked for by keys"),
        pytest.param(asked("FROM charts", "albums", ALBUM), {"charts", "charts-any"}, id="a table that tells no keys"),
        pytest.param(
            asked("SELECT (SELECT true FROM likes AS kept WHERE kept.user_id = :viewer_id AND kept.track_id = 1)"),
            set(),
            id="what is the asker's own",
        ),
        pytest.param(asked("SELECT 1"), set(), id="no table"),
    ],
)
def test_an_answer_is_known_by_what_it_was_made_of(part: Footprint, tags: set[str]) -> None:
    assert tags_of([], footprints(part), TABLES) == tags


def test_a_statement_without_footprints_is_made_of_whole_tables() -> None:
    left = footprints()
    left.texts.add("SELECT FROM tracks")
    assert tags_of(["SELECT FROM tracks", "SELECT FROM albums"], left, TABLES) == {"albums", "albums-any"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("FROM likes", id="everybody's"),
        pytest.param("FROM likes AS kept WHERE kept.user_id = :viewer_id OR true", id="more than the asker's own"),
    ],
)
def test_what_does_not_tell_of_its_changes_is_not_kept(sql: str) -> None:
    with pytest.raises(Uncertain):
        tags_of([], footprints(asked(sql)), TABLES)


def test_more_keys_than_a_header_holds_are_tables() -> None:
    many = [UUID(int=n) for n in range(MOST_ROWS)]
    tags = tags_of(
        [], footprints(asked("FROM tracks", "tracks", *many), asked("FROM artists", "artists", ARTIST)), TABLES
    )
    assert tags == {"tracks", "tracks-any", "artists", f"artist-{ARTIST}"}


def test_the_tags_of_an_answer_fit_into_its_headers() -> None:
    keys = [UUID(int=2**127 + n) for n in range(MOST_ROWS // 2)]
    tags = tags_of([], footprints(asked("FROM albums, tracks", "albums", *keys)), TABLES)
    assert len(tags) == MOST_ROWS + 2
    assert 2 * len(" ".join(tags)) < 3600, "the rest of 4 KiB is for other headers"


def test_a_change_ends_what_was_made_of_its_rows_or_of_any() -> None:
    assert list(told("tracks track-1 album-2")) == ["tracks-any", "track-1", "album-2"]
    assert list(told("tracks")) == ["tracks"]

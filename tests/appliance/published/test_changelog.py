from graphql import build_schema

from appliance.published.changelog import changes, released_on, with_pending

BEFORE = """
type Query { album: Album old: Int }
type Album { title: String @deprecated(reason: "Ask name.") year(era: Int = 1): Int }
union Found = Album
"""
AFTER = """
type Query {
  album("Not of another." strict: Boolean): Album
  "One track."
  track: Track
  "The title."
  title: String
}
type Album implements Named {
  title: String @deprecated(reason: "Ask name.")
  year(era: Int = 2): Int! @deprecated(reason: "Ask day.")
  name: String
}
interface Named { name: String }
"A recording."
type Track { id: ID "The title." title: String }
union Found = Album | Track
"""
LINES = [
    "- Added `Query.album(strict:)`: Not of another.",
    "- Added `Query.track`: One track.",
    "- Added `Query.title`: The title.",
    "- Added `Track`: A recording.",
    "- Changed `Found` from `Album` to `Album | Track`.",
    "- Changed `Album.year` from `Int` to `Int!`.",
    "- Deprecated `Album.year`: Ask day.",
    "- Changed the default of `Album.year(era:)` from `1` to `2`.",
    "- Removed `Query.old`.",
]


def lines(before: str = BEFORE, after: str = AFTER) -> list[str]:
    return changes(build_schema(before), build_schema(after))


def test_every_change_is_a_line() -> None:
    assert set(LINES) <= set(lines())
    assert "- Changed `Album` from `no interface` to `Named`." in lines()
    assert lines(AFTER, AFTER) == []


def test_what_is_part_of_a_new_thing_has_no_line_of_its_own() -> None:
    assert not any("Track." in line for line in lines())


def test_what_is_described_alike_shares_a_line() -> None:
    both = 'type Query { "One." a: Int "One." b: Int c: Int }'
    assert lines("type Query { c: Int }", both) == ["- Added `Query.a`, `Query.b`: One."]


def test_releases_stay_below_what_is_not_released() -> None:
    page = with_pending("", ["- first"])
    page = released_on(page, ["- first"], "2026-11-01")
    page = with_pending(page, ["- second"])
    assert page.endswith("## Not released yet\n\n- second\n\n## 2026-11-01\n\n- first\n")
    assert with_pending(page, ["- second"]) == page
    page = released_on(page, ["- second"], "2026-11-02")
    assert page.endswith("yet\n\nNothing.\n\n## 2026-11-02\n\n- second\n\n## 2026-11-01\n\n- first\n")


def test_releases_of_one_day_are_one_section() -> None:
    page = released_on(with_pending("", []), ["- first"], "2026-11-01")
    assert released_on(page, ["- second"], "2026-11-01").endswith("\n## 2026-11-01\n\n- second\n- first\n")
    assert released_on(page, [], "2026-11-02") == page

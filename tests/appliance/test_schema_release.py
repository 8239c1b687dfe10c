"""`segue schema` against a folder of files: what stops `make check`, and what a release does."""

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result

from appliance.commands.schema import CHANGELOG, PRINTED, REFERENCE, RELEASED, schema
from appliance.errors import SchemaDiffers
from graph.schema import printed

NOW = printed()
GONE = NOW.replace("type Query {", 'type Query {\n  """Gone."""\n  lost: Int\n', 1)
OLDER = NOW.replace('  """The signed-in user; null when nobody is signed in."""\n  viewer: User\n', "", 1)
"""A schema that clients may have been built against before `viewer` was there."""


def run(root: Path, option: str) -> Result:
    return CliRunner().invoke(schema, [option, "--root", str(root)])


def released(root: Path, text: str) -> Path:
    (root / RELEASED).write_text(text)
    return root


def test_what_was_released_cannot_be_taken_away(tmp_path: Path) -> None:
    outcome = run(released(tmp_path, GONE), "--check")
    assert outcome.exit_code == 1
    assert "Query.lost" in str(outcome.exception)


def test_every_file_has_to_agree_with_the_code(tmp_path: Path) -> None:
    root = released(tmp_path, OLDER)
    assert run(root, "--write").exit_code == 0
    assert run(root, "--check").exit_code == 0
    assert (root / PRINTED).read_text() == NOW
    for name in (CHANGELOG, REFERENCE, PRINTED):
        (root / name).write_text((root / name).read_text().replace("viewer", "watcher", 1))
        outcome = run(root, "--check")
        assert isinstance(outcome.exception, SchemaDiffers)
        assert outcome.exception.path.name == Path(name).name
    assert any(line.startswith("+  viewer") for line in outcome.output.splitlines())


def test_a_release_gives_what_has_changed_a_date(tmp_path: Path) -> None:
    root = released(tmp_path, OLDER)
    before, outcome, after = datetime.now(UTC), run(root, "--release"), datetime.now(UTC)
    assert outcome.exit_code == 0
    assert (root / RELEASED).read_text() == NOW
    page = (root / CHANGELOG).read_text()
    assert any(f"Nothing.\n\n## {day:%Y-%m-%d}\n\n- Added `Query.viewer`:" in page for day in (before, after))


def test_without_what_was_released_nothing_is_checked_in_silence(tmp_path: Path) -> None:
    assert run(tmp_path, "--check").exit_code == 1

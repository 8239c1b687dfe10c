import subprocess
import sys
from pathlib import Path

import click
import pytest

from appliance import cli

SEGUE = Path(sys.executable).with_name("segue")
HEAVY = ("graph", "origin", "ingest", "aiobotocore", "asyncpg", "litestar", "numpy", "rich", "strawberry", "valkey")


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SEGUE, *arguments], env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True, check=False
    )


def test_help_names_every_command_without_loading_one() -> None:
    code = f"""
import sys
from appliance.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed = outcome.stdout.partition("Commands:")[2].split("\n")
    assert [line.split()[0] for line in listed if line.strip()] == list(cli.COMMANDS)
    assert outcome.stderr.split() == []


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_that_is_listed_is_there(name: str) -> None:
    command = cli.segue.get_command(click.Context(cli.segue), name)
    assert isinstance(command, click.Command)
    assert command.help


def test_error_of_ours_is_one_sentence(tmp_path: Path) -> None:
    outcome = run("migrate", SEGUE_HOME=str(tmp_path), SEGUE_POSTGRES_URL="nowhere")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.splitlines() == ["segue: SEGUE_POSTGRES_URL: must be a URL with a scheme, not 'nowhere'"]


def test_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    address = f"postgresql://segue:secret@/segue?host={tmp_path}"
    outcome = run("migrate", SEGUE_HOME=str(tmp_path), SEGUE_POSTGRES_URL=address)
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("segue: PostgreSQL did not answer (")
    assert "secret" not in line


def test_unknown_command_is_not_understood() -> None:
    outcome = run("upp")
    assert outcome.returncode == 2
    assert "No such command 'upp'" in outcome.stderr


def test_process_alone_names_what_it_needs(tmp_path: Path) -> None:
    outcome = run("origin", SEGUE_HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines() == [
        "segue: SEGUE_S3_ENDPOINT: is required; set it, or run under `segue up`, which provides it"
    ]


def test_migrate_says_what_it_applied(environment: dict[str, str]) -> None:
    outcome = run("migrate", **{name: value for name, value in environment.items() if name.startswith("SEGUE_")})
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "nothing to apply\n", "")

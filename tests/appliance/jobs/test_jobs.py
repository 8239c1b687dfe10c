"""`segue jobs` as it is typed, on a real database."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner, Result

from appliance.cli import segue
from appliance.commands.jobs import JobRefused
from ingest.contract import ENTRYPOINT, TONIGHT, Job, decode_job, encode_job

ROWS = """
INSERT INTO users (id, email, display_name, password_hash, role) VALUES ('{0}', '{0}@example.org', 'A', '', 'artist');
INSERT INTO artists (id, owner_id, name, search_text) VALUES ('{0}', '{0}', 'Band [2]', 'b');
INSERT INTO tracks (id, artist_id, title, search_text, asset_id) VALUES ('{0}', '{0}', 'Tune', 't', '{0}');
INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256, expires_at)
    VALUES ('{0}', '{0}', '{0}', 'uploads/{0}', 'a.wav', 'audio/wav', 1, sha256('x'), now());
INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, failure_code, attempts)
    VALUES ('{0}', 1, '{0}', '{1}', 'encode', 0.5, {2}, 3);
"""


class Operator:
    """Types commands, and looks at the tables."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *arguments: str) -> Result:
        done = CliRunner().invoke(segue, ("jobs", *arguments), env=self.environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.environment["SEGUE_POSTGRES_URL"])
            try:
                return (
                    await connection.fetch(statement, *values) if values else await self._script(connection, statement)
                )
            finally:
                await connection.close()

        return asyncio.run(run())

    async def _script(self, connection: asyncpg.Connection, statement: str) -> list[asyncpg.Record]:
        if ";" in statement:
            await connection.execute(statement)
            return []
        return await connection.fetch(statement)

    def add(self, *, status: str) -> str:
        """A job of that status; one that failed is in quarantine. Returns its name."""
        key = uuid4()
        failed = status == "failed"
        self.fetch(ROWS.format(key, status, "'internal'" if failed else "NULL"))
        if failed:
            self.fetch(
                "INSERT INTO quarantined_jobs (asset_id, revision, job, fault) VALUES ($1, 1, $2, 'ValueError: [bug]')",
                *(key, encode_job(job_of(key)).decode()),
            )
        return f"{key}/1"


def job_of(key: UUID) -> Job:
    return Job(
        asset_id=key,
        revision=1,
        upload_key=f"uploads/{key}",
        file_name="a.wav",
        size_bytes=1,
        sha256="00",
        title="Tune",
    )


@pytest.fixture
def operator(environment: dict[str, str]) -> Operator:
    return Operator(environment)


def test_jobs_that_are_not_over_are_listed(operator: Operator) -> None:
    names = {status: operator.add(status=status) for status in ("queued", "processing", "failed")}
    operator.fetch("UPDATE assets SET queued_at = '2026-01-02 03:04' WHERE status = 'failed';")
    lines = [line for line in operator("list").stdout.splitlines() if "/1" in line]
    assert {line.split()[0] for line in lines} == set(names.values())
    (first, *_) = lines
    assert first.split()[0] == names["failed"]
    for part in ("Band [2] - Tune", "quarantined", "encode 50%", "2026-01-02 03:04", "ValueError: [bug]"):
        assert part in first


def test_json_has_one_line_a_job(operator: Operator) -> None:
    name = operator.add(status="failed")
    operator.add(status="queued")
    (line,) = operator("list", "--json", "--quarantined").stdout.splitlines()
    told: dict[str, Any] = json.loads(line)
    told.pop("queued_at")
    assert told == {
        "job": name,
        "title": "Tune",
        "artist": "Band [2]",
        "state": "quarantined",
        "stage": "encode",
        "fraction": 0.5,
        "attempts": 3,
        "fault": "ValueError: [bug]",
    }


def test_nothing_to_list_is_said(operator: Operator) -> None:
    assert operator("list").stdout == "No job waits, runs or is in quarantine.\n"
    assert operator("list", "--quarantined").stdout == "No job is in quarantine.\n"
    assert operator("list", "--json").stdout == ""


def test_retried_job_is_queued_again_as_it_was(operator: Operator) -> None:
    name, other = operator.add(status="failed"), operator.add(status="failed")
    assert operator("retry", name).stdout == f"queued {name}\n"
    (queued,) = operator.fetch("SELECT entrypoint, priority, payload FROM pgqueuer")
    key = UUID(name.partition("/")[0])
    assert (queued["entrypoint"], queued["priority"]) == (ENTRYPOINT, TONIGHT)
    assert decode_job(queued["payload"]) == job_of(key)
    (row,) = operator.fetch("SELECT * FROM assets WHERE asset_id = $1", key)
    assert (row["status"], row["stage"], row["attempts"], row["failure_code"]) == ("queued", "queued", 0, None)
    assert [json.loads(line)["job"] for line in operator("list", "--json", "--quarantined").stdout.splitlines()] == [
        other
    ]


def test_dropped_job_tells_its_artist_to_send_the_file_again_and_its_objects_are_removed(operator: Operator) -> None:
    names = sorted(operator.add(status="failed") for _ in range(2))
    assert sorted(operator("drop", "--all").stdout.splitlines()) == [f"dropped {name}" for name in names]
    assert operator.fetch("SELECT 1 FROM pgqueuer") == []
    assert {row["failure_code"] for row in operator.fetch("SELECT failure_code FROM assets")} == {"given_up"}
    keys = [name.partition("/")[0] for name in names]
    due = {row["prefix"] for row in operator.fetch("SELECT prefix FROM removals WHERE due_at <= now()")}
    assert due == {prefix for key in keys for prefix in (f"uploads/{key}", f"assets/{key}/1/")}


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_job_that_is_not_in_quarantine_is_left_alone(operator: Operator, command: str) -> None:
    name = operator.add(status="processing")
    with pytest.raises(JobRefused, match="is not in quarantine"):
        operator(command, name)
    assert operator.fetch("SELECT status FROM assets")[0]["status"] == "processing"
    assert operator.fetch("SELECT 1 FROM removals") == []


def test_what_was_done_before_a_refusal_is_told(operator: Operator) -> None:
    done, refused = operator.add(status="failed"), operator.add(status="processing")
    told = CliRunner().invoke(segue, ("jobs", "retry", done, refused), env=operator.environment)
    assert isinstance(told.exception, JobRefused)
    assert told.stdout == f"queued {done}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all", "x/1"], ["nonsense"], [f"{uuid4()}/one"]],
    ids=["nothing", "all and one", "no job", "no number of a revision"],
)
def test_what_cannot_be_meant_is_not_understood(operator: Operator, arguments: list[str]) -> None:
    for command in ("retry", "drop"):
        assert operator(command, *arguments).exit_code == 2

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from appliance import prepare
from appliance.doctor import CHECKS, OPTIONAL, Finding, examine
from appliance.home import open_home
from appliance.invocation import Invocation


async def finding(environment: dict[str, str], subject: str, **changed: str) -> Finding:
    invocation = Invocation(folder=None, variables={**environment, **changed})
    findings = await examine(invocation)
    assert [found.subject for found in findings] == [
        name for name in CHECKS if name not in OPTIONAL or OPTIONAL[name] in changed
    ]
    return next(found for found in findings if found.subject == subject)


async def test_tells_version_and_schema_of_the_database(environment: dict[str, str]) -> None:
    found = await finding(environment, "PostgreSQL")
    assert (found.told, found.healthy) == ("18.4, schema up to date", True)


async def test_names_the_migrations_that_are_missing(environment: dict[str, str]) -> None:
    connection = await asyncpg.connect(environment["SEGUE_POSTGRES_URL"])
    await connection.execute("DELETE FROM schema_migrations WHERE name = '0002_jobs'")
    await connection.close()
    found = await finding(environment, "PostgreSQL")
    assert found.told == "18.4, lacks migrations: 0002_jobs"
    assert found.remedy == "run `segue migrate`"


async def test_tells_a_replica_that_is_none(environment: dict[str, str]) -> None:
    found = await finding(environment, "replicas", SEGUE_POSTGRES_REPLICA_URL=environment["SEGUE_POSTGRES_URL"])
    assert found.told == "number 1 of SEGUE_POSTGRES_REPLICA_URL does not answer as a replica"


async def test_leaves_nothing_in_the_bucket(environment: dict[str, str], services: Any) -> None:
    found = await finding(environment, "S3")
    assert found.told == f"bucket {environment['SEGUE_S3_BUCKET']}: wrote, read and deleted an object"
    bucket = services.home.s3 / environment["SEGUE_S3_BUCKET"]
    assert [path for path in bucket.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("subject", "variable", "scheme"),
    [
        ("PostgreSQL", "SEGUE_POSTGRES_URL", "postgresql://segue:secret@127.0.0.1:{port}/segue"),
        ("Valkey", "SEGUE_VALKEY_URL", "valkey://:secret@127.0.0.1:{port}"),
        ("S3", "SEGUE_S3_ENDPOINT", "http://127.0.0.1:{port}"),
    ],
    ids=["PostgreSQL", "Valkey", "S3"],
)
async def test_points_at_the_variable_of_a_service_that_is_not_there(
    environment: dict[str, str], free_port: Callable[[], int], subject: str, variable: str, scheme: str
) -> None:
    found = await finding(environment, subject, **{variable: scheme.format(port=free_port())})
    assert found.told.startswith("does not answer as it should (")
    assert found.remedy == f"start it, or correct {variable}, which says where it is"
    assert "secret" not in found.told + found.remedy


async def test_tells_a_bucket_that_is_not_there(environment: dict[str, str]) -> None:
    found = await finding(environment, "S3", SEGUE_S3_BUCKET="none")
    assert found.told == "answers, but has no bucket none"


async def test_tells_a_malformed_setting_beside_the_other_findings(environment: dict[str, str]) -> None:
    found = await finding(environment, "graph", SEGUE_GRAPH_PORT="http")
    assert found.told == "SEGUE_GRAPH_PORT: must be a whole number of at least 1, not 'http'"
    assert found.remedy == "correct the setting"


async def test_names_the_process_that_does_not_run(environment: dict[str, str]) -> None:
    found = await finding(environment, "origin")
    assert found.told == f"does not answer as it should (nothing at 127.0.0.1:{environment['SEGUE_ORIGIN_PORT']})"
    assert found.remedy.startswith("`make up` starts it")


async def test_refuses_a_wrong_password_as_what_it_is(environment: dict[str, str]) -> None:
    url = environment["SEGUE_POSTGRES_URL"]
    wrong = url.replace(url.split(":")[2].partition("@")[0], "wrong")
    found = await finding(environment, "PostgreSQL", SEGUE_POSTGRES_URL=wrong)
    assert found.told == "does not answer as it should (InvalidPasswordError)"


async def test_stopped_appliance_is_ill_in_everything_but_its_disk(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    prepare.make_folders(open_home(tmp_path / "home"))
    ports = {f"SEGUE_{name}_PORT": str(free_port()) for name in ("GRAPH", "ORIGIN", "S3", "VALKEY")}
    findings = await examine(Invocation(folder=tmp_path / "home", variables=ports))
    assert [found.subject for found in findings if found.healthy] == ["disk"]
    for found in findings[:5]:
        assert found.told.startswith("does not answer as it should (")
        assert found.remedy.startswith("`make up` starts it")


async def test_full_disk_is_told_with_what_mends_it(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.preflight.ROOM_BYTES", 1024**5)
    found = await finding(environment, "disk")
    assert found.told.endswith(" GiB free")
    assert found.remedy == "free some, or `segue up` will not start again"


async def test_home_that_was_never_made_is_the_only_finding(tmp_path: Path) -> None:
    (found,) = await examine(Invocation(folder=tmp_path / "none", variables={}))
    assert found.remedy == "run `make up` once"

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from appliance.embedded import postgres
from appliance.supervision.guard import NOBODY


async def test_application_is_no_superuser_and_owns_its_database(services: Any) -> None:
    connection = await asyncpg.connect(services.environment["SEGUE_POSTGRES_URL"])
    try:
        assert await connection.fetchval("SELECT current_user::text") == postgres.ROLE
        assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1"
        assert await connection.fetchval(owner, postgres.DATABASE) == postgres.ROLE
    finally:
        await connection.close()


async def test_listens_on_its_socket_only_and_asks_for_the_password(services: Any) -> None:
    address = postgres.url(services.home.socket_folder, role="segue", password="wrong", database="segue")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(address)
    connection = await asyncpg.connect(services.environment["SEGUE_POSTGRES_URL"])
    try:
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW server_version_num") >= "180000"
    finally:
        await connection.close()


async def test_brings_the_vector_extension(services: Any) -> None:
    connection = await asyncpg.connect(services.environment["SEGUE_POSTGRES_URL"])
    try:
        query = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
        assert await connection.fetchval(query) == 1
    finally:
        await connection.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its data to another user")
def test_data_of_root_belongs_to_nobody(services: Any) -> None:
    assert services.home.postgres.stat().st_uid == NOBODY
    assert services.home.postgres.stat().st_mode & 0o777 == 0o700


def test_is_ready_only_when_its_own_process_says_so(tmp_path: Path, services: Any) -> None:
    assert postgres.is_ready(services.home.postgres, pid=services.pids["postgres"])
    assert not postgres.is_ready(services.home.postgres, pid=1)
    assert not postgres.is_ready(tmp_path, pid=1)
    lines = (services.home.postgres / "postmaster.pid").read_text().splitlines()
    (tmp_path / "postmaster.pid").write_text("\n".join([*lines[:7], "starting"]))
    assert not postgres.is_ready(tmp_path, pid=services.pids["postgres"])


def test_accepted_commits_are_on_disk_unless_a_test_says_otherwise() -> None:
    assert "fsync" not in str(postgres.server_command(Path("/data"), socket_folder=Path("/run")).argv)
    volatile = postgres.server_command(Path("/data"), socket_folder=Path("/run"), durable=False)
    assert "fsync=off" in volatile.argv


def test_address_survives_a_folder_and_a_password_with_odd_characters() -> None:
    address = postgres.url(Path("/a b/ü"), role="segue", password="p@ss/word", database="segue")
    assert address == f"postgresql://segue:p%40ss%2Fword@/segue?host={quote('/a b/ü')}"


def test_gets_nothing_of_the_operators_environment() -> None:
    assert postgres.server_command(Path("/data"), socket_folder=Path("/run")).environment == {
        "LC_ALL": "C",
        "TZ": "UTC",
    }

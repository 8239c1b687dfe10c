from collections.abc import Callable
from pathlib import Path

import pytest
from valkey.exceptions import AuthenticationError

from appliance.embedded import valkey
from config.settings import Secret, ValkeySettings, valkey_settings
from config.valkey import open_valkey, ping


async def test_answers_those_who_have_the_password(environment: dict[str, str]) -> None:
    async with open_valkey(valkey_settings(environment)) as client:
        await ping(client)
        assert await client.config_get("save") == {"save": ""}
        assert await client.config_get("appendonly") == {"appendonly": "no"}


async def test_refuses_those_who_have_not(environment: dict[str, str]) -> None:
    address = environment["SEGUE_VALKEY_URL"].partition("@")[2]
    async with open_valkey(ValkeySettings(url=Secret(f"valkey://{address}"))) as client:
        with pytest.raises(AuthenticationError):
            await client.ping()


def test_keeps_the_password_off_the_command_line() -> None:
    command = valkey.server_command(port=1, password="pa55", folder=Path("/tmp"))
    assert "pa55" not in " ".join(command.guarded(1))
    assert "pa55" not in " ".join(command.environment.values())
    assert b"requirepass pa55" in command.stdin


async def test_is_not_ready_where_nobody_listens(free_port: Callable[[], int]) -> None:
    assert not await valkey.is_ready(port=free_port(), password="pa55")


async def test_is_not_ready_for_another_password(environment: dict[str, str]) -> None:
    assert not await valkey.is_ready(port=int(environment["SEGUE_VALKEY_PORT"]), password="pa55")


def test_prefers_the_server_on_the_path(tmp_path: Path) -> None:
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert valkey.binary(str(tmp_path)) == str(server)


def test_takes_the_bundled_server_without_one(tmp_path: Path) -> None:
    assert Path(valkey.binary(str(tmp_path))).name == "redis-server"

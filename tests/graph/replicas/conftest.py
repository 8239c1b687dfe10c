"""A real replica, made by `pg_basebackup` from the tests' primary."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from appliance import home as homes
from appliance.embedded import postgres
from appliance.supervision import guard
from appliance.supervision.command import Command

PATIENCE_S = 60.0


class Standby(NamedTuple):
    """A running replica of the tests' cluster."""

    services: Any
    socket_folder: Path
    pid: int

    def url(self, database: str, *, role: str = postgres.ROLE) -> str:
        held = homes.load_credentials(self.services.home)
        password = held.postgres_password if role == postgres.ROLE else held.postgres_admin_password
        return postgres.url(self.socket_folder, role=role, password=password, database=database)

    async def order(self, statement: str) -> None:
        """Run a statement as the superuser."""
        connection = await asyncpg.connect(self.url("postgres", role=postgres.ADMIN_ROLE))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def gone(self) -> None:
        """Wait until it takes no connection any more."""
        while True:
            try:
                await self.order("SELECT 1")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return


@pytest.fixture
def standby(services: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    folder = tmp_path_factory.mktemp("standby")
    data, sockets = folder / "data", folder / "sockets"
    for each in (data, sockets):
        each.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(each, guard.NOBODY, guard.NOBODY)
    for above in (folder, *folder.parents[:2]):
        above.chmod(above.stat().st_mode | 0o011)
    _copy(services.home, data)
    command = postgres.server_command(data, socket_folder=sockets, durable=False)
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            command.guarded(os.getpid()), env=command.environment, stdout=log, stderr=log, cwd=folder
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not postgres.is_ready(data, pid=child.pid):
            assert child.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.02)
        yield Standby(services=services, socket_folder=sockets, pid=child.pid)
    finally:
        child.send_signal(signal.SIGQUIT)
        child.wait(timeout=PATIENCE_S)


def _copy(home: homes.Home, data: Path) -> None:
    command = Command(
        name="pg_basebackup",
        argv=(
            *(postgres.binary("pg_basebackup"), "--pgdata", str(data), "--host", str(home.socket_folder)),
            *("--username", postgres.ADMIN_ROLE, "--checkpoint=fast", "--write-recovery-conf", "--no-sync"),
        ),
        environment={"PGPASSWORD": homes.load_credentials(home).postgres_admin_password},
        drop_root=True,
    )
    subprocess.run(command.guarded(os.getpid()), env=command.environment, cwd="/", check=True, timeout=PATIENCE_S)

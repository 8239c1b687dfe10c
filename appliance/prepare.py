"""Making a home folder, or mending one whose making was interrupted.

Each step is either done whole or done again at the next start: credentials and the cluster are made aside and renamed,
the role and the database are made when they are missing. What cannot be made again, because data depends on it, stops
the start with one sentence.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import asyncpg

from appliance import credentials
from appliance.credentials import Credentials
from appliance.embedded import postgres
from appliance.errors import HomeDamaged
from appliance.home import Home, load_credentials
from appliance.supervision import guard, process

PRIVATE = 0o700


def make_folders(home: Home) -> Credentials:
    """Make the folders and the credentials that are missing. Raises HomeDamaged; changes nothing then."""
    _refuse_damage(home)
    try:
        for folder in (home.folder, home.s3, home.valkey, home.scratch, home.logs, home.run):
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeDamaged(
            f"{error.filename} cannot be made ({error.strerror}); choose another folder by --home"
        ) from error
    if not home.made:
        credentials.store(home.credentials_file, credentials.make())
    held = load_credentials(home)
    whole = credentials.completed(held)
    if whole != held:
        credentials.store(home.credentials_file, whole)
    return whole


def _refuse_damage(home: Home) -> None:
    if not home.made and any(_holds(folder) for folder in (home.postgres, home.s3)):
        raise HomeDamaged(
            f"{home.credentials_file} is missing, and without it the data beside it cannot be opened; put the file back"
            " from a backup, or move the folder away to start anew"
        )
    if not _holds(home.postgres):
        return
    try:
        version = postgres.version_of(home.postgres)
    except (OSError, ValueError) as error:
        raise HomeDamaged(
            f"{home.postgres} is not a whole PostgreSQL cluster; put it back from a backup, or move {home.folder} away"
            " to start anew"
        ) from error
    if version != postgres.MAJOR_VERSION:
        raise HomeDamaged(
            f"{home.postgres} was made by PostgreSQL {version}, this is {postgres.MAJOR_VERSION}; move it over with"
            " pg_dump of the old version, or choose another folder by --home"
        )


def _holds(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


async def make_cluster(home: Home, held: Credentials, *, durable: bool = True) -> None:
    """Initialise the database cluster unless it is there. Raises ProcessFailed or NoRoom."""
    _own(_socket_folder(home))
    if _holds(home.postgres):
        return
    shutil.rmtree(home.postgres_aside, ignore_errors=True)  # of a start that was interrupted
    home.postgres_aside.mkdir(mode=PRIVATE)
    _own(home.postgres_aside)
    password_file = home.run / "initdb.password"
    try:
        password_file.touch(mode=credentials.MODE)
        password_file.write_text(held.postgres_admin_password, encoding="ascii")
        _own(password_file)
        command = postgres.initdb_command(home.postgres_aside, password_file=password_file, durable=durable)
        await process.run(command, logs=home.logs, folder=home.folder)
    finally:
        password_file.unlink(missing_ok=True)
    home.postgres_aside.rename(home.postgres)


def _socket_folder(home: Home) -> Path:
    """Make the folder of PostgreSQL's socket; below a directory for everybody, it has to be ours."""
    folder = home.socket_folder
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid not in {os.geteuid(), _server_user()}:
        raise HomeDamaged(f"{folder} belongs to another user; choose a home folder with a shorter path by --home")
    return folder


def _server_user() -> int:
    return guard.NOBODY if os.geteuid() == 0 else os.geteuid()


def _own(path: Path) -> None:
    """Give the path to the user that PostgreSQL runs as; only root has to, and can."""
    if os.geteuid() == 0:
        os.chown(path, guard.NOBODY, guard.NOBODY)


async def make_database(home: Home, held: Credentials) -> None:
    """Make the application's role and database on the running server unless they are there. Raises HomeDamaged."""
    address = postgres.url(
        home.socket_folder, role=postgres.ADMIN_ROLE, password=held.postgres_admin_password, database="postgres"
    )
    try:
        connection = await asyncpg.connect(address)
    except asyncpg.InvalidPasswordError as error:
        raise HomeDamaged(
            f"{home.postgres} was made with other credentials than {home.credentials_file}; put back the file that"
            " belongs to it, or move the folder away to start anew"
        ) from error
    try:
        await _make_role(connection, held.postgres_password)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", postgres.DATABASE):
            await connection.execute(f"CREATE DATABASE {postgres.DATABASE} OWNER {postgres.ROLE}")
    finally:
        await connection.close()


async def _make_role(connection: asyncpg.Connection, password: str) -> None:
    if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", postgres.ROLE):
        return
    # The statement holds the password: the server must not log it, also not when it fails.
    await connection.execute("SET log_statement = 'none'; SET log_min_error_statement = 'panic'")
    # CREATEDB: the tests give each test a database of its own. A utility statement takes no parameters; the password
    # is hex digits.
    await connection.execute(f"CREATE ROLE {postgres.ROLE} LOGIN CREATEDB PASSWORD '{password}'")

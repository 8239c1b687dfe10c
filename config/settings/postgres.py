"""Where the database is, and its copies that reads may go to."""

from __future__ import annotations

import msgspec

from config.errors import InvalidSetting
from config.settings.reader import Environment, Reader
from config.settings.secret import Secret


class PostgresSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where PostgreSQL is and how many connections one process may hold."""

    url: Secret
    pool_min: int = 1
    pool_max: int = 8
    acquire_timeout_s: float = 5.0
    statement_timeout_s: float = 10.0


class ReplicaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Copies of the database that reads may go to."""

    urls: tuple[Secret, ...] = ()
    lag_max_s: float = 5.0


def postgres_settings(environment: Environment) -> PostgresSettings:
    read = Reader(environment)
    read.url("SEGUE_POSTGRES_URL")
    return PostgresSettings(
        url=read.secret("SEGUE_POSTGRES_URL"),
        pool_max=read.integer("SEGUE_POSTGRES_POOL_MAX", 8),
    )


def replica_settings(environment: Environment) -> ReplicaSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    urls = read.items("SEGUE_POSTGRES_REPLICA_URL")
    if not all("://" in url for url in urls):
        # The address is not echoed: it holds a password.
        raise InvalidSetting("SEGUE_POSTGRES_REPLICA_URL", "must be URLs with a scheme, parted by commas")
    return ReplicaSettings(
        urls=tuple(map(Secret, urls)),
        lag_max_s=read.number("SEGUE_POSTGRES_REPLICA_LAG_MAX_S", 5.0, above=0),
    )

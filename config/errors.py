"""Errors of the configuration layer.

::

    ConfigError
    ├── InvalidSetting      the operator's: a variable is missing or malformed
    ├── MigrationChanged    the operator's: a migration that was applied is not its file any more
    ├── ObjectMissing       the caller's: S3 answered, the object is not there
    ├── Overtaken           nobody's: others changed what a transaction had found; it is begun again
    └── ServiceUnavailable  an upstream's: PostgreSQL, Valkey or S3 did not answer; retryable
"""

from __future__ import annotations


class ConfigError(Exception):
    """Root of the errors that this package raises."""

    code = "config"
    retryable = False


class InvalidSetting(ConfigError):
    """A setting is missing or malformed; the message names the variable and what it should hold."""

    code = "invalid_setting"

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(f"{name}: {remedy}")
        self.name = name
        self.remedy = remedy


class MigrationChanged(ConfigError):
    """A migration that was applied differs from its file; restore the file and put the change in a new one."""

    code = "migration_changed"

    def __init__(self, migration: str) -> None:
        super().__init__(
            f"{migration} was changed after it had been applied; restore the file and put the change in a new one"
        )
        self.migration = migration


class ServiceUnavailable(ConfigError):
    """An upstream service did not answer; try again, and run `segue doctor` if it persists."""

    code = "service_unavailable"
    retryable = True

    def __init__(self, service: str, cause: str) -> None:
        super().__init__(f"{service} did not answer ({cause}); run `segue doctor` to see what to mend")
        self.service = service
        self.cause = cause


class ObjectMissing(ConfigError):
    """The object store answered that no object has this key."""

    code = "object_missing"

    def __init__(self, key: str) -> None:
        super().__init__(f"no object {key!r}")
        self.key = key


class Overtaken(ConfigError):
    """What a transaction had found was changed before it could be locked; begin the transaction again."""

    code = "overtaken"
    retryable = True

"""Everything that the origin process needs."""

from __future__ import annotations

import msgspec

from config.settings.edge_keys import EdgeKey, edge_keys
from config.settings.protection import ProtectionSettings, protection_settings
from config.settings.reader import Environment, Reader
from config.settings.s3 import S3Settings, s3_replica_settings, s3_settings
from config.settings.valkey import ValkeySettings, valkey_settings

ORIGIN_PORT = 8080


class ReadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one origin process reads the object store, and what it keeps of it."""

    deadline_s: float
    in_flight_bytes: int
    segment_cache_bytes: int
    descriptor_cache_bytes: int
    folder: str
    """Empty: no disk tier."""
    folder_bytes: int
    replica: S3Settings | None


class OriginSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `segue origin` needs."""

    host: str
    port: int
    workers: int
    s3: S3Settings
    edge_keys: tuple[EdgeKey, ...]
    valkey: ValkeySettings | None
    """None: withdrawals are looked for, not listened to."""
    manifest_max_age_s: int
    allowed_origins: tuple[str, ...]
    reads: ReadSettings
    protection: ProtectionSettings


def origin_settings(environment: Environment) -> OriginSettings:
    """Build the record of the origin process. Raises InvalidSetting."""
    read = Reader(environment)
    return OriginSettings(
        host=read.text("SEGUE_ORIGIN_HOST", "127.0.0.1"),
        port=read.port("SEGUE_ORIGIN_PORT", ORIGIN_PORT),
        workers=read.integer("SEGUE_ORIGIN_WORKERS", 1),
        s3=s3_settings(environment),
        edge_keys=edge_keys(environment),
        valkey=valkey_settings(environment) if read.text("SEGUE_VALKEY_URL", "") else None,
        manifest_max_age_s=read.integer("SEGUE_MANIFEST_MAX_AGE_S", 10),
        allowed_origins=read.items("SEGUE_ALLOWED_ORIGINS", "*"),
        reads=read_settings(environment),
        protection=protection_settings(environment),
    )


def read_settings(environment: Environment) -> ReadSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return ReadSettings(
        deadline_s=read.number("SEGUE_READ_DEADLINE_S", 1.5, above=0),
        in_flight_bytes=read.integer("SEGUE_READS_IN_FLIGHT_BYTES", 32 * 1024**2),
        segment_cache_bytes=read.integer("SEGUE_SEGMENT_CACHE_BYTES", 256 * 1024**2),
        descriptor_cache_bytes=read.integer("SEGUE_DESCRIPTOR_CACHE_BYTES", 64 * 1024**2),
        folder=read.text("SEGUE_SEGMENT_CACHE_FOLDER", ""),
        folder_bytes=read.integer("SEGUE_SEGMENT_CACHE_FOLDER_BYTES", 10 * 1024**3),
        replica=s3_replica_settings(environment) if read.text("SEGUE_S3_REPLICA_ENDPOINT", "") else None,
    )

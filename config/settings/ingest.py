"""Everything that an ingest worker needs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from config.settings.lifetimes import removal_delay_s
from config.settings.postgres import PostgresSettings, postgres_settings
from config.settings.reader import Environment, Reader
from config.settings.s3 import S3Settings, s3_settings
from config.settings.valkey import ValkeySettings, valkey_settings

LADDER = Path(__file__).parent.with_name("ladder.toml")


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `segue ingest` needs."""

    postgres: PostgresSettings
    valkey: ValkeySettings
    s3: S3Settings
    concurrency: int
    """0: as many masters at once as there are cores."""
    scratch: str
    heartbeat_timeout_s: float
    removal_delay_s: int
    sweep_interval_s: float
    sweep_grace_s: float
    target_loudness_lufs: float
    aac_coder: str
    ladder: str


def ingest_settings(environment: Environment) -> IngestSettings:
    """Build the record of an ingest worker. Raises InvalidSetting."""
    read = Reader(environment)
    return IngestSettings(
        postgres=postgres_settings(environment),
        valkey=valkey_settings(environment),
        s3=s3_settings(environment),
        concurrency=read.integer("SEGUE_INGEST_CONCURRENCY", 0, at_least=0),
        scratch=read.text("SEGUE_SCRATCH"),
        heartbeat_timeout_s=read.number("SEGUE_INGEST_HEARTBEAT_TIMEOUT_S", 30.0, above=0),
        removal_delay_s=removal_delay_s(environment),
        sweep_interval_s=read.number("SEGUE_SWEEP_INTERVAL_S", 3600.0, above=0),
        sweep_grace_s=read.number("SEGUE_SWEEP_GRACE_S", 86400.0, above=0),
        target_loudness_lufs=read.number("SEGUE_TARGET_LOUDNESS_LUFS", -14.0),
        aac_coder=read.choice("SEGUE_AAC_CODER", "twoloop", ("twoloop", "fast")),
        ladder=read.text("SEGUE_LADDER", str(LADDER)),
    )

"""Everything that the graph process needs."""

from __future__ import annotations

import msgspec

from config.settings.edge_keys import EdgeKey, edge_keys
from config.settings.lifetimes import PLAYBACK_LIFETIME_S, removal_delay_s
from config.settings.origin import ORIGIN_PORT
from config.settings.postgres import PostgresSettings, ReplicaSettings, postgres_settings, replica_settings
from config.settings.reader import Environment, Reader
from config.settings.requests import RequestSettings, request_settings
from config.settings.s3 import S3Settings, s3_settings
from config.settings.secret import Secret
from config.settings.telemetry import TelemetrySettings, telemetry_settings
from config.settings.valkey import ValkeySettings, valkey_settings

GRAPH_PORT = 8000


class GraphSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `segue graph` needs."""

    host: str
    port: int
    workers: int
    postgres: PostgresSettings
    replicas: ReplicaSettings
    valkey: ValkeySettings
    s3: S3Settings
    access_token_key_pem: Secret
    access_token_lifetime_s: int
    refresh_token_lifetime_s: int
    origin_url: str
    share_url: str
    """What share links begin with, without a slash at the end."""
    edge_keys: tuple[EdgeKey, ...]
    playback_lifetime_s: int
    removal_delay_s: int
    upload_lifetime_s: int
    max_upload_bytes: int
    multipart_from_bytes: int
    upload_part_bytes: int
    streamed_uploads_max: int
    allowed_origins: tuple[str, ...]
    country_header: str
    """In which the edge in front names the country of a request; empty: none does."""
    default_market: str | None
    """Of who has chosen no country and comes from none that is known; None: an unknown one."""
    play_history_months: int
    """So long after its end a month of plays is kept; 0: for ever."""
    requests: RequestSettings
    telemetry: TelemetrySettings


def graph_settings(environment: Environment) -> GraphSettings:
    """Build the record of the graph process. Raises InvalidSetting."""
    read = Reader(environment)
    return GraphSettings(
        host=read.text("SEGUE_GRAPH_HOST", "127.0.0.1"),
        port=read.port("SEGUE_GRAPH_PORT", GRAPH_PORT),
        workers=read.integer("SEGUE_GRAPH_WORKERS", 1),
        postgres=postgres_settings(environment),
        replicas=replica_settings(environment),
        valkey=valkey_settings(environment),
        s3=s3_settings(environment),
        access_token_key_pem=read.secret("SEGUE_ACCESS_TOKEN_KEY"),
        access_token_lifetime_s=read.integer("SEGUE_ACCESS_TOKEN_LIFETIME_S", 10 * 60),
        refresh_token_lifetime_s=read.integer("SEGUE_REFRESH_TOKEN_LIFETIME_S", 30 * 86400),
        origin_url=read.url("SEGUE_ORIGIN_URL", f"http://127.0.0.1:{read.port('SEGUE_ORIGIN_PORT', ORIGIN_PORT)}"),
        share_url=read.url("SEGUE_SHARE_URL", f"http://127.0.0.1:{read.port('SEGUE_GRAPH_PORT', GRAPH_PORT)}"),
        edge_keys=edge_keys(environment),
        playback_lifetime_s=read.integer("SEGUE_PLAYBACK_LIFETIME_S", PLAYBACK_LIFETIME_S),
        removal_delay_s=removal_delay_s(environment),
        upload_lifetime_s=read.integer("SEGUE_UPLOAD_LIFETIME_S", 3600),
        max_upload_bytes=read.integer("SEGUE_MAX_UPLOAD_BYTES", 2 * 1024**3),
        multipart_from_bytes=read.integer("SEGUE_MULTIPART_FROM_BYTES", 64 * 1024**2),
        upload_part_bytes=read.integer("SEGUE_UPLOAD_PART_BYTES", 16 * 1024**2, at_least=5 * 1024**2),
        streamed_uploads_max=read.integer("SEGUE_STREAMED_UPLOADS_MAX", 16),
        allowed_origins=read.items("SEGUE_ALLOWED_ORIGINS", "*"),
        country_header=read.text("SEGUE_COUNTRY_HEADER", "").lower(),
        default_market=read.country("SEGUE_DEFAULT_MARKET"),
        play_history_months=read.integer("SEGUE_PLAY_HISTORY_MONTHS", 0, at_least=0),
        requests=request_settings(environment),
        telemetry=telemetry_settings(environment),
    )

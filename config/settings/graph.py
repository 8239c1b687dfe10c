"""Everything that the graph process needs."""

from __future__ import annotations

import msgspec

from config.settings.markets import MarketSettings, market_settings
from config.settings.media import MediaSettings, media_settings
from config.settings.postgres import PostgresSettings, ReplicaSettings, postgres_settings, replica_settings
from config.settings.reader import Environment, Reader
from config.settings.requests import RequestSettings, request_settings
from config.settings.s3 import S3Settings, s3_settings
from config.settings.telemetry import TelemetrySettings, telemetry_settings
from config.settings.tokens import TokenSettings, token_settings
from config.settings.uploads import UploadSettings, upload_settings
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
    tokens: TokenSettings
    media: MediaSettings
    uploads: UploadSettings
    markets: MarketSettings
    share_url: str
    """What share links begin with, without a slash at the end."""
    play_history_months: int
    """So long after its end a month of plays is kept; 0: for ever."""
    requests: RequestSettings
    telemetry: TelemetrySettings


def graph_settings(environment: Environment) -> GraphSettings:
    """Build the record of the graph process. Raises InvalidSetting."""
    read = Reader(environment)
    port = read.port("SEGUE_GRAPH_PORT", GRAPH_PORT)
    return GraphSettings(
        host=read.text("SEGUE_GRAPH_HOST", "127.0.0.1"),
        port=port,
        workers=read.integer("SEGUE_GRAPH_WORKERS", 1),
        postgres=postgres_settings(environment),
        replicas=replica_settings(environment),
        valkey=valkey_settings(environment),
        s3=s3_settings(environment),
        tokens=token_settings(environment),
        media=media_settings(environment),
        uploads=upload_settings(environment),
        markets=market_settings(environment),
        share_url=read.url("SEGUE_SHARE_URL", f"http://127.0.0.1:{port}"),
        play_history_months=read.integer("SEGUE_PLAY_HISTORY_MONTHS", 0, at_least=0),
        requests=request_settings(environment),
        telemetry=telemetry_settings(environment),
    )

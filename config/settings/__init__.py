"""Settings: frozen records, one for each process, built once from one mapping of `SEGUE_*` variables.

The mapping is an argument: nothing here reads the environment or a file, so a record can be built from any dictionary.
A value that may be secret is a :class:`Secret`, which hides in ``repr`` and in logs. A module holds the record of one
process or of one service, and the function that builds it; this page is the package's face.

Not here: the embedded services' defaults. `appliance.home` derives them from the home folder and hands over the merged
mapping, so graph, origin and ingest never know whether a service is embedded or managed.
"""

from config.settings.edge_keys import EdgeKey, edge_keys
from config.settings.graph import GRAPH_PORT, GraphSettings, graph_settings
from config.settings.ingest import LADDER, IngestSettings, ingest_settings
from config.settings.markets import MarketSettings, market_settings
from config.settings.media import MediaSettings, media_settings
from config.settings.origin import ORIGIN_PORT, OriginSettings, ReadSettings, origin_settings
from config.settings.postgres import PostgresSettings, ReplicaSettings, postgres_settings, replica_settings
from config.settings.protection import ProtectionSettings, protection_settings
from config.settings.reader import Reader
from config.settings.requests import DocumentSettings, RateSettings, RequestSettings, request_settings
from config.settings.s3 import S3Settings, s3_settings
from config.settings.secret import Secret
from config.settings.telemetry import TelemetrySettings, telemetry_settings
from config.settings.tokens import TokenSettings, token_settings
from config.settings.uploads import UploadSettings, upload_settings
from config.settings.valkey import ValkeySettings, valkey_settings

__all__ = [
    "GRAPH_PORT",
    "LADDER",
    "ORIGIN_PORT",
    "DocumentSettings",
    "EdgeKey",
    "GraphSettings",
    "IngestSettings",
    "MarketSettings",
    "MediaSettings",
    "OriginSettings",
    "PostgresSettings",
    "ProtectionSettings",
    "RateSettings",
    "ReadSettings",
    "Reader",
    "ReplicaSettings",
    "RequestSettings",
    "S3Settings",
    "Secret",
    "TelemetrySettings",
    "TokenSettings",
    "UploadSettings",
    "ValkeySettings",
    "edge_keys",
    "graph_settings",
    "ingest_settings",
    "market_settings",
    "media_settings",
    "origin_settings",
    "postgres_settings",
    "protection_settings",
    "replica_settings",
    "request_settings",
    "s3_settings",
    "telemetry_settings",
    "token_settings",
    "upload_settings",
    "valkey_settings",
]

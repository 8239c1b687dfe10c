"""Settings: frozen records, one for each process, built once from one mapping of `SEGUE_*` variables.

The mapping is an argument: nothing here reads the environment or a file, so a record can be built from any dictionary.
A value that may be secret is a :class:`Secret`, which hides in ``repr`` and in logs.

Not here: the embedded services' defaults. `appliance.home` derives them from the home folder and hands over the merged
mapping, so graph, origin and ingest never know whether a service is embedded or managed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import final

import msgspec

from config.errors import InvalidSetting

Environment = Mapping[str, str]

GRAPH_PORT = 8000
ORIGIN_PORT = 8080
LOOPBACK = "127.0.0.0/8,::1/128"
"""A proxy on the same machine is believed, and what the machine itself asks without one is not limited."""
LADDER = Path(__file__).with_name("ladder.toml")

PLAYBACK_LIFETIME_S = 6 * 3600
LONGEST_PLAYBACK_S = 5 * 3600
"""Of a track of four hours, with its allowance for pauses: its token lives as long, whatever the setting says."""
REMOVAL_MARGIN_S = 3600
"""For manifests in caches, and clocks that differ."""


@final
class Secret:
    """A string that shows itself only when asked by :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


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


class ValkeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the Valkey-protocol server is."""

    url: Secret
    timeout_s: float = 2.0


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The object store; `public_endpoint` is the address that uploading clients reach it at."""

    endpoint: str
    public_endpoint: str
    region: str
    bucket: str
    access_key: str
    secret_key: Secret
    timeout_s: float = 10.0
    connections: int = 64
    """That one process may hold."""


class EdgeKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the Segue token; the first of the list mints, all of them verify."""

    key_id: str
    secret: Secret


class DocumentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a GraphQL document may be; each limit is measured before anything is executed."""

    introspection: bool = True
    """Without it, names are not suggested in error messages either."""
    max_tokens: int = 2000
    """The standard introspection query has about 350, our largest client document about 300."""
    max_depth: int = 12
    """A search result's album's tracks' artists is 9 deep."""
    max_fields: int = 1000
    max_aliases: int = 30
    max_directives: int = 50
    max_cost: int = 50_000
    """Two full pages inside each other, with three objects in every row, are 40,000; three pages would be a million."""


class RateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What one user, or one address that is not signed in, may ask in a minute; 0: any amount."""

    credentials_per_minute: int
    """Operations that take a password or a refresh token, always by address."""
    mutations_per_minute: int
    queries_per_minute: int
    subscriptions_per_minute: int
    cost_per_minute: int
    unlimited: tuple[str, ...]
    """Networks that are never limited."""


class RequestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How requests may reach the API, and what each may take of it."""

    documents: DocumentSettings
    trusted_documents: str
    """A folder or a file of documents that clients ask for by their SHA-256; empty: none."""
    only_trusted: bool
    request_error_status: int
    timeout_s: float
    trusted_proxies: tuple[str, ...]
    """Networks whose `X-Forwarded-For` is believed."""
    rates: RateSettings
    cache_max_age_s: int
    """Of answers to anonymous persisted queries by GET; 0: none is cached."""
    cache_bytes: int


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
    requests: RequestSettings


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


class ProtectionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the keys of protected media come from, and how long each is used."""

    content_key_secret: Secret | None
    """Hex digits; None where a key server is asked instead."""
    speke_url: str
    """Of that key server; empty: none."""
    speke_authorization: Secret
    """The value of the header; may be empty."""
    segments_per_period: int | None
    """None: one key for a whole asset."""


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


class Reader:
    """Typed access to one mapping; every complaint names the variable and what it should hold."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environment.get(name, "").strip() or default
        if value is None:
            raise InvalidSetting(name, "is required; set it, or run under `segue up`, which provides it")
        return value

    def secret(self, name: str) -> Secret:
        return Secret(self.text(name))

    def integer(self, name: str, default: int, *, at_least: int = 1) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) < at_least:
            raise InvalidSetting(name, f"must be a whole number of at least {at_least}, not {text!r}")
        return int(text)

    def number(self, name: str, default: float, *, above: float = -math.inf) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > above):
            bound = f" above {above:g}" if math.isfinite(above) else ""
            raise InvalidSetting(name, f"must be a number{bound}, not {text!r}")
        return value

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text not in among:
            raise InvalidSetting(name, f"must be one of {', '.join(among)}, not {text!r}")
        return text

    def port(self, name: str, default: int) -> int:
        value = self.integer(name, default)
        if value > 65535:
            raise InvalidSetting(name, f"must be a port between 1 and 65535, not {value}")
        return value

    def url(self, name: str, default: str | None = None) -> str:
        value = self.text(name, default)
        if "://" not in value:
            raise InvalidSetting(name, f"must be a URL with a scheme, not {value!r}")
        return value.rstrip("/")

    def items(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def country(self, name: str) -> str | None:
        """Two letters (ISO 3166-1); None when it is not set."""
        text = self.text(name, "").upper()
        if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
            raise InvalidSetting(name, f"must be a country by its two letters, such as SE, not {text!r}")
        return text or None

    def networks(self, name: str, default: str) -> tuple[str, ...]:
        """Networks in CIDR notation; the word `none` for no network at all."""
        given = self.items(name, default)
        for text in given if given != ("none",) else ():
            try:
                ip_network(text)
            except ValueError as error:
                raise InvalidSetting(name, f"must be networks such as 10.0.0.0/8, not {text!r}") from error
        return () if given == ("none",) else given


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
        requests=request_settings(environment),
    )


def request_settings(environment: Environment) -> RequestSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return RequestSettings(
        documents=document_settings(environment),
        trusted_documents=read.text("SEGUE_TRUSTED_DOCUMENTS", ""),
        only_trusted=read.choice("SEGUE_DOCUMENTS", "any", ("any", "trusted")) == "trusted",
        request_error_status=int(read.choice("SEGUE_REQUEST_ERROR_STATUS", "400", ("400", "422", "200"))),
        timeout_s=read.number("SEGUE_OPERATION_TIMEOUT_S", 60.0, above=0),
        trusted_proxies=read.networks("SEGUE_TRUSTED_PROXIES", LOOPBACK),
        rates=rate_settings(environment),
        cache_max_age_s=read.integer("SEGUE_RESPONSE_MAX_AGE_S", 60, at_least=0),
        cache_bytes=read.integer("SEGUE_RESPONSE_CACHE_BYTES", 64 * 1024**2),
    )


def document_settings(environment: Environment) -> DocumentSettings:
    """Raises InvalidSetting."""
    read, default = Reader(environment), DocumentSettings()
    return DocumentSettings(
        introspection=read.choice("SEGUE_INTROSPECTION", "on", ("on", "off")) == "on",
        max_tokens=read.integer("SEGUE_DOCUMENT_MAX_TOKENS", default.max_tokens),
        max_depth=read.integer("SEGUE_DOCUMENT_MAX_DEPTH", default.max_depth),
        max_fields=read.integer("SEGUE_DOCUMENT_MAX_FIELDS", default.max_fields),
        max_aliases=read.integer("SEGUE_DOCUMENT_MAX_ALIASES", default.max_aliases),
        max_directives=read.integer("SEGUE_DOCUMENT_MAX_DIRECTIVES", default.max_directives),
        max_cost=read.integer("SEGUE_MAX_COST", default.max_cost),
    )


def rate_settings(environment: Environment) -> RateSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return RateSettings(
        credentials_per_minute=read.integer("SEGUE_RATE_CREDENTIALS", 30, at_least=0),
        mutations_per_minute=read.integer("SEGUE_RATE_MUTATIONS", 600, at_least=0),
        queries_per_minute=read.integer("SEGUE_RATE_QUERIES", 1200, at_least=0),
        subscriptions_per_minute=read.integer("SEGUE_RATE_SUBSCRIPTIONS", 120, at_least=0),
        cost_per_minute=read.integer("SEGUE_RATE_COST", 500_000, at_least=0),
        unlimited=read.networks("SEGUE_UNLIMITED_ADDRESSES", LOOPBACK),
    )


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


def protection_settings(environment: Environment) -> ProtectionSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    speke_url = read.url("SEGUE_SPEKE_URL") if read.text("SEGUE_SPEKE_URL", "") else ""
    return ProtectionSettings(
        content_key_secret=None if speke_url else _content_key_secret(read),
        speke_url=speke_url,
        speke_authorization=Secret(read.text("SEGUE_SPEKE_AUTHORIZATION", "")),
        segments_per_period=read.integer("SEGUE_CRYPTO_PERIOD_SEGMENTS", 225, at_least=0) or None,
    )


def _content_key_secret(read: Reader) -> Secret:
    secret = read.secret("SEGUE_CONTENT_KEY_SECRET")
    if not _is_key(secret.reveal()):
        raise InvalidSetting("SEGUE_CONTENT_KEY_SECRET", "must be 64 or more hex digits")
    return secret


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
        replica=_replica(environment) if read.text("SEGUE_S3_REPLICA_ENDPOINT", "") else None,
    )


def _replica(environment: Environment) -> S3Settings:
    """The bucket in another region; what is not set is as at the primary."""
    read, primary = Reader(environment), s3_settings(environment)
    endpoint = read.url("SEGUE_S3_REPLICA_ENDPOINT")
    return S3Settings(
        endpoint=endpoint,
        public_endpoint=endpoint,
        region=read.text("SEGUE_S3_REPLICA_REGION", primary.region),
        bucket=read.text("SEGUE_S3_REPLICA_BUCKET", primary.bucket),
        access_key=read.text("SEGUE_S3_REPLICA_ACCESS_KEY", primary.access_key),
        secret_key=Secret(read.text("SEGUE_S3_REPLICA_SECRET_KEY", primary.secret_key.reveal())),
    )


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


def removal_delay_s(environment: Environment) -> int:
    """How long media stay after their track or their revision has gone: no URL that was given out outlives it."""
    read = Reader(environment)
    playback_s = read.integer("SEGUE_PLAYBACK_LIFETIME_S", PLAYBACK_LIFETIME_S)
    return read.integer("SEGUE_REMOVAL_DELAY_S", max(playback_s, LONGEST_PLAYBACK_S) + REMOVAL_MARGIN_S)


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


def valkey_settings(environment: Environment) -> ValkeySettings:
    read = Reader(environment)
    read.url("SEGUE_VALKEY_URL")
    return ValkeySettings(url=read.secret("SEGUE_VALKEY_URL"))


def s3_settings(environment: Environment) -> S3Settings:
    read = Reader(environment)
    endpoint = read.url("SEGUE_S3_ENDPOINT")
    return S3Settings(
        endpoint=endpoint,
        public_endpoint=read.url("SEGUE_S3_PUBLIC_ENDPOINT", endpoint),
        region=read.text("SEGUE_S3_REGION", "us-east-1"),
        bucket=read.text("SEGUE_S3_BUCKET", "segue"),
        access_key=read.text("SEGUE_S3_ACCESS_KEY"),
        secret_key=read.secret("SEGUE_S3_SECRET_KEY"),
    )


def edge_keys(environment: Environment) -> tuple[EdgeKey, ...]:
    """Read `SEGUE_EDGE_KEYS`: `id:secret` pairs parted by commas, the minting key first, secrets as hex digits."""
    keys = tuple(_edge_key(pair) for pair in Reader(environment).items("SEGUE_EDGE_KEYS"))
    if not keys:
        raise InvalidSetting("SEGUE_EDGE_KEYS", "needs at least one `id:hex` pair")
    return keys


def _edge_key(pair: str) -> EdgeKey:
    key_id, _, secret = pair.partition(":")
    if not (key_id.isalnum() and _is_key(secret)):
        # The secret is not echoed: a message may end up in a log.
        raise InvalidSetting(
            "SEGUE_EDGE_KEYS", f"key {key_id!r} must be an alphanumeric id, `:` and 64 or more hex digits"
        )
    return EdgeKey(key_id=key_id, secret=Secret(secret))


def _is_key(text: str) -> bool:
    """Whether the text is as many hex digits as a secret has at least."""
    try:
        return len(bytes.fromhex(text)) >= 32
    except ValueError:
        return False

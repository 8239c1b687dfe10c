"""What clients may ask of the API: documents, rates, and the time and the memory that answers may take."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader

LOOPBACK = "127.0.0.0/8,::1/128"
"""A proxy on the same machine is believed, and what the machine itself asks without one is not limited."""


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
    allowed_origins: tuple[str, ...]
    """Of pages that may call from a browser."""
    trusted_proxies: tuple[str, ...]
    """Networks whose `X-Forwarded-For` is believed."""
    rates: RateSettings
    cache_max_age_s: int
    """Of answers to anonymous persisted queries by GET; 0: none is cached."""
    cache_bytes: int


def request_settings(environment: Environment) -> RequestSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return RequestSettings(
        documents=document_settings(environment),
        trusted_documents=read.text("SEGUE_TRUSTED_DOCUMENTS", ""),
        only_trusted=read.choice("SEGUE_DOCUMENTS", "any", ("any", "trusted")) == "trusted",
        request_error_status=int(read.choice("SEGUE_REQUEST_ERROR_STATUS", "400", ("400", "422", "200"))),
        timeout_s=read.number("SEGUE_OPERATION_TIMEOUT_S", 60.0, above=0),
        allowed_origins=read.items("SEGUE_ALLOWED_ORIGINS", "*"),
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

"""Where the object store is, and its copy in another region."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader
from config.settings.secret import Secret


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


def s3_replica_settings(environment: Environment) -> S3Settings:
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

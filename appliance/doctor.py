"""What `segue doctor` checks: each connection, port and disk, one finding each, with what to mend.

The checks use the settings and the connections of the processes themselves. All but that of S3 run at the same time,
and none takes longer than a few seconds, also against a server that accepts connections and then says nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from appliance import preflight
from appliance.errors import NoRoom
from appliance.home import ADDRESS_VARIABLES, Home, embedded
from appliance.invocation import Invocation
from appliance.probe import http_status
from appliance.schema_version import pending, server_version
from config import valkey
from config.errors import ConfigError, ObjectMissing, ServiceUnavailable
from config.objects import open_store
from config.replicas import lag_s
from config.settings import graph_settings, origin_settings, replica_settings, s3_settings, valkey_settings

LIMIT_S = 6.0
S3_TIMEOUT_S = 2.0
READY_TIMEOUT_S = 5.0
"""Graph and origin ask their own services first, and wait a few seconds for one that hangs."""
PROBE_KEY = "doctor/"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check: `told` says what is, `remedy` what to do when that is wrong."""

    subject: str
    told: str
    remedy: str = ""

    @property
    def healthy(self) -> bool:
        return not self.remedy


class Unwell(Exception):
    """A check came out badly; the doctor's own, never leaves this module."""

    def __init__(self, told: str, remedy: str) -> None:
        super().__init__(told)
        self.told = told
        self.remedy = remedy


async def examine(invocation: Invocation) -> list[Finding]:
    """Run every check; the order is that of :data:`CHECKS`. Raises HomeDamaged when the settings cannot be read."""
    environment = invocation.environment
    if not invocation.home.made and embedded(invocation.variables):
        missing = Finding(
            subject="home", told=f"{invocation.home.folder} was not made yet", remedy="run `make up` once"
        )
        return [missing]
    asked = [name for name in CHECKS if name not in OPTIONAL or environment.get(OPTIONAL[name], "").strip()]
    # First and alone: its client is made of files, for a second or more in which the loop stands still, and the others
    # would run out of time.
    store = {ALONE: await _finding(ALONE, invocation, environment)}
    others = [name for name in asked if name != ALONE]
    found = await asyncio.gather(*(_finding(name, invocation, environment) for name in others))
    findings = store | dict(zip(others, found, strict=True))
    return [findings[name] for name in asked]


async def _finding(subject: str, invocation: Invocation, environment: Mapping[str, str]) -> Finding:
    try:
        async with asyncio.timeout(LIMIT_S):
            return Finding(subject=subject, told=await CHECKS[subject](invocation.home, environment))
    except Unwell as unwell:
        return Finding(subject=subject, told=unwell.told, remedy=unwell.remedy)
    except ServiceUnavailable as error:
        return Finding(
            subject=subject, told=f"does not answer as it should ({error.cause})", remedy=_remedy(subject, invocation)
        )
    except TimeoutError:
        return Finding(
            subject=subject, told="takes connections but does not answer", remedy=_remedy(subject, invocation)
        )
    except ConfigError as error:
        return Finding(subject=subject, told=str(error), remedy="correct the setting")


def _remedy(subject: str, invocation: Invocation) -> str:
    """An embedded service and our own processes are `make up`'s to start; another one is where its variable says."""
    variable = ADDRESS_VARIABLES.get(SERVICES.get(subject, ""))
    if variable and SERVICES[subject] not in embedded(invocation.variables):
        return f"start it, or correct {variable}, which says where it is"
    log = invocation.home.logs / f"{SERVICES.get(subject, subject)}.log"
    return f"`make up` starts it; if that is running, read {log}"


async def _postgres(_home: Home, environment: Mapping[str, str]) -> str:
    version = await server_version(environment)
    missing = await pending(environment)
    if missing:
        raise Unwell(f"{version}, lacks migrations: {', '.join(missing)}", "run `segue migrate`")
    return f"{version}, schema up to date"


async def _replicas(_home: Home, environment: Mapping[str, str]) -> str:
    settings = replica_settings(environment)
    lags_s = await asyncio.gather(*(lag_s(url) for url in settings.urls))
    for number, lag in enumerate(lags_s, 1):
        if lag is None:
            told = f"number {number} of SEGUE_POSTGRES_REPLICA_URL does not answer as a replica"
            raise Unwell(told, "start it, or take it out of the setting; reads go to the primary meanwhile")
        if lag > settings.lag_max_s:
            told = f"number {number} of SEGUE_POSTGRES_REPLICA_URL is {lag:.0f} s behind"
            raise Unwell(told, "look at its log and its disk; reads go to the primary meanwhile")
    return f"{len(settings.urls)} in use, {max(filter(None, lags_s), default=0):.1f} s behind at most"


async def _valkey(_home: Home, environment: Mapping[str, str]) -> str:
    async with valkey.open_valkey(valkey_settings(environment)) as client:
        await valkey.ping(client)
        info = await client.info("server")
    return f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}"


async def _s3(_home: Home, environment: Mapping[str, str]) -> str:
    settings = msgspec.structs.replace(s3_settings(environment), timeout_s=S3_TIMEOUT_S)
    key, body = PROBE_KEY + secrets.token_hex(8), secrets.token_bytes(64)
    async with open_store(settings) as store:
        try:
            await store.ping()
        except ObjectMissing as error:
            told = f"answers, but has no bucket {settings.bucket}"
            raise Unwell(told, "make it, or correct SEGUE_S3_BUCKET; `segue up` makes it when it starts") from error
        await store.write(key, body, content_type="application/octet-stream")
        read = await store.read(key)
        await store.delete(key)
    if read != body:
        raise Unwell(f"bucket {settings.bucket} gave back other bytes than were written", "look at the store's disk")
    return f"bucket {settings.bucket}: wrote, read and deleted an object"


async def _graph(_home: Home, environment: Mapping[str, str]) -> str:
    settings = graph_settings(environment)
    return await _http("graph", settings.host, settings.port)


async def _origin(_home: Home, environment: Mapping[str, str]) -> str:
    settings = origin_settings(environment)
    return await _http("origin", settings.host, settings.port)


async def _http(name: str, host: str, port: int) -> str:
    status = await http_status(host, port, "/health/ready", limit_s=READY_TIMEOUT_S)
    if status is None:
        raise ServiceUnavailable(name, f"nothing at {host}:{port}")
    if status != 200:
        raise Unwell(f"answers at {host}:{port}, but is not ready ({status})", "mend the services above first")
    return f"ready at {host}:{port}"


async def _disk(home: Home, _environment: Mapping[str, str]) -> str:
    told = f"{preflight.free_bytes(home.folder) / 1024**3:.1f} GiB free"
    try:
        preflight.check_room(home.folder)
    except NoRoom as error:
        raise Unwell(told, "free some, or `segue up` will not start again") from error
    return told


Check = Callable[[Home, Mapping[str, str]], Awaitable[str]]

CHECKS: dict[str, Check] = {
    "PostgreSQL": _postgres,
    "replicas": _replicas,
    "Valkey": _valkey,
    "S3": _s3,
    "graph": _graph,
    "origin": _origin,
    "disk": _disk,
}
ALONE = "S3"
OPTIONAL = {"replicas": "SEGUE_POSTGRES_REPLICA_URL"}
"""Checks that are made when their variable is set."""
SERVICES = {"PostgreSQL": "postgres", "Valkey": "valkey", "S3": "s3"}

"""What `segue up` runs, as values: the embedded services that the settings do not replace, then our own processes.

Not here: running them (`appliance.supervision.supervisor`), and the order of things around it (`appliance.up`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from appliance.credentials import Credentials
from appliance.embedded import postgres, s3, valkey
from appliance.home import Home, embedded, service_port
from appliance.probe import http_status
from appliance.supervision.command import Command
from appliance.supervision.supervisor import Service
from config.settings import GraphSettings, OriginSettings, graph_settings, origin_settings


def embedded_services(home: Home, held: Credentials, variables: Mapping[str, str]) -> list[Service]:
    """One for each service that `variables`, as the operator set them, do not point elsewhere."""
    return [MAKERS[name](home, held, variables) for name in sorted(embedded(variables))]


def processes(home: Home, variables: Mapping[str, str]) -> list[Service]:
    """Graph, origin and one ingest worker under the resolved variables. Raises InvalidSetting."""
    variables = with_bytecode(home, variables)
    return [
        _graph(graph_settings(variables), variables),
        _origin(origin_settings(variables), variables),
        _ingest(variables),
    ]


def with_bytecode(home: Home, variables: Mapping[str, str]) -> dict[str, str]:
    """Let Python keep compiled modules in the home folder.

    Compiling what the graph imports takes seconds. Beside the sources it is often not kept: where the packages are
    read-only, or the operator does not want it there (PYTHONDONTWRITEBYTECODE).
    """
    kept = {name: value for name, value in variables.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(home.bytecode), **kept}


def _postgres(home: Home, _held: Credentials, _variables: Mapping[str, str]) -> Service:
    async def ready(pid: int) -> bool:
        return postgres.is_ready(home.postgres, pid=pid)

    return Service(command=postgres.server_command(home.postgres, socket_folder=home.socket_folder), ready=ready)


def _valkey(home: Home, held: Credentials, variables: Mapping[str, str]) -> Service:
    port, password = service_port("valkey", variables), held.valkey_password

    async def ready(_pid: int) -> bool:
        return await valkey.is_ready(port=port, password=password)

    command = valkey.server_command(port=port, password=password, folder=home.valkey, search_path=variables.get("PATH"))
    return Service(command=command, ready=ready)


def _s3(home: Home, held: Credentials, variables: Mapping[str, str]) -> Service:
    port = service_port("s3", variables)

    async def ready(_pid: int) -> bool:
        return await s3.is_ready(port=port)

    command = s3.server_command(home.s3, port=port, access_key=held.s3_access_key, secret_key=held.s3_secret_key)
    return Service(command=command, ready=ready)


def _graph(settings: GraphSettings, variables: Mapping[str, str]) -> Service:
    async def ready(_pid: int) -> bool:
        return await http_status(settings.host, settings.port, "/health/ready") == 200

    return Service(command=_ours("graph", variables), ready=ready)


def _origin(settings: OriginSettings, variables: Mapping[str, str]) -> Service:
    async def ready(_pid: int) -> bool:
        return await http_status(settings.host, settings.port, "/health/ready") == 200

    return Service(command=_ours("origin", variables), ready=ready)


def _ingest(variables: Mapping[str, str]) -> Service:
    async def ready(_pid: int) -> bool:
        # It listens nowhere. The supervisor looks at the end of the tier whether it still runs.
        return True

    return Service(command=_ours("ingest", variables), ready=ready)


def _ours(name: str, variables: Mapping[str, str]) -> Command:
    """One of our own commands, run by this interpreter; -P: the folder it stands in is no place to import from."""
    return Command(name=name, argv=(sys.executable, "-P", "-m", "appliance", name), environment=dict(variables))


MAKERS = {"postgres": _postgres, "valkey": _valkey, "s3": _s3}

"""The home folder: what lies where, and the settings that follow from it.

::

    var/
    ├── credentials.json passwords and keys, mode 0600
    ├── postgres/        the database cluster (`postgres.new/` while it is being made)
    ├── s3/              one folder a bucket
    ├── valkey/          working directory of the server, which writes nothing
    ├── demo/            the demo's files and passwords (`appliance.demo.seed`)
    ├── scratch/         the ingest worker's temporary files
    ├── bytecode/        Python's compiled modules, for a quick start
    ├── logs/            one file a process
    ├── run/             which processes run (`appliance.supervision.records`) and where they listen
    │                    (`appliance.ports`), PostgreSQL's socket
    └── lock             held while `segue up` runs

What the operator sets wins: a service whose address is set by a `SEGUE_*` variable is not embedded, and nothing of the
home folder is derived for it, so that a forgotten key is named instead of replaced by one that cannot be right.

Not here: making the folder (`appliance.prepare`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from appliance import credentials, ports
from appliance.embedded import postgres, s3, valkey
from appliance.errors import HomeDamaged
from config.settings import Reader

DEFAULT_HOME = Path("var")
HOME_VARIABLE = "SEGUE_HOME"

SOCKET_FOLDER_MAX_BYTES = 85
"""A socket's whole path has 104 bytes on the tightest system (sun_path), of which PostgreSQL adds 19."""

ADDRESS_VARIABLES = {"postgres": "SEGUE_POSTGRES_URL", "valkey": "SEGUE_VALKEY_URL", "s3": "SEGUE_S3_ENDPOINT"}
"""The variable that points a service elsewhere."""


class Home(msgspec.Struct, frozen=True):
    """The paths of one home folder, which need not exist; `folder` is absolute."""

    folder: Path

    @property
    def credentials_file(self) -> Path:
        return self.folder / "credentials.json"

    @property
    def lock_file(self) -> Path:
        return self.folder / "lock"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def postgres_aside(self) -> Path:
        """Where a cluster is made; renamed to :attr:`postgres` when it is whole."""
        return self.folder / "postgres.new"

    @property
    def s3(self) -> Path:
        return self.folder / "s3"

    @property
    def valkey(self) -> Path:
        return self.folder / "valkey"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    @property
    def bytecode(self) -> Path:
        return self.folder / "bytecode"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def ports_file(self) -> Path:
        return self.run / "ports.json"

    @property
    def socket_folder(self) -> Path:
        """Of PostgreSQL; outside, under a name made from the home's, when the home lies too deep for a socket."""
        inside = self.run / "postgres"
        if len(bytes(inside)) <= SOCKET_FOLDER_MAX_BYTES:
            return inside
        digest = hashlib.sha256(bytes(self.folder)).hexdigest()[:16]
        # Not tempfile.gettempdir(): TMPDIR may differ between the shells of `segue up` and `segue doctor`.
        return Path("/tmp") / f"segue-{digest}"  # noqa: S108 -- made with mode 0700 and its owner is checked

    @property
    def made(self) -> bool:
        return self.credentials_file.exists()


def open_home(folder: Path) -> Home:
    return Home(folder.expanduser().absolute())


def embedded(variables: Mapping[str, str]) -> frozenset[str]:
    """The services that the variables do not point elsewhere."""
    return frozenset(name for name, variable in ADDRESS_VARIABLES.items() if not variables.get(variable, "").strip())


def service_port(name: str, variables: Mapping[str, str]) -> int:
    """The port of an embedded service. Raises InvalidSetting."""
    variable, default = {"valkey": ("SEGUE_VALKEY_PORT", 6380), "s3": ("SEGUE_S3_PORT", 9000)}[name]
    return Reader(variables).port(variable, default)


def load_credentials(home: Home) -> credentials.Credentials:
    """Raises HomeDamaged, with the reason why they cannot be read."""
    try:
        return credentials.load(home.credentials_file)
    except OSError as error:
        raise HomeDamaged(
            f"{home.credentials_file} cannot be read ({error.strerror}); run as the user who made it"
        ) from error


def home_environment(home: Home, variables: Mapping[str, str]) -> dict[str, str]:
    """The `SEGUE_*` variables that follow from a home folder; none when it was not made yet. Raises HomeDamaged."""
    if not home.made:
        return {}
    held = load_credentials(home)
    derived = {
        HOME_VARIABLE: str(home.folder),
        "SEGUE_SCRATCH": str(home.scratch),
        "SEGUE_ACCESS_TOKEN_KEY": held.access_token_key,
        "SEGUE_EDGE_KEYS": f"{held.edge_key_id}:{held.edge_key}",
        "SEGUE_CONTENT_KEY_SECRET": held.content_key,
    }
    for service in embedded(variables):
        derived |= DERIVATIONS[service](home, held, variables)
    return derived


def resolve(home: Home, variables: Mapping[str, str]) -> dict[str, str]:
    """Every variable of the processes: derived from the home, overruled by what is set. Raises HomeDamaged.

    The ports of a `segue up` that runs on the home count as set, unless others are.
    """
    told = {**ports.noted(home.ports_file), **{name: value for name, value in variables.items() if value.strip()}}
    return {**home_environment(home, told), **told}


def _postgres(home: Home, held: credentials.Credentials, _variables: Mapping[str, str]) -> dict[str, str]:
    url = postgres.url(
        home.socket_folder, role=postgres.ROLE, password=held.postgres_password, database=postgres.DATABASE
    )
    return {"SEGUE_POSTGRES_URL": url}


def _valkey(_home: Home, held: credentials.Credentials, variables: Mapping[str, str]) -> dict[str, str]:
    port = service_port("valkey", variables)
    return {"SEGUE_VALKEY_URL": valkey.url(port=port, password=held.valkey_password)}


def _s3(_home: Home, held: credentials.Credentials, variables: Mapping[str, str]) -> dict[str, str]:
    return {
        "SEGUE_S3_ENDPOINT": s3.url(port=service_port("s3", variables)),
        "SEGUE_S3_ACCESS_KEY": held.s3_access_key,
        "SEGUE_S3_SECRET_KEY": held.s3_secret_key,
    }


DERIVATIONS = {"postgres": _postgres, "valkey": _valkey, "s3": _s3}

import re
from pathlib import Path

import msgspec

from appliance.home import service_port
from config.errors import InvalidSetting
from config.settings import graph_settings, ingest_settings, origin_settings, telemetry_settings
from tests.config.test_settings import COMPLETE, NEEDED

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operations.md"
LITERAL = re.compile(r"`([^`]+)`|(-?[\d.]+)")
"""A default that is named, and not described."""
OF_PATHS = {"SEGUE_HOME"}
"""What no process reads: it decides where the others come from."""


class Row(msgspec.Struct, frozen=True):
    """A row of the page: variables that are explained together, and what they are when they are not set."""

    variables: list[str]
    defaults: list[str]


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\bSEGUE_[A-Z0-9_]*[A-Z0-9]\b", text))


def rows() -> list[Row]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `SEGUE_")]
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return [Row(re.findall(r"`(\w+)`", names), default.split(", ")) for names, default, *_ in cells]


def settings(**given: str) -> list[object]:
    """Everything that our processes, and the services under them, read from an environment."""
    environment = {**COMPLETE, **given}
    processes = (graph_settings, origin_settings, ingest_settings, telemetry_settings)
    return [*(read(environment) for read in processes), *(service_port(name, environment) for name in ("valkey", "s3"))]


def test_every_variable_is_explained_and_every_explanation_is_of_one() -> None:
    sources = [*(ROOT / "config").rglob("*.py"), *(ROOT / "appliance").rglob("*.py")]
    read = set().union(*(variables_in(path.read_text()) for path in sources))
    assert {variable for row in rows() for variable in row.variables} == read


def test_every_variable_of_a_row_has_its_default() -> None:
    told = [row for row in rows() if any(LITERAL.fullmatch(default) for default in row.defaults)]
    assert [row for row in told if len(row.defaults) not in (1, len(row.variables))] == []


def test_what_is_named_as_a_default_is_what_is_taken() -> None:
    named = {
        variable: default.strip("`")
        for row in rows()
        if len(row.variables) == len(row.defaults)
        for variable, default in zip(row.variables, row.defaults, strict=True)
        if LITERAL.fullmatch(default) and variable not in OF_PATHS
    }
    taken = settings()
    assert [variable for variable, default in named.items() if settings(**{variable: default}) != taken] == []
    assert [variable for variable, default in named.items() if not matters(variable, f"{default}x", taken)] == []
    assert named["SEGUE_GRAPH_PORT"] == "8000"


def matters(variable: str, value: str, taken: list[object]) -> bool:
    """Whether the value is refused or changes what is taken; a variable that nobody reads would have any default."""
    try:
        return settings(**{variable: value}) != taken
    except InvalidSetting:
        return True


def test_what_each_process_needs_is_listed() -> None:
    listed = re.findall(r"^\| `segue (\w+)` \| (`SEGUE_.*`) \|$", PAGE.read_text(), re.MULTILINE)
    assert {process: variables_in(cell) for process, cell in listed} == NEEDED


def test_the_environment_is_read_in_one_line() -> None:
    packages = ["appliance", "config", "edge", "graph", "ingest", "origin", "loadtests"]
    readers = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in path.read_text().splitlines()
        if "os.environ" in line or "getenv" in line
    ]
    assert len(readers) == 1, readers
    assert readers[0].startswith("appliance/environment.py")

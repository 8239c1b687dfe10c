import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    return {re.split(r"[\[<>=~! ]", line)[0] for line in lines}


def test_every_dependency_has_a_reason_and_every_reason_a_dependency() -> None:
    explained = re.findall(r"^\| `([a-z0-9-]+)` \| .{20,} \|$", (ROOT / "docs/why.md").read_text(), re.MULTILINE)
    assert sorted(explained) == sorted(declared())


def test_the_lock_holds_every_dependency() -> None:
    locked = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert declared() <= locked


def imported() -> dict[str, set[str]]:
    """The modules that our sources and tests import by name, each with its distributions; a namespace has several."""
    ours = {"appliance", "config", "edge", "graph", "ingest", "loadtests", "origin", "tests"}
    modules = set()
    for package in ours:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.add(node.module.split(".")[0])
    owners = packages_distributions()
    foreign = modules - ours - set(sys.stdlib_module_names)
    return {
        module: {owner.lower().replace("_", "-") for owner in owners[module]} for module in foreign if module in owners
    }


def test_what_is_imported_is_declared() -> None:
    known = declared()
    assert [module for module, owners in imported().items() if not owners & known] == []

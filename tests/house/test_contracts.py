"""Each import contract is proved by a planted violation: a copy of the packages with one forbidden import fails."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def plant(contract: dict[str, Any]) -> tuple[str, str]:
    """The (importing, imported) modules of a violation."""
    if contract["type"] == "independence":
        return contract["modules"][0], contract["modules"][1]
    return contract["source_modules"][0], contract["forbidden_modules"][0]


def source_file(tree: Path, module: str) -> Path:
    path = tree.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [lint_imports, "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in CONFIG["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("contract", CONFIG["contracts"], ids=lambda contract: contract["name"])
def test_planted_violation_breaks(contract: dict[str, Any], tree: Path) -> None:
    importing, imported = plant(contract)
    with source_file(tree, importing).open("a") as file:
        file.write(f"\nimport {imported}\n")
    outcome = lint(tree)
    assert f"{contract['name']} BROKEN" in outcome.stdout, outcome.stdout + outcome.stderr


def test_untouched_copy_keeps_every_contract(tree: Path) -> None:
    outcome = lint(tree)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"{len(CONFIG['contracts'])} kept, 0 broken" in outcome.stdout

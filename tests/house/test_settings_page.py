import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\bSEGUE_[A-Z0-9_]*[A-Z0-9]\b", text))


def test_every_variable_is_explained_and_every_explanation_is_of_one() -> None:
    sources = [*(ROOT / "config").rglob("*.py"), *(ROOT / "appliance").rglob("*.py")]
    read = set().union(*(variables_in(path.read_text()) for path in sources))
    rows = [line for line in (ROOT / "docs/operations.md").read_text().splitlines() if line.startswith("| `SEGUE_")]
    assert set().union(*(variables_in(row.split("|")[1]) for row in rows)) == read


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

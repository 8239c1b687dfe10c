import re
from pathlib import Path

RECORDS = Path(__file__).parents[2] / "docs/decisions"


def test_the_index_names_every_record_once_by_its_title() -> None:
    listed = re.findall(r"^- \[(\d{4})\]\((.+)\) (.+)$", (RECORDS / "README.md").read_text(), re.MULTILINE)
    written = [(path.name, path.read_text().splitlines()[0]) for path in sorted(RECORDS.glob("[0-9]*.md"))]
    assert sorted((file, f"# {number} {title}") for number, file, title in listed) == written

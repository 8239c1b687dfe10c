"""The page about loudness: its code runs, and it names every figure that a reading has."""

import re
from pathlib import Path

from ingest.loudness.meter import Reading

PAGE = (Path(__file__).parents[3] / "docs" / "loudness.md").read_text()


def test_code_on_the_page_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:  # each goes on where the one before ended
        exec(compile(block, "docs/loudness.md", "exec"), names)  # noqa: S102 -- the page is ours


def test_every_figure_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(Reading.__struct_fields__)

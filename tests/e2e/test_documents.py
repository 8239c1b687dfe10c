"""Every code block of the documents is run, and what it prints is what the document shows.

`console` blocks hold commands behind `$ ` and their output, with `...` for what differs. They run on one appliance,
in the order of the page; `make up` itself is the appliance, so its block is compared with what that one printed.
`graphql` blocks are sent to the API as a listener and have to answer without an error; those of `WITH_VARIABLES` need
ids of what a test has made first, and are run there, with the `json` that they answer. The `python` blocks of a page
are one program, which has to end well. `text` blocks are pictures.
"""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROSE = {"text"}
WITH_VARIABLES = {
    "docs/api.md": "tests/graph/test_api_page.py",
    "docs/catalogue.md": "tests/graph/catalog/test_page.py",
    "docs/listening.md": "tests/graph/listening/test_page.py",
    "docs/sync.md": "tests/graph/changes/test_page.py",
}
"""Pages whose operations take variables, and the test that runs every one of them."""
WRITTEN = {"docs/reference.md"}
"""From the schema; tests/graph/test_reference_page.py sends every document of it."""
STANDARD_PORTS = {
    "SEGUE_GRAPH_PORT": "8000",
    "SEGUE_ORIGIN_PORT": "8080",
    "SEGUE_S3_PORT": "9000",
    "SEGUE_VALKEY_PORT": "6380",
}
DEMO_TIMEOUT_S = 1800


class Block(msgspec.Struct, frozen=True, kw_only=True):
    page: str
    language: str
    text: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a console block and what the page says it prints."""

    command: str
    output: str


def blocks() -> list[Block]:
    return [
        Block(page=str(page.relative_to(ROOT)), language=language, text=text)
        for page in PAGES
        for language, text in FENCE.findall(page.read_text())
    ]


def steps(text: str) -> list[Step]:
    _, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    found = []
    for part in parts:
        command, _, output = part.partition("\n")
        found.append(Step(command=command, output=output.strip()))
    return found


def cases(language: str) -> Iterator[object]:
    for number, block in enumerate(blocks()):
        if block.language == language and block.page not in {*WITH_VARIABLES, *WRITTEN}:
            yield pytest.param(block, id=f"{block.page} block {number}: {block.text.splitlines()[0]}")


def matches(printed: str, shown: str) -> bool:
    """Line by line: `...` alone stands for any lines or none, inside a line for any characters."""
    lines = [
        "(?:.*\n)*?" if line == "..." else ".*".join(re.escape(part) for part in line.split("...")) + "\n"
        for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed.strip() + "\n") is not None


def as_on_a_standard_machine(printed: str, appliance) -> str:
    """The output with the ports and the home that a reader has."""
    for name, port in STANDARD_PORTS.items():
        printed = re.sub(rf"\b{appliance.environment[name]}\b", port, printed)
    return printed.replace(str(appliance.home), "var").replace(f"{ROOT}/", "")


@pytest.fixture(scope="module")
def with_demo(appliance):
    """The appliance once its demo library can be played, which is some time after it is ready."""
    deadline = time.monotonic() + DEMO_TIMEOUT_S
    while "segue play" not in appliance.log.read_text():
        assert time.monotonic() < deadline, appliance.log.read_text()
        time.sleep(0.2)
    return appliance


def test_every_block_is_of_a_kind_that_is_run() -> None:
    for block in blocks():
        run = {"graphql", "json"} if block.page in WITH_VARIABLES else {"console", "graphql", "python"}
        assert block.language in run | PROSE, block


@pytest.mark.parametrize(("page", "test"), WITH_VARIABLES.items())
def test_operations_with_variables_are_run_by_a_test(page, test) -> None:
    program = (ROOT / test).read_text()
    assert f'Page("{Path(page).name}")' in program
    assert "assert page.left == set()" in program


@pytest.mark.parametrize("block", list(cases("console")))
def test_console_block_prints_what_it_shows(with_demo, block) -> None:
    for step in steps(block.text):
        if step.command == "make up":
            printed = with_demo.log.read_text()
        else:
            outcome = with_demo.run("bash", "-c", step.command.replace('"var/', f'"{with_demo.home}/'))
            printed = outcome.stdout + outcome.stderr
        printed = as_on_a_standard_machine(printed, with_demo)
        assert matches(printed, step.output), f"$ {step.command}\n{printed}"


@pytest.mark.parametrize("block", list(cases("graphql")))
@pytest.mark.usefixtures("with_demo")
async def test_graphql_block_answers_without_an_error(listener, block) -> None:
    body = await listener.answer(block.text)
    assert "errors" not in body, body


PROGRAMS = sorted({block.page for block in blocks() if block.language == "python"})


@pytest.mark.parametrize("page", PROGRAMS)
def test_python_blocks_of_a_page_are_a_program_that_runs(with_demo, page) -> None:
    program = "".join(block.text for block in blocks() if (block.page, block.language) == (page, "python"))
    for name, port in STANDARD_PORTS.items():
        program = program.replace(f"127.0.0.1:{port}", f"127.0.0.1:{with_demo.environment[name]}")
    outcome = with_demo.run(sys.executable, "-c", program)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr

from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.commands.schema import schema
from graph.schema import printed

NOW = printed()


def check(tmp_path: Path, released: str) -> tuple[int, str]:
    (tmp_path / "now.graphql").write_text(NOW)
    (tmp_path / "released.graphql").write_text(released)
    places = ["--file", str(tmp_path / "now.graphql"), "--released", str(tmp_path / "released.graphql")]
    outcome = CliRunner().invoke(schema, ["--check", *places])
    return outcome.exit_code, str(outcome.exception)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        pytest.param(
            NOW.replace("type Query {", 'type Query {\n  """Gone."""\n  lost: Int\n', 1), "Query.lost", id="a field"
        ),
        pytest.param(NOW + '\n"""Gone."""\ntype Lost {\n  """Gone."""\n  id: ID!\n}\n', "Lost", id="a type"),
        pytest.param(
            NOW.replace("enum Role {", 'enum Role {\n  """Gone."""\n  LOST\n', 1), "LOST", id="a value of an enum"
        ),
        pytest.param(
            NOW.replace('  """The address to sign in with."""\n  email: String!', '  """It."""\n  email: String', 1),
            "SignUpInput.email",
            id="an input that has become required",
        ),
    ],
)
def test_what_was_released_cannot_be_taken_away(tmp_path: Path, before: str, told: str) -> None:
    assert before != NOW
    status, message = check(tmp_path, before)
    assert status == 1
    assert told in message


def test_what_is_added_breaks_nobody(tmp_path: Path) -> None:
    assert check(tmp_path, "type Query {\n  node(id: ID!): Node\n}\n\ninterface Node {\n  id: ID!\n}\n") == (0, "None")


def test_a_release_is_what_the_code_prints(tmp_path: Path) -> None:
    released = tmp_path / "released.graphql"
    assert CliRunner().invoke(schema, ["--release", "--released", str(released)]).exit_code == 0
    assert released.read_text() == NOW

"""What linters and a client's compiler say of the schema; the Relay compiler compiles pages of our own."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema, lexicographic_sort_schema, print_schema

from graph.schema import printed

KNOWN = {
    # The word of every tag and every player; it was released, and `number` beside it would say less.
    'Field "trackNumber" starts with the name of the parent type "Track"',
}


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema in the order of the alphabet, which a linter asks of the file and readers do not."""
    path = tmp_path_factory.mktemp("schema") / "schema.graphql"
    schema = lexicographic_sort_schema(build_schema(printed()))
    path.write_text(print_schema(schema))
    return path


def test_graphql_schema_linter_has_no_finding(tool: Any, in_order: Path) -> None:
    ended = tool("graphql-schema-linter", str(in_order), cwd=in_order.parent)
    assert ended.returncode == 0, ended.stdout


def test_the_recommended_and_relay_rules_of_graphql_eslint_have_no_finding(tool: Any, in_order: Path) -> None:
    schema = build_schema(printed())
    values = [
        named.name
        for named in schema.type_map.values()
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
        and "Node" not in {i.name for i in named.interfaces}
    ]
    in_order.with_name("schema.graphql.values.json").write_text(json.dumps(values))
    config = str(Path(__file__).with_name("eslint.config.mjs"))
    ended = tool(
        "eslint", "-f", "json", "-c", config, str(in_order), cwd=in_order.parent, SEGUE_LINTED_SCHEMA=str(in_order)
    )
    assert ended.stdout, ended.stderr
    (linted,) = json.loads(ended.stdout)
    findings = {f"{finding['ruleId']}: {finding['message']}" for finding in linted["messages"]}
    assert {finding for finding in findings if finding.partition(": ")[2] not in KNOWN} == set()


PAGES = """
graphql`
  query PagesQuery($id: ID!, $first: Int!) {
    viewer { displayName }
    node(id: $id) { ...Pages_album @arguments(first: $first) }
    nodes(ids: [$id]) { id ... on Track { title } }
  }
`;
graphql`
  fragment Pages_album on Album
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "PagesAlbumQuery") {
    title
    tracks(first: $first, after: $after) @connection(key: "Pages_tracks") {
      edges { node { title artist { name } } }
    }
  }
`;
graphql`
  mutation PagesMutation($input: UpdateTrackInput!) {
    updateTrack(input: $input) { track { title } userErrors { field message code } }
  }
`;
graphql`
  subscription PagesSubscription($id: ID!) { nowPlaying(userId: $id) { track { title } } }
`;
"""


def test_the_relay_compiler_accepts_the_schema_and_makes_pages_of_it(tool: Any, tmp_path: Path) -> None:
    (tmp_path / "src" / "made").mkdir(parents=True)
    (tmp_path / "schema.graphql").write_text(printed())
    (tmp_path / "src" / "Pages.js").write_text(PAGES)
    config = {"src": "src", "schema": "schema.graphql", "language": "javascript", "artifactDirectory": "src/made"}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    ended = tool("relay-compiler", str(tmp_path / "relay.config.json"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    made = {path.name.partition(".")[0] for path in (tmp_path / "src" / "made").iterdir()}
    assert {"PagesQuery", "PagesAlbumQuery", "PagesMutation", "PagesSubscription"} <= made

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from graph.errors import Code
from graph.schema import printed, schema


def own_types() -> Iterator[GraphQLNamedType]:
    """The types of the printed schema, so that what clients read is what is checked."""
    for named in build_schema(printed()).type_map.values():
        if not is_introspection_type(named) and not is_specified_scalar_type(named):
            yield named


def undescribed(named: GraphQLNamedType) -> Iterator[str]:
    if not named.description:
        yield named.name
    if isinstance(named, GraphQLEnumType):
        yield from (f"{named.name}.{name}" for name, value in named.values.items() if not value.description)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in named.fields.items():
            if not field.description:
                yield f"{named.name}.{name}"
            for argument, value in getattr(field, "args", {}).items():
                if not value.description:
                    yield f"{named.name}.{name}({argument}:)"


def test_everything_in_the_schema_is_described() -> None:
    assert [place for named in own_types() for place in undescribed(named)] == []


def test_every_scalar_of_our_own_says_where_it_is_specified() -> None:
    scalars = [named for named in own_types() if isinstance(named, GraphQLScalarType)]
    assert [named.name for named in scalars if not named.specified_by_url] == []
    assert scalars


def test_root_fields_that_can_fail_on_their_own_are_nullable() -> None:
    built = build_schema(printed())
    roots = [built.query_type, built.mutation_type]
    strict = [
        f"{root.name}.{name}"
        for root in roots
        if root
        for name, field in root.fields.items()
        if isinstance(field.type, GraphQLNonNull)
    ]
    assert strict == ["Query.nodes"]  # a list: what fails in it is null in it


def test_every_mutation_takes_one_input_and_answers_a_payload() -> None:
    mutations = build_schema(printed()).mutation_type
    assert mutations
    for name, field in mutations.fields.items():
        assert list(field.args) == ["input"], name
        assert [interface.name for interface in field.type.interfaces] == ["Payload"], name


def test_connections_have_edges_and_page_info() -> None:
    connections = {named.name: named for named in own_types() if named.name.endswith("Connection")}
    assert {"AlbumConnection", "SearchConnection", "TrackConnection", "UserConnection"} <= connections.keys()
    for named in connections.values():
        assert isinstance(named, GraphQLObjectType)
        assert {"edges", "pageInfo"} <= named.fields.keys() <= {"edges", "pageInfo", "totalCount"}


def test_error_codes_of_the_registry_are_their_own_names() -> None:
    assert [code.value for code in Code] == [code.name for code in Code]


def test_the_schema_is_made_once() -> None:
    assert schema() is schema()

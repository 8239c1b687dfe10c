"""The rules of the schema, each over everything in it: what is added keeps them, or fails here."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_leaf_type,
    is_specified_scalar_type,
)

from graph.errors import Code
from graph.schema import printed, schema

SCHEMA = build_schema(printed())
"""As it is printed, so that what clients read is what is checked."""
OWN = [
    named
    for named in SCHEMA.type_map.values()
    if not is_introspection_type(named) and not is_specified_scalar_type(named)
]


class Place(NamedTuple):
    """A field, an argument or an enum's value, by its coordinate."""

    name: str
    parent: GraphQLNamedType
    it: Any

    def __str__(self) -> str:
        return f"{self.parent.name}.{self.name}"

    @property
    def described(self) -> str:
        """The description, or nothing."""
        return self.it.description or ""

    @property
    def bare(self) -> Any:
        return get_nullable_type(self.it.type)

    @property
    def required(self) -> bool:
        return isinstance(self.it.type, GraphQLNonNull)


def places(*kinds: type) -> Iterator[Place]:
    """The fields of types of these kinds."""
    for named in OWN:
        if isinstance(named, kinds):
            fields: Any = named
            yield from (Place(name, named, field) for name, field in fields.fields.items())


OUTPUTS = list(places(GraphQLObjectType, GraphQLInterfaceType))
INPUTS = list(places(GraphQLInputObjectType))
ARGUMENTS = [
    Place(f"{one.name}({name}:)", one.parent, argument) for one in OUTPUTS for name, argument in one.it.args.items()
]
VALUES = [
    Place(name, named, value)
    for named in OWN
    if isinstance(named, GraphQLEnumType)
    for name, value in named.values.items()
]
EVERYTHING = [*OUTPUTS, *INPUTS, *ARGUMENTS, *VALUES]
PAGES = [one for one in OUTPUTS if get_named_type(one.it.type).name.endswith("Connection")]


def broken(found: Any) -> list[str]:
    """The coordinates, for a message that says what to mend."""
    return sorted(str(one) for one in found)


# Row 1 and 2: words and names.


def test_everything_is_described() -> None:
    assert [named.name for named in OWN if not named.description] == []
    assert broken(one for one in EVERYTHING if not one.described) == []


def test_names_are_written_as_is_usual() -> None:
    assert [named.name for named in OWN if not re.fullmatch(r"[A-Z][A-Za-z]*", named.name)] == []
    camel = re.compile(r"[a-z][A-Za-z0-9]*(\([a-z][A-Za-z0-9]*:\))?")
    assert broken(one for one in [*OUTPUTS, *INPUTS, *ARGUMENTS] if not camel.fullmatch(one.name)) == []
    assert broken(one for one in VALUES if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", one.name)) == []


# Row 3 and 6: things and their ids.


def test_what_has_an_id_is_a_node_or_lives_no_longer_than_an_answer() -> None:
    # A client's cache is keyed by `id` alone, so nothing may have that of something else.
    bare = {"GaplessPlayback", "Playable", "Playback", "Upload"}
    assert {one.parent.name for one in OUTPUTS if one.name == "id" and not is_node(one.parent)} == bare


def is_node(named: Any) -> bool:
    return named.name == "Node" or "Node" in {interface.name for interface in getattr(named, "interfaces", ())}


def test_things_are_referred_to_by_themselves_and_not_by_their_ids() -> None:
    ids = [one for one in OUTPUTS if get_named_type(one.it.type).name == "ID" and one.name != "id"]
    of_what_is_gone = re.compile(r"(deleted|aborted)[A-Z]\w*Id")
    # A change tells the id of what may be gone, with its `node` beside it for what is not. Ten thousand rows are
    # answered by their ids; `nodes` has the tracks, a hundred at a time.
    assert broken(
        one for one in ids if not of_what_is_gone.fullmatch(one.name) and one.it.deprecation_reason is None
    ) == ["LibraryChange.nodeId", "UpsertedTrack.trackId"]


# Row 4 and 5: lists.


def test_connections_have_edges_and_page_info() -> None:
    connections = {one.it.type.of_type if one.required else one.it.type for one in PAGES}
    assert len(connections) > 10
    for named in connections:
        assert {"edges", "pageInfo"} <= named.fields.keys() <= {"edges", "pageInfo", "totalCount"}, named.name
        edge = get_named_type(named.fields["edges"].type)
        assert {"cursor", "node"} <= edge.fields.keys(), edge.name


def test_every_connection_is_paged_by_the_same_arguments() -> None:
    ways = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    # Search has a best result and no worst: who wants the last ones is not searching.
    forward = {"Query.search": {"first": "Int", "after": "String"}}
    for one in PAGES:
        taken = {name: str(argument.type) for name, argument in one.it.args.items() if name in ways}
        assert taken == forward.get(str(one), ways), str(one)


def test_every_other_list_says_how_long_it_may_be() -> None:
    lists = [
        one
        for one in [*OUTPUTS, *INPUTS, *ARGUMENTS]
        if isinstance(one.bare, GraphQLList) and not one.parent.name.endswith("Connection")
    ]
    bounded = re.compile(r"\bat most\b|\bone for each\b|\bone by one\b", re.IGNORECASE)
    # A refusal names each thing that is wrong once, and a path has the depth of its input.
    bounded_by_inputs = {"field", "userErrors"}
    assert broken(one for one in lists if one.name not in bounded_by_inputs and not bounded.search(one.described)) == []
    assert broken(one for one in lists if not isinstance(one.bare.of_type, GraphQLNonNull)) == ["Query.nodes"]


# Row 7, 8 and 9: narrow types.

BY_NAME = {
    r"(.+U|u)rl": {"URL"},
    r".+At": {"DateTime"},
    r".+Bytes": {"ByteCount"},
    r".+(Ms|Bps|Hz)": {"Int"},
    r".+(Lufs|Dbtp|Dbfs|Db|Lu)": {"Float"},
    r"musicbrainz.+": {"UUID"},
    r"isrc": {"ISRC"},
    r"market": {"CountryCode"},
}


def test_every_scalar_of_our_own_says_where_it_is_specified() -> None:
    scalars = [named for named in OWN if isinstance(named, GraphQLScalarType)]
    assert [named.name for named in scalars if not named.specified_by_url] == []
    assert {"CountryCode", "Date", "DateTime", "ISRC", "URL", "UUID"} <= {named.name for named in scalars}


def test_what_is_answered_is_of_the_type_that_its_name_promises() -> None:
    wrong = [
        one
        for one in OUTPUTS
        for form, types in BY_NAME.items()
        if re.fullmatch(form, one.name) and get_named_type(one.it.type).name not in types
    ]
    assert broken(wrong) == []


def test_what_people_write_is_taken_as_text_so_that_it_is_refused_at_its_field() -> None:
    answered_only = {"ISRC", "URL"}
    assert broken(one for one in [*INPUTS, *ARGUMENTS] if get_named_type(one.it.type).name in answered_only) == []


def test_an_input_that_is_one_of_several_says_so() -> None:
    choices = {
        named.name
        for named in OWN
        if isinstance(named, GraphQLInputObjectType) and named.name.endswith(("Place", "Choice", "By"))
    }
    assert choices == {named.name for named in OWN if isinstance(named, GraphQLInputObjectType) and named.is_one_of}
    assert choices


# Row 10 and 11: nulls, interfaces.


def test_root_fields_that_can_fail_on_their_own_are_nullable() -> None:
    roots = {SCHEMA.query_type, SCHEMA.mutation_type}
    strict = [one for one in OUTPUTS if one.parent in roots and one.required]
    assert broken(strict) == ["Query.nodes"]  # a list: what fails in it is null in it


def test_pages_and_what_a_mutation_answers_can_be_null_and_ids_cannot() -> None:
    payloads = [one for one in OUTPUTS if one.parent.name.endswith("Payload") and one.required]
    assert {one.name for one in payloads} == {"userErrors"}
    assert broken(one for one in PAGES if one.required) == []
    assert broken(one for one in OUTPUTS if one.name == "id" and not one.required) == []


# Pictures on their way, and one that a master proposes: nobody's artwork yet.
PICTURES_BY_THEMSELVES = {"image": {"CompleteImageUploadPayload", "CreateImageUploadPayload", "Proposal", "Query"}}


def test_what_is_alike_has_an_interface_or_a_union() -> None:
    found = {named.name for named in OWN if isinstance(named, GraphQLInterfaceType | GraphQLUnionType)}
    assert found == {"Illustrated", "Node", "Payload", "Playable", "SearchResult"}
    for field, interface in {"image": "Illustrated", "hlsUrl": "Playable", "userErrors": "Payload"}.items():
        alike = {one.parent.name for one in OUTPUTS if one.name == field and isinstance(one.parent, GraphQLObjectType)}
        told = {named.name for named in SCHEMA.get_possible_types(interface_of(interface))}
        assert alike - PICTURES_BY_THEMSELVES.get(field, set()) == told


def interface_of(name: str) -> GraphQLInterfaceType:
    named = SCHEMA.type_map[name]
    assert isinstance(named, GraphQLInterfaceType)
    return named


# Row 12: what is replaced. `segue schema --check` keeps what was released.


def test_what_is_deprecated_says_since_when_and_what_to_ask_instead() -> None:
    reasons = [one.it.deprecation_reason for one in EVERYTHING if one.it.deprecation_reason is not None]
    months = "January|February|March|April|May|June|July|August|September|October|November|December"
    assert [text for text in reasons if not re.match(rf"Since ({months}) 20\d\d: (ask|send) `", text)] == []
    assert reasons


# Row 13 to 16: mutations.


def test_every_mutation_takes_one_input_and_answers_a_payload_of_its_name() -> None:
    sessions = {"signUp", "signIn", "refreshSession"}
    mutations = SCHEMA.mutation_type
    assert mutations
    for name, field in mutations.fields.items():
        own = name[0].upper() + name[1:]
        assert {key: str(argument.type) for key, argument in field.args.items()} == {"input": f"{own}Input!"}
        answered: Any = field.type
        assert answered.name == ("SessionPayload" if name in sessions else f"{own}Payload")
        assert [interface.name for interface in answered.interfaces] == ["Payload"], name
        assert str(answered.fields["query"].type) == "Query", name
        assert str(answered.fields["userErrors"].type) == "[UserError!]!", name


def test_an_error_of_an_input_has_a_path_a_sentence_and_a_code() -> None:
    fields: Any = SCHEMA.type_map["UserError"]
    told = {name: str(field.type) for name, field in fields.fields.items()}
    assert told == {"field": "[String!]!", "message": "String!", "code": "UserErrorCode!"}
    assert isinstance(SCHEMA.type_map["UserErrorCode"], GraphQLEnumType)


def test_inputs_and_answers_have_no_type_in_common() -> None:
    assert [one for one in INPUTS if not is_leaf_type(get_named_type(one.it.type)) and not takes(one)] == []
    assert all(named.name.endswith(("Input", "Place")) for named in OWN if isinstance(named, GraphQLInputObjectType))


def takes(one: Place) -> bool:
    return isinstance(get_named_type(one.it.type), GraphQLInputObjectType)


# What these do says what is to be the case afterwards, or takes a key of its own: doing it again changes nothing more.
SAYS_WHAT_IS_TO_BE = (
    "update|set|delete|withdraw|reinstate|handOver|upsert|complete|abort|start|report|like|unlike|save|unsave|follow"
    "|unfollow|move|remove|sign|refresh|change"
)
# The same file, and the same thing to share, are known again by themselves.
KNOWN_AGAIN = {"createImageUpload", "createShareLink", "createUpload"}


def test_what_makes_something_anew_takes_an_idempotency_key() -> None:
    mutations = SCHEMA.mutation_type
    assert mutations
    anew = {name for name in mutations.fields if not re.match(rf"({SAYS_WHAT_IS_TO_BE})[A-Z]", name)} - KNOWN_AGAIN
    assert {f"{name[0].upper()}{name[1:]}Input" for name in anew} == {
        one.parent.name for one in INPUTS if one.name == "idempotencyKey"
    }


# Row 17: orders and filters.


def test_orders_are_enums_and_always_under_the_same_name() -> None:
    orders = [one for one in ARGUMENTS if "(orderBy:)" in one.name]
    for one in orders:
        assert re.fullmatch(r"[A-Z]\w+Order!", str(one.it.type)), str(one)
        assert one.it.default is not None, str(one)
    named = {get_named_type(one.it.type).name for one in orders}
    assert named == {kind.name for kind in OWN if kind.name.endswith("Order")}


def test_filters_are_optional_and_of_narrow_types() -> None:
    paging = {"first", "after", "last", "before", "orderBy"}
    filters = [
        Place(f"{one.name}({name}:)", one.parent, argument)
        for one in PAGES
        for name, argument in one.it.args.items()
        if name not in paging
    ]
    assert broken(one for one in filters if get_named_type(one.it.type).name == "String") == ["Query.search(query:)"]
    assert broken(one for one in filters if one.required and one.it.default is None) == ["Query.search(query:)"]


def test_error_codes_of_the_registry_are_their_own_names() -> None:
    assert [code.value for code in Code] == [code.name for code in Code]


def test_the_schema_is_made_once() -> None:
    assert schema() is schema()

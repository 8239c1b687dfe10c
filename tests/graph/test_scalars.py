from uuid import UUID

import pytest
from graphql import GraphQLError, GraphQLScalarType

from graph.schema import schema

KEY = "0b9a3f60-5d1c-4a51-8e0e-6f2a1c9d7b42"


def scalar(name: str) -> GraphQLScalarType:
    found = schema()._schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


GARBAGE = ("", "x", "\x00", "2026-02-30", "2026-02-28T25:00:00Z", "9" * 400, 5, -1.5, 1e400, True, None, [], {})


def test_garbage_is_an_error_of_the_caller_for_every_scalar() -> None:
    own = [named for named in schema()._schema.type_map.values() if isinstance(named, GraphQLScalarType)]
    refused = 0
    for named in own:
        for value in GARBAGE:
            try:
                named.coerce_input_value(value)
            except GraphQLError:  # any other would be told as a fault of the server
                refused += 1
    assert refused > len(own) * 5


def test_a_uuid_is_read_in_one_form() -> None:
    read = scalar("UUID").coerce_input_value
    assert read(KEY) == read(KEY.upper()) == UUID(KEY)
    for other in (KEY.replace("-", ""), f"{{{KEY}}}", f"urn:uuid:{KEY}", KEY[:-1], f"{KEY}\n", "", 5, None):
        with pytest.raises(Exception, match="UUID is 32 hexadecimal digits"):
            read(other)


def test_a_country_is_one_of_the_list_in_capital_letters() -> None:
    read = scalar("CountryCode").coerce_input_value
    assert read("se") == read("SE") == "SE"
    for other in ("XX", "SWE", "*", "", 46):
        with pytest.raises(Exception, match="two letters"):
            read(other)


def test_a_size_is_a_whole_number_beyond_32_bits() -> None:
    size = scalar("ByteCount")
    assert size.coerce_input_value(2**40) == size.coerce_output_value(2**40) == 2**40
    for other in (True, 1.5, "5"):
        with pytest.raises(Exception, match="whole number"):
            size.coerce_input_value(other)

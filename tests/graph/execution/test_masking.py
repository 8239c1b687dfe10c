import asyncpg
import pytest
from graphql import FieldNode, GraphQLError, NameNode, VariableNode

from config.errors import ServiceUnavailable
from graph.errors import Forbidden
from graph.execution.masking import masked

SECRET = "password=hunter2"


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        pytest.param(KeyError(SECRET), "INTERNAL", id="a mistake of ours"),
        pytest.param(asyncpg.UndefinedTableError(SECRET), "INTERNAL", id="a mistake in a statement"),
        pytest.param(ConnectionRefusedError(SECRET), "SERVICE_UNAVAILABLE", id="nobody listens"),
        pytest.param(asyncpg.ConnectionDoesNotExistError(SECRET), "SERVICE_UNAVAILABLE", id="a lost connection"),
        pytest.param(asyncpg.AdminShutdownError(SECRET), "SERVICE_UNAVAILABLE", id="a database that stops"),
        pytest.param(ServiceUnavailable("S3", SECRET), "SERVICE_UNAVAILABLE", id="an object store that is away"),
        pytest.param(RecursionError(SECRET), "BAD_REQUEST", id="a document nested beyond the stack"),
    ],
)
def test_the_text_of_an_exception_stays_inside(cause: Exception, code: str) -> None:
    left = masked(GraphQLError(str(cause), path=["a"], original_error=cause), "request-1").formatted
    assert SECRET not in str(left)
    assert left["extensions"]["code"] == code
    assert left["path"] == ["a"]


def test_an_error_written_for_clients_reaches_them() -> None:
    left = masked(GraphQLError("x", path=["a"], original_error=Forbidden("Not yours.")), "request-1").formatted
    assert (left["message"], left["extensions"]) == ("Not yours.", {"code": "FORBIDDEN"})


def test_the_client_gets_the_request_id_where_the_log_knows_more() -> None:
    left = masked(GraphQLError("x", path=["a"], original_error=KeyError("x")), "request-1").formatted
    assert left["extensions"] == {"code": "INTERNAL", "requestId": "request-1"}


def test_an_error_of_the_request_keeps_its_message() -> None:
    left = masked(GraphQLError("Syntax Error: Expected Name"), "request-1").formatted
    assert (left["message"], left["extensions"]) == ("Syntax Error: Expected Name", {"code": "BAD_REQUEST"})


def test_a_value_that_does_not_fit_its_field_is_ours_and_not_shown() -> None:
    field = FieldNode(name=NameNode(value="a"))
    left = masked(GraphQLError(f"Expected a value, found {SECRET}", [field], path=["a"]), "request-1").formatted
    assert left["extensions"]["code"] == "INTERNAL"
    assert SECRET not in str(left)


def test_an_argument_that_cannot_be_read_while_a_field_runs_is_the_requests() -> None:
    argument = VariableNode(name=NameNode(value="first"))
    left = masked(GraphQLError("Argument 'first' must not be null.", [argument], path=["a"]), "request-1").formatted
    assert (left["message"], left["extensions"]["code"]) == ("Argument 'first' must not be null.", "BAD_REQUEST")


def test_a_cause_is_found_behind_nested_graphql_errors() -> None:
    inner = GraphQLError("x", original_error=Forbidden("Not yours."))
    left = masked(GraphQLError("x", path=["a"], original_error=inner), "request-1").formatted
    assert left["message"] == "Not yours."

"""What the client asks in GraphQL and what the sandbox answers, by GitHub's own schema."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

import rigtasks.github
from rigtasks.local.github.graphql import schema
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.graphql_schemas import JUDGE, mistakes
from rigtasks.testing.graphql_subset import beyond, own_types

QUERIES = f"queries of the client against {JUDGE}"
TYPES = f"types of the sandbox's schema against {JUDGE}"


def queries_sent() -> Iterator[tuple[str, str]]:
    """Every document that a call of `api.query` or `api.mutate` sends, with where it is."""
    for source in sorted(Path(rigtasks.github.__path__[0]).glob("*.py")):
        module = importlib.import_module(f"rigtasks.github.{source.stem}")
        for node in ast.walk(ast.parse(source.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"query", "mutate"}
            ):
                (document, *_) = node.args
                assert isinstance(document, ast.Name), f"{source.name}:{node.lineno} is no constant"
                yield f"{source.name}:{document.id}", getattr(module, document.id)


def test_every_query_of_the_client_is_one_of_githubs() -> None:
    sent = dict(queries_sent())
    assert len(sent) >= 3
    for where, document in sent.items():
        assert mistakes(document) == (), where
        for operation in parse(document).definitions:
            if isinstance(operation, OperationDefinitionNode) and operation.name is not None:
                TALLY.add(QUERIES, f"{operation.operation.value} {operation.name.value}")


def test_a_query_that_github_would_refuse_is_told() -> None:
    assert "Cannot query field 'nickname' on type 'User'" in mistakes("{ viewer { nickname } }")[0]
    assert "Syntax Error" in mistakes("{")[0]


def test_the_sandboxs_schema_is_a_part_of_githubs() -> None:
    assert beyond(schema()) == ()
    for kind in own_types(schema()):
        TALLY.add(TYPES, kind.name)


@pytest.mark.parametrize(
    ("part", "difference"),
    [
        ("type Query { nothing: Int }", "Query.nothing is no field of GitHub's"),
        ("type Query { viewer: User } type User { id: ID! }", "Query.viewer is User, and User!"),
        ("type Query { viewer(of: Int): User! } type User { id: ID! }", "takes no of at GitHub's"),
        ("type Query { repository(owner: String!): Int }", "Query.repository needs name"),
        ("type Query { i: IssueState } enum IssueState { OPEN AJAR }", "IssueState.AJAR is no"),
        ("type Query { i: Issue } type Issue implements U { id: ID! } interface U { id: ID! }",
         "Issue is no U at GitHub's"),
        ("type Query { i(of: User): Int } input User { id: ID! }", "User is no GraphQLInputObject"),
    ],
)  # fmt: skip
def test_a_schema_that_goes_beyond_githubs_is_told(part: str, difference: str) -> None:
    assert any(difference in one for one in beyond(build_schema(part)))

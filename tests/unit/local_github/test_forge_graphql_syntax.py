"""GraphQL documents: fields, arguments, variables, fragments, and where a mistake is."""

import pytest

from rigtasks.local.github.graphql_syntax import Field, GraphqlSyntaxError, Spread, Variable, parse


def test_a_query_with_everything_in_it() -> None:
    document = parse(
        """
        # a comment
        query Named($n: Int!, $names: [String!]! , $size: Int = 5) {
          one: thing(n: $n, list: ["a\\u0041", 1.5, true, null, KIND], o: {k: $names}) { id }
          ...rest
          ... on User { login }
        }
        fragment rest on Query { other }
        """
    )
    (operation,) = document.operations
    assert (operation.kind, operation.name) == ("query", "Named")
    assert operation.variables == {"n": None, "names": None, "size": 5}
    assert operation.required == {"n", "names"}
    one, named, inline = operation.selections
    assert isinstance(one, Field)
    assert (one.alias, one.name, one.line) == ("one", "thing", 4)
    assert one.arguments == {
        "n": Variable("n"),
        "list": ["aA", 1.5, True, None, "KIND"],
        "o": {"k": Variable("names")},
    }
    assert isinstance(named, Spread)
    assert named.fragment == "rest"
    assert isinstance(inline, Spread)
    assert (inline.on, inline.fragment) == ("User", None)
    assert document.fragments["rest"].on == "Query"


def test_a_shorthand_query_and_a_mutation() -> None:
    assert parse("{ a }").operations[0].kind == "query"
    mutation = parse('mutation { a(text: """line "one"\nline two""") { b } }').operations[0]
    (field,) = mutation.selections
    assert isinstance(field, Field)
    assert (mutation.kind, field.arguments["text"]) == ("mutation", 'line "one"\nline two')


@pytest.mark.parametrize(
    ("source", "words", "line", "column"),
    [
        ("{", 'Expected "name", got "end of file"', 1, 2),
        ("{ }", 'Expected a field, got "end of file"', 1, 4),
        ("{\n  a(n: ) { b }\n}", 'Expected a value, got ")"', 2, 8),
        ("subscription { a }", 'Expected "query" or "mutation"', 1, 1),
        ("{ a @skip(if: true) }", "Directives are not supported", 1, 5),
        ("{ a ; }", 'Unexpected character ";"', 1, 5),
        ("", "Expected an operation", 1, 1),
        ('{ a(t: "open) }', "Unexpected character", 1, 8),
    ],
)
def test_a_mistake_is_told_with_its_place(source: str, words: str, line: int, column: int) -> None:
    with pytest.raises(GraphqlSyntaxError) as failure:
        parse(source)
    assert words in str(failure.value)
    assert (failure.value.line, failure.value.column) == (line, column)


def test_selections_do_not_nest_for_ever() -> None:
    with pytest.raises(GraphqlSyntaxError, match="nest deeper"):
        parse("{a" * 100 + "}" * 100)
    parse("{a" * 30 + "}" * 30)

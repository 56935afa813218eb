"""Read the documents of GraphQL requests, each once for its cost and its answer."""

from functools import lru_cache

from graphql import DocumentNode, parse

_KEPT = 64
_MOST_TOKENS = 10_000


@lru_cache(maxsize=_KEPT)
def document_of(source: str) -> DocumentNode:
    """Parse a document, which nobody may change.

    Raises:
        GraphQLError: it is none, or too long.
        RecursionError: it nests too deeply.
    """
    return parse(source, max_tokens=_MOST_TOKENS)

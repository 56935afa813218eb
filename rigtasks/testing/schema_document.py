"""One document with JSON Schemas that refer to each other, as a judge of values."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

_LONGEST = 120


class SchemaDocument:
    """Judges values by schemas of a document.

    Args:
        document: where references such as `#/components/schemas/issue` lead.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.content = document
        self._validator = Draft202012Validator(document)

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Follow references until something else is found."""
        while "$ref" in node:
            found: Any = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def fits(self, schema: dict[str, Any], value: Any) -> bool:
        """Say whether a schema allows a value."""
        return bool(self._validator.evolve(schema=schema).is_valid(value))

    def differences(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        """Say in words where a value differs from a schema."""
        for error in self._validator.evolve(schema=schema).iter_errors(value):
            cause = best_match([error])
            yield _sentence(cause if cause is not None else error)


def _sentence(error: ValidationError) -> str:
    return f"{error.json_path}: {_short(error.message)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"

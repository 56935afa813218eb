"""One document with JSON Schemas that refer to each other, as a judge of values."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

_LONGEST = 120
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """Take a moment as GitHub writes it: a date, a time, and where on the globe."""
    return not isinstance(value, str) or is_moment(value)


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or is_day(value)


@FORMATS.checks("uri", raises=ValueError)
def _is_address(value: object) -> bool:
    """Take an absolute address; GitHub's own may hold `{parts}` to be filled in."""
    return not isinstance(value, str) or is_address(value)


@FORMATS.checks("uri-template", raises=ValueError)
def _is_pattern_of_addresses(value: object) -> bool:
    return not isinstance(value, str) or is_address(value)


@FORMATS.checks("email")
def _is_mail(value: object) -> bool:
    return not isinstance(value, str) or _MAIL.fullmatch(value) is not None


def is_moment(text: str) -> bool:
    """Say whether a text is a moment that was or will be, and says where on the globe.

    Raises:
        ValueError: it looks like one, and there is none such.
    """
    return bool(_MOMENT.fullmatch(text) and datetime.fromisoformat(text))


def is_day(text: str) -> bool:
    """Say whether a text is a day of the calendar.

    Raises:
        ValueError: it looks like one, and there is none such.
    """
    return bool(_DAY.fullmatch(text) and date.fromisoformat(text))


def is_address(text: str) -> bool:
    """Say whether a text is an absolute address, which may hold `{parts}` to be filled in.

    Raises:
        ValueError: it cannot be read as one.
    """
    parts = urlsplit(text)
    return bool(parts.scheme and parts.netloc) and not re.search(r"\s", text)


class SchemaDocument:
    """Judges values by schemas of a document.

    Args:
        document: where references such as `#/components/schemas/issue` lead.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.content = document
        self._validator = Draft202012Validator(document, format_checker=FORMATS)

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

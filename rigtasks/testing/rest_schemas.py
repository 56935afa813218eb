"""Judge REST answers by GitHub's OpenAPI document: the operation, its status and its body."""

import re
from functools import cache
from typing import Any

import msgspec

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import rest_document
from rigtasks.testing.rest_amendments import amended
from rigtasks.testing.rest_headers import Headers, differences, kept
from rigtasks.testing.schema_document import SchemaDocument

#: Who decides how answers look.
JUDGE = "@octokit/openapi"
#: What decides about an answer that any call may get and the document describes for some only.
ANYWHERE = "refusals and redirects of the sandbox GitHub against @octokit/openapi's basic-error"
#: What of an answer is not held against the document.
OUTSIDE = (
    "Fields that a schema does not name: most schemas allow them.",
    "The text of diffs, patches and raw files: the document has no schema for it.",
    "Whether a refusal is the one GitHub would give: only its form is, and recorded words.",
)
_BY_ID = re.compile(r"/repositories/\d+")
_PARAMETER = re.compile(r"\{(\w+)\}")
_WITH_SLASHES = {"path": ".*", "ref": ".+", "branch": ".+", "basehead": ".+"}
_JSON = "application/json"
_ERROR = {
    "allOf": [{"$ref": "#/components/schemas/basic-error"}],
    "required": ["message", "documentation_url"],
    "properties": {"message": {"minLength": 1}, "documentation_url": {"minLength": 1}},
}
#: The root of a repository's files is the content at an empty path.
_ROOT = re.compile(r"/repos/[^/]+/[^/]+/contents")
_FIRST_ERROR = 400
_MOVED = {"headers": {"Location": {"schema": {"type": "string"}}}}
_NOT_MODIFIED = 304
_MOVED_FOR_READING, _MOVED_FOR_WRITING = 301, 307
#: Answers that say where to go; the document names `Location` for the second alone.
_REDIRECTS = {_MOVED_FOR_READING, 302, _MOVED_FOR_WRITING}
#: What GitHub may answer to any call that fails, though its document names it for some only.
STATUSES = {
    301: "a GET of a repository or an issue that moved",
    304: "a GET of what the caller has already",
    307: "another call of a repository or an issue that moved",
    401: "nobody knows who asks",
    403: "who asks may not, or has asked too much",
    404: "there is none, or who asks may not know",
    422: "what was sent makes no sense",
    429: "who asks has asked too much",
    500: "GitHub is unwell",
    502: "GitHub is unwell",
    503: "GitHub is unwell",
    504: "GitHub is unwell",
}


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to a REST call; nothing else of it is judged, so that equal ones are judged once.

    Args:
        key: the operation, such as `GET /user`.
        status: its HTTP status.
        headers: those that are judged; see `rest_headers.kept`.
        body: what was sent, as it was sent.
    """

    key: str
    status: int
    headers: Headers
    body: bytes

    @property
    def media(self) -> str:
        """Return its media type, without parameters; empty where it says none."""
        return dict(self.headers).get("content-type", "").partition(";")[0].strip()


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer was held against, None for nothing, and where it differs, in words."""

    against: str | None = None
    differences: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A method of an address, with what it may answer by status."""

    key: str
    pattern: re.Pattern[str]
    literal: int
    responses: dict[str, dict[str, Any]]


def operation_of(method: str, path: str) -> Operation | None:
    """Return the operation an address belongs to, the most literal one; None for an unknown one."""
    named = _BY_ID.sub("/repos/owner/repo", path, count=1)
    if _ROOT.fullmatch(named):
        named += "/"
    for operation in _operations(method.lower()):
        if operation.pattern.fullmatch(named):
            return operation
    return None


def answered(
    operation: Operation, status: int, headers: list[tuple[str, str]], body: bytes
) -> Answered:
    """Return what is judged of an answer."""
    described = _described(operation, status) or {}
    named = {name.lower() for name in described.get("headers", {})}
    return Answered(key=operation.key, status=status, headers=kept(headers, named), body=body)


def judged(operation: Operation | None, answer: Answered) -> tuple[str, ...]:
    """Say in words where an answer differs from the document, and count it where it was held.

    Args:
        operation: the one that answered; None for a refusal of what is no operation.
        answer: what is judged.
    """
    judgement = judge(operation, answer)
    subject = f"{answer.key} {answer.status}"
    if judgement.against is not None:
        TALLY.add(judgement.against, subject)
    return tuple(f"{subject} {difference}" for difference in judgement.differences)


def judge(operation: Operation | None, answer: Answered) -> Judgement:
    """Hold an answer against the document, or against nothing where it says nothing about it."""
    described = None if operation is None else _described(operation, answer.status)
    if described is None:
        return _anywhere(answer)
    content = described.get("content", {})
    if not content and answer.status >= _FIRST_ERROR:
        against, found = ANYWHERE, _body(_ERROR, answer)
    elif not content:
        against, found = JUDGE, _nothing(answer)
    elif answer.media not in content:
        against, found = None, [f"has a body of type {answer.media or 'nothing'}"]
    elif answer.media != _JSON:
        against, found = JUDGE, []
    else:
        against, found = JUDGE, _body(_meant(content[_JSON], answer.status), answer)
    named = _MOVED if answer.status in _REDIRECTS else described
    headers = differences(_document(), named, answer.headers)
    return Judgement(against=against, differences=(*headers, *found))


def _anywhere(answer: Answered) -> Judgement:
    """Judge what any call may be answered with."""
    is_read = answer.key.startswith("GET ")
    described: dict[str, Any] = {}
    if answer.status == _NOT_MODIFIED and is_read:
        return Judgement(differences=tuple(_nothing(answer)))
    if answer.status == (_MOVED_FOR_READING if is_read else _MOVED_FOR_WRITING):
        described = _MOVED
    elif answer.status < _FIRST_ERROR or answer.status not in STATUSES:
        return Judgement(differences=("is no status of this operation",))
    headers = differences(_document(), described, answer.headers)
    return Judgement(against=ANYWHERE, differences=(*headers, *_body(_ERROR, answer)))


def _meant(content: dict[str, Any], status: int) -> dict[str, Any]:
    """Return the schema of a body; a refusal has to say something, too, and where to read on."""
    schema: dict[str, Any] = content.get("schema", {})
    return {"allOf": [schema, _ERROR]} if status >= _FIRST_ERROR else schema


def _nothing(answer: Answered) -> list[str]:
    has_something = answer.body or answer.media
    return ["has a body, or a type, and the document none"] if has_something else []


def _described(operation: Operation, status: int) -> dict[str, Any] | None:
    """Return what the document says about an answer with a status, None where it says nothing."""
    found = operation.responses.get(str(status))
    return None if found is None else _document().resolve(found)


def _body(schema: dict[str, Any], answer: Answered) -> list[str]:
    if answer.media != _JSON:
        return [f"has a body of type {answer.media or 'nothing'}"]
    if not answer.body:
        return ["has no body"]
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError as error:
        return [f"is no JSON: {error}"]
    return list(_document().differences(schema, body))


def content() -> dict[str, Any]:
    """Return the document as it is read."""
    return _document().content


@cache
def _document() -> SchemaDocument:
    return SchemaDocument(_modern(amended(rest_document())))


@cache
def _operations(method: str) -> tuple[Operation, ...]:
    found = [
        Operation(
            key=f"{method.upper()} {path}",
            pattern=re.compile(_pattern(path)),
            literal=len(_PARAMETER.sub("", path)),
            responses=methods[method]["responses"],
        )
        for path, methods in _document().content["paths"].items()
        if method in methods
    ]
    return tuple(sorted(found, key=lambda one: -one.literal))


def _pattern(path: str) -> str:
    parts = _PARAMETER.split(path)
    return "".join(
        _WITH_SLASHES.get(part, "[^/]+") if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )


def _modern(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into the types of JSON Schema; leave examples out."""
    if isinstance(node, list):
        return [_modern(each) for each in node]
    if not isinstance(node, dict):
        return node
    modern = {
        key: _modern(part) for key, part in node.items() if key not in {"example", "examples"}
    }
    return _nullable(modern) if node.get("nullable") is True else modern


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [{"type": "null"}, schema]}

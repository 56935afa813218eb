"""What a reviewer hands in: one verdict, a summary and findings, checked before anybody acts on it.

Only this structure counts. Words like “approved” in a summary mean nothing.
"""

import json
import unicodedata
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import msgspec

from rigtasks.errors import Rejected
from rigtasks.review.diff import Diff

MAX_BYTES = 256_000
MAX_FINDINGS = 100
MAX_TEXT = 4_000

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})

_Path = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
_Line = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
_Summary = Annotated[str, msgspec.Meta(min_length=1, max_length=8_000)]
_Rule = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class ReviewVerdict(StrEnum):
    """What the reviewer decided; an abstention decides nothing."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    ABSTAIN = "abstain"


class Severity(StrEnum):
    """How much a finding weighs; a blocker excludes an approval."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"
    NIT = "nit"


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One remark on a line of the new side of the diff, or on the change as a whole.

    `path` and `line` are both None for a remark that has no place in the diff.
    """

    severity: Severity
    message: _Text
    path: _Path | None = None
    line: _Line | None = None
    suggestion: _Text | None = None
    rule: _Rule | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checked review. Findings that point outside of the diff stand in it without a place."""

    verdict: ReviewVerdict
    summary: _Summary
    findings: Annotated[tuple[Finding, ...], msgspec.Meta(max_length=MAX_FINDINGS)] = ()

    @property
    def placed(self) -> tuple[Finding, ...]:
        """Return the findings on lines of the diff."""
        return tuple(one for one in self.findings if one.line is not None)

    @property
    def unplaced(self) -> tuple[Finding, ...]:
        """Return the findings that belong into the summary."""
        return tuple(one for one in self.findings if one.line is None)


def parse_review(data: bytes, *, diff: Diff) -> Review:
    """Check what a reviewer handed in.

    A finding whose place is not in the diff keeps its severity and loses its place: its message
    then begins with it. Control characters are dropped from all texts.

    Args:
        data: the JSON of the result channel, never text picked from a conversation.
        diff: the change that was reviewed.

    Raises:
        Rejected: `review-too-large`, `review-unreadable` (no JSON of this shape) or
            `review-contradictory` (the verdict does not go with the findings or the diff).
    """
    if len(data) > MAX_BYTES:
        raise Rejected(
            f"The review has {len(data)} bytes, more than {MAX_BYTES}; keep what matters.",
            code="review-too-large",
        )
    try:
        review = msgspec.convert(_json(data), Review)
        _refuse_contradictions(review, diff)
        findings = tuple(_placed(one, diff) for one in review.findings)
        return _storable(msgspec.structs.replace(review, findings=findings))
    except (ValueError, RecursionError) as problem:
        detail = "nested too deeply" if isinstance(problem, RecursionError) else str(problem)[:300]
        raise Rejected(
            f"The review cannot be used: {detail}. Send one JSON object that fits the schema.",
            code="review-unreadable",
        ) from problem


def review_schema() -> dict[str, Any]:
    """Return the JSON Schema of a review, without references, for providers that enforce one."""
    schema = msgspec.json.schema(Review)
    definitions = schema.pop("$defs")
    inlined: dict[str, Any] = _inline(definitions["Review"], definitions)
    return inlined


def _json(data: bytes) -> Any:
    return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says something twice, as two readers would see two reviews."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is there twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _storable(review: Review) -> Review:
    """Drop from the texts what neither the store nor GitHub can show, and check the rest again.

    It comes after the check of verdict and severities, so that nothing becomes valid by it.
    """
    return msgspec.convert(_visible(msgspec.to_builtins(review)), Review)


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(
            char for char in value if char in "\n\t" or unicodedata.category(char) not in _UNSEEN
        )
    if isinstance(value, list | tuple):
        return [_visible(one) for one in value]
    if isinstance(value, dict):
        return {name: one if name == "path" else _visible(one) for name, one in value.items()}
    return value


def _refuse_contradictions(review: Review, diff: Diff) -> None:
    severities = {one.severity for one in review.findings}
    if review.verdict is ReviewVerdict.APPROVE:
        if Severity.BLOCKER in severities:
            _contradiction("it approves and names a blocker; request changes or lower the finding")
        if diff.truncated:
            _contradiction("it approves a change that was not shown whole; abstain instead")
    if review.verdict is ReviewVerdict.REQUEST_CHANGES and not severities - {Severity.NIT}:
        _contradiction("it requests changes without a finding above a nit; name what must change")


def _contradiction(what: str) -> NoReturn:
    raise Rejected(f"The review contradicts itself: {what}.", code="review-contradictory")


def _placed(finding: Finding, diff: Diff) -> Finding:
    if finding.path is None and finding.line is None:
        return finding
    shown = diff.file(finding.path) if finding.path is not None else None
    if shown is not None and finding.line in shown.new_numbers:
        return finding
    place = finding.path or "the change"
    if finding.line is not None:
        place = f"{place}:{finding.line}"
    message = f"{place}: {finding.message}"[:MAX_TEXT]
    return msgspec.structs.replace(finding, path=None, line=None, message=message)


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    """Replace references by what they refer to; the schema of a review does not refer to itself."""
    if isinstance(node, list):
        return [_inline(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    return {name: _inline(one, definitions) for name, one in node.items()}

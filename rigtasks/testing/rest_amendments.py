"""Where GitHub's OpenAPI document asks for what nothing can be, and how it is read instead."""

from typing import Any

import msgspec

from rigtasks.errors import Permanent


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """One word of the document that is read as another.

    Args:
        place: the names that lead there.
        said: the word, a name there.
        meant: what is read.
        reason: why.
    """

    place: tuple[str, ...]
    said: str
    meant: str
    reason: str

    @property
    def name(self) -> str:
        """Name the operation with its status and what of its answer is meant."""
        _, path, method, _, status, *_, last = self.place
        return f"{method.upper()} {path} {status} {last}"


class AmendmentStale(Permanent):
    """The document does not say any more what an amendment is about."""


AMENDMENTS = (
    Amendment(
        place=(
            "paths", "/app/installations", "get", "responses", "200", "content",
            "application/json", "schema", "items", "properties", "account",
        ),
        said="allOf",
        meant="anyOf",
        reason="An account is a person or an enterprise; for a single installation it says so.",
    ),
    Amendment(
        place=(
            "paths", "/repos/{owner}/{repo}/contents/{path}", "put", "responses", "409", "content",
            "application/json", "schema",
        ),
        said="oneOf",
        meant="anyOf",
        reason="Whatever is an error of the second kind is one of the first as well.",
    ),
)  # fmt: skip


def amended(document: dict[str, Any], amendments: tuple[Amendment, ...] = AMENDMENTS) -> Any:
    """Return a document as it is read.

    Raises:
        AmendmentStale: what an amendment is about is not there any more.
    """
    for one in amendments:
        document = _amended(document, one.place, one)
    return document


def _amended(node: Any, place: tuple[str, ...], one: Amendment) -> Any:
    """Copy what leads to the word, and leave everything beside it as it is."""
    known = isinstance(node, dict)
    if known and place and place[0] in node:
        return {**node, place[0]: _amended(node[place[0]], place[1:], one)}
    if known and not place and one.said in node and one.meant not in node:
        return {one.meant if name == one.said else name: part for name, part in node.items()}
    raise AmendmentStale(f"{one.name} does not say {one.said}: take the amendment away.")

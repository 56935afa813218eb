"""Any way a person names an issue: `42`, `owner/repo#42`, a link, a branch, a run id."""

import re
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from rigtasks.errors import Rejected

_NAME = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
_REF = re.compile(rf"(?P<repo>{_NAME})#(?P<number>[0-9]{{1,9}})")
_NUMBER = re.compile(r"#?([0-9]{1,9})")
_LINK = re.compile(rf"/(?P<repo>{_NAME})/(?P<kind>issues|pull)/(?P<number>[0-9]{{1,9}})(?:/.*)?")
_RUN = re.compile(r"[0-9a-f]{8}(?:[0-9a-f-]{0,28})")
_REPOSITORY = re.compile(_NAME)
_LONGEST = 256


class Names(StrEnum):
    """What a reference names."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"
    NUMBER = "number"
    RUN = "run"
    BRANCH = "branch"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A reference, taken apart but not looked up.

    Args:
        names: what it names; a bare number may be an issue or a pull request of any repository.
        text: as it was typed; a run or a branch by its name.
        repo: the repository, where one is named.
        number: of the issue or pull request, where one is named.
    """

    names: Names
    text: str
    repo: str | None = None
    number: int | None = None


def parse_reference(text: str) -> Reference:
    """Take a reference apart.

    Raises:
        Rejected: `reference-invalid`; it can name nothing.
    """
    given = text.strip()
    if "://" in given:
        return _parse_link(given)
    if found := _REF.fullmatch(given):
        number = int(found["number"])
        return Reference(names=Names.ISSUE, text=given, repo=found["repo"], number=number)
    if found := _NUMBER.fullmatch(given):
        return Reference(names=Names.NUMBER, text=given, number=int(found[1]))
    if _RUN.fullmatch(given.lower()):
        return Reference(names=Names.RUN, text=given.lower())
    if not given or len(given) > _LONGEST or not given.isprintable():
        raise _names_nothing(text)
    return Reference(names=Names.BRANCH, text=given)


def parse_repository(text: str) -> str:
    """Return the name of a repository as `owner/name`.

    Raises:
        Rejected: `reference-invalid`; it is none.
    """
    if not _REPOSITORY.fullmatch(text):
        raise Rejected(f"{text!r} is no repository: write owner/name", code="reference-invalid")
    return text


def _parse_link(given: str) -> Reference:
    found = _LINK.fullmatch(urlsplit(given).path)
    if found is None:
        raise _names_nothing(given)
    names = Names.PULL_REQUEST if found["kind"] == "pull" else Names.ISSUE
    return Reference(names=names, text=given, repo=found["repo"], number=int(found["number"]))


def _names_nothing(text: str) -> Rejected:
    return Rejected(
        f"{text!r} names no issue: write 42, owner/repo#42, the link of an issue or pull request, "
        "a branch, or a run id",
        code="reference-invalid",
    )

"""What a person types to name an issue."""

import pytest

from rigtasks.cli.references import Names, Reference, parse_reference, parse_repository
from rigtasks.errors import Rejected

ISSUE_42 = {"names": Names.ISSUE, "repo": "acme/api", "number": 42}
PULL_9 = {"names": Names.PULL_REQUEST, "repo": "acme/api", "number": 9}


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("42", {"names": Names.NUMBER, "number": 42}),
        ("#42", {"names": Names.NUMBER, "number": 42}),
        ("12345678", {"names": Names.NUMBER, "number": 12345678}),
        ("acme/api#42", ISSUE_42),
        ("https://github.com/acme/api/issues/42", ISSUE_42),
        ("https://github.com/acme/api/issues/42#issuecomment-1", ISSUE_42),
        ("http://127.0.0.1:8090/acme/api/pull/9", PULL_9),
        ("https://github.com/acme/api/pull/9/files", PULL_9),
        ("5f3759df", {"names": Names.RUN}),
        ("5F3759DF-0000-4000-8000-000000000000", {"names": Names.RUN}),
        ("feature/issue-7-totals", {"names": Names.BRANCH}),
        ("deadbeefcafe-fixes", {"names": Names.BRANCH}),
    ],
)
def test_a_reference_is_taken_apart(typed: str, parts: dict[str, object]) -> None:
    found = parse_reference(f" {typed} ")

    expected = {"repo": None, "number": None, "text": found.text, **parts}
    assert found == Reference(**expected)  # type: ignore[arg-type]
    assert found.text.lower() == typed.lower()


@pytest.mark.parametrize(
    "typed", ["", "  ", "a\nb", "x" * 300, "https://github.com/acme/api", "https://x/a/b/tree/1"]
)
def test_what_can_name_nothing_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(Rejected, match=r"owner/repo#42") as refused:
        parse_reference(typed)

    assert refused.value.code == "reference-invalid"


@pytest.mark.parametrize("typed", ["api", "acme/", "acme/api/x", "acme/api#4", "a b/c"])
def test_a_repository_is_an_owner_and_a_name(typed: str) -> None:
    assert parse_repository("acme/api.js") == "acme/api.js"
    with pytest.raises(Rejected):
        parse_repository(typed)

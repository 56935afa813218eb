"""The hard rule recognises the rig's own repositories however they are named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.errors import Rejected
from rigtasks.routing.internal import RepositoryRef, internal_repositories, normalise_full_name

INTERNAL = internal_repositories([7], [" Acme/Rig-GitOps.git "])
OUTSIDE = RepositoryRef(id=1, full_name="acme/api")


@pytest.mark.parametrize(
    "repository",
    [
        RepositoryRef(id=7, full_name="renamed/anything"),
        RepositoryRef(id=1, full_name="acme/rig-gitops"),
        RepositoryRef(id=1, full_name="ACME/RIG-GITOPS"),
        RepositoryRef(id=1, full_name=" acme / rig-gitops\n"),
        RepositoryRef(id=1, full_name="acme/rig-gitops.git"),
        RepositoryRef(id=1, full_name="acme/rig-gitops.git.git/"),
    ],
)
def test_an_internal_repository_is_recognised_by_id_or_name(repository: RepositoryRef) -> None:
    match = INTERNAL.match(repository)

    assert match is not None
    assert match.repository == repository
    assert "deny-list" in match.reason


@pytest.mark.parametrize(
    "full_name",
    [
        "acme/rig-gitоps",  # noqa: RUF001 a Cyrillic look-alike
        "acme/rig\u2010gitops",
        "acme/rig-gitops\u200b",
        "acme／rig-gitops",  # noqa: RUF001 a full-width slash
        "\u212acme/rig",
        "acme",
        "acme/",
        "/rig",
        "acme/rig/gitops",
        "acme/..",
        "acme/rig gitops",
        "acme/rig\x00gitops",
        "-x/y",
        "a" * 201,
        "",
    ],
)
def test_a_name_github_never_issues_counts_as_internal(full_name: str) -> None:
    match = INTERNAL.match(RepositoryRef(id=1, full_name=full_name))

    assert match is not None
    assert match.reason == "the repository's name cannot be read"


@pytest.mark.parametrize(
    "full_name", ["acme/rig-gitops-2", "acme/rig", "other/rig-gitops", "acme/rig-gitops.github.io"]
)
def test_other_repositories_are_not_internal(full_name: str) -> None:
    assert INTERNAL.match(RepositoryRef(id=1, full_name=full_name), [OUTSIDE]) is None


@pytest.mark.parametrize(
    "ancestor",
    [RepositoryRef(id=7, full_name="x/y"), RepositoryRef(id=2, full_name="Acme/rig-gitops")],
)
def test_a_fork_of_an_internal_repository_is_internal(ancestor: RepositoryRef) -> None:
    match = INTERNAL.match(OUTSIDE, [RepositoryRef(id=3, full_name="a/b"), ancestor])

    assert match is not None
    assert match.repository == ancestor
    assert match.reason.startswith("fork of it: ")


def test_an_unreadable_entry_in_the_settings_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(Rejected) as caught:
        internal_repositories([], ["acme/rig", "rig-gitops"])

    assert caught.value.code == "internal-name-invalid"
    assert "'rig-gitops'" in str(caught.value)


OWNERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True)
REPOSITORIES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower().replace(".git", "") != ""
)
BLANKS = st.text(" \t\n", max_size=3)


@given(OWNERS, REPOSITORIES, BLANKS, st.sampled_from(["", ".git", "/", ".git/"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_spelling_of_a_denied_name_gets_past(
    owner: str,
    name: str,
    blank: str,
    tail: str,
    upper: bool,  # noqa: FBT001 drawn by hypothesis
) -> None:
    denied = internal_repositories([], [f"{owner}/{name}"])
    spelled = f"{blank}{owner}{blank}/{blank}{name}{tail}{blank}"

    spelled = spelled.upper() if upper and not tail.startswith(".git") else spelled.lower()

    assert denied.match(RepositoryRef(id=1, full_name=spelled)) is not None


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_normalised_name_is_plain_and_stays_as_it_is(text: str) -> None:
    name = normalise_full_name(text)

    if name is not None:
        assert name.isascii()
        assert name == name.lower().strip()
        assert normalise_full_name(name) == name

"""Rules without a server: which refs patterns name, which parameters fit, what a push says."""

import io
from datetime import UTC, datetime

import msgspec
import pytest

from rigtasks.local.github.access import accepted
from rigtasks.local.github.governance import Rule, Ruleset
from rigtasks.local.github.model import Repository
from rigtasks.local.github.pull_heads import line_after
from rigtasks.local.github.push_judge import Move, moves, with_reasons
from rigtasks.local.github.rules.requirements import applies, complete

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPO = Repository(id=1, owner_id=2, name="shop", created_at=NOW, updated_at=NOW)


def ruleset(*include: str, exclude: tuple[str, ...] = ()) -> Ruleset:
    return Ruleset(
        id=3,
        owner_id=2,
        name="rules",
        created_at=NOW,
        updated_at=NOW,
        rules=(),
        include=include,
        exclude=exclude,
    )


@pytest.mark.parametrize(
    ("pattern", "branch", "named"),
    [
        ("~DEFAULT_BRANCH", "main", True),
        ("~DEFAULT_BRANCH", "other", False),
        ("~ALL", "a/b/c", True),
        ("refs/heads/main", "main", True),
        ("main", "main", False),
        ("refs/heads/release/*", "release/1", True),
        ("refs/heads/release/*", "release/1/2", False),
        ("refs/heads/release/**", "release/1/2", True),
        ("refs/heads/**/fix", "fix", True),
        ("refs/heads/**/fix", "a/b/fix", True),
        ("refs/heads/v?", "v1", True),
        ("refs/heads/v?", "v12", False),
        ("refs/heads/a.c", "abc", False),
    ],
)
def test_patterns_name_refs_as_github_reads_them(pattern: str, branch: str, *, named: bool) -> None:
    assert applies(REPO, ruleset(pattern), branch) is named
    assert applies(REPO, ruleset("~ALL", exclude=(pattern,)), branch) is not named


def test_a_ruleset_without_patterns_names_nothing() -> None:
    assert not applies(REPO, ruleset(), "main")


def test_a_rule_is_stored_with_all_its_parameters() -> None:
    parameters = {
        "required_status_checks": [{"context": "a", "integration_id": 7}, {"context": "b"}]
    }
    rule = complete(Rule(type="required_status_checks", parameters=parameters))
    assert rule.parameters == {
        **parameters,
        "strict_required_status_checks_policy": False,
        "do_not_enforce_on_create": False,
    }
    assert complete(Rule(type="deletion")) == Rule(type="deletion")
    with pytest.raises(ValueError, match="Invalid rule 'tag_name_pattern'"):
        complete(Rule(type="tag_name_pattern"))
    with pytest.raises(msgspec.ValidationError):
        complete(Rule(type="merge_queue", parameters={"merge_method": 1}))


@pytest.mark.parametrize(
    ("needs", "header"),
    [
        ("metadata:read", "metadata=read"),
        ("issues|pull_requests:comment", "issues=write; pull_requests=write"),
        ("administration:fork", "administration=write,contents=read"),
    ],
)
def test_what_an_address_accepts_is_said_as_github_says_it(needs: str, header: str) -> None:
    assert accepted(needs) == header


@pytest.mark.parametrize(("line", "after"), [(1, 3), (4, 6), (5, None), (6, 7), (20, 21)])
def test_a_line_is_followed_through_a_patch(line: int, after: int | None) -> None:
    first = "@@ -1,3 +1,5 @@\n+new\n+new\n one\n two\n three\n"
    patch = first + "@@ -4,4 +6,3 @@\n four\n-five\n six\n seven"
    assert line_after(patch, line) == after


def packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content


def test_a_push_is_read_command_by_command() -> None:
    old, new = "0" * 40, "a" * 40
    body = packet(f"{old} {new} refs/heads/one\0 report-status".encode())
    body += packet(f"{new} {old} refs/heads/two\n".encode()) + b"0000PACK"
    assert moves(io.BytesIO(body)) == [
        Move(ref="refs/heads/one", old=old, new=new),
        Move(ref="refs/heads/two", old=new, new=old),
    ]


@pytest.mark.parametrize(
    ("heading", "reason"),
    [
        (b"GH006: Protected branch update failed for", b"protected branch hook declined"),
        (
            b"GH013: Repository rule violations found for",
            b"push declined due to repository rule violations",
        ),
    ],
)
def test_only_the_refused_ref_gets_githubs_reason(heading: bytes, reason: bytes) -> None:
    said = packet(b"\x02error: " + heading + b" refs/heads/main.\n")
    report = packet(b"ng refs/heads/main hook declined\n") + packet(b"ok refs/heads/work\n")
    report += packet(b"ng refs/heads/main2 hook declined\n") + b"0000"
    answer = with_reasons(said + packet(b"\x01" + report) + b"0000")
    assert b"ng refs/heads/main " + reason + b"\n" in answer
    assert b"ok refs/heads/work\n" in answer
    assert b"ng refs/heads/main2 hook declined\n" in answer
    assert with_reasons(b"0000") == b"0000"

"""Patterns, protected files and sensitive paths."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigtasks.review.globs import first_match, matches
from rigtasks.review.protected import leaves_tree, path_problem, protection
from rigtasks.review.sensitive import sensitive_hits


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("auth/**", "auth/session.py", True),
        ("auth/**", "src/auth/session.py", False),
        ("**/auth/**", "src/auth/session.py", True),
        ("**/auth/**", "auth/session.py", True),
        ("auth", "src/auth/deep/x.py", True),
        ("auth/", "auth/x", True),
        ("auth/", "auth", False),
        ("/auth", "auth/x", True),
        ("/auth", "src/auth", False),
        ("*.sql", "db/one.sql", True),
        ("*.sql", "db/one.sql.md", False),
        ("db/*.sql", "db/one.sql", True),
        ("db/*.sql", "db/old/one.sql", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("A/B", "a/b/c", True),
        ("**", "anything", True),
        ("", "anything", False),
        ("/", "anything", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c/y", False),
    ],
)
def test_patterns(pattern: str, path: str, *, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_the_first_pattern_that_covers_a_path_is_named() -> None:
    assert first_match("a/b.py", ("x", "a/**", "*.py")) == "a/**"
    assert first_match("a/b.py", ()) is None


def test_no_pattern_takes_long() -> None:
    started = time.process_time()

    matches("a" * 1_000, "*a" * 300 + "b")
    matches("a/" * 500, "**/a/" * 300 + "b")

    assert time.process_time() - started < 1


@given(st.text("ab*?/", max_size=12), st.text("ab/", max_size=12))
def test_any_pattern_gives_an_answer(pattern: str, path: str) -> None:
    assert matches(path, pattern) in {True, False}


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/CI.yml",
        ".github",
        ".github./workflows/ci.yml",
        ".git\u200bhub/workflows/ci.yml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "codeowners",
        ".rig-agent.yaml",
        "pkg/.rig-agent.yaml",
        "AGENTS.md",
        "sub/CLAUDE.md",
        ".claude/settings.json",
        ".claude",
        "sub/.mcp.json",
        ".gitmodules",
        ".gitattributes",
        ".husky/pre-commit",
        ".githooks/pre-push",
        ".pre-commit-config.yaml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
    ],
)
def test_protected_files_are_known_at_any_depth_and_in_any_writing(path: str) -> None:
    guarded = protection(path) or protection("sub/" + path)

    assert guarded is not None


@pytest.mark.parametrize(
    "path",
    ["src/hooks/useUser.ts", "github/api.py", "docs/agents.md.txt", ".gitignore", "claude/x.py"],
)
def test_ordinary_files_are_not_protected(path: str) -> None:
    assert protection(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../x",
        "a//x",
        "a/./x",
        "a\x00b",
        "a\u202eb",
        "a\nb",
        ".git/config",
        ".GIT/config",
        "git~1/config",
        ".git\u200c/config",
        ".git. /x",
        "a\\b",
        "c:x",
        "x" * 1_001,
    ],
)
def test_paths_that_are_not_what_they_look_like(path: str) -> None:
    assert path_problem(path) is not None


@pytest.mark.parametrize("path", ["a.py", "src/größe.py", "a b/c-d_e.f", ".gitignore", "日本/x"])
def test_plain_paths(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "target", "expected"),
    [
        ("a/link", "b", False),
        ("a/link", "../b", False),
        ("a/link", "../../b", True),
        ("link", "..", True),
        ("link", "/etc/passwd", True),
        ("link", "a/../../b", True),
        ("link", ".git/config", True),
        ("a/link", "../.GIT/hooks", True),
        ("link", "~/x", True),
        ("link", "C:\\x", True),
        ("link", "..\\x", True),
        ("link", "./a", False),
    ],
)
def test_links_that_leave_the_tree(path: str, target: str, *, expected: bool) -> None:
    assert leaves_tree(path, target) is expected


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("auth/session.py", "auth"),
        ("src/AuthService.cs", "auth"),
        ("src/user_login.py", "auth"),
        ("billing/invoice.ts", "payment"),
        ("db/migrations/0001.py", "migration"),
        ("app/GDPRExport.swift", "gdpr"),
        ("db/tables.sql", "schema"),
        ("prisma/schema.prisma", "schema"),
    ],
)
def test_sensitive_paths_and_their_rule(path: str, rule: str) -> None:
    (hit,) = sensitive_hits((path,))

    assert hit.rule == rule
    assert path in hit.summary


@pytest.mark.parametrize("path", ["authors.py", "src/slug.py", "docs/immigration.md", "a/pay.txt"])
def test_words_that_only_contain_it_are_not_sensitive(path: str) -> None:
    assert sensitive_hits((path,)) == ()


def test_a_repository_adds_globs_and_cannot_take_away() -> None:
    paths = ("infra/dns.tf", "auth/x.py")

    assert [hit.rule for hit in sensitive_hits(paths)] == ["auth"]
    assert [hit.rule for hit in sensitive_hits(paths, ("infra/**",))] == ["infra/**", "auth"]

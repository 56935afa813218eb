"""What is refused before a push, what waits for a person, and that each reason says what to do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_diffs import deleted, diff_of, edited, new_file, renamed

from rigtasks.review.diff_policy import (
    CommitMessage,
    Denial,
    DiffBounds,
    GateKind,
    PolicyReport,
    inspect,
)

TOKEN = "gh" + "p_" + "aZ3kQ9xT7bLm2Vw8Rf5Yc1Hd6Ng4Ps0JuEiO"
GOOD = edited("app.py", removed="return a\n", added="return a + b\n")


def judged(*parts: str, message: str = "Add b", **bounds: object) -> PolicyReport:
    commit = CommitMessage(sha="a" * 40, message=message)
    return inspect(diff_of(*parts), (commit,), DiffBounds(**bounds))


def denials(*parts: str, **options: object) -> set[Denial]:
    return {one.kind for one in judged(*parts, **options).denials}


def test_an_ordinary_change_may_be_pushed_and_asks_nobody() -> None:
    report = judged(GOOD)

    assert report.may_push
    assert report.human_gates == ()
    assert (report.facts.files, report.facts.lines) == (1, 2)


CASES = [
    (Denial.PROTECTED_PATH, new_file(".github/workflows/ci.yml")),
    (Denial.PROTECTED_PATH, deleted(".github/workflows/ci.yml")),
    (Denial.PROTECTED_PATH, renamed("CODEOWNERS", "docs/old.txt")),
    (Denial.PROTECTED_PATH, renamed("a.md", "AGENTS.md")),
    (Denial.PROTECTED_PATH, edited("sub/.gitattributes", added="*.py filter=x\n")),
    (Denial.SUBMODULE, new_file("vendor", "Subproject commit 1\n", mode="160000")),
    (Denial.SYMLINK, new_file("notes", "/etc/passwd\n", mode="120000")),
    (Denial.SYMLINK, new_file("a/notes", "../../x\n", mode="120000")),
    (
        Denial.BINARY,
        "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n",
    ),
    (Denial.BINARY, new_file("x.psd", "version https://git-lfs.github.com/spec/v1\n")),
    (Denial.LARGE_FILE, new_file("min.js", "x" * 10_001 + "\n")),
    (Denial.SECRET, edited("app.py", added=f"KEY = '{TOKEN}'\n")),
    (Denial.SECRET, new_file("keys.txt", f"{TOKEN[::-1]}\n")),
    (Denial.TOO_LARGE, new_file("app.py", "x = 1\n" * 501)),
    (Denial.STRANGE_PATH, new_file("a/git~1/config")),
]


@pytest.mark.parametrize(("kind", "part"), CASES)
def test_each_denial_stands_alone_and_says_what_to_do(kind: Denial, part: str) -> None:
    report = judged(GOOD, part)

    assert {one.kind for one in report.denials} == {kind}
    assert not report.may_push
    assert all(one.summary and one.remedy for one in report.denials)


def test_a_link_within_the_tree_and_a_deleted_binary_are_fine() -> None:
    gone = "diff --git a/x b/x\ndeleted file mode 100644\nBinary files a/x and /dev/null differ\n"

    assert denials(GOOD, new_file("docs/link", "../app.py\n", mode="120000"), gone) == set()


def test_a_repository_denies_paths_of_its_own_on_top() -> None:
    part = edited("infra/dns.tf", added="x\n")

    assert denials(part) == set()
    assert denials(part, deny=("infra/**",)) == {Denial.DENIED_PATH}
    assert denials(new_file("CODEOWNERS"), deny=("infra/**",)) == {Denial.PROTECTED_PATH}


@pytest.mark.parametrize(
    "message",
    [
        "Add b [skip ci]",
        "Add b [ci skip]",
        "Add b [no ci]",
        "Add b [SKIP ACTIONS]",
        "Add b [actions skip]",
        "Add b\n\nskip-checks: true",
        "***NO_CI***",
    ],
)
def test_a_commit_message_cannot_switch_ci_off(message: str) -> None:
    assert denials(GOOD, message=message) == {Denial.SKIPS_CI}


def test_a_commit_message_that_talks_about_ci_is_fine() -> None:
    assert denials(GOOD, message="Do not skip ci in forks; [skip] rows instead") == set()


def test_a_credential_in_a_commit_message_is_refused() -> None:
    assert denials(GOOD, message=f"Use {TOKEN}") == {Denial.SECRET}


def test_a_credential_is_placed_and_never_repeated() -> None:
    report = judged(edited("app.py", added=f"a = 1\nKEY = '{TOKEN}'\n", start=40))

    (denial,) = report.denials
    assert (denial.path, denial.line) == ("app.py", 41)
    assert "GitHub token" in denial.summary
    assert TOKEN not in repr(report)


def test_a_credential_that_is_taken_out_is_no_obstacle() -> None:
    assert denials(edited("app.py", removed=f"KEY = '{TOKEN}'\n", added="KEY = env()\n")) == set()


def test_checksums_in_a_lock_file_are_not_credentials() -> None:
    checksum = "aZ3kQ9xT7bLm2Vw8Rf5Yc1Hd6Ng4Ps0JuEiOqWsXeDcRfVtGbYhN"
    line = f'"integrity": "sha512-{checksum}"\n'
    manifest = edited("package.json", added='"left-pad": "1.0.0"\n')

    assert denials(manifest, edited("package-lock.json", added=line)) == set()
    assert denials(manifest, edited("other.json", added=line)) == {Denial.SECRET}


def test_the_bounds_yield_to_the_label_of_a_person() -> None:
    files = [new_file(f"m{index}.py") for index in range(21)]

    assert denials(*files[:20]) == set()
    assert denials(*files) == {Denial.TOO_LARGE}
    assert denials(*files, large_pr_ok=True) == set()


def test_nothing_and_half_a_change_are_refused() -> None:
    assert denials() == {Denial.EMPTY}
    partly = inspect(diff_of(GOOD, truncated=True), ())
    assert [one.kind for one in partly.denials] == [Denial.TRUNCATED]


def gates(*parts: str, **bounds: object) -> list[tuple[GateKind, str]]:
    return [(one.kind, one.rule) for one in judged(*parts, **bounds).human_gates]


def test_weakened_tests_wait_for_a_person_and_do_not_stop_the_push() -> None:
    report = judged(GOOD, deleted("tests/test_app.py"))

    assert report.may_push
    assert [(one.kind, one.rule) for one in report.human_gates] == [
        (GateKind.TESTS, "test-file-deleted")
    ]


def test_sensitive_paths_wait_for_a_person() -> None:
    assert gates(new_file("auth/token.py")) == [(GateKind.SENSITIVE, "auth")]
    assert gates(new_file("infra/x.tf"), sensitive=("infra/**",)) == [
        (GateKind.SENSITIVE, "infra/**")
    ]
    assert gates(renamed("billing/x.py", "y.py")) == [(GateKind.SENSITIVE, "payment")]


def test_a_lock_file_that_changes_alone_waits_for_a_person() -> None:
    lock = edited("package-lock.json", added='"version": "2"\n')

    assert gates(lock) == [(GateKind.DEPENDENCIES, "lock-file-alone")]
    assert gates(lock, edited("package.json", added='"a": "2"\n')) == []


def test_a_script_on_installation_waits_for_a_person() -> None:
    part = edited("package.json", added='"postinstall": "node x.js"\n')

    assert gates(part) == [(GateKind.DEPENDENCIES, "install-script")]


def test_mass_deletion_waits_for_a_person() -> None:
    parts = [deleted(f"m{index}.py") for index in range(11)]

    assert gates(*parts) == [(GateKind.DELETION, "mass-deletion")]
    assert gates(*parts[:10]) == []


PARTS = st.lists(
    st.sampled_from(
        [
            GOOD,
            new_file("b.py"),
            deleted("tests/test_app.py"),
            new_file("auth/x.py"),
            new_file(".github/x"),
            renamed("c.py", "d.py"),
            edited("e.py", added=f"k = '{TOKEN}'\n"),
        ]
    ),
    max_size=5,
    unique=True,
)


@settings(max_examples=100, deadline=None)
@given(PARTS, st.sampled_from(["b.py", "**", "auth/**", "*.md"]))
def test_what_a_repository_adds_never_allows_more(parts: list[str], glob: str) -> None:
    plain, stricter = judged(*parts), judged(*parts, deny=(glob,), sensitive=(glob,))

    assert set(plain.denials) <= set(stricter.denials)
    assert {one.path for one in plain.human_gates} <= {one.path for one in stricter.human_gates}


@settings(max_examples=100, deadline=None)
@given(PARTS, PARTS)
def test_more_change_never_takes_a_denial_away(parts: list[str], more: list[str]) -> None:
    before = {one for one in judged(*parts).denials if one.kind is not Denial.EMPTY}
    after = set(judged(*parts, *(part for part in more if part not in parts)).denials)

    assert before <= after


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("requirements.txt", "--index-url http://packages.test/simple"),
        ("requirements-dev.txt", "--extra-index-url=http://packages.test/simple"),
        ("requirements/test.txt", "-f http://packages.test"),
        ("requirements.txt", "left-pad @ https://packages.test/left-pad.whl"),
        ("pyproject.toml", "[[tool.uv.index]]"),
        ("Pipfile", "[[source]]"),
        ("package.json", '  "registry": "http://packages.test"'),
    ],
)
def test_another_place_for_packages_waits_for_a_person(path: str, line: str) -> None:
    assert (GateKind.DEPENDENCIES, "package-source") in gates(edited(path, added=f"{line}\n"))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("requirements.txt", "requests==2.32.0"),
        ("package.json", '  "homepage": "https://shop.test"'),
        ("README.md", "pip install --index-url http://packages.test"),
    ],
)
def test_an_ordinary_dependency_does_not(path: str, line: str) -> None:
    assert gates(edited(path, added=f"{line}\n")) == []

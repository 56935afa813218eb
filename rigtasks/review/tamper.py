"""Find tests that a change deletes, switches off or weakens, by simple marks on its lines.

It cannot judge meaning, only ask for a person where the marks of weakening are there.
"""

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from rigtasks.review.assertions import added_test_lines, changed_expectations
from rigtasks.review.diff import Diff, DiffLine, FileDiff, FileStatus
from rigtasks.review.running_tests import change_of_running, sets_runner_variable
from rigtasks.review.tests_by_language import TestLanguage, test_language

_SNAPSHOT = re.compile(r"(?:^|/)__snapshots__/|\.snap$|\.approved\.[a-z]+$|\.verified\.[a-z]+$")
_SHELL_FILE = re.compile(
    r"(?:^|/)(?:GNUmakefile|Makefile|makefile|justfile|Justfile|Taskfile\.ya?ml|package\.json|tox\.ini"
    r"|setup\.cfg|pyproject\.toml|noxfile\.py)$|\.(?:sh|bash|mk|cmd|ps1|ya?ml)$"
)
_IGNORED_FAILURE = re.compile(
    r"\|\|\s*(?:true|:|exit\s+0|echo)\b|\|\|\s*:(?:\s|$|[\"'])|;\s*(?:true|exit\s+0)\s*[\"']?\s*,?$"
    r"|continue-on-error\s*:\s*true|--passWithNoTests|--exit-zero|^\s*set\s+\+e\b|^\t-\S"
    r"|^\t@?(?:true|:|exit\s+0)\s*$|^\s*exit\s+0\s*$"
)
_QUOTED = 60
#: A test that ends before it has looked at anything; lines of new files are whole tests.
_EARLY_END = re.compile(r"^\s+return\b[ \t;]*(?:(?:#|//).*)?$")


class Weakening(StrEnum):
    """The ways a change can make tests say less."""

    FILE_DELETED = "test-file-deleted"
    TEST_DELETED = "test-deleted"
    SWITCHED_OFF = "test-switched-off"
    ASSERTION_REMOVED = "assertion-removed"
    ASSERTION_CHANGED = "assertion-changed"
    ALWAYS_TRUE = "assertion-always-true"
    FAILURE_IGNORED = "failure-ignored"
    SETTINGS_CHANGED = "test-settings-changed"
    SNAPSHOT_CHANGED = "snapshot-changed"


class TamperHit(msgspec.Struct, frozen=True, kw_only=True):
    """One mark of weakening: where, and what it looks like. `line` is on the new side."""

    kind: Weakening
    path: str
    summary: str
    line: int | None = None


def find_tampering(diff: Diff) -> tuple[TamperHit, ...]:
    """Return every mark of weakened tests in a change."""
    moved = _tests_added_elsewhere(diff)
    added = added_test_lines(diff)
    hits: list[TamperHit] = []
    for one in diff.files:
        hits += _file_hits(one)
        language = test_language(one.old_path) or test_language(one.path)
        if language is not None:
            hits += _test_hits(one, language, moved)
            hits += _assertion_hits(one, language, added)
        hits += _setting_hits(one)
    return tuple(hits)


def _file_hits(one: FileDiff) -> Iterator[TamperHit]:
    """Report test files that go away and recorded expectations that change."""
    was_test = test_language(one.old_path) is not None
    if was_test and one.status is FileStatus.DELETED:
        summary = f"{one.path} holds tests and is deleted"
        yield TamperHit(kind=Weakening.FILE_DELETED, path=one.path, summary=summary)
    if was_test and one.status is FileStatus.RENAMED and test_language(one.path) is None:
        summary = f"{one.old_path} holds tests and {one.path} is no place for tests"
        yield TamperHit(kind=Weakening.FILE_DELETED, path=one.old_path, summary=summary)
    if _SNAPSHOT.search(one.old_path) and one.status is not FileStatus.ADDED:
        summary = f"{one.old_path} is a recorded expectation and changes"
        yield TamperHit(kind=Weakening.SNAPSHOT_CHANGED, path=one.old_path, summary=summary)


def _test_hits(one: FileDiff, language: TestLanguage, moved: Counter[str]) -> Iterator[TamperHit]:
    if one.status is not FileStatus.DELETED:
        yield from _deleted_tests(one, language, moved)
    for line in one.added:
        if language.comment.match(line.text):
            continue
        if language.switched_off.search(line.text):
            yield _hit(Weakening.SWITCHED_OFF, one, line, "a test is skipped or singled out")
        if language.always_true.search(line.text):
            yield _hit(Weakening.ALWAYS_TRUE, one, line, "an assertion cannot fail")
        if one.status is not FileStatus.ADDED and _EARLY_END.match(line.text):
            yield _hit(Weakening.SWITCHED_OFF, one, line, "a test may end early")


def _deleted_tests(
    one: FileDiff, language: TestLanguage, moved: Counter[str]
) -> Iterator[TamperHit]:
    """Report fewer tests than before, counting those that only went to another file."""
    removed = _tests(one.removed, language)
    added = _tests(one.added, language)
    gone = removed - added
    new = added - removed
    elsewhere = Counter({name: min(count, moved[name]) for name, count in gone.items()})
    missing = (gone - elsewhere).total() - new.total()
    if missing > 0:
        names = ", ".join(sorted(name.lstrip("\"'`") for name in gone - elsewhere)[:3])
        summary = f"{one.path} loses {missing} of its tests ({names})"
        yield TamperHit(kind=Weakening.TEST_DELETED, path=one.path, summary=summary)


def _assertion_hits(
    one: FileDiff, language: TestLanguage, added: Counter[str]
) -> Iterator[TamperHit]:
    """Report what existing tests expect no longer, or expect differently."""
    if one.status is FileStatus.DELETED:
        return
    missing = max(0, _assertions(one.removed, language) - _assertions(one.added, language))
    if missing > 0:
        summary = f"{one.path} loses {missing} assertions without replacement"
        yield TamperHit(kind=Weakening.ASSERTION_REMOVED, path=one.path, summary=summary)
    changed = changed_expectations(one, language, added)
    if len(changed) > missing:
        first = changed[0]
        summary = f"{one.path}: what a test expects changes (was: {first.text.strip()[:_QUOTED]})"
        yield TamperHit(kind=Weakening.ASSERTION_CHANGED, path=one.path, summary=summary)


def _setting_hits(one: FileDiff) -> Iterator[TamperHit]:
    """Report lines that let failures pass or change which tests are run."""
    if _SHELL_FILE.search(one.path):
        for line in one.added:
            if _IGNORED_FAILURE.search(line.text):
                yield _hit(Weakening.FAILURE_IGNORED, one, line, "a failing command counts as good")
            if sets_runner_variable(line):
                yield _hit(Weakening.SETTINGS_CHANGED, one, line, "a test runner is told otherwise")
    change = change_of_running(one)
    if isinstance(change, DiffLine):
        yield _hit(Weakening.SETTINGS_CHANGED, one, change, "how tests are chosen or run changes")
    elif change:
        summary = f"{one.path}: this file decides how tests are chosen, run or supplied"
        yield TamperHit(kind=Weakening.SETTINGS_CHANGED, path=one.path, summary=summary)


def _hit(kind: Weakening, one: FileDiff, line: DiffLine, what: str) -> TamperHit:
    place = f"{one.path}:{line.new_number}" if line.new_number else one.path
    return TamperHit(kind=kind, path=one.path, summary=f"{place}: {what}", line=line.new_number)


def _tests_added_elsewhere(diff: Diff) -> Counter[str]:
    """Count test names that are new in some file and not taken away in that same file."""
    names: Counter[str] = Counter()
    for one in diff.files:
        language = test_language(one.path)
        if language is not None and one.status is not FileStatus.DELETED:
            names += _tests(one.added, language) - _tests(one.removed, language)
    return names


def _tests(lines: tuple[DiffLine, ...], language: TestLanguage) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in lines:
        match = None if language.comment.match(line.text) else language.test.search(line.text)
        if match is not None:
            found[match["name"] or match[0]] += 1
    return found


def _assertions(lines: tuple[DiffLine, ...], language: TestLanguage) -> int:
    return sum(
        1
        for line in lines
        if language.assertion.search(line.text)
        and not language.comment.match(line.text)
        and not language.always_true.search(line.text)
    )

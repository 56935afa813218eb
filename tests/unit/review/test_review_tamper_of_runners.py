"""A change of what runs the tests, or of how they are chosen, is noticed."""

import pytest
from review_diffs import deleted, diff_of, edited, new_file

from rigtasks.review.tamper import Weakening, find_tampering

PY, JS, CS, SW = (
    "tests/test_app.py",
    "src/app.test.ts",
    "App.Tests/AppTests.cs",
    "Tests/AppTests.swift",
)


def kinds(*parts: str) -> set[Weakening]:
    return {hit.kind for hit in find_tampering(diff_of(*parts))}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", "\tpytest || true"),
        ("Makefile", "\t-pytest"),
        ("package.json", '    "check": "eslint . || exit 0",'),
        ("run.sh", "set +e"),
        ("ci/build.yml", "  continue-on-error: true"),
        ("package.json", '    "check": "jest --passWithNoTests"'),
    ],
)
def test_a_command_whose_failure_no_longer_counts_is_noticed(path: str, line: str) -> None:
    assert Weakening.FAILURE_IGNORED in kinds(edited(path, added=f"{line}\n"))


@pytest.mark.parametrize("line", ["\tpytest", "\techo done || echo failed >&2; exit 1", "a ||= 1"])
def test_an_ordinary_command_is_not(line: str) -> None:
    assert kinds(edited("app.rb", added=f"{line}\n")) == set()
    assert kinds(edited("Makefile", added="\tpytest\n")) == set()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("pytest.ini", "addopts = --ignore=tests/slow"),
        ("pyproject.toml", 'testpaths = ["tests/fast"]'),
        ("package.json", '    "test": "node --test test/fast",'),
        (".coveragerc", "fail_under = 10"),
        ("jest.config.js", "  testPathIgnorePatterns: ['slow'],"),
        ("tests/conftest.py", "def pytest_collection_modifyitems(items):"),
    ],
)
def test_a_change_of_how_tests_are_chosen_is_noticed(path: str, line: str) -> None:
    assert Weakening.SETTINGS_CHANGED in kinds(edited(path, added=f"{line}\n"))
    assert Weakening.SETTINGS_CHANGED in kinds(edited(path, removed=f"{line}\n"))


def test_a_new_conftest_with_hooks_is_noticed_and_one_with_fixtures_is_not() -> None:
    hook = "def pytest_runtest_makereport(item, call):\n    ...\n"

    assert kinds(new_file("conftest.py", hook)) == {Weakening.SETTINGS_CHANGED}
    assert kinds(new_file("conftest.py", "@pytest.fixture\ndef db():\n    ...\n")) == set()


def test_a_new_project_with_its_test_settings_is_no_weakening() -> None:
    assert kinds(new_file("package.json", '{"scripts": {"test": "node --test"}}\n')) == set()


ACTING = [
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    "sitecustomize.py",
    "lib/usercustomize.py",
    "fix.pth",
    ".npmrc",
    "web/.npmrc",
    ".yarnrc.yml",
    "pip.conf",
    "uv.toml",
    "Directory.Build.props",
    "src/Directory.Build.targets",
    "nuget.config",
    "NuGet.Config",
    "test.runsettings",
    "GNUmakefile",
]


@pytest.mark.parametrize("path", ACTING)
def test_a_file_that_acts_by_being_there_is_noticed_whatever_happens_to_it(path: str) -> None:
    assert Weakening.SETTINGS_CHANGED in kinds(new_file(path))
    assert Weakening.SETTINGS_CHANGED in kinds(edited(path, added="x\n"))
    assert Weakening.SETTINGS_CHANGED in kinds(deleted(path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tox.ini", "[pytest]\naddopts = --co\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --co\n"),
        ("jest.config.js", "export default { testMatch: [] }\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--co'\n"),
    ],
)
def test_new_settings_that_others_give_way_to_are_noticed(path: str, text: str) -> None:
    assert kinds(new_file(path, text)) == {Weakening.SETTINGS_CHANGED}


@pytest.mark.parametrize("path", ["app.py", "docs/pytest.ini.md", "src/npmrc.ts", "config.props"])
def test_other_new_files_are_left_alone(path: str) -> None:
    assert kinds(new_file(path)) == set()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("Makefile", "\tpytest\n", "\ttrue\n"),
        ("Makefile", "\tpytest\n", "\tpytest tests/fast\n"),
        ("build/rules.mk", "\tpytest\n", ""),
        ("justfile", "    pytest\n", ""),
        ("noxfile.py", "    session.run('pytest')\n", ""),
        ("Makefile", "", "test:\n"),
        ("scripts/test.sh", "pytest -q\n", "exit 0\n"),
        ("scripts/test.sh", "", "cd empty\n"),
        ("run_tests.py", "main()\n", ""),
        ("script/test", "pytest\n", "true\n"),
        ("ci/unit-tests.sh", "", "PYTEST=true\n"),
    ],
)
def test_a_change_of_what_runs_the_tests_is_noticed(path: str, old: str, new: str) -> None:
    assert Weakening.SETTINGS_CHANGED in kinds(edited(path, removed=old, added=new))


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("Makefile", "format:\n\truff format\n"),
        ("Makefile", "# how to test\n"),
        ("scripts/release.sh", "git tag\n"),
        ("scripts/latest.sh", "git tag\n"),
    ],
)
def test_what_does_not_run_tests_may_change(path: str, new: str) -> None:
    assert kinds(edited(path, added=new)) == set()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", "export PYTEST_ADDOPTS = --co"),
        ("deploy/env.sh", "export NODE_OPTIONS=--require ./skip.js"),
    ],
)
def test_a_variable_that_runners_obey_is_noticed(path: str, line: str) -> None:
    assert Weakening.SETTINGS_CHANGED in kinds(edited(path, added=f"{line}\n"))


@pytest.mark.parametrize(
    ("path", "line"), [("Makefile", "\ttrue"), ("Makefile", "\t@exit 0"), ("run.sh", "exit 0")]
)
def test_a_command_that_always_succeeds_is_noticed(path: str, line: str) -> None:
    assert Weakening.FAILURE_IGNORED in kinds(edited(path, added=f"{line}\n"))

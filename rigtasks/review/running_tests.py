"""Which files and lines decide how tests are chosen, run and judged."""

import re

from rigtasks.review.diff import DiffLine, FileDiff, FileStatus

#: Files that act by being there: on the runner, on every start of an interpreter, or on where
#: packages come from. Whatever happens to them changes what a green run means.
_ACTS_BY_ITSELF = re.compile(
    r"(?:^|/)(?:\.?pytest\.(?:ini|toml)|sitecustomize\.py|usercustomize\.py|[^/]+\.pth"
    r"|\.npmrc|\.yarnrc(?:\.ya?ml)?|\.pnpmfile\.c?js|bunfig\.toml|pip\.(?:conf|ini)|uv\.toml"
    r"|Directory\.(?:Build|Solution|Packages)\.(?:props|targets)|[^/]+\.rsp|nuget\.config"
    r"|xunit\.runner\.json|[^/]*\.runsettings|[^/]*\.xctestplan)$",
    re.IGNORECASE,
)
#: Make reads these instead of a `Makefile` beside them.
_HIDES_MAKEFILE = re.compile(r"(?:^|/)(?:GNUmakefile|makefile)$")
#: Settings of one runner that other settings give way to; a new one gates, a changed one by line.
_RUNNER_SETTINGS = re.compile(
    r"(?:^|/)(?:tox\.(?:ini|toml)|setup\.cfg|\.mocharc[^/]*"
    r"|(?:jest|vitest|playwright|karma|ava|cypress)\.config\.[a-z]+)$"
)
_SETTINGS_FILE = re.compile(
    r"(?:^|/)(?:tox\.(?:ini|toml)|setup\.cfg|pyproject\.toml|package\.json|\.coveragerc"
    r"|(?:jest|vitest|playwright|karma|ava|cypress)\.config\.[a-z]+|\.mocharc[^/]*|conftest\.py)$"
)
_SETTING = re.compile(
    r"\b(?:addopts|testpaths|python_files|python_functions|python_classes|norecursedirs|--ignore"
    r"|--deselect|testMatch|testRegex|testPathIgnorePatterns|coverageThreshold|fail_under"
    r"|cov-fail-under|modulePathIgnorePatterns|bail|skippedTests)\b|--(?:ignore|deselect)\b"
    r"|\"(?:pre|post)?test(?::[\w:-]+)?\"\s*:|\[(?:tool[.:])?pytest\b"
)
_NEW_SETTING = re.compile(r"\[tool\.pytest\b")
_COLLECTION = re.compile(
    r"\bpytest_(?:collection_modifyitems|ignore_collect|runtest_\w+|sessionfinish|pyfunc_call"
    r"|report\w*)\b|\bcollect_ignore\w*|\bexitstatus\b|\bos\._exit\b|\bsys\.exit\b"
)
_BUILD_FILE = re.compile(
    r"(?:^|/)(?:Makefile|[Jj]ustfile|Taskfile\.ya?ml|noxfile\.py|Rakefile)$|\.mk$"
)
_TEST_TARGET = re.compile(r"^\s*\.?(?:test|check|verify|ci)[\w.-]*\s*:(?!=)")
_TEST_SCRIPT = re.compile(
    r"(?:^|/)(?:[^\W_]+[-_.])*(?:run)?(?:tests?|check|verify|ci)(?:[-_.][^\W_]+)*\.(?:sh|bash|zsh|ps1|cmd|bat)$"
    r"|(?:^|/)run[-_]?tests?\.\w+$"
    r"|(?:^|/)(?:scripts?|bin|ci|tools)/(?:[^\W_]+[-_])*(?:tests?|check|verify|ci|cibuild)$"
)
_RUNNER_VARIABLE = re.compile(
    r"\b(?:PYTEST_ADDOPTS|PYTEST_PLUGINS|NODE_OPTIONS|MAKEFLAGS|BASH_ENV|PYTHONPATH)\b\s*\??:?="
)
_NO_CODE = re.compile(r"^\s*(?:#|$)")


def change_of_running(one: FileDiff) -> DiffLine | bool:
    """Return the first line of a change that decides how tests run; true stands for the file."""
    paths = (one.old_path, one.path)
    if any(_ACTS_BY_ITSELF.search(path) or _HIDES_MAKEFILE.search(path) for path in paths):
        return True
    if any(_TEST_SCRIPT.search(path) for path in paths) and one.status is not FileStatus.ADDED:
        return _first(one.added + one.removed) or one.status is not FileStatus.MODIFIED
    if any(_BUILD_FILE.search(path) for path in paths):
        return _change_of_build(one)
    if any(_SETTINGS_FILE.search(path) for path in paths):
        return _change_of_settings(one)
    return False


def sets_runner_variable(line: DiffLine) -> bool:
    """Say whether a line sets a variable that a test runner or an interpreter obeys."""
    return _RUNNER_VARIABLE.search(line.text) is not None


def _change_of_build(one: FileDiff) -> DiffLine | bool:
    """Look at what a build file does no longer do, and at test targets it says again."""
    if one.status is FileStatus.ADDED:
        return False
    again = tuple(line for line in one.added if _TEST_TARGET.search(line.text))
    return _first(again + one.removed) or one.status is FileStatus.DELETED


def _change_of_settings(one: FileDiff) -> DiffLine | bool:
    conftest = one.path.endswith("conftest.py")
    if one.status is FileStatus.ADDED:
        if _RUNNER_SETTINGS.search(one.path):
            return True
        new = _COLLECTION if conftest else _NEW_SETTING
        return next((line for line in one.added if new.search(line.text)), False)
    pattern = _COLLECTION if conftest else _SETTING
    both = one.added + one.removed
    return next((line for line in both if pattern.search(line.text)), False)


def _first(lines: tuple[DiffLine, ...]) -> DiffLine | None:
    return next((line for line in lines if not _NO_CODE.match(line.text)), None)

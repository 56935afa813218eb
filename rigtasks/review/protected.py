"""Which files no agent may change, and what a path must look like to be trusted."""

import unicodedata
from functools import lru_cache

from rigtasks.review.globs import first_match

#: Patterns of protected files, with what they are. Order decides which reason is given.
PROTECTED: tuple[tuple[str, str], ...] = (
    (".github/**", "GitHub's own settings and workflows"),
    ("CODEOWNERS", "who owns which files"),
    (".rig-agent.yaml", "the rig's settings"),
    (".rig-agent.yml", "the rig's settings"),
    ("AGENTS.md", "instructions to agents"),
    ("AGENTS.override.md", "instructions to agents"),
    ("CLAUDE.md", "instructions to agents"),
    ("CLAUDE.local.md", "instructions to agents"),
    ("GEMINI.md", "instructions to agents"),
    (".claude/**", "settings of an agent"),
    (".codex/**", "settings of an agent"),
    (".cursor/**", "settings of an agent"),
    (".cursorrules", "settings of an agent"),
    (".gemini/**", "settings of an agent"),
    (".mcp.json", "tools of an agent"),
    (".gitmodules", "submodules"),
    (".gitattributes", "git filters and diff drivers"),
    (".lfsconfig", "where large files come from"),
    (".githooks/**", "git hooks"),
    (".git-hooks/**", "git hooks"),
    ("githooks/**", "git hooks"),
    (".husky/**", "git hooks"),
    (".pre-commit-config.yaml", "git hooks"),
    ("lefthook.yml", "git hooks"),
    (".lefthook.yml", "git hooks"),
    (".gitlab-ci.yml", "a CI workflow"),
    (".circleci/**", "a CI workflow"),
    (".buildkite/**", "a CI workflow"),
    ("azure-pipelines.yml", "a CI workflow"),
    ("Jenkinsfile", "a CI workflow"),
    (".travis.yml", "a CI workflow"),
    (".vscode/**", "settings an editor acts on"),
    (".idea/**", "settings an editor acts on"),
    (".devcontainer/**", "settings an editor acts on"),
)

_PATTERNS = tuple(pattern for pattern, _ in PROTECTED)
_WHAT = dict(PROTECTED)
_MAX_PATH = 1_000


@lru_cache(maxsize=4096)
def protection(path: str) -> tuple[str, str] | None:
    """Return the pattern that protects `path` and what it is, or None."""
    pattern = first_match(_plain(path), _PATTERNS)
    if pattern is None and path.endswith("/") is False:
        pattern = first_match(_plain(path) + "/any", [one for one in _PATTERNS if "/**" in one])
    return None if pattern is None else (pattern, _WHAT[pattern])


@lru_cache(maxsize=4096)
def path_problem(path: str) -> str | None:
    """Return why a path cannot be trusted to be what it looks like, or None."""
    segments = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") for part in segments):
        return "it does not stay within the repository"
    if len(path) > _MAX_PATH:
        return f"it is longer than {_MAX_PATH} characters"
    if any(unicodedata.category(char)[0] == "C" for char in path):
        return "it has invisible characters"
    if "\\" in path or ":" in path:
        return "it means another place on some file systems"
    if any(_folds_to_git(part) for part in segments):
        return "it would be git's own folder on some file systems"
    return None


def leaves_tree(path: str, target: str) -> bool:
    """Say whether a symbolic link at `path` points out of the repository or into `.git`."""
    if target.startswith(("/", "\\", "~")) or ":" in target or "\x00" in target:
        return True
    place = path.split("/")[:-1]
    for part in target.replace("\\", "/").split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not place:
                return True
            place.pop()
        else:
            place.append(part)
    return any(_folds_to_git(part) for part in place)


def _plain(path: str) -> str:
    """Return the path as a file system that ignores form, case and trailing dots would see it."""
    folded = unicodedata.normalize("NFKC", path)
    visible = "".join(char for char in folded if unicodedata.category(char)[0] != "C")
    return "/".join(part.rstrip(" .") or part for part in visible.split("/"))


def _folds_to_git(name: str) -> bool:
    plain = _plain(name).casefold()
    return plain == ".git" or plain.startswith("git~")

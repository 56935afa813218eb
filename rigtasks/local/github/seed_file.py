"""What a sandbox of one's own starts with: the seed file's shape and what has to fit together."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from rigtasks.local.github.governance import RequiredCheck
from rigtasks.local.github.hook_config import ContentType
from rigtasks.local.github.limits import GITHUBS_LIMITS, NO_LIMITS, Limits
from rigtasks.local.github.seed_folder import folder_files
from rigtasks.local.github.strict_data import DataInvalid, read_file

_LOGIN = r"[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?"
Login = Annotated[str, Meta(pattern=rf"^{_LOGIN}$")]
FullName = Annotated[str, Meta(pattern=rf"^{_LOGIN}/(?!\.{{1,2}}$)[A-Za-z0-9._-]{{1,100}}$")]
Branch = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$")]
Text = Annotated[str, Meta(min_length=1)]
Color = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{6}$")]
Role = Literal["read", "triage", "write", "maintain", "admin"]
NO_ADDRESS = "no address for webhooks; write http://host:port/path, without a login in it"
MAY_LABEL = frozenset({"triage", "write", "maintain", "admin"})


class SeedPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person; each gets a token in a file of its own."""

    name: str | None = None
    email: str | None = None


class SeedLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A label of a repository."""

    name: Text
    color: Color = "ededed"
    description: str | None = None


class SeedComment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on an issue."""

    author: Text
    body: Text


class SeedIssue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issue; they are numbered from 1 in the order of the file."""

    title: Text
    author: Text
    body: str = ""
    labels: tuple[Text, ...] = ()
    comments: tuple[SeedComment, ...] = ()
    closed: bool = False


class SeedCheck(RequiredCheck, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A required check; without `app_id` any source counts."""


class SeedProtection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protection of a branch, the default branch where none is named."""

    branch: str | None = None
    checks: tuple[SeedCheck, ...] = ()
    strict: bool = False
    required_approving_review_count: Annotated[int, Meta(ge=0, le=6)] | None = None
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    dismiss_stale_reviews: bool = False
    required_conversation_resolution: bool = False
    required_linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    enforce_admins: bool = False


class SeedRepository(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repository with one commit: the folder's files, and `files` over them."""

    name: FullName
    folder: str | None = None
    files: dict[str, str] = {}
    private: bool = True
    description: str | None = None
    default_branch: Branch = "main"
    roles: dict[str, Role] = {}
    labels: tuple[SeedLabel, ...] = ()
    issues: tuple[SeedIssue, ...] = ()
    protection: tuple[SeedProtection, ...] = ()


class SeedWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The webhook of the App `rig-conductor`.

    Attributes:
        url: where to; `--webhook-url` goes before it.
        secret_env: the environment variable with the secret; without one nothing is signed.
    """

    url: str = ""
    secret_env: Text = "RIG_WEBHOOK_SECRET"  # noqa: S105 - a variable's name
    content_type: ContentType = "json"


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A seed file.

    Attributes:
        people: by login.
        repositories: in order; an owner that is no person becomes an organisation.
        webhook: of the App.
        limits: `github` for GitHub's own, `off`, or each limit by name.
        token_lifetime: seconds an installation token lives.
        run_ci: whether workflows are run.
    """

    people: dict[Login, SeedPerson | None] = {}
    repositories: tuple[SeedRepository, ...] = ()
    webhook: SeedWebhook = SeedWebhook()
    limits: Literal["github", "off"] | Limits = "github"
    token_lifetime: Annotated[int, Meta(ge=1)] = 3_600
    run_ci: bool = True

    @property
    def limits_in_force(self) -> Limits:
        """Return the limits as figures."""
        match self.limits:
            case "github":
                return GITHUBS_LIMITS
            case "off":
                return NO_LIMITS
            case Limits():
                return self.limits


def read_seed(path: Path) -> Seed:
    """Read a seed file.

    Raises:
        DataInvalid: it cannot be read, or something in it does not fit; with its line.
    """
    return read_file(path, Seed, check=lambda seed: _check(seed, path.parent))


def _check(seed: Seed, folder: Path) -> None:
    people = _people(seed)
    if seed.webhook.url and not is_webhook_address(seed.webhook.url):
        raise DataInvalid(NO_ADDRESS, path="$.webhook.url")
    names: set[str] = set()
    for place, repository in enumerate(seed.repositories):
        at = f"$.repositories[{place}]"
        if repository.name.lower() in names:
            raise DataInvalid(f"`{repository.name}` is here twice", path=f"{at}.name")
        names.add(repository.name.lower())
        _check_files(repository, folder, at)
        for who, where in _named(repository, at):
            if who.lower() not in people:
                raise DataInvalid(f"`{who}` is not one of `people`", path=where)
        _check_rights(repository, at)
        for number, protection in enumerate(repository.protection):
            if protection.branch not in {None, repository.default_branch}:
                words = f"there is no branch `{protection.branch}` yet: push it, then protect it"
                raise DataInvalid(words, path=f"{at}.protection[{number}].branch")


def _people(seed: Seed) -> set[str]:
    people: set[str] = set()
    for login in seed.people:
        if login.lower() in people:
            raise DataInvalid(f"`{login}` is here twice", path=f"$.people.{login}")
        people.add(login.lower())
    return people


def is_webhook_address(url: str) -> bool:
    """Say whether webhooks can be sent there; a login in it would be shown to everybody."""
    try:
        parts = urlsplit(url)
        complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # no port, or no address of IPv6
        return False
    return bool(complete) and "@" not in parts.netloc and url.isprintable() and " " not in url


def _check_files(repository: SeedRepository, folder: Path, at: str) -> None:
    if repository.folder is not None and not (folder / repository.folder).is_dir():
        raise DataInvalid(f"no folder {folder / repository.folder}", path=f"{at}.folder")
    for path in repository.files:
        if not _is_inside(path):
            raise DataInvalid(f"`{path}` is no path inside the repository", path=f"{at}.files")
    if repository.folder is None and not repository.files:
        raise DataInvalid("give it a `folder` or `files`", path=at)
    known = set(repository.files)
    if repository.folder is not None:
        known |= set(folder_files(folder / repository.folder))
    for path in sorted(known):
        above = next((str(one) for one in PurePosixPath(path).parents if str(one) in known), None)
        if above is not None:
            words = f"`{above}` is a file, so that `{path}` cannot be"
            raise DataInvalid(words, path=f"{at}.files")


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return not {"", ".", "..", ".git"} & {part.lower() for part in parts} and "\0" not in path


def _named(repository: SeedRepository, at: str) -> Iterator[tuple[str, str]]:
    for login in repository.roles:
        yield login, f"{at}.roles.{login}"
    for place, issue in enumerate(repository.issues):
        yield issue.author, f"{at}.issues[{place}].author"
        for number, comment in enumerate(issue.comments):
            yield comment.author, f"{at}.issues[{place}].comments[{number}].author"


def _check_rights(repository: SeedRepository, at: str) -> None:
    roles = {login.lower(): role for login, role in repository.roles.items()}
    roles.setdefault(repository.name.split("/")[0].lower(), "admin")
    if repository.private:
        for who, where in _named(repository, at):
            if who.lower() not in roles:
                words = f"`{who}` cannot see this private repository; add a role for them"
                raise DataInvalid(words, path=where)
    for place, issue in enumerate(repository.issues):
        if issue.labels and labeller_of(repository) is None:
            words = "nobody in `roles` may put labels on; give somebody triage or more"
            raise DataInvalid(words, path=f"{at}.issues[{place}].labels")


def labeller_of(repository: SeedRepository) -> str | None:
    """Return the first person who may put labels on the repository's issues, None for nobody."""
    allowed = (login for login, role in repository.roles.items() if role in MAY_LABEL)
    return next(allowed, None)

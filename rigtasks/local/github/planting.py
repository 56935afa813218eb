"""Put a seed into a sandbox: what is not there yet is made, what is there stays as it is."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from rigtasks.errors import Permanent
from rigtasks.local.github.app_keys import write_private
from rigtasks.local.github.model import Label
from rigtasks.local.github.seed_file import Seed, SeedIssue, SeedRepository, labeller_of
from rigtasks.local.github.seeding import Person, Seeder, SeedingFailed
from rigtasks.local.github.server import SandboxGitHub

TOKENS_FOLDER = "tokens"
GIT_CREDENTIALS_FILE = "git-credentials"


class HalfPlanted(Permanent):
    """An earlier start was interrupted while it made a repository."""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed came to.

    Attributes:
        tokens: login to the file with that person's token.
        made: full names of the repositories that are new.
        found: full names of those that were there.
    """

    tokens: dict[str, str]
    made: tuple[str, ...]
    found: tuple[str, ...]


def plant(sandbox: SandboxGitHub, seed: Seed, folder: Path) -> Planted:
    """Make the people and repositories of a seed; no webhook tells of it.

    Args:
        sandbox: a running sandbox.
        seed: what shall be there.
        folder: where the seed's own folders are looked for.

    Raises:
        HalfPlanted: a repository is there in part.
        SeedingFailed: the sandbox refuses something.
    """
    data_dir = sandbox.hub.options.data_dir
    with (
        sandbox.services.webhooks.muted(),
        Seeder(sandbox.url, sandbox.admin_token) as seeder,
    ):
        tokens = data_dir / TOKENS_FOLDER
        tokens.mkdir(mode=0o700, exist_ok=True)
        people = {login: _person(seeder, tokens, login, seed) for login in seed.people}
        made = [one for one in seed.repositories if not _is_there(sandbox, one)]
        for repository in made:
            _plant_repository(sandbox, seeder, repository, people, folder)
        _write_credentials(data_dir / GIT_CREDENTIALS_FILE, people, sandbox.url)
    new = tuple(one.name for one in made)
    return Planted(
        tokens={login: str(tokens / login) for login in people},
        made=new,
        found=tuple(one.name for one in seed.repositories if one.name not in new),
    )


def _person(seeder: Seeder, tokens: Path, login: str, seed: Seed) -> Person:
    """Find a person with the token of an earlier start, or make them with a new one."""
    file = tokens / login
    if file.exists():
        known = seeder.acting(login, file.read_text(encoding="utf-8").strip())
        try:
            known.call("GET", "/user")
        except SeedingFailed:
            pass  # the folder belongs to another state: the person gets a new token
        else:
            return known
    given = seed.people[login]
    person = seeder.person(
        login, name=given.name if given else None, email=given.email if given else None
    )
    write_private(file, f"{person.token}\n".encode())
    return person


def _is_there(sandbox: SandboxGitHub, repository: SeedRepository) -> bool:
    owner, _, name = repository.name.partition("/")
    with sandbox.state.lock:
        if sandbox.hub.repository(owner, name) is None:
            return False
        if sandbox.state.setting(_mark(repository)) is None:
            raise HalfPlanted(
                f"{repository.name} is there, but not all of what the seed says: an earlier start "
                f"was interrupted. Delete {sandbox.hub.options.data_dir} and start again."
            )
    return True


def _mark(repository: SeedRepository) -> str:
    return f"planted:{repository.name.lower()}"


def _plant_repository(
    sandbox: SandboxGitHub,
    seeder: Seeder,
    repository: SeedRepository,
    people: dict[str, Person],
    folder: Path,
) -> None:
    state, name = sandbox.state, repository.name
    try:
        made = _create(seeder, repository, folder)
    except OSError as error:
        raise Permanent(
            f"{error.filename or repository.folder} cannot be read for {name}: {error.strerror}"
        ) from error
    with state.change():
        for label in repository.labels:
            row = Label(
                id=state.new_id(),
                repository_id=int(made["id"]),
                name=label.name,
                color=label.color.lower(),
                description=label.description,
            )
            state.labels.put(row)
    by_login = {login.lower(): person for login, person in people.items()}
    for issue in repository.issues:
        _plant_issue(repository, issue, by_login)
    for protection in repository.protection:
        seeder.protect(name, **msgspec.to_builtins(protection))
    with state.change():
        state.set_setting(_mark(repository), "1")


def _create(seeder: Seeder, repository: SeedRepository, folder: Path) -> dict[str, Any]:
    return seeder.create_repository(
        repository.name,
        folder=None if repository.folder is None else folder / repository.folder,
        files=repository.files,
        roles=dict(repository.roles),
        private=repository.private,
        description=repository.description,
        default_branch=repository.default_branch,
        author=next(iter(repository.roles), None),
    )


def _plant_issue(repository: SeedRepository, issue: SeedIssue, people: dict[str, Person]) -> None:
    name, author = repository.name, people[issue.author.lower()]
    number = int(author.create_issue(name, issue.title, issue.body)["number"])
    labeller = labeller_of(repository)
    if issue.labels and labeller is not None:
        people[labeller.lower()].label(name, number, *issue.labels)
    for comment in issue.comments:
        people[comment.author.lower()].comment(name, number, comment.body)
    if issue.closed:
        author.edit_issue(name, number, state="closed")


def _write_credentials(path: Path, people: dict[str, Person], url: str) -> None:
    """Write what `git credential-store` reads, so that no token is typed anywhere."""
    scheme, _, host = url.partition("://")
    lines = [
        f"{scheme}://{quote(login)}:{person.token}@{host}\n" for login, person in people.items()
    ]
    write_private(path, "".join(lines).encode())

"""Fills the sandbox GitHub for the demo: a maintainer, the sample repositories, their issues.

Every demo gets repositories of its own. Where a data folder is used again, the names of the
earlier ones are taken (their bugs are fixed), so the new ones get a number behind their name.
"""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any

from rigtasks.local.demo.samples import Sample
from rigtasks.local.github.seeding import Person, Seeder, SeedingFailed
from rigtasks.local.github.setup import ACTIONS_APP_ID

OWNER = "demo"
MAINTAINER = "ada"
MAINTAINER_NAME = "Ada Maintainer"
MAINTAINER_EMAIL = "ada@example.invalid"
REQUIRED_CHECK = "test"
"""The job of every sample's CI workflow; nothing merges into main without it."""
_NAME_TAKEN = "already exists"


@dataclass(frozen=True, kw_only=True)
class FiledIssue:
    """An issue of the demo, open and not labelled yet.

    Args:
        person: who filed it and may label it.
        repo_id: GitHub's id of the repository, which event streams are keyed by.
        repo: `owner/name`.
        number: of the issue.
        title: of the issue.
    """

    person: Person
    repo_id: int
    repo: str
    number: int
    title: str

    @property
    def ref(self) -> str:
        """Return `owner/name#number`."""
        return f"{self.repo}#{self.number}"

    def label(self, name: str) -> None:
        """Put a label on it, as its maintainer."""
        self.person.label(self.repo, self.number, name)


def maintainer(seeder: Seeder) -> Person:
    """Return the person who may write to the demo's repositories."""
    return seeder.person(MAINTAINER, name=MAINTAINER_NAME, email=MAINTAINER_EMAIL)


def file_issue(seeder: Seeder, person: Person, sample: Sample) -> FiledIssue:
    """Create a sample's repository, with main protected, and file its issue.

    The Apps are installed on the repository's owner with its first repository.

    Raises:
        SeedingFailed: the sandbox refused something.
    """
    made = create_repository(seeder, person, sample)
    repo = str(made["full_name"])
    issue = person.create_issue(repo, sample.title, sample.body)
    return FiledIssue(
        person=person,
        repo_id=int(made["id"]),
        repo=repo,
        number=int(issue["number"]),
        title=sample.title,
    )


def create_repository(seeder: Seeder, person: Person, sample: Sample) -> dict[str, Any]:
    """Create a sample's repository under the first name that is free.

    Raises:
        SeedingFailed: the sandbox refused it for another reason than its name.
    """
    for number in count(1):
        name = sample.name if number == 1 else f"{sample.name}-{number}"
        try:
            return seeder.create_repository(
                f"{OWNER}/{name}",
                folder=sample.folder,
                roles={person.login: "write"},
                author=person.login,
                protection={"checks": [{"context": REQUIRED_CHECK, "app_id": ACTIONS_APP_ID}]},
            )
        except SeedingFailed as refusal:
            taken = refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY
            if not taken or _NAME_TAKEN not in refusal.body:
                raise
    raise AssertionError("counting has no end")

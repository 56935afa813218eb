"""The scenarios of `@octokit/fixtures` on the sandbox GitHub: what each takes for given, asked."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import requests
from recordings import API, operation_name

from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.testing.material import RecordedExchange, recorded_exchanges
from rigtasks.testing.recorded_answers import Answer, differences, of_another_kind

#: Commits are numbered as they were seen: the newest of the branch came first.
NEWEST, BEFORE = ("0" * 39 + digit for digit in "12")
ORGANIZATION = "octokit-fixture-org"
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/?]+)")
_TEAM = "If you have a problem, if no one else can help you, then call these."


@dataclass(frozen=True)
class Asked:
    """One recorded call, made to the sandbox.

    Args:
        name: of the call, as GitHub's document has it.
        found: each difference from the recorded answer, in a sentence that begins with the name.
        held: whether there were two answers of one kind to compare.
    """

    name: str
    found: tuple[str, ...]
    held: bool


@dataclass(frozen=True)
class Scene:
    """The repository of a scenario as the sandbox has it."""

    seeder: Seeder
    person: Person
    values: dict[str, str]

    def here(self, recorded: str) -> str:
        """Put the sandbox's own address and ids where recorded ones are."""
        for theirs, ours in self.values.items():
            recorded = recorded.replace(theirs, ours)
        return recorded

    def ask(self, exchange: RecordedExchange) -> requests.Response:
        body = exchange.body or None
        return requests.request(
            exchange.method.upper(),
            self.person.url + self.here(exchange.path),
            data=None if body is None else self.here(json.dumps(body)),
            headers={
                "Authorization": f"token {self.person.token}",
                "Accept": str(exchange.request_headers.get("accept", "*/*")),
            },
            allow_redirects=False,
            timeout=60,
        )

    def recorded(self, exchange: RecordedExchange) -> Answer:
        """Return what GitHub answered, with the sandbox's address and ids."""
        headers = {name: self.here(str(value)) for name, value in exchange.headers.items()}
        text = self.here(json.dumps(exchange.response))
        return Answer(status=exchange.status, headers=headers, body=json.loads(text))


def prepared(seeder: Seeder, scenario: str) -> Scene:
    """Make what a scenario takes for given."""
    person = seeder.person("octokit-fixture-user-a")
    exchanges = recorded_exchanges()[scenario]
    named = next((found for each in exchanges if (found := _REPOSITORY.match(each.path))), None)
    if named is None:
        return Scene(seeder, person, {API: person.url})
    name = f"{ORGANIZATION}/{scenario}"
    made = seeder.create_repository(
        name, files={"README.md": "# hello-world"}, roles={person.login: "admin"}, private=False
    )
    first = person.call("GET", f"/repos/{name}/git/ref/heads/main")["object"]["sha"]
    return Scene(
        seeder,
        person,
        {
            NEWEST: _furnished(seeder, person, scenario) or first,
            BEFORE: first,
            "/repositories/1000": f"/repositories/{made['id']}",
            named[1]: name,
            API: person.url,
        },
    )


def _furnished(seeder: Seeder, person: Person, scenario: str) -> str | None:
    """Put into a repository what its scenario found there; return a second commit."""
    name = f"{ORGANIZATION}/{scenario}"
    match scenario:
        case "create-status" | "git-refs":
            later = {"message": "Second", "branch": "main", "content": "Mg=="}
            made = person.call("PUT", f"/repos/{name}/contents/second.txt", later)
            return str(made["commit"]["sha"])
        case "paginate-issues" | "lock-issue":
            for number in range(13 if scenario == "paginate-issues" else 1):
                person.call("POST", f"/repos/{name}/issues", {"title": f"Issue {number}"})
        case "branch-protection":
            team, may = f"{ORGANIZATION}/a-team", {scenario: "write"}
            seeder.team(team, [person.login], may, description=_TEAM)
        case "labels":
            for label in recorded_exchanges()[scenario][0].response:
                new = {key: label[key] for key in ("name", "color", "description")}
                person.call("POST", f"/repos/{name}/labels", new)
    return None


def answered(response: requests.Response) -> Answer:
    """Return an answer of the sandbox as it is compared."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    is_json = "json" in headers.get("content-type", "") and bool(response.content)
    body = response.json() if is_json else response.text
    return Answer(status=response.status_code, headers=headers, body=body)


def asked(seeder: Seeder, scenario: str) -> Iterator[Asked]:
    """Make the calls of a scenario in their order."""
    scene = prepared(seeder, scenario)
    for exchange in recorded_exchanges()[scenario]:
        if exchange.scope.startswith(API):
            name, answer = operation_name(exchange), answered(scene.ask(exchange))
            recorded = scene.recorded(exchange)
            found = tuple(f"{name}: {one}" for one in differences(recorded, answer))
            yield Asked(name, found, held=of_another_kind(recorded, answer) is None)

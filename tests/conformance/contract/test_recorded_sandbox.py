"""The sandbox GitHub asked what GitHub was asked when `@octokit/fixtures` was recorded."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from recordings import API, operation_name

from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.material import RecordedExchange, recorded_exchanges
from rigtasks.testing.recorded_differences import RECORDED

JUDGE = "answers of the sandbox GitHub against @octokit/fixtures"
#: Commits are numbered as they were seen: the newest of the branch came first.
NEWEST, BEFORE = ("0" * 39 + digit for digit in "12")
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/?]+)")


@dataclass(frozen=True)
class Scene:
    """The repository of a scenario as the sandbox has it."""

    seeder: Seeder
    person: Person
    values: dict[str, str]

    def here(self, recorded: str) -> str:
        """Put the sandbox's own ids where recorded ones are."""
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


@pytest.fixture(scope="module")
def seeder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeder]:
    options = Options(data_dir=tmp_path_factory.mktemp("sandbox"), run_ci=False)
    with JudgedGitHub(options) as running, Seeder(running.url, running.admin_token) as seeder:
        yield seeder


def prepared(seeder: Seeder, scenario: str) -> Scene:
    """Make what a scenario takes for given."""
    person = seeder.person("octokit-fixture-user-a")
    exchanges = recorded_exchanges()[scenario]
    named = next((found for each in exchanges if (found := _REPOSITORY.match(each.path))), None)
    if named is None:
        return Scene(seeder, person, {})
    files = {"README.md": "# hello-world"}
    full_name = f"octokit-fixture-org/{scenario}"
    made = seeder.create_repository(
        full_name, files=files, roles={person.login: "admin"}, private=False
    )
    first = person.call("GET", f"/repos/{full_name}/git/ref/heads/main")["object"]["sha"]
    later = {"message": "Second", "branch": "main", "content": "Mg=="}
    second = person.call("PUT", f"/repos/{full_name}/contents/second.txt", later)["commit"]["sha"]
    for number in range({"paginate-issues": 13, "lock-issue": 1}.get(scenario, 0)):
        person.create_issue(full_name, f"Issue {number}")
    if scenario == "branch-protection":
        seeder.team("octokit-fixture-org/a-team", [person.login], {scenario: "write"})
    return Scene(
        seeder,
        person,
        {
            NEWEST: second,
            BEFORE: first,
            "/repositories/1000": f"/repositories/{made['id']}",
            f"/repos/{named[1]}": f"/repos/{full_name}",
        },
    )


def shape(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Yield every path of a document with the kind of value there."""
    match value:
        case dict():
            yield path, "object"
            for key, inner in value.items():
                yield from shape(inner, f"{path}.{key}")
        case list():
            yield path, "list"
            for inner in value:
                yield from shape(inner, f"{path}[]")
        case None:
            yield path, "null"
        case bool() | str():
            yield path, type(value).__name__
        case _:
            yield path, "number"


def differences(exchange: RecordedExchange, answer: requests.Response) -> Iterator[str]:
    """Say in words what the sandbox's answer lacks of the recorded one."""
    name = operation_name(exchange)
    if answer.status_code != exchange.status:
        yield f"{name}: answers {answer.status_code}, not {exchange.status}"
        return
    if re.findall(r'rel="\w+"', exchange.headers.get("link", "")) and not answer.links:
        yield f"{name}: has no Link"
    if not isinstance(exchange.response, dict | list):
        if answer.text != exchange.response:
            yield f"{name}: has another body"
        return
    if "json" not in answer.headers["Content-Type"]:
        yield f"{name}: is no JSON"
        return
    yield from (f"{name}: {one}" for one in lacking(exchange.response, answer.json()))


def lacking(recorded: Any, answered: Any) -> Iterator[str]:
    """Say where a document lacks what another one has; what is empty has no inside to compare."""
    ours: dict[str, set[str]] = {}
    for path, kind in shape(answered):
        ours.setdefault(path, set()).add(kind)
    for path, kind in sorted(set(shape(recorded))):
        parent = path.rpartition("." if not path.endswith("[]") else "[")[0]
        if path not in ours:
            if "object" in ours.get(parent, ()):
                yield f"lacks {path}"
        elif "null" not in {kind, *ours[path]} and kind not in ours[path]:
            yield f"{path} is {'/'.join(sorted(ours[path]))}, not {kind}"


@pytest.mark.parametrize("scenario", sorted(recorded_exchanges()))
def test_the_sandbox_answers_as_github_did(seeder: Seeder, scenario: str) -> None:
    scene = prepared(seeder, scenario)
    found: set[str] = set()
    gone: set[str] = set()
    for exchange in recorded_exchanges()[scenario]:
        if exchange.scope.startswith(API):
            answer = scene.ask(exchange)
            found.update(differences(exchange, answer))
            lacked = f"{operation_name(exchange)}: answers 404, not {exchange.status}"
            if answer.status_code != requests.codes.not_found and not unknown([lacked], RECORDED):
                gone.add(lacked)
            TALLY.add(JUDGE, operation_name(exchange))
    assert (unknown(found, RECORDED), gone) == ([], set())

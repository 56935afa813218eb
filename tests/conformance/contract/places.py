"""Two GitHubs, ours and one nobody here wrote, each giving a test a repository of its own."""

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rigtasks.github.api import Api
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings
from rigtasks.github.identities import (
    AppCredentials,
    Credentials,
    PersonalToken,
    RepositoryRef,
    Role,
)
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Person, Seeder, SeedingFailed
from rigtasks.local.ports import any_free_port
from rigtasks.local.tools import node_folder
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.material import material_path

FILES = {"price.py": "def price(x):\n    return int(x)\n", "docs/CODEOWNERS": "* @mona\n"}
CHECK = "tests"


@dataclass(frozen=True)
class Place:
    """One repository with `FILES` in it, the rig's identities, and two people who may write."""

    github: GitHub
    shop: RepositoryRef
    mona: Person
    stranger: Person

    def api(self, role: Role = Role.CONDUCTOR) -> Api:
        return self.github.api(role, self.shop)

    def as_person(self) -> Api:
        """Act as mona through the client."""
        return self.with_token(self.mona.token)

    def with_token(self, token: str) -> Api:
        who = {Role.CONDUCTOR: PersonalToken(token=token)}
        return GitHub(client_settings(self.mona.url, who)).api(Role.CONDUCTOR, self.shop)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Do something as mona without the client."""
        return self.mona.call(method, f"/repos/{self.shop.full_name}{path}", body, **query)

    def head(self, branch: str) -> str:
        return str(self.call("GET", f"/git/ref/heads/{branch}")["object"]["sha"])

    def branch(self, name: str, text: str) -> str:
        """Make a branch off main that changes `price.py`, and return its commit."""
        self.call("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": self.head("main")})
        return self.put(name, "price.py", text)

    def put(self, branch: str, path: str, text: str) -> str:
        content = {
            "message": f"fix: change {path}",
            "branch": branch,
            "content": base64.b64encode(text.encode()).decode(),
        }
        with suppress(SeedingFailed):  # where there is none yet
            content["sha"] = self.call("GET", f"/contents/{path}", ref=branch)["sha"]
        self.call("PUT", f"/contents/{path}", content)
        return self.head(branch)


class Backend(Protocol):
    """One GitHub."""

    def place(self, name: str) -> Place:
        """Make a repository `octo/NAME`."""

    def protect(self, place: Place) -> None:
        """Have `CHECK` required on main."""

    def rename(self, place: Place, name: str) -> None:
        """Give the repository another name."""


def client_settings(url: str, credentials: Mapping[Role, Credentials]) -> GitHubSettings:
    return GitHubSettings(
        api_url=url, credentials=credentials, pace=UNHURRIED, time_scale=0.01, timeout=60
    )


class Sandbox:
    """The sandbox GitHub, every answer of it judged."""

    def __init__(self, running: JudgedGitHub, seeder: Seeder) -> None:
        self.seeder = seeder
        self.mona, self.stranger = seeder.person("mona"), seeder.person("stranger")
        apps = {
            role: AppCredentials(
                app_id=str(app["app_id"]), private_key=Path(app["private_key_path"]).read_text()
            )
            for role, app in ((role, seeder.apps()[role.value]) for role in Role)
        }
        self.github = GitHub(client_settings(running.url, apps))

    def place(self, name: str) -> Place:
        roles = {"mona": "admin", "stranger": "read"}
        made = self.seeder.create_repository(
            f"octo/{name}", files=FILES, roles=roles, private=False
        )
        shop = RepositoryRef(id=made["id"], full_name=made["full_name"])
        return Place(self.github, shop, self.mona, self.stranger)

    def protect(self, place: Place) -> None:
        self.seeder.protect(place.shop.full_name, checks=[{"context": CHECK, "app_id": None}])

    def rename(self, place: Place, name: str) -> None:
        self.seeder.rename(place.shop.full_name, name)


class Emulate:
    """`emulate`, with one App for all three identities: it cannot tell several of them apart."""

    def __init__(self, url: str, private_key: str) -> None:
        self.mona, self.stranger = (Person(url, one, f"of {one}") for one in _PEOPLE)
        app = AppCredentials(app_id=_APP_ID, private_key=private_key)
        self.github = GitHub(client_settings(url, dict.fromkeys(Role, app)))

    def place(self, name: str) -> Place:
        made = self.mona.call("POST", "/orgs/octo/repos", {"name": name, "auto_init": True})
        shop = RepositoryRef(id=made["id"], full_name=made["full_name"])
        place = Place(self.github, shop, self.mona, self.stranger)
        for path, text in FILES.items():
            place.put("main", path, text)
        return place

    def protect(self, place: Place) -> None:
        rules = {
            "required_status_checks": {"strict": False, "contexts": [CHECK]},
            "enforce_admins": None,
            "required_pull_request_reviews": None,
            "restrictions": None,
        }
        place.call("PUT", "/branches/main/protection", rules)

    def rename(self, place: Place, name: str) -> None:
        place.call("PATCH", "", {"name": name})


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with (
        JudgedGitHub(Options(data_dir=folder, run_ci=False)) as running,
        Seeder(running.url, running.admin_token) as seeder,
    ):
        yield Sandbox(running, seeder)


@contextmanager
def emulate() -> Iterator[Emulate]:
    script = Path(__file__).with_name("emulate.mjs")
    command = [f"{node_folder()}/node", script, material_path("emulate/dist/api.js")]
    with subprocess.Popen(
        [*command, str(any_free_port()), _seed()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as node:
        assert node.stdout is not None
        said = json.loads(node.stdout.readline())
        backend = Emulate(said["url"], said["keys"][_APP_ID])
        yield backend
        backend.mona.close()
        backend.stranger.close()
        node.communicate(timeout=30)


_APP_ID = "1"
_PEOPLE = ("mona", "stranger")
_PERMISSIONS = ("checks", "contents", "issues", "pull_requests", "statuses")


def _seed() -> str:
    app = {
        "app_id": int(_APP_ID),
        "slug": "dev-e",
        "name": "dev-e",
        "permissions": {"metadata": "read", **dict.fromkeys(_PERMISSIONS, "write")},
        "installations": [{"installation_id": 100, "account": "octo"}],
    }
    github = {
        "users": [{"login": login} for login in _PEOPLE],
        "orgs": [{"login": "octo", "members": [{"login": "mona", "role": "admin"}]}],
        "apps": [app],
    }
    tokens = {f"of {login}": {"login": login, "scopes": ["repo", "user"]} for login in _PEOPLE}
    return json.dumps({"tokens": tokens, "github": github})

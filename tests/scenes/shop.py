"""Small repositories with known bugs, and the issues that describe them."""

import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from running_rig import Json, RunningRig, wait_until

from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.testing.real_git import real_git

OWNER = "acme"
INTERNAL = f"{OWNER}/rig-gitops"
ALSO_INTERNAL = f"{OWNER}/rig-tools"
READY = "agent-ready"
CONFIG = "stack: python\ntestCommand: python -m unittest -q\n"
CI = """\
name: CI
on: [pull_request]
jobs:
  test:
    name: test
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: python -m unittest -q
"""
MODULE = '''\
"""Prices in cents."""


def is_free_of_charge(total: int) -> bool:
    """Tell whether an order is sent without a charge."""
    return total > {limit}
'''
TESTS = """\
import unittest

from shop.{name} import is_free_of_charge


class FreeOfCharge(unittest.TestCase):
    def test_large_orders_are_sent_for_nothing(self) -> None:
        self.assertTrue(is_free_of_charge({limit} + 1000))

    def test_small_orders_are_not(self) -> None:
        self.assertFalse(is_free_of_charge({limit} - 1000))
"""
_numbers = count(1)


def issue_body(module: str = "prices", limit: int = 5000) -> str:
    """Describe the bug of one module."""
    return (
        f"In `shop/{module}.py` an order of exactly the limit is charged.\n\n"
        f"`is_free_of_charge({limit})` returns `False`, expected `True`.\n"
    )


def shop_files(
    config: str | None = CONFIG, modules: tuple[str, ...] = ("prices",)
) -> dict[str, str]:
    """Return the files of a shop whose modules all have the same bug."""
    files = {
        "README.md": "# A shop\n",
        ".github/workflows/ci.yml": CI,
        "shop/__init__.py": "",
        "tests/__init__.py": "",
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0.0"\n',
    }
    for name in modules:
        files[f"shop/{name}.py"] = MODULE.format(limit=5000)
        files[f"tests/test_{name}.py"] = TESTS.format(name=name, limit=5000)
    if config is not None:
        files[".rig-agent.yaml"] = config
    return files


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue in the sandbox GitHub, and what can be asked about it."""

    rig: RunningRig
    person: Person
    repo: str
    repo_id: int
    number: int

    @property
    def ref(self) -> str:
        return f"{self.repo}#{self.number}"

    def label(self, name: str = READY, *, by: Person | None = None) -> None:
        (by or self.person).label(self.repo, self.number, name)

    def unlabel(self, name: str = READY) -> None:
        self.person.unlabel(self.repo, self.number, name)

    def close(self) -> None:
        self.person.edit_issue(self.repo, self.number, state="closed")

    def on_github(self) -> Json:
        shown: Json = self.person.call("GET", f"/repos/{self.repo}/issues/{self.number}")
        return shown

    def runs(self) -> list[Json]:
        found = self.rig.get("/api/runs", issue=self.ref, limit="200")
        return [] if found is None else list(reversed(found["items"]))

    def comments(self) -> list[str]:
        found = self.person.pages(f"/repos/{self.repo}/issues/{self.number}/comments")
        return [one["body"] for one in found if one["user"]["type"] == "Bot"]

    def pulls(self, state: str = "all") -> list[Json]:
        return self.person.pages(f"/repos/{self.repo}/pulls", state=state)

    def branches(self) -> list[str]:
        found = self.person.pages(f"/repos/{self.repo}/branches")
        return [one["name"] for one in found]

    def types(self) -> list[str]:
        return self.rig.types(self.ref)

    def wait(self, kind: str, **how: float) -> Json:
        return self.rig.wait_event(self.ref, kind, **how)  # type: ignore[arg-type]

    def wait_comment(self, words: str) -> str:
        def look() -> str | None:
            read = [body.replace("\\", "") for body in self.comments()]
            return next((body for body in read if words in body), None)

        return wait_until(look, f"a comment with {words!r} on {self.ref}")

    def wait_outcome(self, words: str) -> str:
        def look() -> str | None:
            told = self.rig.outcomes(self.repo, self.number)
            return next((one for one in told if words in one), None)

        try:
            return wait_until(look, f"an outcome with {words!r} for {self.ref}")
        except AssertionError as error:
            told = self.rig.outcomes(self.repo, self.number)
            raise AssertionError(f"{error}; the outcomes are {told}") from None


@dataclass(kw_only=True)
class Shop:
    """A repository of its own for one test."""

    rig: RunningRig
    person: Person
    repo: str
    repo_id: int

    def issue(self, title: str = "Orders of exactly the limit are charged", **fields: str) -> Issue:
        """File an issue, without any label."""
        body = fields.get("body", issue_body())
        made = self.person.create_issue(self.repo, title, body)
        return Issue(
            rig=self.rig,
            person=self.person,
            repo=self.repo,
            repo_id=self.repo_id,
            number=int(made["number"]),
        )

    def push(self, branch: str, path: str, text: str) -> None:
        """Push a commit with one file to a new branch, as a person does."""
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder) / "clone"
            clone.mkdir()
            self._git(clone, "clone", "--quiet", self.person.clone_url(self.repo), ".")
            (clone / path).write_text(text)
            self._git(clone, "checkout", "--quiet", "-b", branch)
            self._git(clone, "add", path)
            self._git(clone, "commit", "--quiet", "-m", f"Change {path}")
            self._git(clone, "push", "--quiet", "origin", branch)

    def _git(self, clone: Path, *arguments: str) -> None:
        email = "maria@example.invalid"
        token = self.person.token
        real_git(clone, *arguments, name="Maria", email=email, token=token).check_returncode()


class Town:
    """Makes shops, and people with and without keys to them."""

    def __init__(self, rig: RunningRig, seeder: Seeder) -> None:
        self.rig = rig
        self.seeder = seeder
        self.owner = seeder.person("maria", name="Maria", email="maria@example.invalid")
        #: May label issues, as GitHub lets a triager do, but not write.
        self.stranger = seeder.person("steve", name="Steve", email="steve@example.invalid")

    def shop(
        self,
        *,
        name: str | None = None,
        files: dict[str, str] | None = None,
        config: str | None = CONFIG,
        **fields: object,
    ) -> Shop:
        """Create a repository under a name nobody used."""
        full_name = f"{OWNER}/{name or f'shop-{next(_numbers)}'}"
        made = self.seeder.create_repository(
            full_name,
            files=shop_files(config) if files is None else files,
            roles={self.owner.login: "write", self.stranger.login: "triage"},
            author=self.owner.login,
            **fields,
        )
        return Shop(rig=self.rig, person=self.owner, repo=full_name, repo_id=int(made["id"]))

"""The verbs of operators, as they are typed, on a real database."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from rigtasks.cli.main import main
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.commands import (
    Admit,
    AdoptPullRequest,
    Command,
    Escalate,
    OpenBreaker,
    RecordGate,
)
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.events.base import Blocker
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed
from rigtasks.lifecycle.timers import Timers
from rigtasks.local.stack import Addresses
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval

CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="conductor")
ISSUE = "issue:1:7:1"
REF = "acme/api#7"
HEAD = "9f31c2a" + "0" * 33


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command line printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Typed = Callable[..., Answer]


@pytest.fixture
def stores(database_url: str) -> Iterator[Stores]:
    connection = Connection(database_url, application_name="tests")
    yield stores_on(connection)
    connection.close()


@pytest.fixture
def rig(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    for name in ("RIG_APPS_FILE", "RIG_GITHUB_TOKEN", "RIG_SANDBOX_GITHUB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOGNAME", "ada")

    def typed(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["rig", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Answer(code=int(ended.value.code or 0), out=written.out, err=written.err)

    return typed


def tell(stores: Stores, command: Command, stream: str = ISSUE) -> None:
    told = IssueShell(stores, Timers()).tell(stream, command, actor=CONDUCTOR, cause=uuid4())
    assert told.events


def approve(stores: Stores, number: int = 7, **changes: object) -> None:
    repo_id, generation = changes.get("repo_id", 1), changes.get("generation", 1)
    stream = f"issue:{repo_id}:{number}:{generation}"
    tell(stores, Admit(approved=approval(number, **changes)), stream)


def review(stores: Stores) -> None:
    """Store an issue whose pull request stands at HEAD."""
    approve(stores)
    tell(
        stores,
        AdoptPullRequest(
            pr=3,
            url="https://github.test/acme/api/pull/3",
            branch="feature/issue-7-totals",
            head_sha=HEAD,
            base_branch="main",
            author_id=501,
        ),
    )


def claim(stores: Stores) -> Claimed | NotClaimed:
    return stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="dev-e-python@host",
        run_id=uuid4(),
        lease_seconds=60.0,
        provider="command",
        limits=Limits(),
    )


def types(stores: Stores, stream: str = ISSUE) -> list[str]:
    return [one.event.type for one in stores.events.events(stream)]


def deliver(stores: Stores, delivery_id: str, repo_id: int, number: int, outcome: str) -> None:
    stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, headers,"
        " status, outcome) VALUES (%s, 'issues', 'labeled', %s, 'acme/api', %s, '{}', 'done', %s)",
        (delivery_id, repo_id, number, outcome),
    )


class TestLooking:
    def test_issues_are_listed_by_state(self, rig: Typed, stores: Stores) -> None:
        approve(stores, 7)
        approve(stores, 8)
        tell(stores, Escalate(reason="the tests hang", who_must_act="ada"), "issue:1:8:1")

        everything = rig("issue", "list", "-o", "json")
        stopped = rig("issue", "list", "--state", "escalated")

        assert everything.code == 0
        assert {one["ref"] for one in everything.json["items"]} == {"acme/api#7", "acme/api#8"}
        assert [line.split("\t")[:2] for line in stopped.out.splitlines()] == [
            ["acme/api#8", "escalated"]
        ]
        assert "the tests hang" in stopped.out

    def test_an_empty_list_is_no_error_and_a_wrong_state_is(self, rig: Typed) -> None:
        empty, wrong = rig("issue", "list"), rig("issue", "list", "--state", "fine")

        assert (empty.code, empty.out, empty.err) == (0, "", "no issue\n")
        assert (wrong.code, wrong.out) == (3, "")
        assert "ready_to_merge" in wrong.err

    def test_a_short_list_says_that_there_is_more(self, rig: Typed, stores: Stores) -> None:
        approve(stores, 7)
        approve(stores, 8)

        answer = rig("issue", "list", "--limit", "1")

        assert len(answer.out.splitlines()) == 1
        assert "--limit shows more" in answer.err

    @pytest.mark.parametrize(
        "reference",
        [
            "7",
            "ACME/api#7",
            "https://github.test/acme/api/issues/7",
            "https://github.test/acme/api/pull/3",
            "feature/issue-7-totals",
            "3",
        ],
    )
    def test_any_reference_finds_the_issue(
        self, rig: Typed, stores: Stores, reference: str
    ) -> None:
        review(stores)

        answer = rig("issue", "view", reference, "-o", "json")

        assert answer.code == 0
        assert answer.json["issue"]["ref"] == REF
        assert answer.json["issue"]["pr"] == 3

    def test_a_run_finds_its_issue_and_is_shown_with_it(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        claimed = claim(stores)
        assert isinstance(claimed, Claimed)

        answer = rig("issue", "view", str(claimed.run_id)[:8])

        assert answer.code == 0
        assert REF in answer.out
        assert f"{str(claimed.run_id)[:8]}\timplement\tdev-e-python\trunning" in answer.out

    def test_the_newest_generation_is_meant(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        assert rig("issue", "cancel", "7", "--reason", "wrong text").code == 0
        approve(stores, generation=2)

        assert rig("issue", "view", "7", "-o", "json").json["issue"]["generation"] == 2

    def test_an_unknown_issue_ends_with_5_as_problem_json(self, rig: Typed) -> None:
        answer = rig("issue", "view", "acme/api#99", "-o", "json")

        problem = json.loads(answer.err)
        assert (answer.code, answer.out) == (5, "")
        assert (problem["code"], problem["exit_code"]) == ("not-found", 5)
        assert "acme/api#99" in problem["detail"]

    def test_a_number_of_two_repositories_is_not_guessed(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        approve(stores, repo_id=2, repo="acme/web", ref="acme/web#7")

        answer = rig("issue", "retry", "7", "--reason", "again")

        assert answer.code == 3
        assert "acme/api#7, acme/web#7" in answer.err
        assert types(stores) == ["ISSUE_APPROVED"]

    def test_text_of_strangers_cannot_drive_the_terminal(self, rig: Typed, stores: Stores) -> None:
        approve(stores, title="Totals\x1b[2J are\twrong")

        assert "\x1b" not in rig("issue", "list").out
        assert "Totals[2J are wrong" in rig("issue", "list").out


class TestExplaining:
    def test_without_a_pull_request_the_stream_says_it_all(
        self, rig: Typed, stores: Stores
    ) -> None:
        approve(stores)

        answer = rig("issue", "explain", "7")

        assert answer.code == 0
        assert "It waits for a free worker of dev-e-python." in answer.out
        assert "Could not be read" not in answer.out

    def test_without_credentials_the_last_gates_are_shown_and_called_that(
        self, rig: Typed, stores: Stores
    ) -> None:
        review(stores)
        blocker = Blocker(gate="ci", status="fail", summary="`test` is red")
        tell(stores, RecordGate(head_sha=HEAD, blockers=(blocker,)))

        answer = rig("issue", "explain", REF)

        assert answer.code == 0
        assert f"Gates at {HEAD[:7]}" in answer.out
        assert "✗ CI" in answer.out
        assert "there are no credentials in the environment" in answer.out
        assert rig("issue", "explain", REF, "-o", "json").json["blockers"] == ["ci"]

    def test_a_github_that_does_not_answer_is_named(
        self, rig: Typed, stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        review(stores)
        (tmp_path / "apps.json").write_text("{}")
        monkeypatch.setenv("RIG_APPS_FILE", str(tmp_path / "apps.json"))

        answer = rig("issue", "explain", REF)

        assert answer.code == 0
        assert "github: it did not answer: " in answer.out
        assert "lacks author, conductor, reviewer" in answer.out

    def test_a_stopped_issue_says_how_it_is_retried(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        tell(stores, Escalate(reason="the tests hang", who_must_act="ada"))

        answer = rig("issue", "explain", REF)

        assert f'rig issue retry {REF} --reason "…"' in answer.out


class TestActing:
    def test_a_stopped_issue_goes_back_to_work(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        tell(stores, Escalate(reason="the tests hang", who_must_act="ada"))
        assert claim(stores) is NotClaimed.NOTHING

        answer = rig("issue", "retry", REF, "--reason", "a faster machine")

        assert answer.code == 0
        assert answer.out == f"{REF}  sent back to work; it is queued now\n"
        last = stores.events.events(ISSUE)[-1]
        assert last.event.type == "OPERATOR_RETRIED"
        assert last.actor == Actor(kind=ActorKind.OPERATOR, id="ada")
        assert isinstance(claim(stores), Claimed)

    def test_what_is_under_way_is_not_retried(self, rig: Typed, stores: Stores) -> None:
        approve(stores)

        answer = rig("issue", "retry", REF, "--reason", "again", "-o", "json")

        assert answer.code == 6
        assert json.loads(answer.err)["code"] == "precondition-failed"
        assert types(stores) == ["ISSUE_APPROVED"]

    def test_a_reason_is_required(self, rig: Typed, stores: Stores) -> None:
        approve(stores)

        assert rig("issue", "cancel", REF).code == 2
        assert types(stores) == ["ISSUE_APPROVED"]

    def test_a_cancelled_issue_is_over(self, rig: Typed, stores: Stores) -> None:
        review(stores)

        first = rig("issue", "cancel", REF, "--reason", "not wanted")
        again = rig("issue", "cancel", REF, "--reason", "not wanted")

        assert first.code == 0
        assert "its label stays" in first.err
        assert "https://github.test/acme/api/pull/3" in first.err
        assert (again.code, again.out) == (6, "")
        assert types(stores).count("ISSUE_CANCELLED") == 1
        assert rig("issue", "retry", REF, "--reason", "after all").code == 6

    def test_the_gate_is_cleared_for_the_head_that_was_looked_at(
        self, rig: Typed, stores: Stores
    ) -> None:
        review(stores)
        typed = ("issue", "approve-gate", REF, "--reason", "read it", "--sha")

        other = rig(*typed, "b" * 40)
        short = rig(*typed, HEAD[:6])
        assert (other.code, short.code) == (6, 6)
        assert HEAD in other.err
        assert "HUMAN_GATE_CLEARED" not in types(stores)

        assert rig(*typed, HEAD[:7]).code == 0
        assert types(stores)[-2:] == ["OPERATOR_GATE_APPROVED", "HUMAN_GATE_CLEARED"]
        state = stores.events.load(ISSUE).state
        assert state is not None
        assert state.gate_cleared_sha == HEAD
        assert state.operator_clearance is not None
        assert (state.operator_clearance.head_sha, state.operator_clearance.by) == (HEAD, "ada")
        again = rig(*typed, HEAD)
        assert again.code == 6
        assert "ada cleared" in again.err

    def test_an_issue_without_a_head_has_nothing_to_clear(self, rig: Typed, stores: Stores) -> None:
        approve(stores)

        answer = rig("issue", "approve-gate", REF, "--sha", HEAD, "--reason", "read it")

        assert answer.code == 6
        assert types(stores) == ["ISSUE_APPROVED"]


class TestSwitching:
    @pytest.mark.parametrize(
        ("scope", "named"),
        [
            ("rig", []),
            ("repo:1", ["repo", "acme/api"]),
            (ISSUE, ["issue", REF]),
            ("provider:command", ["provider", "command"]),
        ],
    )
    def test_a_paused_scope_gives_no_work_until_a_person_resumes_it(
        self, rig: Typed, stores: Stores, scope: str, named: list[str]
    ) -> None:
        approve(stores)
        group, what = named[:1], named[1:]

        paused = rig(*group, "pause", *what, "--reason", "release week")

        assert paused.code == 0
        assert [(one.scope, one.actor) for one in stores.switches.active()] == [(scope, "ada")]
        assert not isinstance(claim(stores), Claimed)
        shown = rig("issue", "view", REF, "-o", "json").json["paused"]
        assert [one["scope"] for one in shown] == ([] if group == ["provider"] else [scope])

        assert rig(*group, "resume", *what).code == 0
        assert stores.switches.active() == ()
        assert isinstance(claim(stores), Claimed)
        assert [one.event for one in stores.events.events("rig")] == [
            OperatorPaused(scope=scope, reason="release week", by="ada"),
            OperatorResumed(scope=scope, by="ada"),
        ]

    def test_the_comment_on_a_paused_issue_is_to_say_so(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        stores.database.rows("UPDATE outbox SET done_at = clock_timestamp()")

        assert rig("issue", "pause", REF, "--reason", "look at it").code == 0

        assert [one.args for one in stores.outbox.take()] == [(ISSUE, "report")]

    def test_the_first_reason_of_a_pause_stays(self, rig: Typed, stores: Stores) -> None:
        assert rig("pause", "--reason", "maintenance").code == 0

        again = rig("pause", "--reason", "holidays")

        assert again.code == 6
        assert "by ada: maintenance" in again.err
        assert types(stores, "rig") == ["OPERATOR_PAUSED"]

    def test_what_is_not_paused_is_not_resumed(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        assert rig("repo", "pause", "acme/api", "--reason", "release").code == 0

        answer = rig("resume")

        assert answer.code == 6
        assert "paused now: repo:1 by ada" in answer.err
        assert len(stores.switches.active()) == 1
        assert types(stores, "rig") == ["OPERATOR_PAUSED"]

    def test_a_repository_that_was_never_seen_is_not_found(self, rig: Typed) -> None:
        assert rig("repo", "pause", "acme/unknown", "--reason", "release").code == 5

    def test_a_pause_for_some_time_ends_by_itself(self, rig: Typed, stores: Stores) -> None:
        approve(stores)

        paused = rig("pause", "--reason", "maintenance", "--for", "2h", "-o", "json")

        assert paused.code == 0
        (stop,) = stores.switches.active()
        assert stop.until is not None
        assert 7100 < (stop.until - stop.since).total_seconds() < 7300
        assert paused.json["until"] == stop.until.isoformat().replace("+00:00", "Z")
        (event,) = (one.event for one in stores.events.events("rig"))
        assert event == OperatorPaused(
            scope="rig", reason="maintenance", by="ada", until=stop.until
        )
        again = rig("pause", "--reason", "holidays")
        assert again.code == 6
        assert "by ada: maintenance (until " in again.err
        assert not isinstance(claim(stores), Claimed)

        stores.database.rows("UPDATE switches SET until = clock_timestamp()")

        assert stores.switches.active() == ()
        assert isinstance(claim(stores), Claimed)
        assert rig("resume").code == 6

    @pytest.mark.parametrize("wrong", ["2", "two hours", "-1h", "0m", "1w", "1.5h", "9999999h"])
    def test_what_is_no_duration_is_refused(self, rig: Typed, stores: Stores, wrong: str) -> None:
        answer = rig("pause", "--reason", "maintenance", f"--for={wrong}")

        assert answer.code != 0
        assert "is no duration: write 90s, 30m, 2h or 1d" in answer.err
        assert stores.switches.active() == ()

    def test_what_cannot_be_a_provider_is_refused(self, rig: Typed, stores: Stores) -> None:
        answer = rig("provider", "pause", "Claude; rm", "--reason", "x")

        assert answer.code != 0
        assert "is no provider's name" in answer.err
        assert stores.switches.active() == ()

    def test_a_label_is_taken_off_and_not_resumed(self, rig: Typed, stores: Stores) -> None:
        approve(stores)
        reason, source = "the label do-not-merge", StopSource.LABEL
        stores.switches.set(ISSUE, reason=reason, actor="maria", source=source)

        answer = rig("issue", "resume", REF)

        assert answer.code == 6
        assert f"the label do-not-merge stops {REF}: take it off" in answer.err
        assert len(stores.switches.active()) == 1

    @pytest.mark.parametrize("verb", [("resume",), ("retry", "--reason", "mended")])
    def test_a_person_closes_the_breaker(
        self, rig: Typed, stores: Stores, verb: tuple[str, ...]
    ) -> None:
        approve(stores)
        stores.switches.set("issue:1:7", reason="loop", actor="x", source=StopSource.BREAKER)
        tell(stores, OpenBreaker(reason="loop"))
        assert rig("issue", "view", REF, "-o", "json").json["paused"][0]["scope"] == "issue:1:7"
        assert not isinstance(claim(stores), Claimed)

        assert rig("issue", verb[0], REF, *verb[1:]).code == 0

        assert stores.switches.active() == ()
        assert types(stores)[-2:] == ["ISSUE_NEEDS_HUMAN", "OPERATOR_RETRIED"]
        assert isinstance(claim(stores), Claimed)


class TestAcknowledging:
    def test_a_called_person_takes_it_and_nobody_after_them(
        self, rig: Typed, stores: Stores
    ) -> None:
        approve(stores)
        assert rig("issue", "acknowledge", REF).code == 6
        tell(stores, Escalate(reason="no permission", who_must_act="the operator"))

        answer = rig("issue", "acknowledge", REF)

        assert answer.code == 0
        assert "acknowledged by ada; it is escalated now" in answer.out
        again = rig("issue", "acknowledge", REF)
        assert again.code == 6
        assert "ada has it" in again.err
        assert types(stores)[-1] == "ESCALATION_ACKNOWLEDGED"


class TestLedgers:
    def test_deliveries_of_an_issue_include_those_of_its_pull_request(
        self, rig: Typed, stores: Stores
    ) -> None:
        review(stores)
        for number, name in enumerate(("issue", "pull", "foreign", "other"), start=1):
            repo_id = 2 if name == "foreign" else 1
            about = {"issue": 7, "pull": 3, "foreign": 7, "other": 8}[name]
            deliver(stores, f"{name}-{number}", repo_id, about, "routed to dev-e-python")

        every, some = rig("deliveries", "-o", "json"), rig("deliveries", REF, "-o", "json")

        assert len(every.json["items"]) == 4
        assert {one["delivery"] for one in some.json["items"]} == {"issue-1", "pull-2"}
        assert "routed to dev-e-python" in rig("deliveries", REF).out

    def test_what_was_given_up_is_listed(self, rig: Typed, stores: Stores) -> None:
        entry = OutboxEntry(kind="task", task="rig.conductor.effect", queue="conductor")
        stores.outbox.add([entry])
        assert rig("outbox", "list", "--dead").out == ""
        stores.outbox.add([msgspec.structs.replace(entry, args=("x",))])
        stores.database.rows(
            "UPDATE outbox SET dead_at = clock_timestamp(), last_error = 'GitHub said 403'"
            " WHERE args = '[\"x\"]'"
        )

        dead = rig("outbox", "list", "--dead", "-o", "json")

        assert [one["last_error"] for one in dead.json] == ["GitHub said 403"]
        assert len(rig("outbox", "list", "-o", "json").json) == 2


class TestTheRigThatIsMeant:
    def test_a_running_stack_is_found_by_its_folder(
        self,
        rig: Typed,
        stores: Stores,
        database_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        approve(stores)
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
        addresses = Addresses(
            web="",
            flower="",
            github="https://github.com",
            webhook_secret="",
            database_url=database_url,
            redis_url="",
            pid=1,
        )
        (tmp_path / "addresses.json").write_bytes(msgspec.json.encode(addresses))

        answer = rig("issue", "list", "--data-dir", str(tmp_path))

        assert answer.code == 0
        assert REF in answer.out

    def test_no_stack_and_no_database_is_said(
        self, rig: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        monkeypatch.chdir(tmp_path)

        answer = rig("issue", "list")

        assert (answer.code, answer.out) == (3, "")
        assert "no stack is running" in answer.err
        assert list(tmp_path.iterdir()) == []

    def test_a_database_that_is_away_ends_with_7(
        self, rig: Typed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")

        assert rig("issue", "list").code == 7
        assert rig("pause", "--reason", "maintenance").code == 7

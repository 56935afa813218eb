"""People around the rig: they write and label issues, change their minds, push, merge, decide."""

from collections.abc import Callable, Mapping, Sequence
from uuid import uuid5

from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.commands import ApproveGate, Retry
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.labels import READY
from rigtasks.testing.memory_github import issues, pulls, reviews
from rigtasks.testing.memory_github.faults import Asked
from rigtasks.testing.memory_github.model import Pull
from rigtasks.testing.memory_github.refusals import Refused
from rigtasks.testing.simulation.ci import Ci
from rigtasks.testing.simulation.linter import Linter
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import CONFIG, World

_OPERATOR = Actor(kind=ActorKind.OPERATOR, id="omar")
#: How likely each thing that people do is at a step of chaos.
_LIKELY = 0.01
_TITLES = ("Totals are wrong", "Prices are cut", "Add a page", "Round up", "Empty carts")


class People:
    """Maria writes issues, omar administers, and the stranger may only read.

    Args:
        world: where they live.
        ci: what they can run again.
        linter: reports what nobody requires.
    """

    def __init__(self, world: World, ci: Ci, linter: Linter) -> None:
        self._world = world
        self._ci = ci
        self._linter = linter
        self._to_open = world.plan.issues
        self._maria, self._omar = world.hub.person("maria"), world.hub.person("omar")
        self._acts = [act for fault, act in self._all().items() if world.knows(fault)]

    @property
    def busy(self) -> bool:
        """Say whether an issue is still to be written."""
        return self._to_open > 0

    @property
    def restlessness(self) -> float:
        """Return how likely it is that somebody acts next: the more they know, the likelier."""
        return _LIKELY * len(self._acts)

    def write_issue(self) -> None:
        """Write the next issue and label it."""
        world = self._world
        self._to_open -= 1
        number = world.plan.issues - self._to_open
        repo = world.shop
        if world.knows(Fault.PEOPLE_CHANGE_THEIR_MIND) and world.chance.random() < 0.1:
            repo = world.internal
        body = "1.6 should be 2"
        if number > 1 and world.chance.random() < 0.15:
            body += f"\n\nblocked by #{number - 1}"
        title = _TITLES[number % len(_TITLES)]
        made = issues.open_issue(world.hub, repo, self._maria, title, body)
        if world.chance.random() < 0.1:
            issues.label(world.hub, repo, self._maria, made.number, "priority: high")
        issues.label(world.hub, repo, self._maria, made.number, READY)

    def act(self) -> None:
        """Do something nobody asked for."""
        self._world.chance.choice(self._acts)()

    def act_before(self, asked: Asked) -> None:
        """Change something just before the rig reads it: no webhook has told of it by then."""
        world = self._world
        match asked.path.split("/")[1:]:
            case ["pulls", number, "reviews"]:
                if world.happens(Fault.APPROVAL_TAKEN_BACK, 0.1):
                    self._dismiss_one([world.shop.pulls.get(int(number))])
            case ["issues", number] if (
                int(number) in world.shop.issues.keys() - world.shop.pulls.keys()
            ):
                if world.happens(Fault.PEOPLE_CHANGE_THEIR_MIND, 0.05):
                    self._withdraw(int(number))
            case _:
                pass

    def heal(self) -> None:
        """Lift what was stopped, take vetoes away, and stop changing things."""
        world = self._world
        for switch in world.stores.switches.active():
            if switch.source is not StopSource.LABEL:
                world.stores.switches.lift(switch.scope, actor="omar", source=switch.source)
        world.hub.set_role(world.shop, "maria", "write")
        for number, issue in world.shop.issues.items():
            issues.unlabel(world.hub, world.shop, self._maria, number, "do-not-merge")
            if number not in world.shop.pulls and issue.state == "open":
                issues.label(world.hub, world.shop, self._maria, number, READY)

    def help(self) -> None:
        """Answer what waits for a person: look at gates, retry what was stopped."""
        self._ci.heal()
        switches = self._world.stores.switches
        self._linter.settle()
        for stream, state in self._states():
            scope = breaker_scope(state.repo_id, state.number)
            if switches.lift(scope, actor="omar", source=StopSource.BREAKER):
                self._world.note(f"omar closed the breaker of {stream}")
            if state.terminal:
                continue
            if state.gate_sha == state.head_sha != state.gate_cleared_sha:
                self._approve_gate(stream, state)
            if waits_at_the_gate(state):
                self._unblock(state)
            if state.waits_for_person:
                self._retry(stream)

    def _all(self) -> dict[Fault, Callable[[], None]]:
        return {
            Fault.PEOPLE_CHANGE_THEIR_MIND: self._change_mind,
            Fault.PEOPLE_VETO: self._veto,
            Fault.PEOPLE_PAUSE: self._pause,
            Fault.CONFIG_CHANGES: self._change_config,
            Fault.HEAD_MOVES: self._push_to_branch,
            Fault.BASE_MOVES: self._push_to_main,
            Fault.OTHERS_MERGE: self._merge_or_close,
            Fault.APPROVAL_TAKEN_BACK: self._take_back,
            Fault.CI_FLIPS: self._ci.flip,
            Fault.RENAMED: self._rename,
            Fault.CHECKS_OF_OTHERS: self._linter.report,
            Fault.AGENT_HOSTILE: self.help,
            Fault.AGENT_FAILS: self.help,
        }

    def _change_mind(self) -> None:
        world, chance = self._world, self._world.chance
        numbers = [n for n in world.shop.issues if n not in world.shop.pulls]
        if not numbers:
            return
        number = chance.choice(numbers)
        issue = world.shop.issues[number]
        act = chance.choice(("unlabel", "relabel", "close", "reopen", "edit", "comment"))
        world.note(f"maria: {act} #{number}")
        match act:
            case "unlabel":
                issues.unlabel(world.hub, world.shop, self._maria, number, READY)
            case "relabel":
                issues.unlabel(world.hub, world.shop, self._maria, number, READY)
                world.clock.advance(1.0)
                issues.label(world.hub, world.shop, self._maria, number, READY)
            case "close" | "reopen":
                state = "closed" if act == "close" else "open"
                issues.set_state(world.hub, world.shop, self._maria, number, state)
            case "edit":
                body = f"{issue.body} or more"
                issues.edit(world.hub, world.shop, self._maria, number, body=body)
            case _:
                issues.comment(world.hub, world.shop, self._maria, number, "And round up.")

    def _veto(self) -> None:
        world = self._world
        if not world.shop.issues:
            return
        wanted = world.chance.choice(list(world.shop.issues))
        if "do-not-merge" in world.shop.issues[wanted].labels:
            issues.unlabel(world.hub, world.shop, self._maria, wanted, "do-not-merge")
        else:
            issues.label(world.hub, world.shop, self._maria, wanted, "do-not-merge")

    def _pause(self) -> None:
        world, chance = self._world, self._world.chance
        active = world.stores.switches.active()
        if active and chance.random() < 0.6:
            world.stores.switches.lift(chance.choice(active).scope, actor="omar")
            return
        scopes = ["rig", f"repo:{world.shop.id}", *world.database.folds]
        scope = chance.choice(scopes)
        world.note(f"omar paused {scope}")
        world.stores.switches.set(scope, reason="to look", actor="omar")

    def _change_config(self) -> None:
        world = self._world
        extra = world.chance.choice(("", "limits:\n  maxReviewLoops: 2\n", "review: human\n"))
        pulls.push(
            world.hub, world.shop, self._omar, "main", {CONFIG_PATH: CONFIG + extra}, "chore"
        )

    def _push_to_main(self) -> None:
        world = self._world
        mark = world.chance.randint(0, 9)
        files = {"price.py": f"def price(x):\n    return x + {mark}\n"}
        pulls.push(world.hub, world.shop, self._omar, "main", files, "fix: by hand")

    def _push_to_branch(self) -> None:
        branches = [name for name in self._world.shop.branches if name.startswith("feature/")]
        if branches and self._world.chance.random() < 0.3:
            self.push_to(self._world.chance.choice(branches))

    def push_to(self, branch: str) -> None:
        """Push one more commit onto a branch of the rig that is there."""
        world = self._world
        if branch in world.shop.branches:
            files = {f"hand_{world.chance.randint(0, 9)}.py": "x = 1\n"}
            pulls.push(world.hub, world.shop, self._maria, branch, files, "fix: by hand")

    def _merge_or_close(self) -> None:
        world = self._world
        found = self._open_pulls()
        if not found:
            return
        pull = world.chance.choice(found)
        if world.chance.random() < 0.2:
            issues.set_state(world.hub, world.shop, self._omar, pull.issue.number, "closed")
            return
        try:
            pulls.merge(world.hub, world.shop, self._omar, pull, pulls.MergeCall())
        except Refused as refused:
            world.note(f"omar could not merge: {refused}")

    def _take_back(self) -> None:
        world = self._world
        dismissed = self._dismiss_one(self._open_pulls())
        if not dismissed and world.chance.random() < 0.6:
            world.hub.set_role(world.shop, "maria", world.chance.choice(("read", "write")))

    def _dismiss_one(self, among: Sequence[Pull | None]) -> bool:
        """Dismiss an approval of one of some pull requests; say whether there was any."""
        world = self._world
        standing = [
            (pull, review)
            for pull in among
            if pull is not None and pull.is_open
            for review in pull.reviews
            if review.state == "APPROVED"
        ]
        if not standing:
            return False
        pull, review = world.chance.choice(standing)
        world.note(f"omar dismissed {review.id} of {pull.issue.number}")
        reviews.dismiss(world.hub, world.shop, self._omar, pull, review.id)
        return True

    def _withdraw(self, number: int) -> None:
        """Close an issue, or take its label off."""
        world = self._world
        world.note(f"maria: withdraws #{number}")
        if world.chance.random() < 0.5:
            issues.set_state(world.hub, world.shop, self._maria, number, "closed")
        else:
            issues.unlabel(world.hub, world.shop, self._maria, number, READY)

    def _rename(self) -> None:
        world = self._world
        world.hub.rename(world.shop, world.chance.choice(("acme/shop", "acme/store")))

    def _approve_gate(self, stream: str, state: IssueState) -> None:
        world = self._world
        pull = None if state.pr is None else world.shop.pulls.get(state.pr.number)
        if pull is None or not pull.is_open:
            return
        if world.chance.random() < 0.5:
            self._approve(pull)
            return
        command = ApproveGate(head_sha=state.head_sha or "", reason="looked at it", by="omar")
        world.shell.tell(stream, command, actor=_OPERATOR, cause=world.identity())

    def _unblock(self, state: IssueState) -> None:
        """Do what the explanation asks for: approve again under a changed file, or this head."""
        world = self._world
        if any("changed on the base" in one.summary for one in state.blockers):
            issues.unlabel(world.hub, world.shop, self._maria, state.number, READY)
            world.clock.advance(1.0)
            issues.label(world.hub, world.shop, self._maria, state.number, READY)
        pull = None if state.pr is None else world.shop.pulls.get(state.pr.number)
        if pull is None or not pull.is_open:
            return
        for review in pull.reviews:
            if review.state == "CHANGES_REQUESTED" and review.commit_id != pull.head_sha:
                reviews.dismiss(world.hub, world.shop, self._omar, pull, review.id)
        self._approve(pull)

    def _approve(self, pull: Pull) -> None:
        """Let somebody approve who pushed nothing of it."""
        world = self._world
        between = world.shop.graph.between(pull.base_sha, pull.head_sha)
        pushed = self._maria in {one.author for one in between}
        person = self._omar if pushed else self._maria
        reviews.review(world.hub, world.shop, person, pull, event="APPROVE")

    def _retry(self, stream: str) -> None:
        world = self._world
        command = Retry(reason="try again", by="omar")
        version = world.database.folds[stream].version
        cause = uuid5(world.identity(), f"{stream} {version}")
        world.shell.tell(stream, command, actor=_OPERATOR, cause=cause)

    def _open_pulls(self) -> list[Pull]:
        return [pull for pull in self._world.shop.pulls.values() if pull.is_open]

    def _states(self) -> list[tuple[str, IssueState]]:
        folds = self._world.database.folds.items()
        return [(stream, fold.state) for stream, fold in list(folds) if fold.state is not None]


def waits_at_the_gate(state: IssueState) -> bool:
    """Say whether the gate has told what keeps this very head from being merged."""
    ready = state.lane is Lane.READY_TO_MERGE and bool(state.blockers)
    return ready and state.blockers_sha == state.head_sha


def waits_for_another(state: IssueState, lanes: Mapping[str, Lane]) -> bool:
    """Say whether it is held for an issue that is named and not done; that one has to move first.

    Args:
        state: of the issue.
        lanes: where every issue is, by its name.
    """
    return state.hold_blocks and any(lanes.get(ref) is not Lane.DONE for ref in state.depends_on)


def is_settled(state: IssueState) -> bool:
    """Say whether an issue has ended, or names who must act."""
    return state.terminal or state.waits_for_person or state.lane is Lane.FAILED

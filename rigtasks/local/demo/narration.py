"""Turn the events of one issue into lines that people like to read. No input, no output."""

from uuid import UUID

from rigtasks.lifecycle.events import Event, acceptance, intake, liveness, work
from rigtasks.local.demo.line import Line
from rigtasks.local.demo.wording import acceptance as words_of_acceptance
from rigtasks.local.demo.wording import intake as words_of_intake
from rigtasks.local.demo.wording import people as words_of_people
from rigtasks.local.demo.wording import work as words_of_work
from rigtasks.local.demo.wording.told import Told, WordsByType

WORDS: WordsByType = {
    **words_of_intake.WORDS,
    **words_of_work.WORDS,
    **words_of_acceptance.WORDS,
    **words_of_people.WORDS,
}

#: Events that another line tells, or that nobody watches for; `ISSUE_DONE` is told once git and
#: GitHub have confirmed it.
QUIET: frozenset[type[Event]] = frozenset(
    {
        intake.IssueDone,
        work.WorkStarted,
        work.CliCompleted,
        work.PushIntent,
        liveness.Heartbeat,
        liveness.AgentQuotaReported,
        liveness.TokenUsage,
        liveness.MemoryWrite,
        liveness.MemoryRead,
        liveness.MemoryHitUsed,
    }
)


class Narrator:
    """Tells one issue's events in their order, and remembers what it has told."""

    def __init__(self) -> None:
        self._reviews: set[UUID] = set()
        self._claims = 0
        self._waiting_for: tuple[str, ...] = ()

    def tell(self, event: Event) -> tuple[Line, ...]:
        """Return the lines of the next event; none where it has nothing to tell."""
        words = WORDS.get(type(event))
        lines = () if words is None else words(event, self._told(event))
        self._remember(event)
        return lines

    def _told(self, event: Event) -> Told:
        return Told(
            reviewing=getattr(event, "run_id", None) in self._reviews,
            claims=self._claims,
            waiting_for=self._waiting_for,
        )

    def _remember(self, event: Event) -> None:
        match event:
            case acceptance.ReviewAssigned():
                self._reviews.add(event.run_id)
            case intake.IssueAssigned():
                self._claims += 1
            case acceptance.MergeGateWaiting():
                self._waiting_for = words_of_acceptance.blocking_gates(event.blockers)
            case work.PrUpdated():
                self._waiting_for = ()
            case _:
                return

"""The worker reads the file again: what changed since the approval chooses nothing it may not."""

from uuid import UUID

import pytest
from conductor_scene import CONFIG, Scene
from worker_kits import make_kit

from rigtasks.agent.provider import Provider
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.tokens import answer_run
from rigtasks.lifecycle.state import Stage
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.offers import Choice, Offers
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.work import answer_bell

QUEUE = "dev-e-python"
OFFERS = Offers(provider="command", models={"claude": ("opus-4", "haiku-4")})


class Answered(PostgresCredentialRequests):
    """Requests that the conductor answers at once."""

    def __init__(self, conductor: Conductor) -> None:
        super().__init__(conductor.stores)
        self._conductor = conductor

    def ask(self, stream: str, run_id: UUID, epoch: int, public_key: bytes) -> None:
        super().ask(stream, run_id, epoch, public_key)
        answer_run(self._conductor, stream, run_id, epoch)


def ring(scene: Scene, database_url: str, changed: str) -> tuple[str, list[Choice]]:
    """Approve an issue, change the file, and let a worker answer; return its words and choices."""
    choices: list[Choice] = []

    def agent(stage: Stage, choice: Choice) -> Provider:
        assert stage is Stage.IMPLEMENT
        choices.append(choice)
        return CommandProvider(argv=("true",), model=choice.model or "", cost_micro_usd_per_call=0)

    scene.label()
    scene.push_as_person("main", {CONFIG_PATH: f"{CONFIG}{changed}"})
    kit = make_kit(
        scene.conductor.stores,
        database_url,
        scene.folder / "runs",
        credentials=Answered(scene.conductor),
        provider=agent,
        offers=OFFERS,
        lease_seconds=600.0,
        token_patience=60.0,
    )
    return answer_bell(kit, queue=QUEUE, holder="w", present=lambda _: None), choices


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ("tools: [rufff]\n", "`tools` asks for `rufff`, which this rig does not install. Did you"),
        ("provider: codex\n", "`.rig-agent.yaml` asks for the provider `codex`, which this rig"),
        ("provider: claude\nmodel: opus-5\n", "asks for the model `opus-5`, which this rig does"),
    ],
)
def test_what_the_operator_does_not_allow_starts_no_agent(
    scene: Scene, database_url: str, changed: str, says: str
) -> None:
    said, choices = ring(scene, database_url, changed)

    assert said.startswith("failed (policy): ")
    assert says in said
    assert choices == []
    assert "CLI_STARTED" not in scene.types()
    assert scene.types()[-1] == "ISSUE_FAILED"


def test_a_choice_among_what_is_allowed_is_the_runs(scene: Scene, database_url: str) -> None:
    _, choices = ring(scene, database_url, "provider: claude\nmodel: haiku-4\n")

    assert choices == [Choice(provider="claude", model="haiku-4")]
    assert "CLI_STARTED" in scene.types()


def test_a_provider_that_is_closed_makes_only_its_own_issue_wait(
    scene: Scene, database_url: str
) -> None:
    book = scene.conductor.stores.rate_limits
    book.close("provider/claude", "*", 600.0)

    said, choices = ring(scene, database_url, "provider: claude\n")

    assert said.startswith("failed (provider_quota): claude asked for a pause of ")
    assert choices == []
    assert scene.state.retry_at is not None
    assert scene.state.attempts == 0
    assert book.closed("provider/command", "*") == 0.0

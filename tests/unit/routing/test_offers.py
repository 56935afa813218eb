"""A repository chooses its agent among those the operator offers, and nothing else."""

import pytest
from intake_scene import FACTS, POLICY, admitted, config, facts
from msgspec.structs import replace

from rigtasks.routing.decisions import Hold, WaitsFor
from rigtasks.routing.intake import decide_intake
from rigtasks.routing.offers import Choice, NotOffered, Offers

OFFERS = Offers(
    provider="claude",
    models={"claude": ("opus-4", "haiku-4"), "codex": ("gpt-5",), "scripted": ()},
)


@pytest.mark.parametrize(
    ("provider", "model", "choice"),
    [
        (None, None, Choice(provider="claude", model="opus-4")),
        ("claude", None, Choice(provider="claude", model="opus-4")),
        (None, "haiku-4", Choice(provider="claude", model="haiku-4")),
        ("codex", None, Choice(provider="codex", model="gpt-5")),
        ("codex", "gpt-5", Choice(provider="codex", model="gpt-5")),
        ("scripted", None, Choice(provider="scripted")),
    ],
)
def test_what_is_offered_can_be_chosen(
    provider: str | None, model: str | None, choice: Choice
) -> None:
    assert OFFERS.choose(provider, model) == choice


@pytest.mark.parametrize(
    ("provider", "model", "says"),
    [
        ("codec", None, "provider `codec`, which this rig does not offer (offered: `claude`"),
        ("codec", None, "Did you mean `codex`?"),
        ("command", None, "provider `command`, which this rig does not offer"),
        ("Claude", None, "provider `Claude`"),
        (None, "gpt-5", "model `gpt-5`, which this rig does not offer for claude (offered: `opus"),
        (None, "haiku-5", "Did you mean `haiku-4`?"),
        ("codex", "opus-4", "does not offer for codex (offered: `gpt-5`)"),
        ("scripted", "opus-4", "does not offer for scripted (offered: none)"),
    ],
)
def test_nothing_else_can_and_the_sentence_says_who_acts(
    provider: str | None, model: str | None, says: str
) -> None:
    refused = OFFERS.choose(provider, model)

    assert isinstance(refused, NotOffered)
    assert says in refused.sentence
    assert "An operator of the rig adds it to RIG_OFFERED_MODELS" in refused.sentence
    assert "somebody with write permission changes the key" in refused.sentence


def test_an_issue_waits_for_a_provider_that_is_not_offered_and_goes_on_once_it_is() -> None:
    given = facts(config_file=config("stack: python\nprovider: codex\n"))

    held = decide_intake(given, POLICY)

    assert isinstance(held, Hold)
    assert held.waits_for is WaitsFor.PROVIDER
    assert held.outcome.startswith("held: `.rig-agent.yaml` asks for the provider `codex`")
    assert held.sentence.endswith("then it goes on by itself")
    assert decide_intake(given, replace(POLICY, offers=OFFERS)) == replace(
        admitted(facts(config_file=config("stack: python\n"))),
        route=held.route,
    )


def test_a_repository_without_a_choice_never_waits_for_one() -> None:
    assert admitted(FACTS) == decide_intake(FACTS, replace(POLICY, offers=OFFERS))

"""Build the command line of the agent that was chosen, from the operator's settings."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.agent.provider import Provider
from rigtasks.agent.providers.claude import ClaudeProvider, claude_upstream, find_claude
from rigtasks.agent.providers.codex import CodexProvider, codex_upstream, find_codex
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.budget.prices import Tokens, Vendor, price_micro_usd
from rigtasks.config import ConfigurationError, Settings
from rigtasks.errors import Permanent
from rigtasks.lifecycle.state import Stage
from rigtasks.routing.offers import Choice, Offers

_MICRO = 1_000_000
_WITH_MODELS = frozenset({"claude", "codex"})
_NAMES = _WITH_MODELS | {"command", "scripted"}


def check_names(offers: Offers) -> None:
    """Make sure that every offered provider is one there is, and has models only where it can.

    Raises:
        ConfigurationError: one is not.
    """
    for name in offers.providers:
        variable = "RIG_PROVIDER" if name == offers.provider else "RIG_OFFERED_MODELS"
        if name not in _NAMES:
            raise ConfigurationError(
                f"{variable}={name} is unknown: it is claude, codex, command or scripted"
            )
        models = offers.models.get(name, ())
        if name not in _WITH_MODELS and any(models) and variable == "RIG_OFFERED_MODELS":
            raise ConfigurationError(
                f"RIG_OFFERED_MODELS names models of {name}, which has none to choose: give it []"
            )


def provider_for(chosen: Settings, stage: Stage, choice: Choice) -> Provider:
    """Return the agent's command line for a stage.

    Raises:
        ConfigurationError: it is not set up.
    """
    check_names(chosen.offers)
    match choice.provider:
        case "scripted":
            return ScriptedProvider()
        case "command":
            return _command(chosen, stage)
        case "claude":
            model, key = _priced_model(chosen, choice, Vendor.ANTHROPIC), _key(chosen, choice)
            with _as_configuration():
                return ClaudeProvider(
                    binary=find_claude(),
                    model=model,
                    upstream=claude_upstream(key, _url(chosen, choice)),
                )
        case "codex":
            model, key = _priced_model(chosen, choice, Vendor.OPENAI), _key(chosen, choice)
            with _as_configuration():
                return CodexProvider(
                    binary=find_codex(),
                    model=model,
                    upstream=codex_upstream(key, _url(chosen, choice)),
                )
        case unknown:
            raise ConfigurationError(f"there is no provider {unknown}")


def _command(chosen: Settings, stage: Stage) -> Provider:
    line = chosen.reviewer_command if stage is Stage.REVIEW else chosen.provider_command
    if not line:
        name = "RIG_REVIEWER_COMMAND" if stage is Stage.REVIEW else "RIG_PROVIDER_COMMAND"
        raise ConfigurationError(
            f"{name} is not set: give the agent's command line, or RIG_PROVIDER=scripted"
        )
    cost = chosen.cost_per_call_usd
    if cost is None:
        raise ConfigurationError(
            "RIG_COST_PER_CALL_USD is not set: nobody can tell what the command costs, so "
            "no budget could hold; give its price per call, 0 for a free one"
        )
    return CommandProvider(
        argv=tuple(shlex.split(line)),
        network=chosen.run_network,
        cost_micro_usd_per_call=round(cost * _MICRO),
    )


def _priced_model(chosen: Settings, choice: Choice, vendor: Vendor) -> str:
    """Return the model to ask for; without a price no budget could hold."""
    own = choice.provider == chosen.provider
    variable = "RIG_MODEL" if own and choice.model in {None, chosen.model} else "RIG_OFFERED_MODELS"
    if not choice.model:
        raise ConfigurationError(f"{variable} is not set: name the model {choice.provider} asks")
    if price_micro_usd(Tokens(output=1), model=choice.model, vendor=vendor) is None:
        raise ConfigurationError(
            f"{variable}={choice.model} has no list price, so no budget could hold: name a model "
            f"that {vendor.value} sells"
        )
    return choice.model


def _key(chosen: Settings, choice: Choice) -> str:
    """Return the key of the chosen provider's API, and no other provider's."""
    own = choice.provider == chosen.provider
    secret = chosen.model_api_key if own else chosen.offered_api_keys.get(choice.provider)
    key = secret.get_secret_value() if secret is not None else ""
    if not key:
        variable = "RIG_MODEL_API_KEY" if own else "RIG_OFFERED_API_KEYS"
        raise ConfigurationError(
            f"{variable} is not set: {choice.provider} needs a key; it stays with the "
            "worker, outside the agent's walls"
        )
    return key


def _url(chosen: Settings, choice: Choice) -> str:
    if choice.provider == chosen.provider:
        return chosen.model_api_url
    return chosen.offered_api_urls.get(choice.provider, "").rstrip("/")


@contextmanager
def _as_configuration() -> Iterator[None]:
    """Let what a provider lacks stop a worker at its start, with one sentence."""
    try:
        yield
    except ConfigurationError:
        raise
    except Permanent as missing:
        raise ConfigurationError(str(missing)) from missing

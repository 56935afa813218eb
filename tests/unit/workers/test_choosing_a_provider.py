"""A worker whose agents could not be started, or not be priced, stops with one sentence."""

import pytest
from pydantic import SecretStr

from rigtasks.config import ConfigurationError, Settings
from rigtasks.lifecycle.state import Stage
from rigtasks.offered_agents import check_names, provider_for
from rigtasks.routing.offers import Choice

KEY = "sk-secret"
OTHER = "sk-other"
MODELS = {"claude": "claude-opus-4-8", "codex": "gpt-5.2-codex"}


def settings(**given: object) -> Settings:
    secret = {"model_api_key": SecretStr(str(given.pop("key")))} if "key" in given else {}
    return Settings(DATABASE_URL=SecretStr("postgresql://x"), **given, **secret)  # type: ignore[arg-type]


def start(chosen: Settings, stage: Stage = Stage.IMPLEMENT) -> None:
    provider_for(chosen, stage, chosen.offers.usual)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_must_be_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="RIG_MODEL is not set"):
        start(settings(provider=name, key=KEY))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_without_a_price_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no list price"):
        start(settings(provider=name, model="unheard-of", key=KEY), Stage.REVIEW)


@pytest.mark.parametrize("name", MODELS)
def test_a_key_must_be_given(name: str) -> None:
    with pytest.raises(ConfigurationError, match="RIG_MODEL_API_KEY is not set"):
        start(settings(provider=name, model=MODELS[name]))


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="claude, codex, command or scripted"):
        start(settings(provider="other"))


def test_the_settings_do_not_show_the_keys() -> None:
    shown = repr(settings(provider="claude", key=KEY, offered_api_keys={"codex": OTHER}))

    assert KEY not in shown
    assert OTHER not in shown


def test_the_rigs_own_model_comes_before_those_a_repository_may_choose() -> None:
    chosen = settings(
        provider="claude",
        model=MODELS["claude"],
        offered_models={"claude": ["claude-haiku-4-5", MODELS["claude"]], "scripted": []},
    )

    assert chosen.offers.models["claude"] == (MODELS["claude"], "claude-haiku-4-5")
    assert chosen.offers.every == (
        Choice(provider="claude", model=MODELS["claude"]),
        Choice(provider="claude", model="claude-haiku-4-5"),
        Choice(provider="scripted"),
    )


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        ({"gemini": []}, "RIG_OFFERED_MODELS=gemini is unknown"),
        ({"scripted": ["x"]}, "names models of scripted, which has none to choose"),
    ],
)
def test_what_cannot_be_offered_stops_every_worker(
    offered: dict[str, list[str]], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        check_names(settings(provider="command", offered_models=offered).offers)


@pytest.mark.parametrize(
    ("offered", "given", "says"),
    [
        ({"codex": []}, {}, "RIG_OFFERED_MODELS is not set: name the model codex asks"),
        ({"codex": ["unheard-of"]}, {}, "RIG_OFFERED_MODELS=unheard-of has no list price"),
        ({"codex": [MODELS["codex"]]}, {}, "RIG_OFFERED_API_KEYS is not set: codex needs a key"),
        ({"claude": ["unheard-of"]}, {}, "RIG_OFFERED_MODELS=unheard-of has no list price"),
    ],
)
def test_an_offer_that_could_not_be_kept_stops_the_worker(
    offered: dict[str, list[str]], given: dict[str, object], says: str
) -> None:
    chosen = settings(
        provider="claude", model=MODELS["claude"], key=KEY, offered_models=offered, **given
    )

    (choice,) = chosen.offers.every[1:]
    with pytest.raises(ConfigurationError, match=says):
        provider_for(chosen, Stage.IMPLEMENT, choice)


def test_each_provider_has_its_own_key_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of one vendor is never sent to another one's server."""
    for module in ("claude", "codex"):
        monkeypatch.setattr(f"rigtasks.offered_agents.find_{module}", lambda: "/usr/bin/true")
    chosen = settings(
        provider="claude",
        model=MODELS["claude"],
        key=KEY,
        model_api_url="http://one",
        offered_models={"codex": [MODELS["codex"]]},
        offered_api_keys={"codex": OTHER},
        offered_api_urls={"codex": "http://two/"},
    )

    seen = {}
    for choice in chosen.offers.every:
        upstream = provider_for(chosen, Stage.IMPLEMENT, choice).upstream  # type: ignore[attr-defined]
        seen[choice.provider] = (upstream.url, upstream.headers)

    assert seen == {
        "claude": ("http://one", {"x-api-key": KEY}),
        "codex": ("http://two", {"authorization": f"Bearer {OTHER}"}),
    }

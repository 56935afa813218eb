"""A worker whose agent could not be started, or not be priced, stops with one sentence."""

import pytest
from pydantic import SecretStr

from rigtasks.bootstrap import provider_for
from rigtasks.config import ConfigurationError, Settings
from rigtasks.lifecycle.state import Stage

KEY = "sk-secret"
MODELS = {"claude": "claude-opus-4-8", "codex": "gpt-5.2-codex"}


def settings(**given: str) -> Settings:
    secret = {"model_api_key": SecretStr(given.pop("key"))} if "key" in given else {}
    return Settings(DATABASE_URL=SecretStr("postgresql://x"), **given, **secret)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_must_be_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="RIG_MODEL is not set"):
        provider_for(settings(provider=name, key=KEY), Stage.IMPLEMENT)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_without_a_price_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no list price"):
        provider_for(settings(provider=name, model="unheard-of", key=KEY), Stage.REVIEW)


@pytest.mark.parametrize("name", MODELS)
def test_a_key_must_be_given(name: str) -> None:
    with pytest.raises(ConfigurationError, match="RIG_MODEL_API_KEY is not set"):
        provider_for(settings(provider=name, model=MODELS[name]), Stage.IMPLEMENT)


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="claude, codex, command or scripted"):
        provider_for(settings(provider="other"), Stage.IMPLEMENT)


def test_the_settings_do_not_show_the_key() -> None:
    assert KEY not in repr(settings(provider="claude", key=KEY))

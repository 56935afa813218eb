"""What processes have to agree on is told in words, and nothing secret is among them."""

import json
from pathlib import Path
from typing import Any

from rigtasks.agreed_settings import agreed_settings
from rigtasks.config import Settings

SECRET = "sk-very-secret"


def settings(**given: Any) -> Settings:
    return Settings.model_validate(
        {
            "DATABASE_URL": f"postgresql+psycopg2://rig:{SECRET}@127.0.0.1/rig",
            "model_api_key": SECRET,
            "offered_api_keys": {"codex": SECRET},
            "api_token": SECRET,
            **given,
        }
    )


def test_offers_limits_and_tools_are_told_and_no_secret(tmp_path: Path) -> None:
    tools = tmp_path / "tools.json"
    tools.write_text(
        json.dumps(
            {
                "tools": {
                    "ruff": {"pip": "ruff==0.17.6"},
                    "own": {"run": ["install-own", "--token", SECRET]},
                },
                "npm_registry": "http://npm.example/",
            }
        )
    )
    chosen = settings(
        provider="claude",
        model="claude-opus-4-8",
        offered_models={"codex": ["gpt-5.2-codex"], "claude": ["claude-haiku-4-5"]},
        tools_file=tools,
        internal_repositories=["Acme/Rig"],
        internal_repository_ids=[7],
        limit_total=None,
    )

    told = agreed_settings(chosen, queue="dev-e-python")

    own = told["RIG_TOOLS_FILE"].split(", ")[0]
    assert own.startswith("own (entry ")
    assert told == {
        "RIG_INTERNAL_REPOSITORIES": "acme/rig, id 7",
        "RIG_LIMIT_TOTAL": "None",
        "RIG_LIMIT_PER_REPOSITORY": "4",
        "RIG_LIMIT_PER_QUEUE": "8",
        "RIG_PROVIDER": "claude",
        "RIG_OFFERED_MODELS": "claude with claude-opus-4-8, claude-haiku-4-5; "
        "codex with gpt-5.2-codex",
        "RIG_TOOLS_FILE": f"{own}, ruff==0.17.6, npm from http://npm.example/",
    }
    assert SECRET not in json.dumps(told)
    assert told == agreed_settings(chosen, queue="conductor")


def test_tools_of_one_name_that_are_installed_in_two_ways_differ(tmp_path: Path) -> None:
    def told(**entry: object) -> str:
        listed = tmp_path / "tools.json"
        listed.write_text(json.dumps({"tools": {"own": entry}}))
        return agreed_settings(settings(tools_file=listed), queue="ios")["RIG_TOOLS_FILE"]

    ways = [
        told(pip="own==1"),
        told(pip="own==2"),
        told(npm="own@1.0.0"),
        told(pip="own==1", programs=["a"]),
        told(pip="own==1", network=False),
        told(run=["a"]),
        told(run=["b"]),
    ]

    assert len(set(ways)) == len(ways)


def test_a_reviewer_tells_only_what_it_needs() -> None:
    assert set(agreed_settings(settings(), queue="review-e")) == {
        "RIG_INTERNAL_REPOSITORIES",
        "RIG_LIMIT_TOTAL",
        "RIG_LIMIT_PER_REPOSITORY",
        "RIG_LIMIT_PER_QUEUE",
    }

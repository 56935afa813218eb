"""The sandbox GitHub asked what GitHub was asked when `@octokit/fixtures` was recorded."""

import pytest
from recorded_scenes import Asked, asked

from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.known_differences import stale, unknown
from rigtasks.testing.material import recorded_exchanges
from rigtasks.testing.recorded_answers import COMPARED, NOT_COMPARED
from rigtasks.testing.recorded_differences import RECORDED

JUDGE = "answers of the sandbox GitHub against @octokit/fixtures"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Asked, ...]]:
    """Every scenario asked once, whichever of these tests run."""
    options = Options(data_dir=tmp_path_factory.mktemp("sandbox"), run_ci=False)
    with JudgedGitHub(options) as running, Seeder(running.url, running.admin_token) as seeder:
        return {scenario: tuple(asked(seeder, scenario)) for scenario in recorded_exchanges()}


@pytest.mark.parametrize("scenario", sorted(recorded_exchanges()))
def test_the_sandbox_answers_as_github_did(
    told: dict[str, tuple[Asked, ...]], scenario: str
) -> None:
    assert unknown({one for each in told[scenario] for one in each.found}, RECORDED) == []
    for each in told[scenario]:
        if each.held:
            TALLY.add(JUDGE, each.name)


def test_every_difference_written_down_is_still_there(told: dict[str, tuple[Asked, ...]]) -> None:
    found = {one for scenario in told.values() for each in scenario for one in each.found}
    assert stale(found, RECORDED) == []


def test_every_header_that_was_recorded_is_compared_or_said_not_to_be() -> None:
    recorded = {
        name for each in recorded_exchanges().values() for one in each for name in one.headers
    }
    assert recorded == {*COMPARED, *NOT_COMPARED}

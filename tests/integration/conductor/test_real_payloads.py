"""Every example of GitHub's, and every kind of its webhooks: accepted, settled in words, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor_scene import app_credentials, github_settings, make_conductor
from post_office import PostOffice, make_receiver

from rigtasks.eventstore.database import stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.migrate import upgrade
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import WebhookExample, webhook_examples
from rigtasks.testing.schema_samples import CONTRADICTORY, Measure, sample_payload
from rigtasks.testing.services import TemporaryPostgres
from rigtasks.testing.webhook_schemas import WebhookKind, problems, webhook_kinds


@pytest.fixture(scope="module")
def office(
    postgres: TemporaryPostgres,
    conducted_github: SandboxGitHub,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PostOffice]:
    """A rig that knows no issue yet, on a GitHub without the repositories of the examples."""
    url = postgres.create_database(postgres.template("migrated", upgrade))
    database = open_database(url, application_name="conductor")
    with Seeder(conducted_github.url, conducted_github.admin_token) as seeder:
        settings = github_settings(conducted_github, app_credentials(seeder))
    folder: Path = tmp_path_factory.mktemp("clones")
    yield PostOffice(
        receiver=make_receiver(url),
        conductor=make_conductor(stores_on(database), settings, folder, url),
    )
    database.close()
    postgres.drop_database(url)


def test_all_of_githubs_examples_are_there() -> None:
    assert len(webhook_examples()) == 329
    assert len({each.event for each in webhook_examples()}) == 58


@pytest.mark.parametrize("example", webhook_examples(), ids=lambda example: example.name)
def test_an_example_ends_with_an_outcome_in_words_and_a_second_time_changes_nothing(
    office: PostOffice, example: WebhookExample
) -> None:
    first = office.post(example.event, example.payload)
    before = office.everything()
    again = office.post(example.event, example.payload, first.delivery.delivery_id)

    TALLY.add("@octokit/webhooks-examples", example.event)
    assert first.settled, first
    assert (again.status, again.answer) == (first.status, first.answer)
    assert office.everything() == before
    assert office.dead_letters() == []


def test_what_is_made_is_what_github_documents() -> None:
    differing = {
        kind.key
        for kind in webhook_kinds()
        for measure in Measure
        if problems(kind, sample_payload(kind, measure))
    }

    assert differing == set(CONTRADICTORY)


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("kind", webhook_kinds(), ids=lambda kind: kind.key)
def test_a_payload_of_every_kind_ends_with_an_outcome_in_words_however_little_it_says(
    office: PostOffice, kind: WebhookKind, measure: Measure
) -> None:
    posted = office.post(kind.event, sample_payload(kind, measure))

    TALLY.add("payloads made from @octokit/openapi-webhooks", kind.event)
    assert posted.settled, posted
    assert office.dead_letters() == []

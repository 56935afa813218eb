"""What holds over everything that happened on the shared stack, whatever it was."""

import json
from collections import Counter

import pytest
from running_rig import RunningRig, wait_until
from shop import OWNER, READY, Town, shop_files

from rigtasks.eventstore.rebuild import TABLES

UNDER_WAY = """
SELECT 'outbox', task, args::text, concat(attempts, ' attempts, from ', available_at, ' on, ',
  last_error) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL
UNION ALL SELECT 'lease', stream, holder, concat('until ', expires_at) FROM leases
UNION ALL SELECT 'delivery', event, delivery_id, concat(attempts, ' attempts, ', last_error)
  FROM deliveries WHERE status = 'pending'
"""
SETTLED = {"done", "ignored", "duplicate", "quarantined"}


@pytest.fixture(scope="module")
def quiet(rig: RunningRig, town: Town) -> RunningRig:
    """The shared stack with something in it, once nothing is claimed, waits or is under way."""
    issue = town.shop(files=shop_files()).issue()
    issue.label(READY)
    issue.wait("ISSUE_DONE", seconds=90)

    try:
        wait_until(lambda: not rig.rows(UNDER_WAY), "a quiet rig", seconds=60)
    except AssertionError as error:
        raise AssertionError(f"{error}; left are {rig.rows(UNDER_WAY)}") from None
    return rig


def test_every_stream_is_numbered_without_a_hole(quiet: RunningRig) -> None:
    holes = quiet.rows(
        "SELECT stream FROM events GROUP BY stream"
        " HAVING min(version) <> 1 OR max(version) <> count(*)"
    )
    backwards = quiet.rows(
        "SELECT a.stream, a.version FROM events a JOIN events b USING (stream)"
        " WHERE b.version = a.version + 1 AND b.position <= a.position"
    )

    assert holes == []
    assert backwards == []
    assert quiet.rows("SELECT count(*) FROM events")[0][0] >= 15


def test_epochs_rise_with_every_claim(quiet: RunningRig) -> None:
    claims = quiet.rows(
        "SELECT stream, (data->>'epoch')::int FROM events"
        " WHERE type IN ('ISSUE_ASSIGNED', 'REVIEW_ASSIGNED') ORDER BY stream, version"
    )

    by_stream: dict[str, list[int]] = {}
    for stream, epoch in claims:
        by_stream.setdefault(stream, []).append(epoch)
    assert by_stream
    for epochs in by_stream.values():
        assert epochs == list(range(1, len(epochs) + 1))


def test_nobody_wrote_after_their_claim_was_gone(quiet: RunningRig) -> None:
    """An event of a run carries the newest epoch of its stream at that moment."""
    stale = quiet.rows(
        "SELECT e.stream, e.version, e.type FROM events e"
        " JOIN events c ON c.stream = e.stream AND c.version < e.version"
        "  AND c.type IN ('ISSUE_ASSIGNED', 'REVIEW_ASSIGNED')"
        "  AND (c.data->>'epoch')::int > (e.data->>'epoch')::int"
        " WHERE e.data::jsonb ? 'epoch'"
    )

    assert stale == []


def test_an_issue_has_one_open_pull_request_of_the_rig_at_most(
    quiet: RunningRig, town: Town
) -> None:
    repositories = quiet.rows("SELECT DISTINCT repo FROM issues WHERE pr IS NOT NULL")
    assert repositories

    for (repo,) in repositories:
        pulls = town.owner.pages(f"/repos/{repo}/pulls", state="open")
        heads = Counter(one["head"]["ref"] for one in pulls if one["user"]["type"] == "Bot")
        issues = Counter(head.split("-")[1] for head in heads)
        assert set(heads.values()) <= {1}
        assert set(issues.values()) <= {1}
        assert repo.startswith(f"{OWNER}/")


def test_every_delivery_is_settled_with_an_outcome_in_words(quiet: RunningRig) -> None:
    unsettled = quiet.rows(
        "SELECT delivery_id, event, status, outcome FROM deliveries"
        " WHERE NOT status = ANY (%s) OR outcome IS NULL OR outcome = ''",
        list(SETTLED),
    )

    assert unsettled == []
    assert quiet.rows("SELECT count(*) FROM deliveries")[0][0] >= 5


def test_every_outbox_entry_is_done_or_says_why_not(quiet: RunningRig) -> None:
    unexplained = quiet.rows(
        "SELECT id, task, args FROM outbox WHERE done_at IS NULL AND coalesce(last_error, '') = ''"
    )
    given_up = quiet.rows("SELECT id, task, args, last_error FROM outbox WHERE dead_at IS NOT NULL")

    assert unexplained == []
    assert given_up == []


def test_counts_of_live_claims_are_down_to_nothing(quiet: RunningRig) -> None:
    assert quiet.rows("SELECT queue, repo_id, live FROM claim_counts WHERE live <> 0") == []
    assert quiet.rows("SELECT run_id FROM runs WHERE ended_at IS NULL") == []


def test_projections_computed_again_are_the_same(quiet: RunningRig) -> None:
    before = tables(quiet)

    answer = quiet.run("db", "rebuild-projections", "--json")

    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["corrected"] == dict.fromkeys(TABLES, 0)
    assert tables(quiet) == before
    assert before["issues"]
    assert before["runs"]


def tables(rig: RunningRig) -> dict[str, list[str]]:
    """Return every row of the rebuilt tables as text, ordered by their keys."""
    return {
        table: [
            text
            for (text,) in rig.rows(
                f"SELECT t::text FROM {table} AS t ORDER BY {keys}"  # noqa: S608  # our own names
            )
        ]
        for table, keys in TABLES.items()
    }

"""A write whose answer was lost is looked for; what lies behind is asked for again."""

import pytest
from scripted_hub import Hub, Reply, comment, personal

from rigtasks.github.errors import EffectUnknown, Unavailable
from rigtasks.github.issues import comment_once
from rigtasks.github.pulls import open_pull_request

REPO = "/repos/octo/shop"
FAILED = Reply(status=502, body={"message": "Server Error"})
LISTING, CREATE = f"GET {REPO}/issues/5/comments", f"POST {REPO}/issues/5/comments"
QUEUED = "Queued\n\n<!-- rig:status -->"


def test_a_comment_in_doubt_is_looked_up_until_it_is_listed(hub: Hub) -> None:
    hub.on(LISTING, Reply(body=[]), Reply(body=[]), Reply(body=[comment(70, QUEUED)]))
    hub.on(CREATE, FAILED)
    api = personal(hub)

    first = comment_once(api, 5, key="status", body="Queued")
    again = comment_once(api, 5, key="status", body="Queued")

    assert first.id == again.id == 70
    assert len(hub.calls(CREATE)) == 1


def test_a_comment_that_cannot_be_found_stays_in_doubt(hub: Hub) -> None:
    hub.on(LISTING, Reply(body=[]))
    hub.on(CREATE, FAILED)
    with pytest.raises(EffectUnknown):
        comment_once(personal(hub), 5, key="status", body="Queued")
    assert (len(hub.calls(CREATE)), len(hub.calls(LISTING))) == (1, 4)

    hub.on(LISTING, Reply(body=[]), FAILED)
    with pytest.raises(EffectUnknown, match="Reading failed as well"):
        comment_once(personal(hub), 5, key="status", body="Queued")
    assert len(hub.calls(CREATE)) == 2


def test_of_two_comments_with_our_marker_the_oldest_stays(hub: Hub) -> None:
    stranger = comment(69, QUEUED, user=2)
    hub.on(LISTING, Reply(body=[stranger, comment(71, QUEUED), comment(70, QUEUED)]))
    hub.on(f"DELETE {REPO}/issues/comments/71", Reply(status=204, body=b""))

    assert comment_once(personal(hub), 5, key="status", body="Queued").id == 70

    assert [each.path for each in hub.asked if each.method != "GET"] == [
        f"{REPO}/issues/comments/71"
    ]


def test_a_pull_request_that_is_not_listed_yet_is_asked_for_again(hub: Hub) -> None:
    exists = {"message": "A pull request already exists for octo:feature/issue-5-prices."}
    hub.on(f"GET {REPO}/pulls", Reply(body=[]))
    refused = {"message": "Validation Failed", "errors": [exists]}
    hub.on(f"POST {REPO}/pulls", Reply(status=422, body=refused))

    with pytest.raises(Unavailable, match="does not list it yet"):
        open_pull_request(
            personal(hub), branch="feature/issue-5-prices", base="main", title="t", body="b"
        )

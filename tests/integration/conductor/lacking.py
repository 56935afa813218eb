"""What GitHub's examples lack, made from its schemas: a sample of the kind, with a few changes."""

import copy
from typing import Any

import msgspec

from rigtasks.testing.schema_samples import Measure, sample_payload
from rigtasks.testing.webhook_schemas import WebhookKind, webhook_kinds

Json = dict[str, Any]


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """One payload that no example has."""

    key: str
    changes: Json
    measure: Measure = Measure.FULL

    @property
    def kind(self) -> WebhookKind:
        return next(kind for kind in webhook_kinds() if kind.key == self.key)

    def payload(self) -> Json:
        return _changed(sample_payload(self.kind, self.measure), self.changes)


def _changed(sample: Json, changes: Json) -> Json:
    changed = copy.deepcopy(sample)
    for name, value in changes.items():
        deeper = isinstance(value, dict) and isinstance(changed.get(name), dict)
        changed[name] = _changed(changed[name], value) if deeper else value
    return changed


_MERGED = {
    "state": "closed",
    "closed_at": "2026-11-01T10:00:00Z",
    "merged": True,
    "merged_at": "2026-11-01T10:00:00Z",
    "merge_commit_sha": "c" * 40,
}
_ON_A_PULL_REQUEST = {
    "url": "https://api.github.example/repos/octo/shop/pulls/2",
    "html_url": "https://github.example/octo/shop/pull/2",
    "diff_url": "https://github.example/octo/shop/pull/2.diff",
    "patch_url": "https://github.example/octo/shop/pull/2.patch",
}
_FORK = {"id": 99, "full_name": "mona/shop", "fork": True}

LACKING = {
    "an issue closed": Lacking(
        key="issues-closed",
        changes={"issue": {"state": "closed", "state_reason": "completed"}},
        measure=Measure.LEAN,
    ),
    "an issue deleted": Lacking(key="issues-deleted", changes={}, measure=Measure.LEAN),
    "an issue of a deleted account": Lacking(
        key="issues-labeled", changes={"issue": {"user": None}}
    ),
    "an approval": Lacking(
        key="pull-request-review-submitted", changes={"review": {"state": "approved"}}
    ),
    "a review that asks for changes": Lacking(
        key="pull-request-review-submitted", changes={"review": {"state": "changes_requested"}}
    ),
    "a pull request merged": Lacking(key="pull-request-closed", changes={"pull_request": _MERGED}),
    "a pull request from a fork": Lacking(
        key="pull-request-opened", changes={"pull_request": {"head": {"repo": _FORK}}}
    ),
    "a pull request from a deleted fork": Lacking(
        key="pull-request-labeled", changes={"pull_request": {"head": {"repo": None}}}
    ),
    "a check of a fork": Lacking(
        key="check-run-completed", changes={"check_run": {"pull_requests": []}}
    ),
    "a comment on a pull request": Lacking(
        key="issue-comment-created", changes={"issue": {"pull_request": _ON_A_PULL_REQUEST}}
    ),
}

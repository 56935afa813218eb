"""Webhooks that are lost, doubled, displaced or late, and the hook's settings and log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from forge_scene import SECRET, MakeScene, Scene, until

from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.seeding import SeedingFailed
from rigtasks.local.github.strict_data import read_data


def install(scene: Scene, *faults: dict[str, Any], seed: int = 0) -> None:
    scene.settled()
    scene.receiver.heard.clear()
    scene.sandbox.faults.install(read_data({"seed": seed, "faults": list(faults)}, FaultPlan))


def titles(scene: Scene) -> list[str]:
    return [heard.payload["issue"]["title"] for heard in scene.receiver.of("issues.opened")]


def open_issues(scene: Scene, *names: str) -> None:
    for name in names:
        scene.owner.create_issue(scene.repo, name)


def log(scene: Scene, **query: Any) -> list[dict[str, Any]]:
    return list(scene.as_app("conductor").call("GET", "/app/hook/deliveries", **query))


def test_a_dropped_webhook_is_in_no_log_and_a_failed_one_can_be_asked_for(scene: Scene) -> None:
    install(
        scene,
        {"kind": "webhook-drop", "events": ["issues.opened"], "times": 1},
        {"kind": "webhook-fail", "events": ["issues.opened"], "skip": 1, "times": 1},
    )
    open_issues(scene, "A", "B", "C")
    scene.settled()
    assert titles(scene) == ["C"]
    opened = [row for row in log(scene) if row["event"] == "issues"]
    assert [row["status_code"] for row in opened] == [202, 502]
    (failed,) = log(scene, status="failure")
    app = scene.as_app("conductor")
    assert app.call("POST", f"/app/hook/deliveries/{failed['id']}/attempts") == {}
    scene.settled()
    assert titles(scene) == ["C", "B"]
    assert scene.receiver.heard[-1].delivery == failed["guid"]
    assert scene.receiver.heard[-1].signed_with(SECRET)


def test_duplicates_come_under_the_same_guid_or_under_their_own(scene: Scene) -> None:
    install(
        scene,
        {"kind": "webhook-duplicate", "copies": 2, "times": 1},
        {"kind": "webhook-duplicate", "guid": "new", "skip": 1},
    )
    open_issues(scene, "A", "B")
    scene.settled()
    first, second = scene.receiver.heard[:3], scene.receiver.heard[3:]
    assert titles(scene) == ["A"] * 3 + ["B"] * 2
    assert len({heard.delivery for heard in first}) == 1
    assert len({heard.delivery for heard in second}) == 2
    assert len({heard.body for heard in second}) == 1
    assert all(heard.signed_with(SECRET) for heard in scene.receiver.heard)


def test_one_is_held_back_until_others_went_first(scene: Scene) -> None:
    install(scene, {"kind": "webhook-reorder", "behind": 2, "patience": 600, "times": 1})
    open_issues(scene, "A", "B", "C", "D")
    scene.settled()
    assert titles(scene) == ["B", "C", "A", "D"]


def test_one_that_nothing_follows_is_not_held_for_ever(scene: Scene) -> None:
    install(scene, {"kind": "webhook-reorder", "behind": 5, "patience": 0.2})
    open_issues(scene, "A")
    until(lambda: titles(scene) == ["A"])


def test_a_late_one_lets_the_others_pass(scene: Scene) -> None:
    install(scene, {"kind": "webhook-delay", "seconds": 1.5, "times": 1})
    open_issues(scene, "A", "B")
    until(lambda: titles(scene) == ["B", "A"])
    scene.settled()


def test_the_same_seed_loses_the_same_webhooks(scene: Scene) -> None:
    names = [f"{number:02}" for number in range(12)]
    kept = []
    for _ in range(2):
        install(scene, {"kind": "webhook-drop", "chance": 0.5, "events": ["issues"]}, seed=11)
        open_issues(scene, *names)
        scene.settled()
        kept.append(titles(scene))
    assert kept[0] == kept[1]
    assert 0 < len(kept[0]) < len(names)


def test_the_log_comes_in_pages_by_cursor_and_keeps_its_filter(scene: Scene) -> None:
    install(scene, {"kind": "webhook-fail", "events": ["issues"]})
    open_issues(scene, "A", "B", "C")
    scene.settled()
    app = scene.as_app("conductor")
    rows = app.pages("/app/hook/deliveries", per_page=2, status="failure")
    assert [row["event"] for row in rows] == ["issues"] * 3
    assert rows == sorted(rows, key=lambda row: -row["id"])
    for wrong in ({"status": "lost"}, {"cursor": "7"}, {"cursor": "v1_x"}):
        with pytest.raises(SeedingFailed) as refused:
            app.call("GET", "/app/hook/deliveries", **wrong)
        assert refused.value.status == 422


def test_deliveries_are_shown_and_repeated_for_three_days(scene: Scene) -> None:
    open_issues(scene, "A")
    scene.settled()
    newest = log(scene)[0]
    app = scene.as_app("conductor")
    state, later = scene.sandbox.state, datetime.now(UTC) + timedelta(days=3, seconds=5)
    now, state._clock = state._clock, lambda: later  # noqa: SLF001 - three days pass
    try:
        late = scene.as_app("conductor", issued=3 * 86_400 - 60, expires=3 * 86_400 + 300)
        assert late.call("GET", "/app/hook/deliveries") == []
        for method, tail in (("GET", ""), ("POST", "/attempts")):
            with pytest.raises(SeedingFailed) as refused:
                late.call(method, f"/app/hook/deliveries/{newest['id']}{tail}")
            assert refused.value.status == 404
    finally:
        state._clock = now  # noqa: SLF001
    assert app.call("GET", f"/app/hook/deliveries/{newest['id']}")["guid"] == newest["guid"]


def test_the_hook_can_be_sent_elsewhere_as_a_form_and_unsigned(make_scene: MakeScene) -> None:
    scene = make_scene()
    app = scene.as_app("conductor")
    assert app.call("GET", "/app/hook/config")["content_type"] == "json"
    changes = {"content_type": "form", "insecure_ssl": 1, "secret": "another"}
    changed = app.call("PATCH", "/app/hook/config", changes)
    assert (changed["insecure_ssl"], changed["secret"]) == ("1", "********")
    assert changed["url"] == scene.receiver.url
    scene.settled()
    scene.sandbox.services.webhooks.ping()
    scene.settled()
    sent = scene.receiver.forms[-1]
    assert sent.payload["hook"]["config"]["content_type"] == "form"
    assert sent.signed_with("another")
    with pytest.raises(SeedingFailed) as refused:
        app.call("PATCH", "/app/hook/config", {"content_type": "xml"})
    assert refused.value.status == 422

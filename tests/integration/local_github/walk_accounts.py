"""Steps of the walk: Apps and their webhook, accounts, teams."""

from every_route import NOTES, RATE_LIMIT, SHOP, Walk


def apps(walk: Walk) -> None:
    app = walk.signed("conductor")
    own = app.call("GET", "/app")
    assert app.call("GET", f"/apps/{own['slug']}")["id"] == own["id"]
    found = app.call("GET", f"/repos/{SHOP}/installation")
    assert app.call("GET", f"/app/installations/{found['id']}")["account"]["login"] == "acme"
    assert app.call("GET", "/orgs/acme/installation")["id"] == found["id"]
    of_mona = app.call("GET", "/users/mona/installation")["id"]
    assert app.call("GET", f"/repos/{NOTES}/installation")["id"] == of_mona
    listed = {one["id"] for one in app.call("GET", "/app/installations")}
    assert {found["id"], of_mona} <= listed
    token = walk.installed("author")
    assert [
        one["full_name"] for one in token.call("GET", "/installation/repositories")["repositories"]
    ] == [SHOP]
    token.call("DELETE", "/installation/token")


def accounts(walk: Walk) -> None:
    assert walk.mona.call("GET", "/user")["login"] == "mona"
    assert walk.hubot.call("GET", "/users/mona")["name"] == "Mona Lisa"
    assert [one["full_name"] for one in walk.mona.call("GET", "/users/mona/repos")] == [NOTES]
    assert [one["full_name"] for one in walk.hubot.call("GET", "/orgs/acme/repos")] == [SHOP]
    assert walk.mona.call("GET", RATE_LIMIT)["rate"]["limit"] == 5_000


def hook(walk: Walk) -> None:
    app = walk.signed("conductor")
    assert app.call("GET", "/app/hook/config")["url"] == walk.receiver.url
    walk.seeder.ping()
    walk.until_idle()
    newest = app.call("GET", "/app/hook/deliveries")[0]
    assert app.call("GET", f"/app/hook/deliveries/{newest['id']}")["guid"] == newest["guid"]
    app.call("POST", f"/app/hook/deliveries/{newest['id']}/attempts")
    app.call("PATCH", "/app/hook/config", {"content_type": "form"})
    walk.seeder.ping()
    walk.mona.create_issue(SHOP, "Told as a form", "ä & b = c+d")
    walk.until_idle()
    app.call("PATCH", "/app/hook/config", {"content_type": "json"})


def teams(walk: Walk) -> None:
    walk.seeder.team("acme/buyers", ["mona"], {"shop": "write"})
    assert [one["slug"] for one in walk.mona.call("GET", "/orgs/acme/teams")] == ["buyers"]
    assert walk.mona.call("GET", "/orgs/acme/teams/buyers")["members_count"] == 1
    (member,) = walk.mona.call("GET", "/orgs/acme/teams/buyers/members")
    membership = walk.mona.call("GET", f"/orgs/acme/teams/buyers/memberships/{member['login']}")
    assert membership["state"] == "active"
    assert [one["slug"] for one in walk.shop(walk.mona, "GET", "/teams")] == ["buyers"]


STEPS = (apps, accounts, hook, teams)

"""Steps of the walk: repositories, what is in them, what protects them, and where they go."""

import base64

from every_route import NOTES, SHOP, Json, Walk

RULE = {"type": "deletion"}
RULESET = {"name": "rules", "target": "branch", "enforcement": "active", "rules": [RULE]}


def contents(walk: Walk) -> None:
    shop, mona = walk.shop, walk.mona
    assert shop(mona, "GET", "")["full_name"] == SHOP
    tree = shop(walk.hubot, "GET", "/git/trees/main", recursive="1")["tree"]
    blob = next(one for one in tree if one["path"] == "price.py")
    content = shop(mona, "GET", "/contents/price.py")
    assert shop(mona, "GET", f"/git/blobs/{blob['sha']}")["content"] == content["content"]
    root = {one["path"] for one in shop(mona, "GET", "/contents/")}
    assert {"price.py", "CODEOWNERS"} <= root
    (first,) = shop(mona, "GET", "/commits")
    assert shop(mona, "GET", "/commits/main")["sha"] == first["sha"]
    assert shop(mona, "GET", f"/commits/{first['sha']}/pulls") == []
    people = shop(mona, "GET", "/collaborators")
    assert {one["login"] for one in people} >= {"mona", "hubot"}
    assert shop(mona, "GET", "/collaborators/hubot/permission")["permission"] == "write"
    assert len(shop(mona, "GET", "/codeowners/errors")["errors"]) == 1


def refs(walk: Walk) -> None:
    shop, mona = walk.shop, walk.mona
    sha = shop(mona, "GET", "/git/ref/heads/main")["object"]["sha"]
    for name in ("work", "gone", "more"):
        shop(mona, "POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": sha})
    assert len(shop(mona, "GET", "/git/matching-refs/heads/")) == 4
    shop(mona, "DELETE", "/git/refs/heads/gone")
    write(walk, "work", "a.txt", "1\n2\n3\n")
    made = write(walk, "more", "b.txt", "1\n")
    removal = {"branch": "more", "message": "fix: no b", "sha": made["content"]["sha"]}
    shop(mona, "DELETE", "/contents/b.txt", removal)
    back = {"sha": made["commit"]["sha"], "force": True}
    shop(mona, "PATCH", "/git/refs/heads/more", back)
    assert shop(mona, "GET", "/branches/more")["commit"]["sha"] == made["commit"]["sha"]
    assert [one["name"] for one in shop(mona, "GET", "/branches")] == ["main", "more", "work"]
    assert shop(mona, "GET", "/compare/main...work")["ahead_by"] == 1


def write(walk: Walk, branch: str, path: str, text: str) -> Json:
    content = base64.b64encode(text.encode()).decode()
    body = {"branch": branch, "message": f"feat: {path}", "content": content}
    return dict(walk.shop(walk.mona, "PUT", f"/contents/{path}", body))


def protection(walk: Walk) -> None:
    shop, mona, here = walk.shop, walk.mona, "/branches/main/protection"
    assert shop(mona, "GET", f"{here}/required_status_checks")["contexts"] == ["test"]
    reviews = shop(mona, "GET", f"{here}/required_pull_request_reviews")
    assert reviews["required_approving_review_count"] == 1
    shop(mona, "POST", f"{here}/enforce_admins")
    assert shop(mona, "GET", f"{here}/enforce_admins")["enabled"] is True
    shop(mona, "DELETE", f"{here}/enforce_admins")
    plan = {
        "required_status_checks": None,
        "enforce_admins": None,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    shop(mona, "PUT", here, {**plan, "required_linear_history": True})
    assert shop(mona, "GET", here)["required_linear_history"]["enabled"] is True
    shop(mona, "DELETE", here)


def rulesets(walk: Walk) -> None:
    shop, mona = walk.shop, walk.mona
    conditions = {"conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}}
    made = shop(mona, "POST", "/rulesets", {**RULESET, **conditions})
    assert [one["type"] for one in shop(mona, "GET", "/rules/branches/main")] == ["deletion"]
    one = f"/rulesets/{made['id']}"
    shop(mona, "PUT", one, {"enforcement": "disabled"})
    assert shop(mona, "GET", one)["enforcement"] == "disabled"
    assert [each["id"] for each in shop(mona, "GET", "/rulesets")] == [made["id"]]
    shop(mona, "DELETE", one)


def moves(walk: Walk) -> None:
    shop, mona = walk.shop, walk.mona
    for private in (False, True):
        assert shop(mona, "PATCH", "", {"private": private})["private"] is private
    fork = shop(mona, "POST", "/forks", {"name": "shop-too"})
    assert [one["full_name"] for one in shop(mona, "GET", "/forks")] == [fork["full_name"]]
    mona.call("DELETE", f"/repos/{fork['full_name']}")
    given = {"new_owner": "acme", "new_name": "mona-notes"}
    assert mona.call("POST", f"/repos/{NOTES}/transfer", given)["full_name"] == NOTES


STEPS = (contents, protection, refs, rulesets)
LAST = (moves,)

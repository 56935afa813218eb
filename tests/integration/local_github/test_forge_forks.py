"""Forks: made, proposed from, changed by maintainers, and gone while a pull request is open."""

from dataclasses import replace

import pytest
from common_ground import Ground, Json


@pytest.fixture
def public(ground: Ground) -> Ground:
    ground.call(ground.owner, "PATCH", "", {"private": False})
    ground.town.person("fiona")
    return ground


def forked(ground: Ground) -> Ground:
    fiona = ground.town.person("fiona")
    made = ground.call(fiona, "POST", "/forks", {})
    return replace(ground, name=made["full_name"])


def proposed(ground: Ground, fork: Ground, **fields: object) -> Json:
    """Open a pull request by the owner of the fork."""
    fiona = ground.town.person("fiona")
    fork.commit("work", {"w.txt": "1\n"}, by=fiona)
    body = {"title": "T", "body": "B", "head": "fiona:work", "base": "main", **fields}
    return dict(ground.call(fiona, "POST", "/pulls", body))


def test_a_fork_says_where_it_comes_from(public: Ground) -> None:
    fork = forked(public)
    shown = fork.call(public.town.person("fiona"), "GET", "")
    assert (shown["fork"], shown["parent"]["full_name"]) == (True, public.name)
    assert shown["source"]["full_name"] == public.name
    assert [one["full_name"] for one in public.call(public.owner, "GET", "/forks")] == [fork.name]
    assert public.call(public.owner, "GET", "")["forks_count"] == 1
    again = public.call(public.town.person("fiona"), "POST", "/forks", {})
    assert again["id"] == shown["id"]
    (told,) = public.heard("fork")
    assert told.payload["forkee"]["full_name"] == fork.name
    status, _ = public.refused(public.owner, "POST", "/forks", {"organization": "guild"})
    assert status == 403
    status, _ = public.refused(public.app("conductor"), "POST", "/forks", {"organization": "x"})
    assert status == 403


def test_a_pull_request_from_a_fork_names_both_repositories(public: Ground) -> None:
    fork = forked(public)
    pull = proposed(public, fork)
    assert (pull["head"]["repo"]["full_name"], pull["head"]["label"]) == (fork.name, "fiona:work")
    assert (pull["base"]["repo"]["full_name"], pull["maintainer_can_modify"]) == (
        public.name,
        True,
    )
    fiona = public.town.person("fiona")
    body = {"title": "T", "head": "fiona:work", "base": "main"}
    status, said = public.refused(fiona, "POST", "/pulls", body)
    assert (status, "A pull request already exists for fiona:work." in said) == (422, True)
    for head, count in (("fiona:work", 1), ("guild:work", 0)):
        assert len(public.call(public.owner, "GET", "/pulls", head=head)) == count
    files = public.call(public.owner, "GET", f"/pulls/{pull['number']}/files")
    assert [one["filename"] for one in files] == ["w.txt"]
    assert public.state(pull["number"]) == "clean"
    assert fork.call(fiona, "GET", "/pulls") == []
    query = """query($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) { isFork pullRequest(number: $number) {
        isCrossRepository maintainerCanModify headRepository { nameWithOwner isFork } } } }"""
    owner, _, name = public.name.partition("/")
    answer = public.graphql(fiona, query, owner=owner, name=name, number=pull["number"])
    assert answer["data"]["repository"] == {
        "isFork": False,
        "pullRequest": {
            "isCrossRepository": True,
            "maintainerCanModify": True,
            "headRepository": {"nameWithOwner": fork.name, "isFork": True},
        },
    }


def test_checks_do_not_name_pull_requests_from_forks(public: Ground) -> None:
    pull = proposed(public, forked(public))
    run = public.check(pull["head"]["sha"])
    assert run["pull_requests"] == []
    own = public.pull("own")
    assert len(public.check(own["head"]["sha"])["pull_requests"]) == 1


def test_a_push_to_the_fork_moves_the_pull_request(public: Ground) -> None:
    fork = forked(public)
    pull = proposed(public, fork)
    sha = fork.commit("work", {"w.txt": "2\n"}, by=public.town.person("fiona"))
    now = public.call(public.owner, "GET", f"/pulls/{pull['number']}")
    assert (now["head"]["sha"], now["commits"]) == (sha, 2)
    assert len(public.heard("pull_request.synchronize")) == 1
    assert public.merge(pull["number"], merge_method="squash")["merged"] is True


def test_an_app_cannot_push_to_a_fork_where_it_is_not_installed(public: Ground) -> None:
    fork = forked(public)
    pull = proposed(public, fork)
    public.commit("main", {"m.txt": "1\n"})
    path = f"/pulls/{pull['number']}/update-branch"
    status, said = public.refused(public.app("author"), "PUT", path, {})
    assert (status, "permission to update head repository" in said) == (403, True)
    copy = fork.clone(public.app("author"))
    copy.commit({"n.txt": "1\n"}, "fix: no")
    assert "403" in copy.push("work", check=False)
    assert public.call(public.owner, "GET", f"/pulls/{pull['number']}")["commits"] == 1


def test_maintainers_change_the_branch_where_they_are_allowed(public: Ground) -> None:
    fork = forked(public)
    pull = proposed(public, fork)
    copy = fork.clone(public.writer)
    copy.git("checkout", "--quiet", "--detach", "origin/work")
    copy.commit({"w.txt": "3\n"}, "fix: by a maintainer")
    assert "403" in copy.push("main", check=False), "only the branch of the pull request"
    copy.push("work")
    assert public.call(public.owner, "GET", f"/pulls/{pull['number']}")["commits"] == 2
    public.commit("main", {"m.txt": "1\n"})
    path = f"/pulls/{pull['number']}"
    public.call(public.writer, "PUT", f"{path}/update-branch", {})
    fiona = public.town.person("fiona")
    shown = public.call(fiona, "PATCH", path, {"maintainer_can_modify": False})
    assert shown["maintainer_can_modify"] is False
    assert "403" in copy.push("work", "--force", check=False)
    public.commit("main", {"m.txt": "2\n"})
    assert public.refused(public.writer, "PUT", f"{path}/update-branch", {})[0] == 403


def test_a_fork_that_is_gone_leaves_its_pull_request_open(public: Ground) -> None:
    fork = forked(public)
    pull = proposed(public, fork)
    fork.call(public.town.person("fiona"), "DELETE", "")
    left = public.call(public.owner, "GET", f"/pulls/{pull['number']}")
    assert (left["state"], left["head"]["repo"], left["head"]["label"]) == (
        "open",
        None,
        "fiona:work",
    )
    path = f"/pulls/{pull['number']}/update-branch"
    assert public.refused(public.writer, "PUT", path, {})[0] == 403
    assert public.merge(pull["number"])["merged"] is True


def test_the_forks_of_a_deleted_repository_stay(public: Ground) -> None:
    fork = forked(public)
    public.call(public.owner, "DELETE", "")
    shown = fork.call(public.town.person("fiona"), "GET", "")
    assert (shown["fork"], "parent" in shown) == (False, False)

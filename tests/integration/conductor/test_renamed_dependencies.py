"""An issue waits for one of another repository, whatever that is called by now."""

from dataclasses import replace

import pytest
from conductor_scene import FILES, Scene

from rigtasks.conductor.reconcile import watched_repositories
from rigtasks.github.identities import RepositoryRef
from rigtasks.routing.labels import READY


@pytest.mark.parametrize("by_new_name", [False, True], ids=["old name", "new name"])
def test_one_in_a_renamed_repository_is_waited_for(scene: Scene, *, by_new_name: bool) -> None:
    # given an issue of the rig in a repository that was renamed since
    scene.label("The library first")
    old = scene.repo
    new = f"{old}-renamed"
    scene.seeder.rename(old, new.partition("/")[2])
    watched_repositories(scene.conductor)

    # when one of another repository is labelled that depends on it
    made = scene.seeder.create_repository(f"{old}-web", files=FILES, roles={"maria": "write"})
    web = replace(scene, repository=RepositoryRef(id=made["id"], full_name=made["full_name"]))
    named = f"{new if by_new_name else old}#{scene.number}"
    body = f"Depends on {named}."
    web.number = int(scene.maria.create_issue(web.repo, "The page then", body)["number"])
    scene.maria.label(web.repo, web.number, READY)
    outcome = web.take_in()

    # then it waits for that very issue, which knows whom to wake at its end
    assert outcome == f"held: waits for {named} to be done"
    waiting = scene.conductor.stores.issues.waiting_for(
        repo_id=scene.repository.id, number=scene.number
    )
    assert [one.stream for one in waiting] == [web.stream]

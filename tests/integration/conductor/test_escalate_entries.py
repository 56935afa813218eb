"""The repository's own `escalate` entries call a person: before the work, and before the merge."""

import time

from conductor_scene import CONFIG, MakeScene

from rigtasks.conductor.report import summary_of
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.labels import READY

ESCALATING = CONFIG + 'escalate:\n  - drop table\n  - "(a+)+$"\n'
RISKY = "def price(x):\n    return round(x)  # was: DROP TABLE prices\n"


def test_an_issue_and_a_change_that_speak_of_an_entry_go_to_a_person(make_scene: MakeScene) -> None:
    # given an issue whose text holds what its repository wants a person for
    scene = make_scene(files={CONFIG_PATH: ESCALATING})
    scene.config = ESCALATING
    issue = scene.maria.create_issue(scene.repo, "Prices", "drop\ntable prices, then round")
    scene.number = int(issue["number"])
    scene.maria.label(scene.repo, scene.number, READY)

    # when it is labelled, a person is asked and nobody can claim it
    assert "`drop table`" in scene.take_in()
    assert "ISSUE_NEEDS_HUMAN" in scene.types()
    assert scene.state.wanted_queue is None
    shown = summary_of(scene.state).reason
    assert shown is not None
    assert (shown.who, "`drop table`" in shown.sentence) == ("a person with write permission", True)
    assert scene.take_in().startswith("ignored: already taken")

    # when the label is set again, it is worked on
    time.sleep(1.1)  # GitHub's times are whole seconds
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.label(scene.repo, scene.number, READY)
    scene.deliver("labeled")
    assert scene.state.wanted_queue == "dev-e-python"

    # and the change, which speaks of it too, waits at the human gate however green it is
    scene.implement({"price.py": RISKY})
    scene.publish()
    scene.turn_green()
    scene.review("approve")
    scene.attend()
    assert scene.state.gate_reasons == (
        "price.py speaks of “drop table”, for which this repository wants a person",
    )
    assert [one.gate for one in scene.state.blockers] == ["human_gate"]
    assert "MERGED" not in scene.types()

    # until a person approves this head
    scene.maria.review(scene.repo, scene.pull(), "APPROVE")
    scene.attend()
    assert "MERGED" in scene.types()

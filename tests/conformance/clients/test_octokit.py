"""`@octokit/rest`, with its authentication for Apps and its verification of webhooks."""

import json
import subprocess
from pathlib import Path

from client_town import SECRET, Town

from rigtasks.local.tools import node_folder
from rigtasks.testing.material import FOLDER, material_path

SCRIPT = Path(__file__).with_name("octokit.mjs")


def test_octokit_takes_an_issue_from_its_text_to_its_merge(town: Town) -> None:
    owner, _, name = town.repo.partition("/")
    app = {"appId": town.apps["conductor"]["app_id"], "privateKey": town.key_of("conductor")}
    given = {
        "url": town.url,
        "owner": owner,
        "repo": name,
        "token": town.mona.token,
        "app": app,
        "secret": SECRET,
    }
    town.mona.create_issue(town.repo, "Zero")
    first = town.webhooks.get(timeout=30)
    arrived = [{"body": first.body.decode(), "signature": first.signature}]
    assert material_path("@octokit/rest").is_dir()
    done = subprocess.run(
        [f"{node_folder()}/node", str(SCRIPT), str(FOLDER)],
        input=json.dumps({"given": given, "arrived": arrived}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "comments": ["Two"],
        "issues": [6, 5, 4, 3, 2, 1],
        "events": ["labeled"],
        "files": [["price.py", 1, 1]],
        "diff": ["+    return round(x)"],
        "review": ["APPROVED", "Bot", True],
        "checks": [["tests", "success"]],
        "status": "success",
        "refused": 409,
        "merged": True,
        "issue": ["closed", ["agent-ready"]],
        "graphql": {"state": "CLOSED", "labels": {"nodes": [{"name": "agent-ready"}]}},
        "verified": [True],
        "forged": False,
    }

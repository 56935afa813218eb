"""Remarks of check runs on lines: whole when they are read, appended, and refused when wrong."""

from typing import Any

import pytest
from common_ground import Ground, Json

NOTE = {
    "path": "a.txt",
    "start_line": 2,
    "end_line": 3,
    "annotation_level": "warning",
    "message": "Too short",
}


def output(*annotations: Json) -> Json:
    return {"output": {"title": "Lint", "summary": "Notes", "annotations": list(annotations)}}


def run_with(ground: Ground, *annotations: Json) -> Json:
    sha = ground.call(ground.owner, "GET", "/branches/main")["commit"]["sha"]
    body = {"name": "lint", "head_sha": sha, **output(*annotations)}
    return dict(ground.call(ground.app("conductor"), "POST", "/check-runs", body))


def test_a_remark_is_shown_whole_and_the_next_one_comes_behind_it(ground: Ground) -> None:
    app, run = ground.app("conductor"), run_with(ground, NOTE)
    path = f"/check-runs/{run['id']}"
    second = {**NOTE, "end_line": 2, "start_column": 1, "end_column": 4, "title": "Line"}
    changed = ground.call(app, "PATCH", path, output({**second, "raw_details": "two"}))
    assert changed["output"]["annotations_count"] == 2
    first, other = ground.call(app, "GET", f"{path}/annotations")
    rest = ("start_column", "end_column", "title", "raw_details")
    blob = f"{ground.town.sandbox.url}/{ground.name}/blob/{run['head_sha']}/a.txt"
    assert first == {**NOTE, **dict.fromkeys(rest), "blob_href": blob}
    assert other == {**second, "raw_details": "two", "blob_href": blob}


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ([{**NOTE, "start_line": "2"}], "start_line"),
        ([{**NOTE, "annotation_level": "fatal"}], "fatal"),
        ([{key: NOTE[key] for key in NOTE if key != "message"}], "message"),
        (["Too short"], "object"),
        ([NOTE] * 51, "50"),
    ],
)
def test_a_remark_that_is_wrong_is_refused_with_its_check_run(
    ground: Ground, annotations: list[Any], words: str
) -> None:
    sha = ground.call(ground.owner, "GET", "/branches/main")["commit"]["sha"]
    body = {"name": "lint", "head_sha": sha, **output(*annotations)}
    status, said = ground.refused(ground.app("conductor"), "POST", "/check-runs", body)
    assert status == 422
    assert words in said
    runs = ground.call(ground.app("conductor"), "GET", f"/commits/{sha}/check-runs")
    assert runs["total_count"] == 0

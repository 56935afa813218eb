"""The sandbox's own files: what is not understood is named with its line."""

from pathlib import Path

import pytest

from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.limits import GITHUBS_LIMITS, NO_LIMITS, Limits
from rigtasks.local.github.seed_file import read_seed
from rigtasks.local.github.strict_data import DataInvalid, read_file

SEED = """\
people:
  mona: {name: Mona}
  hubot:
repositories:
  - name: acme/shop
    files: {price.py: "x = 1\\n"}
    roles: {mona: admin}
    issues:
      - title: Prices
        author: mona
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("roles:", "rolls:", "7:5: unknown key `rolls`; did you mean `roles`?"),
        ("admin}", "owner}", "7:5: Invalid enum value 'owner'"),
        ("acme/shop", "shop", "5:5: Expected `str` matching regex"),
        ("acme/shop", "acme/..", "5:5: Expected `str` matching regex"),
        ("acme/shop", "../shop", "5:5: Expected `str` matching regex"),
        ("  mona: {", "  ../mona: {", "Expected `str` matching regex"),
        ("    roles:", "    default_branch: --x\n    roles:", "7:5: Expected `str` matching"),
        ("price.py:", "../price.py:", "6:5: `../price.py` is no path inside the repository"),
        ("price.py:", ".git/hooks/x:", "6:5: `.git/hooks/x` is no path inside"),
        ("price.py:", "/etc/x:", "6:5: `/etc/x` is no path inside"),
        ("author: mona", "author: nobody", "10:9: `nobody` is not one of `people`"),
        ("author: mona", "author: hubot", "10:9: `hubot` cannot see this private repository"),
        ("title: Prices", "title: 7", "9:9: Expected `str`, got `int`"),
        ("files: {price.py", "folder: nowhere #", "6:5: no folder"),
        ('    files: {price.py: "x = 1\\n"}\n', "", "5:5: give it a `folder` or `files`"),
        ("  hubot:", "  mona:", 'found duplicate key "mona"'),
        ("people:", "people: [", "not YAML"),
        ("  hubot:", "  MONA:", "3:3: `MONA` is here twice"),
        ("people:", "people: !!python/object/apply:os.system [ls] #", "1:9: `tag:yaml.org,2002:py"),
        ("people:", "people: !mine", "1:9: `!mine` is a tag"),
        ("people:", "people: &all", "1:9: `all` is an anchor or an alias"),
        ("people:", "people: *all #", "1:9: `all` is an anchor or an alias"),
        ("    files:", "    <<: {private: false}\n    files:", "6:5: `<<` merges keys"),
        ("Prices", '"\\ud83d"', "9:9: half a character is no text (at $.repositories[0].issues[0]"),
        ('"x = 1\\n"}', "x, price.py/x: y}", "6:5: `price.py` is a file, so that `price.py/x`"),
        (
            "    roles:",
            "    protection: [{branch: next}]\n    roles:",
            "7:19: there is no branch `next` yet: push it, then protect it",
        ),
        ("people:", "webhook: {url: 'http://a:b@h/x'}\npeople:", "1:11: no address for webhooks"),
        ("people:", "webhook: {url: 'http://h:99999/'}\npeople:", "1:11: no address for webhooks"),
        ("people:", "webhook: {url: 'file:///x'}\npeople:", "1:11: no address for webhooks"),
        (
            "        author: mona\n",
            "        author: hubot\n  - {name: Acme/Shop, files: {a: b}}\n",
            "`hubot` cannot see",
        ),
    ],
)
def test_a_seed_that_is_wrong_says_where(tmp_path: Path, old: str, new: str, expected: str) -> None:
    file = tmp_path / "seed.yaml"
    assert old in SEED
    file.write_text(SEED.replace(old, new, 1))
    with pytest.raises(DataInvalid) as refused:
        read_seed(file)
    assert str(refused.value).startswith(f"{file}")
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"- " * 2_000, "nested too deep"),
        (b"[" * 200_000, "nested too deep"),
    ],
)
def test_a_file_that_no_parser_can_take_is_refused(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "seed.yaml"
    file.write_bytes(content)
    with pytest.raises(DataInvalid, match=expected):
        read_seed(file)


def test_a_repository_cannot_be_there_twice(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(SEED + "  - {name: Acme/Shop, files: {a: b}}\n")
    with pytest.raises(DataInvalid, match=r"11:6: `Acme/Shop` is here twice"):
        read_seed(file)


def test_labels_need_somebody_who_may_put_them_on(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    text = SEED.replace("admin}", "read}") + "        labels: [bug]\n"
    file.write_text(text)
    with pytest.raises(DataInvalid, match="11:9: nobody in `roles` may put labels on"):
        read_seed(file)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", GITHUBS_LIMITS),
        ("limits: off\n", NO_LIMITS),
        ('limits: "off"\n', NO_LIMITS),
        ("limits: {points_per_minute: 9}\n", Limits(points_per_minute=9)),
    ],
)
def test_limits_are_githubs_off_or_by_name(tmp_path: Path, text: str, limits: Limits) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(text)
    assert read_seed(file).limits_in_force == limits


def test_json_is_read_as_well_and_an_empty_plan_has_no_faults(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"seed": 4, "faults": [{"kind": "cut", "bytes": 0}]}')
    assert read_file(file, FaultPlan).seed == 4
    file.write_text("")
    assert read_file(file, FaultPlan).faults == ()
    file.write_text("faults:\n  - kind: slow\n    seconds: soon\n")
    with pytest.raises(DataInvalid, match=r"plan\.json:3:5: Expected `float`, got `str`"):
        read_file(file, FaultPlan)
    with pytest.raises(DataInvalid, match="cannot be read"):
        read_file(tmp_path / "nothing", FaultPlan)


def test_a_planted_file_cannot_lie_below_one_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "price").write_text("1")
    file = tmp_path / "seed.yaml"
    file.write_text("repositories:\n  - {name: a/b, folder: shop, files: {price/x: y}}\n")
    with pytest.raises(DataInvalid, match=r"`price` is a file, so that `price/x` cannot be"):
        read_seed(file)


def test_a_quoted_merge_key_is_text_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text('repositories:\n  - {name: a/b, files: {"<<": y}}\n')
    assert dict(read_seed(file).repositories[0].files) == {"<<": "y"}

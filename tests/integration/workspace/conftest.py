"""A served repository with one commit on main, and an agent's clone to make bundles from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from served_git import BRANCH, READER, WRITER, Shop, git, serving

from rigtasks.workspace.checkout import Start, checkout_for_agent


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    root = tmp_path / "server"
    bare = root / "octo" / "shop.git"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main")
    git(bare, "config", "http.receivepack", "true")
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q", "-b", "main")
    (source / "price.py").write_text("def price(x):\n    return int(x)\n")
    (source / "README.md").write_text("# Shop\n")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "Open the shop")
    git(source, "push", "-q", str(bare), "main")
    with serving(root) as server:
        server.readers, server.writers = {READER}, {WRITER}
        yield Shop(server=server, base_sha=git(source, "rev-parse", "HEAD"))


@pytest.fixture
def agent(shop: Shop, tmp_path: Path) -> Path:
    directory = tmp_path / "agent"
    checkout_for_agent(directory, shop.remote(READER), Start(base_sha=shop.base_sha), branch=BRANCH)
    return directory

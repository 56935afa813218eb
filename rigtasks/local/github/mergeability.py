"""Whether pull requests can be merged: test merges in the background, and the word for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from rigtasks.local.github.git import GitFailedError
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import PullRequest, Repository
from rigtasks.local.github.rules.checks import unsuccessful_checks
from rigtasks.local.github.rules.requirements import queue_settings
from rigtasks.local.github.rules.verdicts import BEHIND, merge_blockers
from rigtasks.local.github.shapes.pulls import UNKNOWN, Mergeability


class MergeChecks:
    """Test merges, made in the background and remembered per pair of commits."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="merge-checks")
        self._known: dict[tuple[int, str, str], bool] = {}
        self._asked: set[tuple[int, str, str]] = set()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Let the check under way end and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def ask(self, repo: Repository, pull: PullRequest) -> Mergeability:
        """Return what is known, and start finding out what is not."""
        half = self._hub.issue(repo, pull.number)
        base = self._hub.git(repo).branch(pull.base_ref)
        if half is None or half.state != "open" or base is None:
            return UNKNOWN
        key = (repo.id, base, pull.head_sha)
        with self._lock:
            mergeable = self._known.get(key)
            if mergeable is None and key not in self._asked:
                self._asked.add(key)
                self._pool.submit(self._find_out, repo, key)
        if mergeable is None:
            return UNKNOWN
        return mergeable, self._word(repo, pull, mergeable=mergeable)

    def _find_out(self, repo: Repository, key: tuple[int, str, str]) -> None:
        try:
            mergeable = self._hub.git(repo).merged_tree(key[1], key[2]) is not None
        except GitFailedError:
            mergeable = False
        with self._lock:
            self._known[key] = mergeable
            self._asked.discard(key)

    def _word(self, repo: Repository, pull: PullRequest, *, mergeable: bool) -> str:
        if not mergeable:
            return "dirty"
        if pull.draft:
            return "draft"
        queued = queue_settings(self._hub, repo, pull.base_ref) is not None
        blockers = set(merge_blockers(self._hub, repo, pull, queued=queued).every)
        if blockers:
            return "behind" if blockers == {BEHIND} else "blocked"
        return "unstable" if unsuccessful_checks(self._hub, repo, pull.head_sha) else "clean"

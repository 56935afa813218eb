"""What an earlier approval of an issue left on a pull request: a new one does not remember it."""

from rigtasks.eventstore.store import EventStore
from rigtasks.lifecycle.state import stream_name


def is_left_unfinished(
    events: EventStore, *, repo_id: int, number: int, generation: int, head_sha: str
) -> bool:
    """Say whether a head is unfinished work that the rig pushed under an earlier approval.

    What somebody pushed onto it while that approval held is part of it. It counts as that, too,
    where the rig was about to push it and did not live to record what became of it.

    Args:
        events: the store.
        repo_id: of the issue's repository.
        number: of the issue.
        generation: of the new approval.
        head_sha: of the pull request.
    """
    for earlier in range(generation - 1, 0, -1):
        state = events.load(stream_name(repo_id, number, earlier)).state
        if state is None:
            continue
        if state.unfinished is not None and state.unfinished.head_sha == head_sha:
            return True
        if state.push_intent_sha == head_sha:
            return state.head_sha != head_sha
    return False

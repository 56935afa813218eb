"""What runs hand over: bundles of commits, verdicts, transcripts. Capped in size."""

from enum import StrEnum
from uuid import UUID

import msgspec

from rigtasks.errors import Permanent, Rejected
from rigtasks.eventstore.connection import Rows

_PUT = """
INSERT INTO artifacts (id, run_id, kind, data, size) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
"""
_GET = "SELECT id, run_id, kind, data FROM artifacts WHERE id = %s"
_FORGET = """
DELETE FROM artifacts
 WHERE kind = %s AND created_at < clock_timestamp() - make_interval(secs => %s) RETURNING id
"""


class ArtifactKind(StrEnum):
    """What an artifact is."""

    BUNDLE = "bundle"
    REVIEW = "review"
    TRANSCRIPT = "transcript"
    DIFF = "diff"
    VERDICT = "verdict"


_MEGABYTE = 1024 * 1024
#: The most bytes each kind may have.
LARGEST: dict[ArtifactKind, int] = {
    ArtifactKind.BUNDLE: 32 * _MEGABYTE,
    ArtifactKind.REVIEW: _MEGABYTE,
    ArtifactKind.TRANSCRIPT: 16 * _MEGABYTE,
    ArtifactKind.DIFF: 4 * _MEGABYTE,
    ArtifactKind.VERDICT: 4 * _MEGABYTE,
}


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact of one run."""

    id: UUID
    run_id: UUID
    kind: ArtifactKind
    data: bytes


class ArtifactTooLarge(Rejected):
    """An artifact is larger than its kind may be."""

    def __init__(self, kind: ArtifactKind, size: int) -> None:
        super().__init__(
            f"a {kind} of {size} bytes is larger than {LARGEST[kind]} bytes",
            code="artifact-too-large",
        )


class Artifacts:
    """Store and fetch artifacts. An artifact never changes; storing it again does nothing."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def put(self, artifact: Artifact) -> None:
        """Store an artifact under the id its maker chose.

        Raises:
            ArtifactTooLarge: it exceeds the size of its kind.
        """
        size = len(artifact.data)
        if size > LARGEST[artifact.kind]:
            raise ArtifactTooLarge(artifact.kind, size)
        self._database.rows(
            _PUT, (artifact.id, artifact.run_id, str(artifact.kind), artifact.data, size)
        )

    def get(self, artifact_id: UUID) -> Artifact:
        """Return an artifact.

        Raises:
            Permanent: there is none with this id, or its retention has passed.
        """
        found = self.find(artifact_id)
        if found is None:
            raise Permanent(f"artifact {artifact_id} does not exist any more")
        return found

    def find(self, artifact_id: UUID) -> Artifact | None:
        """Return an artifact, None where there is none."""
        rows = self._database.rows(_GET, (artifact_id,))
        if not rows:
            return None
        _, run_id, kind, data = rows[0]
        return Artifact(id=artifact_id, run_id=run_id, kind=ArtifactKind(kind), data=bytes(data))

    def forget(self, kind: ArtifactKind, *, older_than_seconds: float) -> int:
        """Delete the artifacts of a kind after their retention; return how many."""
        return len(self._database.rows(_FORGET, (str(kind), older_than_seconds)))

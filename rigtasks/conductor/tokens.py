"""Answer a run that asks for its token: read-only, for its own repository, sealed to its key."""

from datetime import timedelta
from uuid import UUID

from rigtasks.conductor.context import Conductor, repository_of
from rigtasks.conductor.rivals import rival_of
from rigtasks.errors import Permanent
from rigtasks.github.identities import Role
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState, Stage
from rigtasks.sealing import RunCredentials, sealed_for

_NOREPLY = "users.noreply"


def answer_run(conductor: Conductor, stream: str, run_id: UUID, epoch: int) -> str:
    """Seal the credentials of a run that holds its issue now; a run that lost it gets none."""
    asked = conductor.stores.run_tokens.get(run_id=run_id, epoch=epoch)
    if asked is None or asked.sealed is not None:
        return "ignored: nobody asked, or the answer was given"
    state = conductor.stores.events.load(stream).state
    if state is None or state.run is None or state.run.run_id != run_id or state.epoch != epoch:
        return "ignored: the run does not hold the issue"
    credentials = _credentials(conductor, state)
    conductor.stores.run_tokens.answer(
        run_id=run_id,
        epoch=epoch,
        sealed=sealed_for(credentials, asked.public_key),
        expires_at=conductor.now() + timedelta(hours=1),
    )
    if credentials.refused is not None:
        return f"refused: {credentials.refused}"
    return f"sealed a token for {state.repo}"


def _credentials(conductor: Conductor, state: IssueState) -> RunCredentials:
    repository = repository_of(state)
    if state.run is not None and state.run.stage is Stage.IMPLEMENT:
        rival = rival_of(conductor.api(Role.CONDUCTOR, state), state)
        if rival is not None:
            return RunCredentials(refused=rival, failure=FailureClass.POLICY)
    try:
        token = conductor.github.read_only_token(repository)
        author = conductor.api(Role.AUTHOR, state).account()
    except Permanent as error:
        return RunCredentials(refused=str(error), failure=FailureClass.ENVIRONMENT)
    return RunCredentials(
        token=token.value,
        clone_url=conductor.github.clone_url(repository),
        author_name=author.login,
        author_email=f"{author.id}+{author.login}@{_NOREPLY}.{conductor.mail_host}",
    )

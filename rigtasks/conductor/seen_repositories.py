"""Read a repository, and remember what the hard rule has to know of it under every later name."""

from rigtasks.conductor.context import Conductor
from rigtasks.github.api import Api
from rigtasks.github.repositories import ParentRepository, Repository, read_repository
from rigtasks.github.webhook_facts import RepositoryFact, WebhookFact, repositories_of
from rigtasks.routing.facts import RepositoryFacts
from rigtasks.routing.internal import RepositoryRef


def see_repository(conductor: Conductor, api: Api) -> Repository:
    """Read a repository as it is now and remember its names and ancestors.

    Raises:
        NotFound: the name belongs to a repository with another id now.
    """
    found = read_repository(api)
    facts = repository_facts(found)
    asked = RepositoryRef(id=found.id, full_name=api.repository.full_name)
    conductor.stores.repositories.see((asked, facts.ref))
    conductor.stores.repositories.see_fork(found.id, facts.ancestors)
    return found


def repository_facts(found: Repository) -> RepositoryFacts:
    """Return what intake and the hard rule look at of a repository."""
    ancestors = (one for one in (found.parent, found.source) if one is not None)
    return RepositoryFacts(
        ref=_ref(found), ancestors=tuple(map(_ref, ancestors)), archived=found.archived
    )


def note_repositories(conductor: Conductor, fact: WebhookFact) -> None:
    """Remember the repositories that a delivery names, and the name one had until now."""
    named = [RepositoryRef(id=one.id, full_name=one.full_name) for one in repositories_of(fact)]
    if isinstance(fact, RepositoryFact) and fact.former_name is not None:
        named.append(RepositoryRef(id=fact.repository.id, full_name=fact.former_name))
    conductor.stores.repositories.see(named)


def _ref(found: Repository | ParentRepository) -> RepositoryRef:
    return RepositoryRef(id=found.id, full_name=found.full_name)

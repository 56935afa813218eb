"""Which agents a repository may choose among: the operator's providers and models.

The choice is for the runs that implement. Who reviews them is the operator's alone, so that
nobody chooses the judge of their own work.
"""

import difflib

import msgspec

#: Names that a sentence lists.
_SHOWN = 12


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The agent of a run; `model` is None where the provider has none to choose."""

    provider: str
    model: str | None = None


class NotOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Why a repository does not get the agent it asks for, and who can do what."""

    sentence: str


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """What a repository may choose.

    Args:
        provider: whose agent works where a repository names none.
        models: of every offered provider; the first is asked for where a repository names none,
            and a provider without any has no choice of models.
    """

    provider: str
    models: dict[str, tuple[str, ...]]

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the offered providers, the rig's own one first."""
        return tuple(dict.fromkeys((self.provider, *sorted(self.models))))

    @property
    def usual(self) -> Choice:
        """Return what works where a repository chooses nothing."""
        return self._of(self.provider)

    @property
    def every(self) -> tuple[Choice, ...]:
        """Return everything that can be chosen."""
        return tuple(
            Choice(provider=name, model=model)
            for name in self.providers
            for model in (self.models.get(name) or (None,))
        )

    def choose(self, provider: str | None, model: str | None) -> Choice | NotOffered:
        """Return the agent that a repository asks for, or why it does not get it."""
        name = provider or self.provider
        if name not in self.providers:
            return NotOffered(
                sentence=_not_offered("provider", name, self.providers, "this rig does not offer")
            )
        offered = self.models.get(name, ())
        if model is None:
            return self._of(name)
        if model not in offered:
            lacks = f"this rig does not offer for {name}"
            return NotOffered(sentence=_not_offered("model", model, offered, lacks))
        return Choice(provider=name, model=model)

    def _of(self, provider: str) -> Choice:
        return Choice(provider=provider, model=next(iter(self.models.get(provider, ())), None))


def _not_offered(key: str, asked: str, offered: tuple[str, ...], lacks: str) -> str:
    close = difflib.get_close_matches(asked, offered, n=1)
    meant = f" Did you mean `{close[0]}`?" if close else ""
    listed = ", ".join(f"`{one}`" for one in offered[:_SHOWN]) or "none"
    return (
        f"`.rig-agent.yaml` asks for the {key} `{asked}`, which {lacks} (offered: {listed})."
        f"{meant} An operator of the rig adds it to RIG_OFFERED_MODELS, or somebody with write "
        f"permission changes the key `{key}` on the base branch"
    )

"""What a run consumed: tokens in four disjoint counters, and money where somebody knows it."""

from enum import StrEnum

import msgspec

from rigtasks.errors import Rejected


class CostBasis(StrEnum):
    """Where a cost comes from, from the surest to none at all."""

    REPORTED = "reported"
    COMPUTED = "computed"
    UNPRICED = "unpriced"


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, turns and cost of one or several calls of one model.

    The counters are disjoint: a token read from the cache is not counted as input as well.
    `cost_micro_usd` is None exactly when the basis is UNPRICED; unknown is never zero. A negative
    figure or a cost without a basis is `Rejected`.
    """

    model: str = ""
    turns: int = 0
    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    cost_micro_usd: int | None = None
    cost_basis: CostBasis = CostBasis.UNPRICED

    def __post_init__(self) -> None:
        figures = (
            self.turns,
            self.input_uncached,
            self.cache_read,
            self.cache_write,
            self.output,
        )
        if min(*figures, self.cost_micro_usd or 0) < 0:
            raise Rejected("Usage cannot be negative: report what was consumed.", code="bad-usage")
        if (self.cost_micro_usd is None) != (self.cost_basis is CostBasis.UNPRICED):
            raise Rejected(
                "A cost and its basis belong together: give both, or neither.", code="bad-usage"
            )

    def __add__(self, other: "Usage") -> "Usage":
        """Add a later usage; what one of them could not price, the sum cannot price either."""
        return Usage(
            model=other.model or self.model,
            turns=self.turns + other.turns,
            input_uncached=self.input_uncached + other.input_uncached,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            cost_micro_usd=_sum(self.cost_micro_usd, other.cost_micro_usd),
            cost_basis=_weaker(self.cost_basis, other.cost_basis),
        )

    @property
    def tokens(self) -> int:
        """Count all tokens, cached or not."""
        return self.input_uncached + self.cache_read + self.cache_write + self.output


NOTHING = Usage(cost_micro_usd=0, cost_basis=CostBasis.REPORTED)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _weaker(one: CostBasis, other: CostBasis) -> CostBasis:
    return max(one, other, key=tuple(CostBasis).index)

"""What tokens cost, by dated list prices that come with a package; nothing is looked up online."""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

import msgspec

_MICRO = 1_000_000
#: Some lists charge more for the whole request above so many input tokens, or a higher number.
_LOWEST_TIER = 128_000


class Vendor(StrEnum):
    """Whose price list counts."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model in four disjoint counters."""

    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def input(self) -> int:
        """Count what went in, cached or not."""
        return self.input_uncached + self.cache_read + self.cache_write

    def of_one(self, requests: int) -> "Tokens":
        """Return the share of one request, rounded up."""
        return Tokens(
            input_uncached=-(-self.input_uncached // requests),
            cache_read=-(-self.cache_read // requests),
            cache_write=-(-self.cache_write // requests),
            output=-(-self.output // requests),
        )


def price_micro_usd(
    tokens: Tokens,
    *,
    model: str,
    vendor: Vendor,
    requests: int = 1,
    at: datetime | None = None,
) -> int | None:
    """Return what tokens cost in micro-dollars, rounded up; None for a model without a price.

    Args:
        tokens: of all requests together.
        model: as the command line names it; dates and `[1m]` at its end are understood.
        vendor: whose model it is.
        requests: how many used them; long requests can be dearer than many short ones.
        at: when they were used, in UTC; None takes the prices of today.
    """
    if tokens.input + tokens.output == 0:
        return 0
    if tokens.input <= _LOWEST_TIER or requests <= 1:
        price = _list_price(tokens, model, vendor, at)
    else:
        one = _list_price(tokens.of_one(requests), model, vendor, at)
        price = None if one is None else one * requests
    return None if price is None else int((price * _MICRO).to_integral_value(ROUND_CEILING))


def _list_price(tokens: Tokens, model: str, vendor: Vendor, at: datetime | None) -> Decimal | None:
    # The lists take time and memory to load; only a process that prices something pays for them.
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    usage = Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        output_tokens=tokens.output,
    )
    try:
        found = calc_price(usage, model, provider_id=vendor.value, genai_request_timestamp=at)
    except LookupError:
        return None
    rates = found.model_price
    no_rate = (tokens.input and rates.input_mtok is None) or (
        tokens.output and rates.output_mtok is None
    )
    return None if no_rate else found.total_price

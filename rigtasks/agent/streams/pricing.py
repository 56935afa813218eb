"""Put the rig's own prices on what a tool reports; the tools' own figures are not believed."""

from datetime import datetime

import msgspec

from rigtasks.agent.events import AnyEvent, UsageReport
from rigtasks.agent.provider import LineParser
from rigtasks.budget.prices import Tokens, Vendor, price_micro_usd


def priced(parse: LineParser, vendor: Vendor, *, at: datetime | None = None) -> LineParser:
    """Return a parser whose usage reports carry a price wherever the list has one.

    Args:
        parse: the tool's parser.
        vendor: whose price list counts.
        at: when the tokens were used; None means today.
    """

    def parse_and_price(line: str) -> tuple[AnyEvent, ...]:
        return tuple(
            price_report(event, vendor, at) if isinstance(event, UsageReport) else event
            for event in parse(line)
        )

    return parse_and_price


def price_report(report: UsageReport, vendor: Vendor, at: datetime | None) -> UsageReport:
    """Price one report; one that counts nothing is free only when it is the tool's own sum."""
    tokens = Tokens(
        input_uncached=report.input_uncached,
        cache_read=report.cache_read,
        cache_write=report.cache_write,
        output=max(report.output, report.output_estimate),
    )
    if tokens == Tokens() and not report.cumulative:
        return report
    cost = price_micro_usd(tokens, model=report.model, vendor=vendor, requests=report.turns, at=at)
    return msgspec.structs.replace(report, cost_micro_usd=cost, computed=cost is not None)

"""The running parts behind the answers, made once for each sandbox."""

import msgspec

from rigtasks.local.github.ci import CiRunner
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.githttp import GitOverHttp
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.limits import RateLimits
from rigtasks.local.github.mergeability import MergeChecks
from rigtasks.local.github.webhooks import WebhookSender


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler can use besides the hub."""

    hub: Hub
    webhooks: WebhookSender
    faults: FaultInjector
    merge_checks: MergeChecks
    git_http: GitOverHttp
    ci: CiRunner
    limits: RateLimits

"""The channel on which relays hear that the outbox has new entries.

It is told after the commit, never within it: a notification in the transaction holds a lock of the
whole cluster, and one that gets lost costs a short poll.
"""

NOTIFY = "NOTIFY rig_outbox"
LISTEN = "LISTEN rig_outbox"

"""The channel on which relays hear that the outbox has new entries.

It is told after the commit, never within it: a notification in the transaction holds a lock of the
whole cluster, and one that gets lost costs a short poll.
"""

#: A notification is a transaction with a flush of its own, unless it is told not to wait for one.
NOTIFY = "SELECT set_config('synchronous_commit', 'off', true), pg_notify('rig_outbox', '')"
LISTEN = "LISTEN rig_outbox"

"""Git, one way: checkouts for agents, bundles from them, pushes with a lease.

No command of this package ever runs inside a directory an agent has written to.
"""

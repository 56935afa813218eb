"""Faults on purpose: a plan says which requests and webhooks go wrong, and how.

`plan` is the plan's shape, `decide` the pure rule of what strikes, `injector` what happened so far,
`disturbing` the shell around the server's answers, `cut` breaks connections.
"""

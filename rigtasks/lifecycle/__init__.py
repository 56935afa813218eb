"""The life of one issue: commands, events, state, decisions, reactions, timers. Pure."""

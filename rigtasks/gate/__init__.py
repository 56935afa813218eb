"""The merge gate: facts about one head, one rule per gate, a verdict that lists every blocker."""

"""One run from its claim to its bundle, and its publication on the conductor's side."""

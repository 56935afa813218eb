"""Where an issue goes and whether it may go at all: facts in, a typed decision out, no I/O."""

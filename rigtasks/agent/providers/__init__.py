"""One adapter per agent command line."""

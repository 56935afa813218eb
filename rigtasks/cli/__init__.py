"""The command line, `rig`."""

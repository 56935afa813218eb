"""The one-command stack: embedded servers, a sandbox GitHub and every process of the rig."""

"""The Engineering Rig: from a labelled issue to a merged pull request."""

__version__ = "0.1.0"

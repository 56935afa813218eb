"""The Engineering Rig: from a labelled issue to a merged pull request."""

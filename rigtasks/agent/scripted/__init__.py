"""The scripted agent: solves small, well reported bugs by rules, without a model.

It sees what any agent sees: a prompt, the files and the output of the tests. It searches small
edits that make the issue's own examples true, and gives up when there is none. Standard library
only, because it runs inside the sandbox with nothing of the rig but this directory.
"""

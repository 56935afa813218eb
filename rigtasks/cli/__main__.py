"""Run the command line as `python -m rigtasks.cli`."""

from rigtasks.cli.main import main

main()

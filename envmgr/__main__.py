"""`python -m envmgr`: the command line, where no command is installed."""

from envmgr.cli.main import main

main()

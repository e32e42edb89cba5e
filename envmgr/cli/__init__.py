"""The command line: arguments in, one call, its answer to words, an exit code out."""

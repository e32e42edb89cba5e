"""The entry point: nothing to do is said at once, everything else is parsed."""

import os
import sys


def main() -> None:
    """Run `envmgr` with the arguments of this process, and exit with its code."""
    try:
        _main(sys.argv[1:])
    except KeyboardInterrupt:  # before a command began, while its modules were read
        sys.exit(130)


def _main(arguments: list[str]) -> None:
    if arguments[:1] == ["realize"]:
        from envmgr.realize_hot import recall

        if (paths := recall(arguments[1:])) is not None:
            try:
                _print(paths)
            except OSError:
                pass  # there is no room for the answer: it is tried again where that is told
            else:
                return
    import threading

    from envmgr.cli.command_line import run

    code = run(arguments)
    if code and threading.active_count() > 1:  # what waits for a silent server must not hold the process up
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _print(paths: list[str]) -> None:
    try:
        sys.stdout.write("".join(f"{path}\n" for path in paths))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever asked went away: nothing is to be said, least of all at exit
        os._exit(1)

"""The entry point of the command and of `python -m envmgr`: nothing to do is said at once, everything else is parsed.

It stands here and not in `cli`, for each package that is read on the way costs a nothing-to-do some hundredths.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_end = posix._exit  # noqa: SLF001  it is `os._exit`, without the cost of reading `os`


FEW_COLLECTIONS = 100_000
"""New objects before Python looks for garbage: reading a command's modules makes 60,000, none of which is any."""


def main() -> None:
    """Run `envmgr` with the arguments of this process, and exit with its code."""
    try:
        _main(sys.argv[1:])
    except KeyboardInterrupt:  # before a command began, while its modules were read
        sys.exit(130)


def _main(arguments: list[str]) -> None:
    if arguments[:1] == ["realize"]:
        from envmgr.realize_hot import recall

        if (paths := recall(arguments)) is not None:
            try:  # noqa: SIM105  contextlib costs more than the answer
                _print(paths)
            except OSError:
                pass  # there is no room for it: it is tried again where that is told
    if arguments[:2] == ["cache", "push"]:
        from envmgr.push_hot import nothing

        if (text := nothing(arguments[2:])) is not None:
            _print([text])
    if sys.flags.no_site:  # the launcher starts without what is installed: up to here nothing of it is needed
        import site

        site.main()
    import gc
    import signal
    import threading

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever started this may ignore it, and nobody could be waited for
    gc.set_threshold(FEW_COLLECTIONS)
    from envmgr.cli.command_line import run

    try:
        code = run(arguments)
    finally:
        gc.freeze()  # else the interpreter's farewell goes through all of it
    if code and threading.active_count() > 1:  # what waits for a silent server must not hold the process up
        sys.stdout.flush()
        sys.stderr.flush()
        _end(code)
    sys.exit(code)


def _print(paths: list[str]) -> "NoReturn":
    """Print and end, without the interpreter's own farewell: nothing is open, and it takes a while."""
    text = "".join(f"{path}\n" for path in paths).encode(errors="surrogateescape")
    try:
        while text:
            text = text[posix.write(1, text) :]
    except BrokenPipeError:  # whoever asked went away: nothing is to be said
        _end(1)
    _end(0)


if __name__ == "__main__":
    main()

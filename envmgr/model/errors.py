"""What can go wrong, and the exit code that says so.

The classes here are the *kinds* of failure, one an exit code. A room that can fail for a cause of its
own derives a class from one of them and keeps the offending values as attributes.
"""

from typing import ClassVar


class EnvmgrError(Exception):
    """A failure that is understood: what happened and why, where, and what to do next."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "a fault of envmgr itself"

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix


class UsageError(EnvmgrError):
    """The command line cannot be understood."""

    exit_code = 2
    meaning = "usage"


class InvalidInputError(EnvmgrError):
    """A recipe, a configuration or a lockfile is not valid."""

    exit_code = 3
    meaning = "recipe, config or lockfile invalid"


class LockMismatchError(EnvmgrError):
    """What the recipes say, or what a build gave, is not what the lockfile pins."""

    exit_code = 4
    meaning = "the lockfile is out of date, or an output is not the locked one"


class BuildError(EnvmgrError):
    """A builder failed; the log says how."""

    exit_code = 5
    meaning = "a build failed"


class FetchError(EnvmgrError):
    """A source could not be fetched."""

    exit_code = 6
    meaning = "a source could not be fetched"


class IntegrityError(EnvmgrError):
    """A hash is wrong, an archive is unsafe, or the store is damaged."""

    exit_code = 7
    meaning = "integrity: a hash or signature is wrong, the store is damaged"


class InvalidResultError(EnvmgrError):
    """The benchmark ran, and LoadGen says INVALID."""

    exit_code = 8
    meaning = "the benchmark ran, LoadGen says INVALID"


class AccuracyError(EnvmgrError):
    """The benchmark ran, and its accuracy is below the target."""

    exit_code = 9
    meaning = "accuracy below target"


class SubmissionError(EnvmgrError):
    """A round of MLPerf refuses what was made, or what it was to be made of."""

    exit_code = 10
    meaning = "submission check failed"


class NotReproducibleError(EnvmgrError):
    """A rebuild gave other bytes than the first build."""

    exit_code = 11
    meaning = "a rebuild came out different"


class HostError(EnvmgrError):
    """The host lacks what the plan needs: a driver, a sandbox, disk, memory, a writable store."""

    exit_code = 12
    meaning = "the host lacks what the plan needs (driver, sandbox, disk, memory)"


class LockTimeoutError(EnvmgrError):
    """Another process held a path lock for longer than we wait."""

    exit_code = 13
    meaning = "waited too long for a path lock"


class NotStartedError(EnvmgrError):
    """`exec` or `shell` could not start a program: in that environment there is none of this name that can run."""

    exit_code = 127
    meaning = "exec, shell: the program could not be started"


INTERRUPTED = 130
"""The exit code after SIGINT; nothing is half done."""

"""A build that is one process: a recipe's own program, in a fixed environment."""

from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from envmgr.builders.action import ENVIRONMENT
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.interpreter import interpreter
from envmgr.builders.workplace import InvalidSettingsError, Workplace, read_settings

STEADY = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
}
"""What makes programs give the same bytes twice: sums depend on how many threads share them."""


class ScriptSettings(BaseModel):
    """What a script is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    argv: Annotated[tuple[str, ...], Field(min_length=1)]
    """The program and its arguments."""
    environment: dict[str, str] = {}
    """Environment variables; they may hold places, as `argv` may."""
    path: tuple[str, ...] = ()
    """Places of folders that come first in PATH."""
    python: str = ""
    """The ABI of the interpreter that `{python}` is, such as `cp311`."""
    python_env: str = ""
    """The role of a Python environment, which says the ABI and whose packages the interpreter finds."""


class ScriptBuilder:
    """Runs `argv` in the build folder; what it leaves in `{out}` is the output."""

    name: ClassVar[str] = "script"

    def build(self, task: BuildTask) -> BuildReport:
        """Run the script.

        Raises:
            InvalidInputError: the settings do not fit, or name a place that is not there.
            BuildError: the script failed, took too long or wrote too much.
            HostError: the interpreter that it asks for is not on this host.
        """
        settings = read_settings(ScriptSettings, task.derivation)
        abi = _environment_abi(settings, task) if settings.python_env else settings.python
        workplace = Workplace(task, interpreter(abi) if abi else None)
        argv = [workplace.fill(word) for word in settings.argv]
        workplace.run(argv, _environment(settings, workplace), workplace.build)
        return workplace.report()


def _environment(settings: ScriptSettings, workplace: Workplace) -> dict[str, str]:
    folders = [workplace.fill(folder) for folder in settings.path]
    environment = dict(STEADY)
    if workplace.interpreter is not None:
        folders.append(str(PurePosixPath(workplace.fill("{python}")).parent))
    if settings.python_env:
        environment["PYTHONPATH"] = workplace.fill(f"{{{settings.python_env}}}/lib/{{python.name}}/site-packages")
    environment["PATH"] = ":".join([*folders, ENVIRONMENT["PATH"]])
    given = {**workplace.task.derivation.environment, **settings.environment}
    return environment | {name: workplace.fill(value) for name, value in given.items()}


def _environment_abi(settings: ScriptSettings, task: BuildTask) -> str:
    role, label = settings.python_env, task.derivation.label
    if role not in task.inputs:
        raise InvalidSettingsError(label, "script", [f"python_env: there is no input {role!r}"])
    libraries = [path.parent.name for path in task.inputs[role].folder.glob("lib/python3.*/site-packages")]
    if len(libraries) != 1:
        raise InvalidSettingsError(label, "script", [f"python_env: the input {role!r} is no Python environment"])
    abi = libraries[0].replace("python3.", "cp3")
    if settings.python not in {"", abi}:
        raise InvalidSettingsError(label, "script", [f"python: is {settings.python}, but {role!r} is for {abi}"])
    return abi

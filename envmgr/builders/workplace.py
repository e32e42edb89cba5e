"""Where the processes of one build find things: its inputs, its output, its tools; and how they are run there.

Text of a recipe names places by placeholders: `{role}` is the place of an input, `{role.name}` its store path,
`{out}` and `{build}` the writable folders, `{jobs}` how many processes may run, `{python}` the interpreter and
`{python.name}` its name in paths, such as `python3.11`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from envmgr.builders.action import BUILD_PLACE, OUT_PLACE, STORE_PLACE, Action, require_success
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.interpreter import Interpreter
from envmgr.builders.placeholders import fill
from envmgr.model.derivation import Derivation
from envmgr.model.errors import InvalidInputError

Settings = TypeVar("Settings", bound=BaseModel)


class InvalidSettingsError(InvalidInputError):
    """The settings of a derivation are not what its builder takes."""

    def __init__(self, label: str, builder: str, problems: Sequence[str]) -> None:
        self.label, self.builder, self.problems = label, builder, list(problems)
        super().__init__(f"{label}: settings of the builder {builder} are invalid: {'; '.join(problems)}")


def read_settings(model: type[Settings], derivation: Derivation) -> Settings:
    """The settings of a derivation, checked.

    Raises:
        InvalidSettingsError: they do not fit; the error names the keys.
    """
    try:
        return model.model_validate(dict(derivation.settings))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InvalidSettingsError(derivation.label, derivation.builder, problems) from error


@dataclass(frozen=True)
class Workplace:
    """One build's places, as the processes of its executor see them."""

    task: BuildTask
    interpreter: Interpreter | None = None

    @property
    def out(self) -> str:
        """The place of the output."""
        return self.task.executor.place(self.task.out, OUT_PLACE)

    @property
    def build(self) -> str:
        """The place of the build folder, which is thrown away."""
        return self.task.executor.place(self.task.work, BUILD_PLACE)

    def input(self, role: str) -> str:
        """The place of an input."""
        item = self.task.inputs[role]
        return self.task.executor.place(item.folder, f"{STORE_PLACE}/{item.store_path}")

    def fill(self, text: str) -> str:
        """The text with its placeholders replaced.

        Raises:
            UnknownPlaceholderError: one of them names nothing.
        """
        return fill(text, self._names(), self.task.derivation.label)

    def _names(self) -> dict[str, str]:
        names = {role: self.input(role) for role in self.task.inputs}
        names |= {f"{role}.name": str(item.store_path) for role, item in self.task.inputs.items()}
        names |= {"out": self.out, "build": self.build, "jobs": str(self.task.jobs)}
        if self.interpreter is not None:
            names["python"] = self.interpreter.command(self.task.executor)
            names["python.name"] = self.interpreter.library_name
        return names

    def run(self, argv: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        """Run a process that sees the closure and the interpreter, and writes the output and the build folder.

        Raises:
            BuildError: it failed, took too long or wrote too much.
        """
        task = self.task
        readable = {f"{STORE_PLACE}/{path}": host for path, host in task.closure.items()}
        action = Action(
            argv=tuple(argv),
            environment=environment,
            readable=readable | (dict(self.interpreter.readable) if self.interpreter else {}),
            writable={OUT_PLACE: task.out, BUILD_PLACE: task.work},
            folder=folder,
            seconds=task.limits.seconds,
            output_bytes=task.limits.output_bytes,
            hidden=self.interpreter.hidden if self.interpreter else (),
        )
        require_success(task.executor.run(action, task.log), task.derivation.label, task.log)

    def report(self) -> BuildReport:
        """How this build was held, and what the host lent to it."""
        lent = dict(self.task.executor.bare_host)
        return BuildReport(self.task.executor.isolation, lent | (self.interpreter.record if self.interpreter else {}))

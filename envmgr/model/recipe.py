"""What a TOML recipe says, before anything is chosen.

A recipe describes one artifact (`build`), one benchmark run (`run`), or another recipe with some axes fixed (`use`).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import TypeAliasType

from envmgr.model.source import AddressPattern, FileName, Source
from envmgr.model.store_path import NAME_PATTERN, VERSION_PATTERN

Name = Annotated[str, Field(pattern=rf"^{NAME_PATTERN}$", max_length=80)]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
Version = Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$", max_length=60)]
Setting = TypeAliasType("Setting", "bool | int | str | list[Setting] | dict[str, Setting]")
"""A value of a setting: what has one canonical text (no floats, no nulls)."""
Scalar = str | int
When = dict[str, Scalar | tuple[Scalar, ...]]
SYSTEM = "system"
"""The axis whose values are systems: the one that is planned for chooses, and a lockfile's entries name it anyway."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputReference(_Part):
    """Another recipe as an input, with axes that this input fixes."""

    recipe: Name
    """The other recipe's name."""
    set: dict[Name, str] = {}
    """Axes of it, and of its inputs, with their values."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:  # noqa: ANN401  whatever TOML holds
        return {"recipe": value} if isinstance(value, str) else value


Input = Annotated[Name | InputReference, Field(union_mode="left_to_right")]


class Override(_Part):
    """What one value of an axis changes."""

    when: When = {}
    """The value is chosen where these host facts, or axes that stand before, are so, when nobody set the axis."""
    version: Version | None = None
    """The version of what the recipe then describes."""
    sources: dict[Role, Source] = {}
    """Sources that are added, or that replace those of the same role."""
    inputs: dict[Role, Input] = {}
    """Inputs that are added, or that replace those of the same role."""
    settings: dict[str, Setting] = {}
    """Settings of the build that are added or replaced, key by key."""
    requires: When = {}
    """Facts that a host must have, beside those of the recipe."""
    about_bytes: int | None = None
    """About how many bytes then come out."""
    targets: dict[str, int | float] = {}
    """Of a run: the least values of metrics, added to its own or in their stead."""


class Axis(BaseModel):
    """A closed list of values: every other key of this table is a value with what it changes."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Override]

    summary: str = ""
    """What is chosen, in a few words."""
    default: str | None = None
    """The value where nobody set one and no `when` holds."""

    @property
    def values(self) -> dict[str, Override]:
        """The values in the recipe's order."""
        return self.__pydantic_extra__

    @property
    def decides(self) -> bool:
        """Whether some value changes what is built; else the axis only fills in texts and conditions of a run."""
        return any(item.version or item.sources or item.inputs or item.settings for item in self.values.values())

    @model_validator(mode="after")
    def _default_is_a_value(self) -> Self:
        if self.default is not None and self.default not in self.values:
            raise ValueError(f"default {self.default!r} is none of the values {', '.join(self.values)}")
        return self


class Build(_Part):
    """How the artifact is made: a builder and its settings.

    Text in the settings may hold `{role}`, the place of an input, `{role.name}`, its store path, and the
    builder's own places, such as `{out}`.
    """

    builder: Literal["cmake", "fetch_files", "python_env", "script", "tree", "unpack"]
    """Who makes it."""
    urls: tuple[AddressPattern, ...] = ()
    """For `fetch_files`: where each file can be had, `{name}` being its name; these never reach a derivation."""
    settings: dict[str, Setting] = {}
    """What the builder is told; each builder has keys of its own."""
    environment: dict[str, str] = {}
    """Environment variables of the build's processes."""
    about_bytes: Annotated[int, Field(ge=0)] = 0
    """About how many bytes come out, for people who read the plan; it changes nothing. 0: few."""

    @model_validator(mode="after")
    def _fetches_from_somewhere(self) -> Self:
        if bool(self.urls) != (self.builder == "fetch_files"):
            raise ValueError("`urls` say where the builder `fetch_files` finds files; no other builder has any")
        return self


class Step(_Part):
    """One process of a run. It writes into `{step}`, its own folder below `{results}`.

    Where it leaves `metrics.json` (a flat object) or LoadGen's summary there, these become metrics of the run.
    """

    name: Name
    """The name of the step and of its folder."""
    when: When = {}
    """The step is taken only where these axes have these values."""
    command: Role | None = None
    """A command of the run whose words come before `argv`, and whose variables are set as well."""
    argv: Annotated[tuple[str, ...], Field(min_length=1)]
    """The program and its arguments; with `command`, more arguments of it."""
    environment: dict[str, str] = {}
    """Environment variables of the process."""


class Command(_Part):
    """What several steps call: a program with the arguments and variables that are theirs all."""

    argv: Annotated[tuple[str, ...], Field(min_length=1)]
    """The program and its arguments."""
    environment: dict[str, str] = {}
    """Environment variables of the process."""


class RunFile(_Part):
    """A file of a run that is there only under conditions."""

    when: When = {}
    """The file is written only where these axes have these values."""
    text: str
    """What it says."""


class Run(_Part):
    """A benchmark run: processes, one after another, over realised inputs."""

    settings: dict[Role, int | Literal[""]] = {}
    """Open values with their defaults, set like axes (`--set threads=4`). Empty text: not set unless somebody does."""
    files: dict[FileName, str | RunFile] = {}
    """Files that are written into the results before the first step, such as LoadGen's user.conf. A line that names a
    setting that is not set is left out."""
    commands: dict[Role, Command] = {}
    """What several steps call, by name."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """What is run, one after another."""
    targets: dict[str, int | float] = {}
    """The least value of a metric, held against it on full runs."""

    @model_validator(mode="after")
    def _steps_have_names_of_their_own(self) -> Self:
        names = [step.name for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError(f"two steps have one name, and so one folder: {', '.join(names)}")
        return self

    @model_validator(mode="after")
    def _commands_are_there(self) -> Self:
        for step in self.steps:
            if step.command is not None and step.command not in self.commands:
                known = ", ".join(self.commands) or "none"
                raise ValueError(f"step {step.name}: there is no command {step.command!r}; there are {known}")
        return self

    def spelled_out(self) -> tuple[Step, ...]:
        """The steps, with the words and variables of the commands that they call."""
        return tuple(self._spelled_out(step) for step in self.steps)

    def _spelled_out(self, step: Step) -> Step:
        if step.command is None:
            return step
        command = self.commands[step.command]
        changed = {"argv": command.argv + step.argv, "environment": command.environment | step.environment}
        return step.model_copy(update={"command": None, **changed})


class Refusal(_Part):
    """A combination that comes to nothing: whoever asks for it is told why before anything is built."""

    when: Annotated[When, Field(min_length=1)]
    """Refused where these axes all have these values."""
    why: Annotated[str, Field(min_length=1)]
    """The reason, for people; it changes nothing."""


class Recipe(_Part):
    """One file of `recipes/`."""

    name: Name
    """The recipe's name, and its file's."""
    version: Version
    """The version of what it describes."""
    summary: Annotated[str, Field(min_length=1, max_length=200)]
    """One line for people; it changes nothing."""
    license: str = ""
    """What the sources, and what is made of them, may be used under: an expression of SPDX's; it changes nothing."""
    sources: dict[Role, Source] = {}
    """Bytes that nobody builds, by role."""
    inputs: dict[Role, Input] = {}
    """Other recipes, by role: a name, or a name with axes that are fixed for it."""
    requires: When = {}
    """Facts that a host must have to run what has this recipe among its inputs; building asks for `system` only."""
    build: Build | None = None
    """How an artifact is made."""
    run: Run | None = None
    """What a benchmark run does."""
    use: InputReference | None = None
    """Another recipe that this one is, with some axes fixed."""
    variants: dict[Role, Axis] = {}
    """The axes, by name."""
    refusals: tuple[Refusal, ...] = ()
    """Values of axes that do not go together."""

    @field_validator("license")
    @classmethod
    def _is_an_expression(cls, value: str) -> str:
        """The expression as SPDX writes it; raises ValueError where it is none."""
        from packaging.licenses import canonicalize_license_expression

        return canonicalize_license_expression(value) if value else ""

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        bodies = [body for body in (self.build, self.run, self.use) if body is not None]
        if len(bodies) != 1:
            raise ValueError("a recipe has exactly one of the tables `build`, `run` and `use`")
        others = (self.sources, self.inputs, self.requires, self.variants, self.refusals)
        if self.use is not None and any(others):
            raise ValueError(
                "a recipe with `use` only fixes axes of another one: no sources, inputs, requires, variants or refusals"
            )
        return self

    @model_validator(mode="after")
    def _system_chooses_alone(self) -> Self:
        axis = self.variants.get(SYSTEM)
        if axis and (axis.default or any(value.when for value in axis.values.values())):
            raise ValueError(f"the axis `{SYSTEM}` goes by the system that is planned for: no `default`, no `when`")
        return self

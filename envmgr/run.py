"""From a locked plan to a recorded run: realised inputs in, processes one after another, a RunRecord out.

A run sees its closure, the interpreter and its own results folder, and has no network. What it leaves lies in
`runs/<id>/` of the store: a folder a step, the files that the recipe asked for, the texts of what it was made from
(`derivation.json` is the run's own, `derivations.jsonl` has all below it, one a line, inputs first), and `record.json`,
written last. A folder without a record is a run that did not end.
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from envmgr.builders.action import STORE_PLACE, Action, Executor, Exited, require_success
from envmgr.builders.interpreter import Interpreter, interpreter
from envmgr.builders.nvidia_driver import NvidiaDriver
from envmgr.builders.placeholders import fill
from envmgr.manifest import FileEntry, manifest_of
from envmgr.model.axis import holds
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError, InvalidInputError, UsageError
from envmgr.model.event import Event
from envmgr.model.host import HostFacts
from envmgr.model.loadgen_summary import summary_metrics
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.recipe import RunFile, Step
from envmgr.model.run_files import DERIVATION, DERIVATIONS, RECORD
from envmgr.model.run_record import FINITE, Metric, RunInput, RunRecord, SeriesPlace, StepRecord
from envmgr.planning.observe import observe
from envmgr.results.ledger import bring_up_to_date
from envmgr.results.loadgen_logs import SUMMARY
from envmgr.store.durable import write_file
from envmgr.store.path_lock import exclusive
from envmgr.store.roots import Root
from envmgr.store.store import Store

RESULTS_PLACE = "/envmgr/results"
LONGEST_SECONDS = 7 * 24 * 3600.0
MOST_OUTPUT_BYTES = 64 * 2**30
METRICS: TypeAdapter[dict[str, Metric]] = TypeAdapter(dict[str, Metric], config=FINITE)


class NotARunError(InvalidInputError):
    """The recipe describes an artifact, not a run."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is no benchmark: its recipe has no table `run`", fix=f"envmgr realize {name}")


class TakenVariableError(UsageError):
    """A variable was set that a step of the recipe sets itself."""

    def __init__(self, recipe: str, step: str, variable: str) -> None:
        self.recipe, self.step, self.variable = recipe, step, variable
        super().__init__(
            f"step {step} of {recipe} sets {variable} itself", fix=f"leave {variable} out, or change the recipe"
        )


class MetricsError(BuildError):
    """What a step left as its metrics is no flat object."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(
            f"the metrics of a step are no flat JSON object: {why}",
            where=str(file),
            fix="let the step write one object of names to numbers, texts or booleans",
        )


@dataclass(frozen=True)
class Question:
    """What is to be run: a plan, what its inputs came to, and what was set."""

    node: Node
    inputs: Mapping[Digest, Realisation | RunInput]
    """By derivation digest: realised just now, or as a run recorded them."""
    settings: Mapping[str, int | float]
    """The open values that have one."""
    lockfile: Digest | None
    facts: HostFacts
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for every step, beside those of the recipe."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Inputs that are another recipe's than the benchmark's, by role."""
    driver: NvidiaDriver | None = None
    """What is lent of NVIDIA's driver, where the plan uses it."""
    series: SeriesPlace | None = None
    """Where the run stands in a series; None for one that stands alone."""
    replays: str = ""
    """Id of the run that it repeats."""


def run(
    question: Question, store: Store, executor: Executor, notice: Callable[[Event], None] = lambda event: None
) -> RunRecord:
    """Run every step that the axes ask for, and record the run.

    Raises:
        NotARunError: the plan is of an artifact.
        TakenVariableError: a step sets one of the variables itself; no step was run.
        UnknownPlaceholderError: a text of the recipe names nothing; no step was run.
        BuildError: a step failed, or left unreadable metrics; its output is in the run's folder.
        HostError: the interpreter that the plan was made for is not here.
        ReadOnlyStoreError: the store cannot be written.
    """
    return _Run(question, store, executor, notice).go()


class _Run:
    """One run under way."""

    def __init__(self, question: Question, store: Store, executor: Executor, notice: Callable[[Event], None]) -> None:
        if question.node.run is None:
            raise NotARunError(question.node.recipe)
        self.question, self.store, self.executor, self.notice = question, store, executor, notice
        self.node, self.plan = question.node, question.node.run
        self.id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        self.folder = store.layout.runs / self.id
        self.closure = store.closure(self._input(role).store_path for role in self.node.inputs)
        abi = self.node.choices.get("python")
        self.interpreter: Interpreter | None = interpreter(abi) if abi else None

    def go(self) -> RunRecord:
        """Everything, in order."""
        self.store.require_writable()
        names = self._names()
        files = self._files(names) | self._derivations()
        taken = [step for step in self.plan.spelled_out() if holds(step.when, self.node.choices.__getitem__)]
        actions = {step.name: self._action(step, names) for step in taken}
        self.store.hold(self.closure)
        with exclusive(self.store.layout.run_lock(self.id), holder=f"run {self.id}", timeout=0):
            return self._recorded(files, actions)

    def _recorded(self, files: Mapping[str, bytes], actions: Mapping[str, Action]) -> RunRecord:
        started, clock, before = datetime.now(UTC), time.monotonic(), observe()
        self.folder.mkdir(parents=True)
        for file, text in files.items():
            (self.folder / file).write_bytes(text)
        steps = [self._step(name, action) for name, action in actions.items()]
        metrics = self._metrics(steps)
        record = RunRecord(
            id=self.id,
            recipe=self.node.recipe,
            version=self.node.derivation.version,
            axes=dict(sorted(self.node.choices.items())),
            settings=dict(self.question.settings),
            environment=dict(sorted(self.question.environment.items())),
            replaced=dict(sorted(self.question.replaced.items())),
            targets=self.plan.targets,
            replays=self.question.replays,
            derivation=self.node.digest,
            lockfile=self.question.lockfile,
            inputs={role: self._described(role) for role in self.node.inputs},
            closure=tuple(sorted(self.closure)),
            isolation=self.executor.isolation,
            files={name: Digest.of(text) for name, text in sorted(files.items())},
            bare_host=self._lent(),
            host=self.question.facts,
            before=before,
            after=observe(),
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 3),
            steps=tuple(steps),
            metrics=metrics,
            exit_code=self._exit_code(metrics),
            series=self.question.series,
        )
        self._keep(record)
        return record

    def _files(self, names: Mapping[str, str]) -> dict[str, bytes]:
        """The files that the axes ask for, by name; without the lines that name what is not set."""
        unset = [f"{{{name}}}" for name in self.plan.settings.keys() - self.question.settings.keys()]
        texts = {name: RunFile(text=file) if isinstance(file, str) else file for name, file in self.plan.files.items()}
        return {
            name: "".join(
                fill(line, names, self.node.recipe)
                for line in file.text.splitlines(keepends=True)
                if not any(word in line for word in unset)
            ).encode()
            for name, file in texts.items()
            if holds(file.when, self.node.choices.__getitem__)
        }

    def _derivations(self) -> dict[str, bytes]:
        """The texts of what the run was made from: objects are collected, recipes change, a result stays."""
        *below, own = (item.derivation.text for item in self.node.walk())
        return {DERIVATION: own, DERIVATIONS: b"".join(text + b"\n" for text in below)}

    def _keep(self, record: RunRecord) -> None:
        """Write the record, last of all, and keep what it speaks of as long as its folder is there."""
        reason = f"run of {self.node.recipe}"
        root = Root("run", self.id, record.closure, reason, anchor=f"runs/{self.id}")
        self.store.add_root(root)
        with self.store.stage("record") as draft:
            write_file(self.folder / RECORD, record.text().encode(), scratch=draft.work)
        bring_up_to_date(self.store.layout.runs)

    def _step(self, name: str, action: Action) -> StepRecord:
        folder = self.folder / name
        folder.mkdir()
        log, clock = folder / "output.txt", time.monotonic()
        self.notice(Event("started", name, "run", log=log))
        outcome = self.executor.run(action, log, lambda line: self.notice(Event("said", name, "run", text=line)))
        require_success(outcome, name, log)
        seconds = time.monotonic() - clock
        self.notice(Event("finished", name, "run", seconds=seconds))
        return StepRecord(
            name=name,
            argv=action.argv,
            seconds=round(seconds, 3),
            exit_code=outcome.code if isinstance(outcome, Exited) else 1,
            files={
                f"{name}/{entry.path}": Digest(entry.sha256)
                for entry in manifest_of(folder).entries
                if isinstance(entry, FileEntry)
            },
        )

    def _action(self, step: Step, names: Mapping[str, str]) -> Action:
        if taken := sorted(step.environment.keys() & self.question.environment.keys()):
            raise TakenVariableError(self.node.recipe, step.name, taken[0])
        names = {**names, "step": f"{names['results']}/{step.name}"}
        readable = {f"{STORE_PLACE}/{path}": folder for path, folder in self.closure.items()}
        driver = self.question.driver
        return Action(
            argv=tuple(fill(word, names, self.node.recipe) for word in step.argv),
            environment={key: fill(value, names, self.node.recipe) for key, value in step.environment.items()}
            | dict(self.question.environment),
            readable={
                **readable,
                **(self.interpreter.readable if self.interpreter else {}),
                **(driver.readable if driver else {}),
            },
            writable={RESULTS_PLACE: self.folder},
            folder=names["results"],
            seconds=LONGEST_SECONDS,
            output_bytes=MOST_OUTPUT_BYTES,
            hidden=self.interpreter.hidden if self.interpreter else (),
            devices=driver.devices if driver else {},
        )

    def _names(self) -> dict[str, str]:
        """What the recipe's texts may name: inputs, axes, settings, the results, the interpreter."""
        names = {key: str(value) for key, value in self.question.settings.items()} | dict(self.node.choices)
        for role in self.node.inputs:
            path = self._input(role).store_path
            names[role] = self.executor.place(self.store.folder(path), f"{STORE_PLACE}/{path}")
            names[f"{role}.name"] = str(path)
        names["results"] = self.executor.place(self.folder, RESULTS_PLACE)
        names["cores"] = str(len(os.sched_getaffinity(0)))
        if self.interpreter is not None:
            names["python"] = self.interpreter.command(self.executor)
            names["python.name"] = self.interpreter.library_name
        return names

    def _input(self, role: str) -> Realisation | RunInput:
        return self.question.inputs[self.node.inputs[role].digest]

    def _lent(self) -> dict[str, str]:
        """What the host lends, by digest."""
        tools = [tool.record for tool in (self.interpreter, self.question.driver) if tool is not None]
        return {name: digest for record in (self.executor.bare_host, *tools) for name, digest in record.items()}

    def _described(self, role: str) -> RunInput:
        item = self._input(role)
        return RunInput(
            derivation=item.derivation, store_path=item.store_path, manifest=item.manifest, isolation=item.isolation
        )

    def _metrics(self, steps: list[StepRecord]) -> dict[str, Metric]:
        metrics: dict[str, Metric] = {}
        for step in steps:
            folder = self.folder / step.name
            if (folder / "metrics.json").is_file():
                metrics |= _read_metrics(folder / "metrics.json")
            if (folder / SUMMARY).is_file():
                metrics |= summary_metrics((folder / SUMMARY).read_text())
        return metrics

    def _exit_code(self, metrics: Mapping[str, Metric]) -> int:
        """8 where LoadGen says INVALID; 9 where a metric is below its target, on a run over all samples."""
        if metrics.get("result_valid") is False:
            return 8
        full = self.question.settings.get("count", 0) == 0
        if full and any(float(metrics.get(name, least)) < least for name, least in self.plan.targets.items()):
            return 9
        return 0


def _read_metrics(file: Path) -> dict[str, Metric]:
    try:
        return METRICS.validate_json(file.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        named = [f"{name} is no finite number, text or boolean" for name in fault["loc"][:1]]
        raise MetricsError(file, "".join(named) or fault["msg"]) from error

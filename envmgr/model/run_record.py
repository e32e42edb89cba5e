"""What was run, on what, with what result: the proof that a run leaves behind."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from envmgr.model.digest import Digest
from envmgr.model.host import HostFacts
from envmgr.model.realisation import Isolation
from envmgr.model.store_path import StorePath


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("it has more than 64 bits")
    return number


Metric = bool | Annotated[int, AfterValidator(_in_64_bits)] | float | str
"""A number is finite, and no larger than programs reckon with."""
FINITE = ConfigDict(allow_inf_nan=False)


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path} leads out of the run's folder")
    return path


FilePath = Annotated[str, AfterValidator(_inside)]
"""Of a file, below the run's folder."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", **FINITE)


class Observation(_Part):
    """The state of the machine at one moment: what may move a number and is no fact."""

    load_1m: float
    """Processes that ran or waited, over the last minute."""
    memory_available_bytes: int
    governor: str
    """The frequency governor of the first core; empty where the kernel shows none."""
    frequency_khz: int
    """Of the first core; 0 where the kernel shows none."""
    steal_seconds: float = 0.0
    """Processor time since boot that the hypervisor gave to others, over all cores."""
    busy_seconds: float = 0.0
    """Processor time since boot that processes took, over all cores."""
    own_seconds: float = 0.0
    """Processor time of it that this envmgr and all that it had started took."""


class RunInput(_Part):
    """One input of a run."""

    derivation: Digest
    store_path: StorePath
    manifest: Digest
    isolation: Isolation
    """How it was held when it was built."""


class StepRecord(_Part):
    """One process of the run."""

    name: str
    argv: tuple[str, ...]
    seconds: float
    exit_code: int
    files: dict[FilePath, Digest] = {}
    """What it left in the results, by path below the run's folder."""


class SeriesPlace(_Part):
    """Where a run stands in a series, in which configurations take turns."""

    series: str
    """Id of the series."""
    configuration: str
    """Its label: what sets it apart from the others, such as `implementation=python`."""
    round: int
    """From 1 on; 0 is warm-up, which no statistic counts."""


class Recorded(_Part):
    """What is known of every run, wherever it was made. Its files lie beside the record, in the run's folder."""

    id: str
    recipe: str
    version: str
    axes: dict[str, str]
    settings: dict[str, int | float]
    started: str
    """UTC, ISO 8601."""
    seconds: float
    steps: tuple[StepRecord, ...]
    metrics: dict[str, Metric]
    exit_code: int
    """0, 8 (LoadGen says INVALID) or 9 (accuracy below target)."""
    series: SeriesPlace | None = None
    """Null for a run that stands alone."""

    def text(self) -> str:
        """The record as JSON."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


class RunRecord(Recorded):
    """A run from end to end, made here."""

    schema_: Literal["envmgr.run/1"] = Field(default="envmgr.run/1", alias="schema")
    environment: dict[str, str] = {}
    """Variables that every step got from the command line."""
    replaced: dict[str, str] = {}
    """Inputs in whose place the command line put another recipe, by role: `recipe` or `recipe@version`."""
    targets: dict[str, int | float] = {}
    """The least values of metrics that its recipe asks for, held against it where it looked at all samples."""
    replays: str = ""
    """Id of the run that it repeats; empty for one that was asked for by itself."""
    derivation: Digest
    lockfile: Digest | None
    """Digest of the lockfile's bytes; null for a run without one."""
    inputs: dict[str, RunInput]
    closure: tuple[StorePath, ...]
    """Every object that the run could see, sorted."""
    isolation: Isolation
    files: dict[FilePath, Digest] = {}
    """What lay in the run's folder before the first step, such as LoadGen's user.conf."""
    bare_host: dict[str, str]
    """What the host lent: file names to digests."""
    host: HostFacts
    before: Observation
    after: Observation

    @classmethod
    def parse(cls, text: str) -> "RunRecord":
        """The pair of `text`; raises pydantic's ValidationError where the text is no record."""
        return cls.model_validate_json(text)


class ImportedRecord(Recorded):
    """A run made elsewhere, of which LoadGen's logs are all that is known."""

    schema_: Literal["envmgr.imported-run/1"] = Field(default="envmgr.imported-run/1", alias="schema")
    source: str
    """The folder that the logs were in, by its name."""


AnyRecord = RunRecord | ImportedRecord
_READER: TypeAdapter[AnyRecord] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="schema_")])


def parse_record(text: str) -> AnyRecord:
    """The pair of `Recorded.text`; raises pydantic's ValidationError where the text is no record."""
    return _READER.validate_json(text)

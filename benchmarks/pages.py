"""The pages of results: a report of a run over all of Open Images, and a dashboard of 1,000 runs; whole processes.

LoadGen is not run: a generator writes what it would leave behind (trace, accuracy log), and what there is to be found.
"""

import random
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.many_runs import leave_runs, made_up
from benchmarks.paired import rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row
from envmgr.model.digest import Digest
from envmgr.model.run_record import RunInput, RunRecord
from envmgr.model.store_path import StorePath
from tests.loadgen import write_annotations, write_answers, write_measurement

SAMPLES, CLASSES, OBJECTS, ANSWERED = 24_781, 264, 6, 20
"""As Open Images has them, and how many boxes a picture has and gets, about."""
PICTURE_BYTES = 45_000
"""Almost as large as a picture in a report may be."""
RUNS = 1000
ROUNDS = 5
MOST_SECONDS, MOST_KILOBYTES, MOST_DASHBOARD_SECONDS = 2.0, 600.0, 3.0


def measure_report(checkout: Checkout) -> list[Row]:
    """Two rows, seconds and kilobytes. The peer is the report of the same run without logs."""
    with checkout.scratch("report") as folder:
        store = Checkout(folder / "store", checkout.folder, checkout.environment)
        full, bare = _leave_full_run(store, folder), made_up(1)
        _leave(folder / "store", bare)
        pages = {run.id: folder / f"{run.id}.html" for run in (full, bare)}
        measured = rounds(
            ROUNDS,
            {
                run: lambda run=run, page=page: seconds(lambda: store.envmgr("report", run, "-o", str(page)))  # type: ignore[misc]
                for run, page in pages.items()
            },
        )
        kilobytes = {run: page.stat().st_size / 1000 for run, page in pages.items()}
    took = {run: median(turn[run] for turn in measured) for run in pages}
    return [
        Row("report", took[full.id], "s", MOST_SECONDS, "<=", took[full.id], took[bare.id]),
        Row("report-size", kilobytes[full.id], "kB", MOST_KILOBYTES, "<=", kilobytes[full.id], kilobytes[bare.id]),
    ]


def measure_dashboard(checkout: Checkout) -> list[Row]:
    """One row: seconds for 1,000 runs, with reports of the ten newest. The peer is the list of the same runs."""
    with checkout.scratch("dashboard") as folder:
        store = Checkout(folder / "store", checkout.folder, checkout.environment)
        leave_runs(folder / "store" / "runs", RUNS)
        measured = rounds(
            ROUNDS,
            {
                "ours": lambda: seconds(lambda: store.envmgr("dashboard", "-o", str(folder / "board"))),
                "peer": lambda: seconds(lambda: store.envmgr("runs", "list", "--json")),
            },
        )
    ours, peer = (median(turn[side] for turn in measured) for side in ("ours", "peer"))
    return [Row("dashboard-1000", ours, "s", MOST_DASHBOARD_SECONDS, "<=", ours, peer)]


def _leave_full_run(store: Checkout, folder: Path) -> RunRecord:
    """A run of all samples: its record and logs, and its data as an object of the store."""
    project = Project(folder / "project")
    _write_data(project.folder / "data")
    project.recipe("data", "builder = 'tree'", head="[sources]\ndata = { kind = 'local', path = '../data' }\n")
    made = project.envmgr(folder / "store", "realize", "data", environ=store.environ)
    path, digest = StorePath.parse(Path(made.split()[-1]).name), Digest.of(b"")
    part = RunInput(derivation=digest, store_path=path, manifest=digest, isolation="sandboxed")
    record = made_up(0).model_copy(update={"inputs": {"tensors": part}, "closure": (path,)})
    logs = _leave(folder / "store", record)
    draw = random.Random(1)  # noqa: S311  a fixed draw, no secret
    write_measurement(logs / "performance", [(place, int(draw.lognormvariate(16, 0.5))) for place in range(SAMPLES)])
    write_answers(logs / "accuracy", {sample: [_answer(draw) for _ in range(ANSWERED)] for sample in range(SAMPLES)})
    classes = ", ".join(f'{{"name": "class {place}", "AP": 0.4, "AP50": 0.5}}' for place in range(CLASSES))
    (logs / "classes.json").write_text(f"[{classes}]")
    return record


def _leave(store: Path, record: RunRecord) -> Path:
    folder = store / "runs" / record.id
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(record.text())
    return folder


def _write_data(folder: Path) -> None:
    """Annotations of all samples, and the pictures of those that a report shows."""
    draw = random.Random(2)  # noqa: S311  as above
    boxes = {
        sample: [(draw.randrange(CLASSES), [draw.uniform(0, 50) for _ in range(4)]) for _ in range(OBJECTS)]
        for sample in range(SAMPLES)
    }
    write_annotations(
        folder / "annotations/openimages-mlperf.json", [f"class {place}" for place in range(CLASSES)], boxes
    )
    (folder / "validation/data").mkdir(parents=True)
    for sample in range(10):
        (folder / f"validation/data/{sample}.jpg").write_bytes(b"\xff\xd8" + draw.randbytes(PICTURE_BYTES))


def _answer(draw: random.Random) -> tuple[float, ...]:
    """An object: top, left, bottom, right, score, label."""
    top, left = draw.uniform(0, 0.5), draw.uniform(0, 0.5)
    return top, left, top + 0.3, left + 0.3, draw.random(), draw.randrange(CLASSES)

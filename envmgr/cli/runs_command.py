"""`envmgr runs`: the recorded runs."""

from envmgr.cli.lazy_group import LazyGroup

command = LazyGroup(
    "runs",
    module="envmgr.cli.runs.{}_runs",
    lines={
        "list": "The runs in a table, the newest last.",
        "show": "A run: what it was, what came of it, on what.",
        "replay": "Repeat a run as it was, whatever the recipes say today.",
        "export": "Runs as JSON, CSV, or in the form of hyperfine, asv, MLflow, W&B.",
        "import": "Take in runs that were made elsewhere, from LoadGen's logs.",
        "rm": "Remove runs for good.",
        "verify": "Whether runs are still what their records say.",
    },
    help="List, look at, check, repeat, take in, hand out and remove recorded runs.",
)

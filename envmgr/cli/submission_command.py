"""`envmgr submission`: from recorded runs to what MLPerf takes."""

from envmgr.cli.lazy_group import LazyGroup

command = LazyGroup(
    "submission",
    module="envmgr.cli.submission.{}",
    lines={
        "check": "Hold a tree against every rule of a round.",
        "create": "Make the tree of a round from runs.",
        "package": "A tree as one archive.",
    },
    help="From recorded runs to what MLPerf takes.",
)

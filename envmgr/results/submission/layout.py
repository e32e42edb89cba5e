"""Where the parts of a submission lie below `<division>/<submitter>/`: the form of a round's tree."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Paths with `{system}`, `{model}` and `{scenario}` in them."""

    measurements: str
    """The file that says what was measured, and with which weights."""
    settings: str
    """The folder of `user.conf` and README.md."""
    audits: str
    """The folder of TEST01."""
    code: str
    """The folder of what it was made with."""

    def at(self, path: str, system: str, model: str, scenario: str) -> str:
        """One of the paths, filled in."""
        return path.format(system=system, model=model, scenario=scenario)


RESULTS = "results/{system}/{model}/{scenario}"
"""Where the logs lie, in every form."""
SYSTEM = "systems/{system}.json"
APART = Layout(
    measurements="measurements/{system}/{model}/{scenario}/{system}.json",
    settings="measurements/{system}/{model}/{scenario}",
    audits="compliance/{system}/{model}/{scenario}",
    code="code/{model}",
)
"""Up to round v5.1: each kind in a folder of its own."""
TOGETHER = Layout(measurements=f"{RESULTS}/measurements.json", settings=RESULTS, audits=RESULTS, code="src/{model}")
"""From round v6.0 on: all that speaks of a scenario lies beside its logs."""

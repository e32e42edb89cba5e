"""The files of a run's folder that every run has, by name."""

RECORD = "record.json"
"""Written last: a run that did not end has none."""
DERIVATION = "derivation.json"
"""The derivation text of the run."""
DERIVATIONS = "derivations.jsonl"
"""The texts of all derivations below it, one a line, inputs first."""

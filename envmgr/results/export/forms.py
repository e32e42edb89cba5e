"""The forms that runs can be handed out in, by name."""

from collections.abc import Callable, Mapping, Sequence

from envmgr.results.export import asv, hyperfine, mlflow, wandb
from envmgr.results.fields import Fields

Files = Mapping[str, str]
"""Texts by path; one that stands alone has no path."""

FORMS: Mapping[str, Callable[[Sequence[Fields]], Files]] = {
    "hyperfine": hyperfine.files,
    "asv": asv.files,
    "mlflow": mlflow.files,
    "wandb": wandb.files,
}

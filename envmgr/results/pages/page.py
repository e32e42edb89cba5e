"""One HTML file from a template: its style and its script stand in it, and nothing else may run or be asked for.

The policy of the page (Content-Security-Policy) lets run what has the digest of that style and that script, and shows
pictures that stand in the page. A browser that is tricked into more refuses it.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.results.pages import words

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent


def page(template: str, styles: Sequence[str], scripts: Sequence[str], values: Mapping[str, object]) -> str:
    """Fill in a template of this folder; `style`, `script` and `policy` are known to it beside the values."""
    from markupsafe import Markup

    style, script = ("\n".join(map(text, names)) for names in (styles, scripts))
    return (
        environment()
        .get_template(template)
        .render(**values, style=Markup(style), script=Markup(script), policy=policy(style, script))  # noqa: S704  files of this folder
    )


def policy(style: str, script: str) -> str:
    """What a browser may do with a page that has this style and this script: nothing beyond."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def text(name: str) -> str:
    """A file of this folder."""
    return (HERE / name).read_text(encoding="utf-8")


@cache
def environment() -> "Environment":
    """The templates: everything that is filled in is escaped, and a name that nothing has is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"figure": lambda value, metric: words.figure(metric, value), "metric": words.name}
    made.filters |= {"size": words.size, "digits": words.digits}
    return made


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

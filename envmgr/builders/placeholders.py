"""Places that a recipe's texts name: `{role}`, `{role.name}`, `{out}`, whatever the one who fills them knows.

`${word}` is the shell's or CMake's, and stays as it is; so do braces around anything but a name.
"""

import re
from collections.abc import Mapping

from envmgr.model.errors import InvalidInputError
from envmgr.model.names import did_you_mean

PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z][a-z0-9_-]*(?:\.name)?)\}")


class UnknownPlaceholderError(InvalidInputError):
    """Text of a recipe names a place that is not there."""

    def __init__(self, label: str, name: str, text: str, known: Mapping[str, str]) -> None:
        self.label, self.name, self.text, self.known = label, name, text, sorted(known)
        near = did_you_mean(name, known)
        listed = ", ".join(f"{{{item}}}" for item in self.known)
        super().__init__(
            f"{label}: {{{name}}} in {text!r} names nothing; known are {listed}",
            fix=f"did you mean {{{near}}}?" if near else "name an input by its role, or one of the known places",
        )


def fill(text: str, names: Mapping[str, str], label: str) -> str:
    """The text with each `{name}` replaced by what `names` says; `label` says in errors whose text it is.

    Raises:
        UnknownPlaceholderError: a name is not among `names`.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise UnknownPlaceholderError(label, match[1], text, names)
        return names[match[1]]

    return PLACEHOLDER.sub(value, text)

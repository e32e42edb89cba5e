"""A text with commands of CM's or MLCFlow's, read into calls: action, tags, variations, flags."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from envmgr.model.errors import UsageError

RUN_SCRIPT = ("run", "script")
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "cm": (),
    "cmr": RUN_SCRIPT,
    "cmx": (),
    "cmlc": (),
    "cmlcr": RUN_SCRIPT,
    "mlc": (),
    "mlcr": RUN_SCRIPT,
    "mlcd": ("docker", "script"),
    "mlcp": ("pull", "repo"),
}
"""The programs, and the action that the name of each stands for."""
NOUNS = {"script": "script", "cache": "cache", "repo": "repo", "repos": "repo", "core": "core"}
ACTIONS = ("docker", "find", "list", "ls", "prune", "pull", "rm", "run", "search", "show", "update")


class NotACommandError(UsageError):
    """A line is no command of CM's or MLCFlow's."""

    def __init__(self, line: str, why: str) -> None:
        self.line = line
        super().__init__(f"not a command of CM or MLCFlow: {why}", where=line, fix='such as: "cm run script --tags=…"')


@dataclass(frozen=True)
class Call:
    """One command, taken apart."""

    text: str
    """As it was written, on one line."""
    action: tuple[str, ...]
    """Such as `run script`, `rm cache` or `pip install`."""
    operands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variations: tuple[str, ...] = ()
    """Without their underscores."""
    flags: tuple[tuple[str, str], ...] = ()
    """Names without dashes, and values; `yes` for a flag that has none."""


def read(text: str) -> list[Call]:
    """The commands of a text, one a line (or several, joined by `&&` or `;`).

    Raises:
        NotACommandError: a line can't be taken apart, or starts another program.
    """
    lines = text.replace("\\\n", " ").splitlines()
    return [_call(words) for line in lines for words in _commands(line)]


def _commands(line: str) -> Iterator[list[str]]:
    parts = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=";&|")
    parts.whitespace_split = True
    words: list[str] = []
    try:
        for word in parts:
            if set(word) <= set(";&|"):
                yield from [words] if words else []
                words = []
            else:
                words.append(word)
    except ValueError as error:
        raise NotACommandError(line.strip(), str(error).lower()) from error
    yield from [words] if words else []


def _call(words: Sequence[str]) -> Call:
    text = shlex.join(words)
    if words[:2] in (["python", "-m"], ["python3", "-m"]):
        words = words[2:]
    if words[:2] in (["pip", "install"], ["pip3", "install"]):
        names = [word for word in words[2:] if not word.startswith("-")]
        return Call(text, ("pip", "install"), operands=tuple(names))
    program, *rest = words
    if program not in PROGRAMS:
        raise NotACommandError(text, f"{program!r} is another program")
    return _taken_apart(text, PROGRAMS[program], rest)


def _taken_apart(text: str, action: tuple[str, ...], words: Sequence[str]) -> Call:
    given = list(action)
    plain = [word for word in words if not word.startswith("-")]
    flags = [_flag(word) for word in words if word.startswith("-")]
    if not action:
        while plain and len(given) < len(RUN_SCRIPT) and plain[0] in (*ACTIONS, *NOUNS):
            given.append(NOUNS.get(plain[0], plain[0]))
            plain.pop(0)
    tagged = [tag for name, value in flags if name == "tags" for tag in value.replace(" ", ",").split(",")]
    if given[-1:] == ["script"]:
        tagged = [tag for word in plain for tag in word.replace(" ", ",").split(",")] + tagged
        plain = []
    if tuple(given) == RUN_SCRIPT and not tagged:
        raise NotACommandError(text, "no script is named")
    return Call(
        text=text,
        action=tuple(given),
        operands=tuple(plain),
        tags=tuple(tag for tag in tagged if tag and not tag.startswith("_")),
        variations=tuple(tag[1:] for tag in tagged if tag.startswith("_")),
        flags=tuple(flag for flag in flags if flag[0] != "tags"),
    )


def _flag(word: str) -> tuple[str, str]:
    name, equals, value = word.lstrip("-").partition("=")
    return name.replace("-", "_") if "." not in name else name, value if equals else "yes"

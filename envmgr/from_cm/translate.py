"""One command of CM's into those of envmgr that do the same, with all that differs, and all that was not understood."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from envmgr.from_cm.call import RUN_SCRIPT, Call
from envmgr.from_cm.meaning import Known, Meaning, Rule, Words
from envmgr.from_cm.scripts import ACTIONS, SCRIPTS
from envmgr.from_cm.words import ADR, UNIVERSAL
from envmgr.model.names import did_you_mean

SHORT = ("scenario", "mode", "count", "threads", "batch")
"""What `envmgr run` has an option of that name for."""
ORDER = ("implementation", "backend", "device", "model", "dataset", *SHORT)
ADR_FLAGS = ("adr", "ad", "add_deps_recursive", "add_deps")


@dataclass(frozen=True)
class Command:
    """A command of envmgr's."""

    argv: tuple[str, ...]
    """Without the program's name; empty where there is no such command."""
    lacks: tuple[str, ...] = ()
    """Why it is not, or not all of, what was asked for."""

    @property
    def text(self) -> str:
        """As a shell reads it."""
        return shlex.join(["envmgr", *self.argv])


@dataclass(frozen=True)
class Unknown:
    """A word of CM's that was not understood, and the nearest known one."""

    word: str
    near: str | None


@dataclass(frozen=True)
class Translation:
    """What a command of CM's comes to; no commands where nothing need be done."""

    cm: str
    commands: tuple[Command, ...]
    notes: tuple[str, ...]
    unknown: tuple[Unknown, ...]


def translate(call: Call) -> Translation:
    """Translate one command."""
    return _Translating(call).done()


@dataclass
class _Translating:
    """A translation under way."""

    call: Call
    command: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    then: list[tuple[str, ...]] = field(default_factory=list)
    later: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def done(self) -> Translation:
        known = self._script() if self.call.action == RUN_SCRIPT else self._action()
        if known is not None:
            self.command = known.command
            self._take(" ".join(self.call.tags or self.call.action), Meaning(note=known.note, lacks=known.lacks))
            self._variations(known.variations)
            self._flags({**UNIVERSAL, **known.flags})
            self.values = {**known.sets, **self.values}
            self._rules(known.rules)
        notes = tuple(dict.fromkeys(self.notes))
        return Translation(self.call.text, tuple(self._commands()), notes, tuple(self.unknown))

    def _script(self) -> Known | None:
        """The script that has all the tags, else the one that has most of them; None where none has one that tells."""
        asked = set(self.call.tags)
        best = max(SCRIPTS, key=lambda script: len(asked & script.tags))
        known = best if asked & (best.tags - {"get", "run"}) else None
        for tag in self.call.tags:
            if known is None or tag not in known.tags:
                self._not_understood(tag, tag, {tag for script in SCRIPTS for tag in script.tags})
        return known

    def _action(self) -> Known | None:
        if self.call.action not in ACTIONS:
            words = " ".join(self.call.action)
            self._not_understood(words, words, [" ".join(action) for action in ACTIONS])
        return ACTIONS.get(self.call.action)

    def _variations(self, words: Words) -> None:
        for name in self.call.variations:
            self._word(f"_{name}", *_dotted(name, words), words, "_")

    def _flags(self, words: Words) -> None:
        for name, value in self.call.flags:
            shown = f"--{name}" if value == "yes" else f"--{name}={value}"
            first, *path = name.split(".")
            if first in ADR_FLAGS and len(path) > 1:
                self._reach(shown, ".".join(path[:-1]), path[-1], value)
            else:
                self._word(shown, name, value, words, "--")

    def _reach(self, shown: str, name: str, key: str, value: str) -> None:
        """Into a dependency, whose tags are a list of variations."""
        found = ADR.get(name, {}).get(key)
        if found is None:
            self._not_understood(
                shown, f"adr.{name}.{key}", [f"adr.{name}.{key}" for name in ADR for key in ADR[name]], "--"
            )
        elif isinstance(found, Meaning):
            self._take(shown, found.of(value))
        else:
            for tag in filter(None, value.split(",")):
                self._word(shown, *_dotted(tag.removeprefix("_"), found), found, f"--adr.{name}.{key}=_")

    def _word(self, shown: str, name: str, value: str, words: Words, prefix: str) -> None:
        found = words.get(name)
        if found is None:
            self._not_understood(shown, name, words, prefix)
        elif isinstance(found, Meaning):
            self._take(shown, found.of(value))
        elif value in found:
            self._take(shown, found[value])
        else:
            self._not_understood(shown, f"{name}={value}", [f"{name}={known}" for known in found], prefix)

    def _rules(self, rules: Iterable[Rule]) -> None:
        seen = [f"_{name}" for name in self.call.variations] + [name for name, _ in self.call.flags]
        for rule in rules:
            if (
                all(any(f"{word}.".startswith(f"{wanted}.") for word in seen) for wanted in rule.seen)
                and rule.when.items() <= self.values.items()
                and rule.unset not in self.values
            ):
                shown = ", ".join(f"{axis}={value}" for axis, value in rule.when.items())
                self._take(shown or rule.unset, rule.meaning)

    def _take(self, shown: str, meaning: Meaning) -> None:
        self.values |= meaning.sets
        self.command = meaning.command or self.command
        self.then += [meaning.then] if meaning.then else []
        self.later |= meaning.later
        self.options += [option for option in meaning.options if option not in self.options]
        self.notes += [f"{shown}: {meaning.note}"] if meaning.note else []
        self.lacks += [f"{shown}: {meaning.lacks}"] if meaning.lacks else []

    def _not_understood(self, shown: str, name: str, known: Iterable[str], prefix: str = "") -> None:
        near = did_you_mean(name, known)
        self.unknown.append(Unknown(shown, f"{prefix}{near}" if near else None))

    def _commands(self) -> Iterator[Command]:
        if self.command:
            values = sorted(
                self.values.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else len(ORDER)
            )
            words = [word for axis, value in values for word in _option(axis, value)]
            yield Command((*self.command, *words, *self.options), tuple(self.lacks))
            later = [word for option, value in self.later.items() for word in (option, value) if word]
            yield from (Command((*command, *later)) for command in self.then)
        elif self.lacks:
            yield Command((), tuple(self.lacks))


def _dotted(name: str, words: Words) -> tuple[str, str]:
    """A variation such as `size.500` as the word `size.#` and its value."""
    head, dot, value = name.partition(".")
    return (f"{head}.#", value) if dot and name not in words else (name, name)


def _option(axis: str, value: str) -> tuple[str, str]:
    return (f"--{axis}", value) if axis in SHORT else ("--set", f"{axis}={value}")

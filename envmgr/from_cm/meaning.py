"""What the tables are made of: a word of CM's and what it comes to here."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Meaning:
    """What a word comes to: any of these, or nothing at all. `{}` in a text stands for the word's own value."""

    sets: Mapping[str, str] = field(default_factory=dict)
    """Axes and settings with their values."""
    command: tuple[str, ...] = ()
    """Another command than its script's."""
    then: tuple[str, ...] = ()
    """A further command after it."""
    later: Mapping[str, str] = field(default_factory=dict)
    """Options of that further command, with their values; nothing where there is none."""
    options: tuple[str, ...] = ()
    """Options of the command."""
    note: str = ""
    """How what is done here differs, or why nothing need be done."""
    lacks: str = ""
    """Why the same can't be done here."""

    def of(self, value: str) -> "Meaning":
        """This meaning for a word with that value."""
        return Meaning(
            {key: text.replace("{}", value) for key, text in self.sets.items()},
            tuple(text.replace("{}", value) for text in self.command),
            self.then,
            {option: text.replace("{}", value) for option, text in self.later.items()},
            tuple(text.replace("{}", value) for text in self.options),
            self.note.replace("{}", value),
            self.lacks.replace("{}", value),
        )


Values = Mapping[str, Meaning]
"""A closed list: what each value comes to."""
Words = Mapping[str, Meaning | Values]
"""Words with their meanings: one for any value, or one for each."""


@dataclass(frozen=True)
class Rule:
    """What holds for several words together: they were `seen`, and these axes are `set`."""

    seen: tuple[str, ...] = ()
    when: Mapping[str, str] = field(default_factory=dict)
    unset: str = ""
    """An axis that nothing may have set so far."""
    meaning: Meaning = field(default_factory=Meaning)


@dataclass(frozen=True)
class Known:
    """A script of CM's, by its tags, or another action: the command that does the same, and all its words."""

    tags: frozenset[str] = frozenset()
    command: tuple[str, ...] = ()
    """Nothing where nothing need be done."""
    note: str = ""
    lacks: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)
    """CM's own defaults, to be written out."""
    variations: Words = field(default_factory=dict)
    flags: Words = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


NOTHING = Meaning()
"""The meaning of a word that is done anyway, and needs no remark."""


def note(text: str) -> Meaning:
    """A word that nothing need be done for, and why."""
    return Meaning(note=text)


def later(option: str) -> Meaning:
    """A word whose value is that of an option of the command after it."""
    return Meaning(later={option: "{}"})


def lacks(text: str) -> Meaning:
    """A word that can't be followed here, and why."""
    return Meaning(lacks=text)


def sets(**values: str) -> Meaning:
    """A word that sets axes or settings."""
    return Meaning(values)

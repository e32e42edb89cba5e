"""The search for what moves a number, on benches whose numbers are known by a formula."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from envmgr.bisect.ends import Mix
from envmgr.bisect.judge import Values
from envmgr.bisect.search import Findings, search

ROUNDS = 5
Formula = Callable[[set[str]], float]


@dataclass
class Formulas:
    """A bench that reckons: `number` says what a mix gives, `fitting` which mixes can be run."""

    number: Formula
    fitting: Callable[[set[str]], bool] = lambda names: True
    noise: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311  reproducible noise, no secret
    measured: int = 0

    def fits(self, mix: Mix) -> bool:
        return self.fitting(_names(mix))

    def measure(self, mixes: Sequence[Mix]) -> Mapping[Mix, Values]:
        assert all(map(self.fits, mixes))
        self.measured += len(mixes) * ROUNDS
        values = {mix: self.number(_names(mix)) for mix in mixes}
        return {
            mix: [value * (1 + self.noise * self.random.gauss()) for _ in range(ROUNDS)]
            for mix, value in values.items()
        }


def _names(mix: Mix) -> set[str]:
    return {place[-1] for place in mix}


def find(bench: Formulas, names: str) -> Findings:
    return search(bench, [(name,) for name in names])


def shares(findings: Findings) -> dict[str, float]:
    """The share of each group, to two places."""
    return {
        "".join(place[-1] for place in found.places): round(found.contribution.share.median, 2)
        for found in findings.found
        if found.contribution
    }


def weighing(weights: Mapping[str, float], base: float = 100) -> Formula:
    """Numbers that add up."""
    return lambda names: base + sum(weights.get(name, 0) for name in names)


def test_one_of_many_is_named_with_all_of_the_difference() -> None:
    bench = Formulas(weighing({"k": -40}))
    findings = find(bench, "abcdefghijklmnop")
    assert shares(findings) == {"k": 1}
    assert not any(found.contribution and found.contribution.interacts for found in findings.found)
    assert findings.rest is not None
    assert findings.rest.median == 0
    assert bench.measured == ROUNDS * (2 + 5 + 5 + 4)  # the ends, two levels, both orders


def test_two_that_add_up_share_and_no_interaction_is_said() -> None:
    findings = find(Formulas(weighing({"b": 30, "d": 10})), "abcde")
    assert shares(findings) == {"b": 0.75, "d": 0.25}
    assert not any(found.contribution and found.contribution.interacts for found in findings.found)


def test_two_that_multiply_are_no_interaction_either() -> None:
    findings = find(Formulas(lambda names: 100 * (2 if "a" in names else 1) * (3 if "c" in names else 1)), "abc")
    assert not any(found.contribution and found.contribution.interacts for found in findings.found)
    assert sum(shares(findings).values()) == 1


def test_what_acts_only_together_is_found_and_said() -> None:
    findings = find(Formulas(lambda names: 50 if {"b", "d"} <= names else 100), "abcde")
    assert shares(findings) == {"b": 0.5, "d": 0.5}
    assert all(found.contribution and found.contribution.interacts for found in findings.found)


def test_what_hides_behind_something_else_is_found_and_said() -> None:
    findings = find(Formulas(lambda names: 50 if {"b", "d"} & names else 100), "abcde")
    assert shares(findings) == {"b": 0.5, "d": 0.5}
    assert all(found.contribution and found.contribution.interacts for found in findings.found)


def test_ends_that_do_not_differ_beyond_noise_are_searched_no_further() -> None:
    bench = Formulas(lambda names: 100, noise=0.05)
    findings = find(bench, "abc")
    assert (findings.is_certain, findings.found, bench.measured) == (False, (), 2 * ROUNDS)


def test_what_fits_only_together_is_named_together() -> None:
    def number(names: set[str]) -> float:
        return 100 - 30 * ("b" in names) - 5 * ("e" in names)

    findings = find(Formulas(number, fitting=lambda names: ("b" in names) == ("c" in names)), "abcde")
    assert shares(findings) == {"bc": 0.86, "e": 0.14}


def test_where_nothing_between_the_ends_fits_all_is_named_together() -> None:
    findings = find(Formulas(weighing({"b": 7}), fitting=lambda names: len(names) in (0, 3)), "abc")
    assert shares(findings) == {"abc": 1}


def test_parts_that_are_too_small_to_name_are_the_rest() -> None:
    findings = find(Formulas(weighing({"a": 50} | dict.fromkeys("bcdefgh", 4.0))), "abcdefgh")
    assert shares(findings) == {"a": 0.64}
    assert findings.rest is not None
    assert round(findings.rest.median, 2) == 0.36


def test_noise_hides_little_and_is_seldom_taken_for_a_cause() -> None:
    searched = [find(Formulas(weighing({"e": 20}), noise=0.05, random=Random(seed)), "abcdefgh") for seed in range(60)]  # noqa: S311
    named = [shares(findings).keys() for findings in searched]
    assert sum("e" in names for names in named) > 50
    assert sum(bool(names - {"e"}) for names in named) < 3


@given(st.dictionaries(st.sampled_from("abcdefghijklm"), st.integers(21, 50) | st.integers(-50, -21), max_size=5))
def test_numbers_that_add_up_are_told_apart(weights: dict[str, float]) -> None:
    total = sum(weights.values())
    findings = find(Formulas(weighing(weights, base=1000)), "abcdefghijklm")
    assert findings.difference.median == total
    for name, share in shares(findings).items():
        assert share == round(weights[name] / total, 2)
    if total and all(weight > 0 for weight in weights.values()):
        known = {name for name, weight in weights.items() if weight >= 0.1 * total}
        assert known <= shares(findings).keys()

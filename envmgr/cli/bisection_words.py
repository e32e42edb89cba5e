"""What a bisection came to, in words."""

from collections.abc import Iterator

from envmgr.cli.bisection import Bisection, Named
from envmgr.cli.cause_words import cause_words
from envmgr.cli.estimate_words import estimate_words
from envmgr.model.field_change import FieldChange
from envmgr.results.statistics import Estimate

MOST = 0.9
"""Less of the recorded difference than this, and it is said that some did not come back."""


def bisection_words(found: Bisection) -> Iterator[str]:
    """The lines: both ends then and now, what moved the number, what could not be tried, what is left to the host."""
    metric = found["metric"]
    yield f"{metric}, good {found['good']}, bad {found['bad']}"
    yield f"  recorded: {_both(found['recorded_good'], found['recorded_bad'], metric)}"
    if found["measured_good"] and found["measured_bad"]:
        times = found["verdict"] != "host"
        yield f"  today:    {_both(found['measured_good'], found['measured_bad'], metric, times=times)}"
    if found["verdict"] == "host":
        yield from _host(found)
        return
    if found["verdict"] == "spread":
        yield "the ends differ, and no part of what differs is large and certain enough to be named:"
        yield f"  {', '.join(found['swapped'])}"
        yield "  more rounds (--repeat) tell smaller parts from noise"
    for named in found["named"]:
        yield from _named(named, metric)
    others = _others(found)
    if found["rest"] is not None and found["named"] and others:
        yield f"{_percent(found['rest'])} is no single one's of: {', '.join(others)}"
    came_back = found["came_back"]
    if came_back is not None and came_back < MOST:
        yield f"of the recorded difference {round(100 * (1 - came_back))} % did not come back: noise then, or the host"
        yield from (f"  {change}" for change in found["lent"])
    whys = dict.fromkeys(item.why for item in found["unfit"])
    yield from (f"some mixes do not fit, and were not tried: {why}" for why in whys)


def _both(good: Estimate, bad: Estimate, metric: str, *, times: bool = True) -> str:
    said = f", {bad.median / good.median:.3g} times" if times and good.median > 0 else ""
    return f"{estimate_words(good, metric)} good, {estimate_words(bad, metric)} bad{said}"


def _host(found: Bisection) -> Iterator[str]:
    if found["difference"] is None:
        yield "nothing that could be swapped differs: what is left is the host, its load, and noise"
    else:
        yield "the ends do not differ beyond noise when they are measured today, in turns: none of these moved it here:"
        yield f"  {', '.join(found['swapped'])}"
        yield "what is left is the host, its load, and noise:"
    yield from (f"  {change}" for change in found["lent"])
    if not found["lent"]:
        yield "  the host facts are the same"
    for condition in found["conditions"]:
        before, after = (estimate_words(side) for side in (condition.before, condition.after))
        yield f"  {condition.condition}: {before} good, {after} bad"


def _others(found: Bisection) -> list[str]:
    """What was swapped, and neither named nor the way to something that was."""
    named = [f"{change.field}:" for item in found["named"] for change in item["elements"]]
    return [name for name in found["swapped"] if not any(at.startswith((f"{name}:", f"{name} >")) for at in named)]


def _named(named: Named, metric: str) -> Iterator[str]:
    indent = "  " if named["within"] else ""
    of = f" of {named['within']}" if named["within"] else ""
    share = f"{_percent(named['share'])}{of}: " if named["share"] else "how much fits to neither end alone: "
    names = " together with ".join(_element(change) for change in named["elements"])
    yield f"{indent}{share}{names}{'' if named['is_bottom'] else ', in which it is:'}"
    if named["is_bottom"]:
        yield from (f"{indent}  {line}" for cause in named["causes"] for line in cause_words(cause))
    if named["interacts"]:
        yield f"{indent}  what it changes depends on the others: {_orders(named, metric)}"


def _element(change: FieldChange) -> str:
    """An input by its name; anything else with what it was and is."""
    return change.field if _is_input(change.field) else str(change)


def _is_input(name: str) -> bool:
    return name.startswith("input ") and ":" not in name


def _orders(named: Named, metric: str) -> str:
    alone, last = (
        f"{estimate_words(side, metric)}" if side else "not known" for side in (named["alone"], named["last"])
    )
    return f"{alone} alone on the good run, {last} last on the bad one"


def _percent(share: Estimate) -> str:
    way = " the other way" if round(100 * share.median) < 0 else ""
    if share.low is None or share.high is None or share.low == share.high:
        return f"{round(100 * share.median)} %{way}"
    return f"{round(100 * share.median)} % [{round(100 * share.low)} to {round(100 * share.high)}]{way}"

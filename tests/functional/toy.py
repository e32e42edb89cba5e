"""A benchmark for tests of series: its number is a setting, and LoadGen's verdict on it an axis."""

import json

from tests.functional.conftest import Checkout

SUMMARY = """\
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: {pace}
90.00 percentile latency (ns): {pace}
Result is : {verdict}
"""
SCRIPT = f"""\
set -eu
test {{state}} != broken
echo '{SUMMARY}' > "{{step}}/mlperf_log_summary.txt"
"""


def toy(checkout: Checkout, head: str = "") -> None:
    """The recipe `toy`: settings `pace` and `threads`, axes `state` (whole, broken), `verdict` and `scenario`."""
    checkout.recipe(
        "toy",
        f"""{head}
[run.settings]
pace = 100
threads = 1

[[run.steps]]
name = "performance"
argv = ["/bin/sh", "-c", {json.dumps(SCRIPT)}]

[variants.scenario]
default = "Offline"
Offline = {{}}
SingleStream = {{}}

[variants.state]
default = "whole"
whole = {{}}
broken = {{}}

[variants.verdict]
default = "VALID"
VALID = {{}}
INVALID = {{}}

[[refusals]]
when = {{ state = "broken", verdict = "INVALID" }}
why = "what is broken has no verdict"
""",
    )

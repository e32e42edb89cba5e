"""Many commands at once: one does the work, the others use it, and garbage collection takes nothing from any."""

from hashlib import sha256

import pytest

from tests.faults.at_every_call import Door, Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_nothing_is_lost
from tests.faults.forks import Fork, Forks
from tests.faults.system_calls import LET
from tests.functional.conftest import Checkout, Result
from tests.loopback import Origin, Reply

BODY = b"0123456789" * 20
CROWD = 16


@pytest.mark.usefixtures("sandboxed")
def test_sixteen_processes_that_want_one_object_fetch_and_build_it_once(
    forks: Forks, checkout: Checkout, origin: Origin
) -> None:
    url = origin.serve("/data", Reply(BODY, trickle=0.002))
    pin = f"file = 'data', sha256 = '{sha256(BODY).hexdigest()}', size = {len(BODY)}"
    head = f"[sources]\ndata = {{ kind = 'url', urls = ['{url}'], {pin} }}\n"
    refers = 'place="{data}"; echo "${place##*/}" > "{out}/file"'  # so whoever has the one keeps the other
    checkout.script("wanted", refers, head=head)
    crowd = [forks.start(checkout, "realize", "wanted") for _ in range(CROWD)]
    while not all(command.has_ended for command in crowd):
        forks(checkout, "gc")
    ended = [command.end() for command in crowd]
    assert [result.exit for result in ended] == [0] * CROWD, [result.stderr for result in ended]
    assert len({result.path for result in ended}) == 1
    assert len(origin.asked("/data")) == 1
    assert [label for result in ended for label in result.built] == ["wanted-1"]
    assert_nothing_is_lost(checkout, {ended[0].path.name})


@pytest.mark.usefixtures("sandboxed")
def test_a_collection_that_begins_at_any_call_of_a_realize_takes_nothing_from_it(
    forks: Forks, project: Checkout
) -> None:
    kept = {name for name in project.objects() if "-kept-" in name}
    collections: list[Fork] = []

    def collect(door: Door) -> int:
        collections.append(forks.start(project.with_store(door.below), "gc"))
        return LET

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == 0, ended.stderr
        collected = collections.pop().end()
        assert collected.exit == 0, collected.stderr
        assert_nothing_is_lost(trial.checkout, kept | {ended.path.name})

    assert (
        len(at_every_call(forks, in_copies_of_the_store(project, "realize", "outer"), after, fate=collect, at_most=4))
        > 10
    )

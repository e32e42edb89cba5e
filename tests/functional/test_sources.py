"""Sources that cannot be had or are not what was pinned, from a server that misbehaves."""

import io
import tarfile
from hashlib import sha256
from typing import Any

import pytest

from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

BODY = b"0123456789" * 100
FILE = "small-1.0-py3-none-any.whl"
HTML = {"Content-Type": "text/html"}


def pinned(checkout: Checkout, *urls: str, body: bytes = BODY, builder: str = "tree") -> None:
    """A recipe `copy` of a file that lies at one of these addresses and is pinned to be `body`."""
    pin = f"file = 'data', sha256 = '{sha256(body).hexdigest()}', size = {len(body)}"
    settings = {"tree": "settings.files = { data = 'archive/data' }", "unpack": ""}[builder]
    checkout.recipe(
        "copy",
        f"[sources]\narchive = {{ kind = 'url', urls = {list(urls)}, {pin} }}\n"
        f"[build]\nbuilder = '{builder}'\n{settings}\n",
    )


def from_index(checkout: Checkout) -> None:
    """A recipe `copy` of a wheel that the user's package index has."""
    pin = f"version = '1.0', file = '{FILE}', sha256 = '{sha256(BODY).hexdigest()}', size = {len(BODY)}"
    checkout.recipe(
        "copy",
        f"[sources]\nwheel = {{ kind = 'pypi', project = 'small', {pin} }}\n"
        f"[build]\nbuilder = 'tree'\nsettings.files = {{ data = 'wheel/{FILE}' }}\n",
    )


def fails(checkout: Checkout, code: int, **environ: str) -> dict[str, Any]:
    """The error of realizing `copy`; nothing of it is in the store."""
    error = checkout.fails(code, "realize", "copy", **environ)
    assert checkout.objects() == set()
    assert [path.name for path in (checkout.store / "staging").iterdir()] == ["trash"]
    assert list((checkout.store / "staging" / "trash").iterdir()) == []
    return error


def test_a_transfer_that_breaks_off_is_continued(checkout: Checkout, origin: Origin) -> None:
    pinned(checkout, origin.serve("/data", Reply(BODY, cut_after=300), Reply(BODY)))
    assert (checkout("realize", "copy").path / "data").read_bytes() == BODY
    assert [request.headers["Range"] for request in origin.asked("/data")] == [None, "bytes=300-"]


def test_a_transfer_that_never_gets_to_the_end_fails(checkout: Checkout, origin: Origin) -> None:
    pinned(checkout, origin.serve("/data", Reply(BODY, cut_after=100)))
    error = fails(checkout, 6)
    assert (error["class"], "broke off 600 bytes before" in error["message"]) == ("UnreachableError", True)
    origin.serve("/data", Reply(BODY))
    checkout("realize", "copy")


def test_other_bytes_than_the_pinned_ones_are_refused_with_both_hashes(checkout: Checkout, origin: Origin) -> None:
    other = BODY[::-1]
    pinned(checkout, origin.serve("/data", Reply(other)))
    error = fails(checkout, 7)
    assert error["class"] == "WrongContentError"
    assert sha256(other).hexdigest() in error["message"]
    assert sha256(BODY).hexdigest() in error["message"]
    assert error["where"] == f"{origin.url}/data"


def test_an_endless_answer_is_cut_off_at_the_pinned_size(checkout: Checkout, origin: Origin) -> None:
    pinned(checkout, origin.serve("/data", Reply(BODY, endless=True)))
    error = fails(checkout, 7)
    assert (error["class"], "size" in error["message"]) == ("WrongContentError", True)


def test_the_next_mirror_is_asked_where_one_fails(checkout: Checkout, origin: Origin) -> None:
    wrong = origin.serve("/wrong", Reply(BODY[::-1]))
    pinned(checkout, f"{origin.url}/absent", wrong, origin.serve("/mirror", Reply(BODY)))
    assert (checkout("realize", "copy").path / "data").read_bytes() == BODY
    assert [request.path for request in origin.requests] == ["/absent", "/wrong", "/mirror"]


def test_where_no_mirror_has_it_every_one_is_named(checkout: Checkout, origin: Origin) -> None:
    pinned(checkout, f"{origin.url}/one", f"{origin.url}/two")
    error = fails(checkout, 6)
    assert f"{origin.url}/one: " in error["message"]
    assert f"{origin.url}/two: " in error["message"]


def test_a_mirror_more_does_not_change_the_object(checkout: Checkout, origin: Origin) -> None:
    url = origin.serve("/data", Reply(BODY))
    pinned(checkout, url)
    first = checkout("realize", "copy")
    pinned(checkout, f"{origin.url}/new-mirror", url)
    again = checkout("realize", "copy")
    assert (again.stdout, again.built, again.fetched) == (first.stdout, [], [])


def test_a_wheel_is_looked_for_where_the_users_pip_looks(checkout: Checkout, origin: Origin) -> None:
    origin.serve("/simple/small/", Reply(f"<a href='/files/{FILE}'>{FILE}</a>".encode(), headers=HTML))
    origin.serve(f"/files/{FILE}", Reply(BODY))
    from_index(checkout)
    path = checkout("realize", "copy", PIP_INDEX_URL=f"{origin.url}/simple").path
    assert (path / "data").read_bytes() == BODY


def test_an_index_without_the_file_is_asked_for_near_ones(checkout: Checkout, origin: Origin) -> None:
    page = b"<a href='/files/small-1.0-py2-none-any.whl'>small-1.0-py2-none-any.whl</a>"
    origin.serve("/simple/small/", Reply(page, headers=HTML))
    from_index(checkout)
    error = fails(checkout, 6, PIP_INDEX_URL=f"{origin.url}/simple")
    assert error["class"] == "UnknownFileError"
    assert "small-1.0-py2-none-any.whl" in error["fix"]


def test_a_project_that_no_index_knows_is_named(checkout: Checkout, origin: Origin) -> None:
    from_index(checkout)
    error = fails(checkout, 6, PIP_INDEX_URL=f"{origin.url}/simple")
    assert (error["class"], "small" in error["message"]) == ("UnknownProjectError", True)


def test_without_a_network_the_address_that_does_not_answer_is_named(checkout: Checkout) -> None:
    from_index(checkout)
    error = fails(checkout, 6)
    assert error["class"] == "UnreachableError"
    assert "refused" in error["message"]


def test_a_failure_does_not_wait_for_a_server_that_has_fallen_silent(checkout: Checkout, origin: Origin) -> None:
    pinned(checkout, origin.serve("/data", Reply(BODY, stall_after=500)))
    checkout.script("broken", "exit 3")
    assert checkout.fails(5, "realize", "copy", "broken")["class"] == "BuildFailedError"
    origin.serve("/data", Reply(BODY))
    assert (checkout("realize", "copy").path / "data").read_bytes() == BODY


@pytest.mark.parametrize("climbing", ["../evil", "/evil", "inside/../../evil"])
def test_an_archive_that_climbs_out_is_refused(checkout: Checkout, origin: Origin, climbing: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(climbing))
    pinned(checkout, origin.serve("/data", Reply(archive.getvalue())), body=archive.getvalue(), builder="unpack")
    error = checkout.fails(7, "realize", "copy")
    assert climbing in error["message"]
    assert list(checkout.store.rglob("*evil*")) == []
    assert not (checkout.store.parent / "evil").exists()
    assert len(checkout.objects()) == 1  # the archive itself, which is what was pinned

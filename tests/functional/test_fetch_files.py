"""Many files by a list of names, from a bucket on loopback: what is whole stays, what is missing is named."""

from collections.abc import Iterable
from hashlib import sha256

import pytest

from envmgr.builders.fetch_files import TRANSFERS
from envmgr.model.lockfile import Lockfile
from tests.functional.conftest import Checkout
from tests.functional.published import take
from tests.functional.test_interruption import wait_for
from tests.loopback import Origin, Reply

LOCK = ("--lock", "recipes.lock")
BUCKET = "/open-images-dataset.s3.amazonaws.com/validation"
COUNT = 20
NAMES = [f"{number * 0x0123456789:016x}" for number in range(COUNT)]


def jpeg(name: str) -> bytes:
    """The markers of a small JPEG file, with a thumbnail in its first segment."""
    thumbnail = b"\xff\xd8thumbnail\xff\xd9"
    header = b"\xff\xe1" + (2 + len(thumbnail)).to_bytes(2) + thumbnail
    return b"\xff\xd8" + header + b"\xff\xda\x00\x02" + name.encode() * 50 + b"\xff\xd9"


PICTURES = {name: jpeg(name) for name in NAMES}


@pytest.fixture
def openimages(checkout: Checkout, origin: Origin) -> Checkout:
    """The real recipe of Open Images over a bucket with twenty pictures, their list being given."""
    take(checkout, "openimages", origin)
    listed(checkout, NAMES)
    for name in NAMES:
        origin.serve(address(name), Reply(PICTURES[name]))
    return checkout


def listed(checkout: Checkout, lines: Iterable[str]) -> None:
    """Let the list hold these lines."""
    checkout.write("list/names.txt", "".join(f"{line}\n" for line in lines))
    checkout.write("list/annotations/openimages-mlperf.json", '{"images": []}')
    files = "{ 'names.txt' = 'list/names.txt', annotations = 'list/annotations' }"
    source = "[sources]\nlist = { kind = 'local', path = '../list' }\n"
    checkout.recipe("openimages-subset", f"{source}[build]\nbuilder = 'tree'\nsettings.files = {files}\n")


def address(name: str) -> str:
    return f"{BUCKET}/{name}.jpg"


def partial(checkout: Checkout) -> set[str]:
    """What an unfinished fetch has so far."""
    return {file.name for file in checkout.store.glob("partial/*/*") if not file.name.endswith(".part")}


def test_all_that_the_list_names_is_fetched_into_one_object(openimages: Checkout, origin: Origin) -> None:
    result = openimages("realize", "openimages")
    assert "openimages-2.1" in result.fetched
    fetched = {file.stem: file.read_bytes() for file in (result.path / "validation/data").iterdir()}
    assert fetched == PICTURES
    assert (result.path / "annotations/openimages-mlperf.json").is_file()
    assert len(origin.requests) == COUNT
    assert list(openimages.store.glob("partial/*")) == []


def test_a_transfer_that_is_cut_is_made_again(openimages: Checkout, origin: Origin) -> None:
    origin.serve(address(NAMES[3]), Reply(PICTURES[NAMES[3]], cut_after=50), Reply(PICTURES[NAMES[3]]))
    path = openimages("realize", "openimages").path
    assert (path / f"validation/data/{NAMES[3]}.jpg").read_bytes() == PICTURES[NAMES[3]]


def test_a_picture_that_is_not_there_is_named_and_the_others_stay(openimages: Checkout, origin: Origin) -> None:
    missing = NAMES[7]
    origin.serve(address(missing), Reply(status=404))
    error = openimages.fails(6, "realize", "openimages")
    assert error["class"] == "UnreachableError"
    assert f"{missing} could not be fetched" in error["message"]
    assert f"{origin.url}{address(missing)}: the server answers 404" in error["message"]
    assert not any("openimages-2.1" in name for name in openimages.objects())
    there = partial(openimages)
    origin.serve(address(missing), Reply(PICTURES[missing]))
    openimages("realize", "openimages")
    assert len(there) < COUNT
    for name in NAMES:
        assert len(origin.asked(address(name))) == (1 if name in there else 2 if name == missing else 1)


def test_what_a_killed_fetch_had_is_not_fetched_again(openimages: Checkout, origin: Origin) -> None:
    last = NAMES[-1]
    origin.serve(address(last), Reply(PICTURES[last], stall_after=30), Reply(PICTURES[last]))
    with openimages.start("realize", "openimages") as process:
        wait_for(lambda: len(partial(openimages)) == COUNT - 1 and origin.asked(address(last)))
        process.kill()
    path = openimages("realize", "openimages").path
    assert (path / f"validation/data/{last}.jpg").read_bytes() == PICTURES[last]
    assert [len(origin.asked(address(name))) for name in NAMES] == [1] * (COUNT - 1) + [2]
    assert [request.headers["Range"] for request in origin.asked(address(last))] == [None, None]
    assert list(openimages.store.glob("partial/*")) == []


def test_garbage_collection_takes_what_nobody_goes_on_to_fetch(openimages: Checkout, origin: Origin) -> None:
    last = NAMES[-1]
    origin.serve(address(last), Reply(PICTURES[last], stall_after=30))
    with openimages.start("realize", "openimages") as process:
        wait_for(lambda: len(partial(openimages)) == COUNT - 1)
        openimages("gc")
        assert len(partial(openimages)) == COUNT - 1
        process.kill()
    planned = openimages("gc", "--dry-run", "--json").stdout
    assert "nobody goes on with its fetch" in planned
    openimages("gc")
    assert list(openimages.store.glob("partial/*")) == []


def test_some_are_on_their_way_at_a_time_and_no_more(openimages: Checkout, origin: Origin) -> None:
    for name in NAMES:
        origin.serve(address(name), Reply(PICTURES[name], stall_after=30))
    with openimages.start("realize", "openimages") as process:
        wait_for(lambda: len(origin.requests) >= TRANSFERS)
        process.kill()
    assert len(origin.requests) == TRANSFERS < COUNT


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (jpeg(NAMES[5])[:-2], "the end of the picture is missing"),
        (b"<html>log in first</html>", "does not begin as a JPEG"),
        (jpeg(NAMES[5])[:10], "it ends before"),
        (b"\xff\xd8\xff\xe1\x00\x02nothing", "no marker at byte 6"),
    ],
)
def test_a_picture_that_is_none_or_not_whole_is_refused(
    openimages: Checkout, origin: Origin, body: bytes, why: str
) -> None:
    origin.serve(address(NAMES[5]), Reply(body))
    error = openimages.fails(7, "realize", "openimages")
    assert (error["class"], why in error["message"]) == ("BrokenFileError", True)
    assert NAMES[5] in error["message"]
    assert NAMES[5] not in partial(openimages)


def test_a_picture_that_is_too_big_is_cut_off(openimages: Checkout, origin: Origin) -> None:
    recipe = openimages.top / "recipes/openimages.toml"
    recipe.write_text(recipe.read_text().replace("at_most = 20000000", "at_most = 2000"))
    origin.serve(address(NAMES[5]), Reply(PICTURES[NAMES[5]], endless=True))
    error = openimages.fails(6, "realize", "openimages")
    assert "bound of 2000" in error["message"]


def test_a_hash_in_the_list_counts(openimages: Checkout, origin: Origin) -> None:
    digests = [sha256(PICTURES[name]).hexdigest() for name in NAMES]
    listed(openimages, map(" ".join, zip(NAMES, digests, strict=True)))
    other = jpeg("other")
    origin.serve(address(NAMES[5]), Reply(other))
    error = openimages.fails(7, "realize", "openimages")
    assert (error["class"], sha256(other).hexdigest() in error["message"]) == ("WrongContentError", True)
    origin.serve(address(NAMES[5]), Reply(PICTURES[NAMES[5]]))
    openimages("realize", "openimages")


@pytest.mark.parametrize(("line", "why"), [("../evil", "is no name"), (NAMES[0], "again"), ("a b", "is no name")])
def test_a_list_that_names_something_twice_or_climbs_is_refused(openimages: Checkout, line: str, why: str) -> None:
    listed(openimages, [*NAMES, line])
    error = openimages.fails(5, "realize", "openimages")
    assert (error["class"], why in error["message"]) == ("ListError", True)
    assert f"line {COUNT + 1} of subset/names.txt" in error["message"]


def test_the_next_mirror_is_asked_for_a_file_that_one_has_not(openimages: Checkout, origin: Origin) -> None:
    recipe = openimages.top / "recipes/openimages.toml"
    recipe.write_text(recipe.read_text().replace("urls = [", f'urls = ["{origin.url}/empty/{{name}}", '))
    openimages("realize", "openimages")
    assert len(origin.requests) == 2 * COUNT


def test_the_lockfile_pins_what_the_first_fetch_came_to(openimages: Checkout, origin: Origin) -> None:
    openimages("lock", "openimages", "--no-realize")
    derivation = pinned(openimages)[0]
    openimages("lock", "openimages")
    assert pinned(openimages) == (derivation, openimages("realize", "openimages").path.name)
    text = (openimages.top / "recipes.lock").read_text()
    assert origin.url not in text
    elsewhere = openimages.of_user("other")
    elsewhere("realize", "openimages", *LOCK)
    third = openimages.of_user("third")
    origin.serve(address(NAMES[5]), Reply(jpeg("other")))
    error = third.fails(4, "realize", "openimages", *LOCK)
    assert error["class"] == "OutputMismatchError"
    assert f"validation/data/{NAMES[5]}.jpg" in error["message"]


def pinned(checkout: Checkout) -> tuple[str, str]:
    """The derivation and the output that the lockfile has."""
    entries = Lockfile.parse((checkout.top / "recipes.lock").read_text()).entry
    (entry,) = (entry for entry in entries if entry.recipe == "openimages")
    return str(entry.derivation), str(entry.store_path)


def test_another_address_does_not_change_what_is_there(openimages: Checkout, origin: Origin) -> None:
    first = openimages("realize", "openimages")
    recipe = openimages.top / "recipes/openimages.toml"
    recipe.write_text(recipe.read_text().replace("urls = [", f'urls = ["{origin.url}/new/{{name}}", '))
    again = openimages("realize", "openimages", "--offline")
    assert (again.path, again.fetched) == (first.path, [])


def test_offline_nothing_is_fetched_and_what_is_missing_is_named(openimages: Checkout) -> None:
    error = openimages.fails(6, "realize", "openimages", "--offline")
    assert (error["class"], "openimages-2.1" in error["message"]) == ("NotInStoreError", True)


@pytest.mark.parametrize(
    ("build", "why"),
    [
        ("builder = 'tree'\nurls = ['https://host/{name}']", "no other builder"),
        ("builder = 'fetch_files'", "no other builder"),
        ("builder = 'fetch_files'\nurls = ['https://host/x']", "urls"),
    ],
)
def test_a_recipe_says_where_files_come_from_only_where_they_are_fetched(
    checkout: Checkout, build: str, why: str
) -> None:
    checkout.recipe("files", f"[build]\n{build}\n")
    error = checkout.fails(3, "realize", "files")
    assert why in error["message"]

"""Files of package indexes, found where the user's pip and uv look."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pypi_simple
import pytest

from envmgr.model.digest import Digest
from envmgr.model.source import PypiSource
from envmgr.network.address import Network, OfflineError, UnreachableError
from envmgr.network.package_index import PackageIndex, Places, UnknownFileError, UnknownProjectError, places
from tests.loopback import Origin, Reply

WHEEL = "demo_pkg-1.0-py3-none-any.whl"
BODY = b"a wheel"
SHA256 = Digest.of(BODY).hex
SOURCE = PypiSource(kind="pypi", project="demo-pkg", version="1.0", file=WHEEL, sha256=SHA256, size=len(BODY))
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


def index(*indexes: str, find_links: tuple[str, ...] = (), offline: bool = False) -> PackageIndex:
    return PackageIndex(Places(find_links, indexes), Network(offline=offline, sleep=lambda _: None))


def page(*links: str) -> Reply:
    return Reply("".join(links).encode(), headers=HTML)


def link(url: str, sha256: str = SHA256, attributes: str = "") -> str:
    return f'<a href="{url}#sha256={sha256}" {attributes}>{url.rpartition("/")[2]}</a>\n'


# Where to look


def places_of(folder: Path, **environ: str) -> Places:
    """Read the places of somebody whose home is `folder`, and for whom nothing else is configured."""
    quiet = {"HOME": str(folder), "XDG_CONFIG_DIRS": str(folder / "xdg"), "PIP_CONFIG_FILE": os.devnull}
    return places(quiet | environ)


def test_without_any_word_of_the_user_the_default_index_is_asked(tmp_path: Path) -> None:
    assert places_of(tmp_path) == Places((), (pypi_simple.PYPI_SIMPLE_ENDPOINT,), None)


def test_the_words_of_pip_are_understood(tmp_path: Path) -> None:
    found = places_of(
        tmp_path,
        PIP_INDEX_URL="https://a/simple",
        PIP_EXTRA_INDEX_URL="https://b/simple https://c/simple\nhttps://a/simple",
        PIP_FIND_LINKS="/wheels other",
        PIP_CERT="/a.pem",
    )
    assert found.indexes == ("https://a/simple", "https://b/simple", "https://c/simple")
    assert found.find_links == ("/wheels", "other")
    assert found.certificates == Path("/a.pem")


def test_the_words_of_uv_come_before_those_of_pip(tmp_path: Path) -> None:
    found = places_of(
        tmp_path,
        UV_INDEX="mine=https://u/simple https://v/simple?a=b",
        UV_DEFAULT_INDEX="https://d/simple",
        UV_INDEX_URL="https://old/simple",
        UV_FIND_LINKS="/one,/two",
        PIP_EXTRA_INDEX_URL="https://b/simple",
    )
    assert found.indexes == ("https://u/simple", "https://v/simple?a=b", "https://d/simple", "https://b/simple")
    assert found.find_links == ("/one", "/two")


def test_configuration_files_of_pip_are_read(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://a/simple\n[install]\nfind_links =\n    /x\n    /y\n")
    found = places_of(tmp_path, PIP_CONFIG_FILE=str(file))
    assert (found.indexes, found.find_links) == (("https://a/simple",), ("/x", "/y"))


def test_no_index_leaves_the_folders_only(tmp_path: Path) -> None:
    found = places_of(tmp_path, PIP_NO_INDEX="true", PIP_FIND_LINKS="/x", UV_INDEX="https://a/simple")
    assert found == Places(("/x",), (), None)
    assert places_of(tmp_path, PIP_NO_INDEX="0").indexes


# What is there


def test_a_file_is_located_on_a_page_of_html(origin: Origin) -> None:
    origin.serve("/simple/demo-pkg/", page(link(f"../../files/{WHEEL}"), link("../../files/other-1.0.tar.gz")))
    assert index(origin.url + "/simple").locate(SOURCE) == [f"{origin.url}/files/{WHEEL}"]


def test_a_file_is_located_on_a_page_of_json(origin: Origin) -> None:
    file = {"filename": WHEEL, "url": f"/files/{WHEEL}?x", "hashes": {"sha256": SHA256}, "size": 7, "yanked": "broken"}
    document = {"meta": {"api-version": "1.1"}, "name": "demo-pkg", "versions": ["1.0"], "files": [file]}
    origin.serve("/simple/demo-pkg/", Reply(json.dumps(document).encode(), headers=JSON))
    found = index(origin.url + "/simple/")
    assert found.locate(SOURCE) == [f"{origin.url}/files/{WHEEL}?x"]
    assert [(file.sha256, file.size) for file in found.files("Demo.Pkg", "1")] == [(SHA256, 7)]


def test_a_yanked_file_is_located(origin: Origin) -> None:
    origin.serve("/demo-pkg/", page(link(WHEEL, attributes='data-yanked="broken"')))
    assert index(origin.url).locate(SOURCE) == [f"{origin.url}/demo-pkg/{WHEEL}"]


def test_addresses_come_in_the_order_of_the_places_folders_first(origin: Origin, tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(BODY)
    origin.serve("/one/demo-pkg/", page(link(WHEEL)))
    origin.serve("/two/demo-pkg/", page(link(WHEEL)))
    found = index(origin.url + "/one", origin.url + "/none", origin.url + "/two", find_links=(str(tmp_path),))
    urls = [(tmp_path / WHEEL).as_uri(), f"{origin.url}/one/demo-pkg/{WHEEL}", f"{origin.url}/two/demo-pkg/{WHEEL}"]
    assert found.locate(SOURCE) == urls


def test_a_file_index_and_a_page_of_links_are_read_from_disk_also_offline(tmp_path: Path) -> None:
    (tmp_path / "simple/demo-pkg").mkdir(parents=True)
    (tmp_path / "simple/demo-pkg/index.html").write_text(link(f"../../files/{WHEEL}"))
    (tmp_path / "links.html").write_text(link(f"elsewhere/{WHEEL}"))
    found = index((tmp_path / "simple").as_uri(), find_links=((tmp_path / "links.html").as_uri(),), offline=True)
    assert found.locate(SOURCE) == [(tmp_path / place / WHEEL).as_uri() for place in ("elsewhere", "files")]


def test_files_lists_one_version_with_what_is_known(origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "demo_pkg-1.0.tar.gz").write_bytes(BODY)
    (tmp_path / "demo_pkg-2.0.tar.gz").write_bytes(BODY)
    (tmp_path / "notes.txt").write_bytes(BODY)
    origin.serve("/demo-pkg/", page(link(WHEEL), link("demo_pkg-1.1-py3-none-any.whl")))
    found = index(origin.url, find_links=(str(tmp_path),)).files("demo-pkg", "1.0")
    assert [(file.name, file.version, file.sha256, file.size) for file in found] == [
        ("demo_pkg-1.0.tar.gz", "1.0", None, len(BODY)),
        (WHEEL, "1.0", SHA256, None),
    ]


def test_a_version_that_nobody_has_is_no_files(origin: Origin) -> None:
    origin.serve("/demo-pkg/", page(link(WHEEL)))
    assert index(origin.url).files("demo-pkg", "3.0") == []


# What is not there


def test_an_unknown_project_is_said_to_be_so_with_those_who_were_asked(origin: Origin) -> None:
    with pytest.raises(UnknownProjectError) as caught:
        index(origin.url.replace("//", "//me:secret@")).locate(SOURCE)
    assert caught.value.exit_code == 6
    assert caught.value.project == "demo-pkg"
    assert caught.value.places == (origin.url + "/demo-pkg/",)


def test_an_unknown_file_is_said_to_be_so_with_near_names(origin: Origin) -> None:
    near = "demo_pkg-1.0-py2-none-any.whl"
    origin.serve("/demo-pkg/", page(link(near), link("demo_pkg-0.1.zip")))
    with pytest.raises(UnknownFileError) as caught:
        index(origin.url).locate(SOURCE)
    assert caught.value.near[0] == near


def test_a_file_of_that_name_with_another_hash_is_not_the_file(origin: Origin) -> None:
    origin.serve("/demo-pkg/", page(link(WHEEL, "0" * 64)))
    with pytest.raises(UnknownFileError):
        index(origin.url).locate(SOURCE)


def test_an_index_that_does_not_answer_matters_only_if_the_others_have_it_not(origin: Origin) -> None:
    origin.serve("/down/demo-pkg/", Reply(status=500))
    origin.serve("/up/demo-pkg/", page(link(WHEEL)))
    assert index(origin.url + "/down", origin.url + "/up").locate(SOURCE)
    with pytest.raises(UnreachableError) as caught:
        index(origin.url + "/down", origin.url + "/none").locate(SOURCE)
    assert [failure.status for failure in caught.value.failures] == [500]


def test_a_page_that_is_none_of_an_index_is_a_failure(origin: Origin) -> None:
    for reply in (Reply(b"%PDF", headers={"Content-Type": "application/pdf"}), Reply(b"{", headers=JSON)):
        origin.serve("/demo-pkg/", reply)
        with pytest.raises(UnreachableError):
            index(origin.url).locate(SOURCE)


def test_offline_is_said_to_be_the_cause(origin: Origin) -> None:
    with pytest.raises(OfflineError) as caught:
        index(origin.url, offline=True).locate(SOURCE)
    assert caught.value.urls == (origin.url + "/demo-pkg/",)
    assert not origin.requests


def test_credentials_of_an_index_are_given_to_files_at_its_own_origin_only(origin: Origin) -> None:
    index_url = origin.url.replace("//", "//me:secret@")
    here, there = f"{origin.url}/f/{WHEEL}", f"https://elsewhere/{WHEEL}"
    origin.serve("/demo-pkg/", page(link(here), link(there)))
    assert index(index_url).locate(SOURCE) == [here.replace("//", "//me:secret@"), there]
    assert origin.requests[0].headers["Authorization"].startswith("Basic ")

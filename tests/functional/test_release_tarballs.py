"""ONNX Runtime as its makers release it: tarballs, chosen by an axis, each with a version of its own."""

import io
import tarfile

import pytest

from envmgr.model.source import UrlSource
from envmgr.planning.catalog import Catalog
from tests.functional.conftest import TOP, Checkout
from tests.functional.published import take
from tests.loopback import Origin, Reply

VARIANTS = Catalog(TOP / "recipes").recipe("onnxruntime").variants["onnxruntime"].values
PINS = {
    release: archive.sha256
    for release, variant in VARIANTS.items()
    if isinstance(archive := variant.sources.get("archive"), UrlSource) and archive.sha256
}
"""The SHA-256 of each tarball, by release."""


def tarball(release: str) -> bytes:
    """An archive of the form of a release for Linux."""
    top, library = f"onnxruntime-linux-x64-{release}", f"libonnxruntime.so.{release}"
    files = {f"lib/{library}": "library", "include/onnxruntime_c_api.h": "header", "LICENSE": "MIT"}
    files |= {"ThirdPartyNotices.txt": "notices", "VERSION_NUMBER": release}
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))
        link = tarfile.TarInfo(f"{top}/lib/libonnxruntime.so")
        link.type, link.linkname = tarfile.SYMTYPE, library
        tar.addfile(link)
    return text.getvalue()


def test_the_tutorials_release_and_todays_are_among_them() -> None:
    assert {"1.12.1", "1.20.1"} < set(PINS) < set(VARIANTS)


@pytest.mark.parametrize("release", PINS)
def test_a_release_is_fetched_as_tarball_and_gives_the_library_by_its_name(
    checkout: Checkout, origin: Origin, release: str
) -> None:
    archive = tarball(release)
    take(checkout, "onnxruntime", origin, {PINS[release]: archive})
    file = f"onnxruntime-linux-x64-{release}.tgz"
    origin.serve(f"/github.com/microsoft/onnxruntime/releases/download/v{release}/{file}", Reply(archive))
    path = checkout("realize", "onnxruntime", "--set", f"onnxruntime={release}").path
    assert path.name.endswith(f"-onnxruntime-{release}")
    assert (path / "lib/libonnxruntime.so.1").readlink().name == f"libonnxruntime.so.{release}"
    assert (path / "lib/libonnxruntime.so.1").read_text() == "library"
    assert (path / "include/onnxruntime_c_api.h").read_text() == "header"


def test_the_release_flows_down_from_what_is_built_on_it(checkout: Checkout, origin: Origin) -> None:
    take(checkout, "onnxruntime", origin)
    checkout.recipe("user", "[inputs]\nruntime = 'onnxruntime'\n[build]\nbuilder = 'tree'\n")
    planned = checkout("realize", "user", "--dry-run", "--json", "--set", "onnxruntime=1.12.1").data
    assert planned["build"] == ["onnxruntime-1.12.1", "user-1"]
    error = checkout.fails(3, "realize", "user", "--set", "onnxruntime=1.12")
    assert (error["class"], "1.12.1" in error["fix"]) == ("UnknownNameError", True)

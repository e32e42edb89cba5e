"""Sources of which only an MD5 was published: from the first fetch on their SHA-256 counts, by way of the lockfile."""

import io
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from envmgr.model.lockfile import LockedSource, Lockfile
from tests.functional.conftest import Checkout
from tests.functional.published import md5_of, take
from tests.loopback import Origin, Reply

LOCK = ("--lock", "recipes.lock")
BODY = b"weights" * 1000
ONNX = "4544f4e56e0a4684215831cc937ea45c"
TORCHSCRIPT = "a55f6bec3464f605ce8d686da8ac1533"
CHECKPOINT = "2037c152a6be18e371ebec654314f7e0"
RESNET50 = "f6a4da60cd5f084d97efc2c1ddb10beb"
LABELS = "f963098ea0e785a968ca1eb634003a90"
PICTURES = "8627befdd8c2bcf305729020e9db354e"
ZENODO = "/zenodo.org/record/6617879/files/resnext50_32x4d_fpn.onnx"
RESNET50_ADDRESS = "/zenodo.org/record/4735647/files/resnet50_v1.onnx"
MIRRORS = (
    "/armi.in/files/resnext50_32x4d_fpn.onnx",
    "/storage.googleapis.com/resnet50_assets/resnext50_32x4d_fpn.onnx",
)
COLLIDING = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a"
    "085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
"""One of the two messages of Wang, Feng, Lai and Yu (2004) that have one MD5; they differ in these bits."""
FLIPPED = {19: 0x80, 45: 0x80, 59: 0x80, 83: 0x80, 109: 0x80, 123: 0x80}


def locked_weights(checkout: Checkout) -> LockedSource:
    """What the lockfile says of the weights."""
    (entry,) = Lockfile.parse((checkout.top / "recipes.lock").read_text()).entry
    return entry.sources["weights"]


@pytest.mark.parametrize(
    ("name", "md5", "address"),
    [
        ("retinanet-onnx", ONNX, ZENODO),
        ("retinanet-torchscript", TORCHSCRIPT, "/zenodo.org/record/6617981/files/resnext50_32x4d_fpn.pth"),
        ("resnet50-onnx", RESNET50, RESNET50_ADDRESS),
    ],
)
def test_weights_come_from_their_publisher(
    checkout: Checkout, origin: Origin, name: str, md5: str, address: str
) -> None:
    take(checkout, name, origin, {md5: BODY})
    origin.serve(address, Reply(BODY))
    (file,) = checkout("realize", name).path.iterdir()
    assert (file.name, file.read_bytes()) == ("model.pt" if address.endswith(".pth") else "model.onnx", BODY)


def test_the_checkpoint_is_taken_out_of_its_archive(checkout: Checkout, origin: Origin) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("retinanet_model_10.pth", BODY)
    take(checkout, "retinanet-checkpoint", origin, {CHECKPOINT: archive.getvalue()})
    origin.serve("/zenodo.org/record/6605272/files/retinanet_model_10.zip", Reply(archive.getvalue()))
    assert (checkout("realize", "retinanet-checkpoint").path / "checkpoint.pth").read_bytes() == BODY


@pytest.mark.parametrize(
    ("name", "md5", "address", "path"),
    [
        ("imagenet-labels", LABELS, "/dl.caffe.berkeleyvision.org/caffe_ilsvrc12.tar.gz", "./val.txt"),
        ("imagenet-pictures", PICTURES, "/cKnowledge.org/ai/data/ILSVRC2012_img_val_500.tar", "a.JPEG"),
    ],
)
def test_data_is_taken_out_of_its_archive(checkout: Checkout, name: str, md5: str, address: str, path: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz" if address.endswith("gz") else "w") as file:
        member = tarfile.TarInfo(path)
        member.size = len(BODY)
        file.addfile(member, io.BytesIO(BODY))
    with Origin() as origin:
        take(checkout, name, origin, {md5: archive.getvalue()})
        origin.serve(address, Reply(archive.getvalue()))
        assert (checkout("realize", name).path / path).read_bytes() == BODY


def test_mirrors_are_asked_in_order_and_one_with_other_bytes_is_passed_over(checkout: Checkout, origin: Origin) -> None:
    take(checkout, "retinanet-onnx", origin, {ONNX: BODY})
    origin.serve(ZENODO, Reply(status=404))
    origin.serve(MIRRORS[0], Reply(BODY[::-1]))
    origin.serve(MIRRORS[1], Reply(BODY))
    checkout("realize", "retinanet-onnx")
    assert [request.path for request in origin.requests] == [ZENODO, *MIRRORS]


def test_weights_with_another_md5_are_refused_naming_both(checkout: Checkout, origin: Origin) -> None:
    take(checkout, "retinanet-onnx", origin, {ONNX: BODY})
    for path in (ZENODO, *MIRRORS):
        origin.serve(path, Reply(BODY[::-1]))
    error = checkout.fails(7, "realize", "retinanet-onnx")
    assert (error["class"], "md5" in error["message"]) == ("WrongContentError", True)
    assert md5_of(BODY) in error["message"]
    assert md5_of(BODY[::-1]) in error["message"]
    assert checkout.objects() == set()


def test_weights_of_unknown_size_are_bounded(checkout: Checkout, origin: Origin) -> None:
    take(checkout, "resnet50-onnx", origin)
    length = {"Content-Length": str(2**40)}
    origin.serve(RESNET50_ADDRESS, Reply(headers=length, declares_length=False))
    error = checkout.fails(6, "realize", "resnet50-onnx")
    assert (error["class"], "bound is 200000000" in error["message"]) == ("UnreachableError", True)


def test_what_cannot_be_fetched_is_locked_down_to_the_derivation(checkout: Checkout, origin: Origin) -> None:
    take(checkout, "retinanet-onnx", origin)
    checkout("lock", "retinanet-onnx", "--no-realize")
    weights = locked_weights(checkout)
    assert (weights.md5, weights.size, weights.sha256) == (ONNX, 148_688_824, "")
    error = checkout.fails(6, "realize", "retinanet-onnx", *LOCK)
    for path in (ZENODO, *MIRRORS):
        assert f"{origin.url}{path}: " in error["message"]


@pytest.mark.parametrize(("name", "md5"), [("retinanet-onnx", ONNX), ("resnet50-onnx", RESNET50)])
def test_the_first_fetch_writes_the_sha256_down(checkout: Checkout, origin: Origin, name: str, md5: str) -> None:
    take(checkout, name, origin, {md5: BODY})
    checkout("lock", name, "--no-realize")
    derivation = locked_weights(checkout).derivation
    for path in (ZENODO, RESNET50_ADDRESS):
        origin.serve(path, Reply(BODY))
    checkout("lock", name)
    weights = locked_weights(checkout)
    assert (weights.sha256, weights.size) == (sha256(BODY).hexdigest(), len(BODY))
    assert (weights.md5, weights.derivation) == (md5_of(BODY), derivation)
    checkout("lock", name, "--no-realize")
    assert locked_weights(checkout) == weights


def test_other_bytes_with_the_same_md5_are_refused_by_the_lockfile(
    checkout: Checkout, origin: Origin, tmp_path: Path
) -> None:
    other = bytes(byte ^ FLIPPED.get(place, 0) for place, byte in enumerate(COLLIDING))
    assert (md5_of(other), other == COLLIDING) == (md5_of(COLLIDING), False)
    take(checkout, "retinanet-onnx", origin, {ONNX: COLLIDING})
    origin.serve(ZENODO, Reply(COLLIDING))
    checkout("lock", "retinanet-onnx")
    elsewhere = checkout.with_store(tmp_path / "elsewhere")
    origin.serve(ZENODO, Reply(other))
    error = elsewhere.fails(4, "realize", "retinanet-onnx", *LOCK)
    assert (error["class"], "resnext50_32x4d_fpn.onnx" in error["message"]) == ("OutputMismatchError", True)
    third = checkout.with_store(tmp_path / "third")
    origin.serve(ZENODO, Reply(COLLIDING))
    third("realize", "retinanet-onnx", *LOCK)

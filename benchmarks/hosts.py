"""The publishers of MLPerf's weights and data, played on loopback with files of the same form, made from the shapes.

Open Images has the 200 pictures of the set `shapes`, and its RetinaNet is our small one behind a scaling, so that it
takes 800 x 800 pixels; the checkpoint is the small one as it is. ImageNet has the same pictures over and over, and its
ResNet50 says which colour there is most of.
"""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.checkout import Checkout
from tests import onnx_file
from tests.functional.published import played
from tests.loopback import Origin, Reply

PICTURES = 500
"""Of ImageNet."""
POOL = "24781"
CLASSES = "6b21d26d56fe25c1df74bbbd206087b8b803147ff682aca771385ebaef995b88"
BUCKET = "/open-images-dataset.s3.amazonaws.com/validation"
TIMES = 5
"""From 160 pixels to MLPerf's 800."""


@dataclass(frozen=True)
class Publication:
    """A file that a recipe fetches, and what is served in its stead."""

    recipe: str
    md5: str
    """Of the real file, as the recipe has it."""
    path: str
    """The host and the path of its first address."""
    body: bytes


def play(origin: Origin, recipes: Path, checkout: Checkout) -> None:
    """Serve all of it, and let a folder of recipes fetch it from there; what it is made from is realised here."""
    shapes, small, checkpoint = checkout.realize("shapes", "retinanet-tiny-shapes", "retinanet-tiny-shapes-torch")
    names = {path.name: f"{number:016x}.jpg" for number, path in enumerate(_pictures(shapes))}
    truth = json.loads((shapes / "annotations/openimages-mlperf.json").read_text())
    for image in truth["images"]:
        image["file_name"] = names[image["file_name"]]
    served = [
        Publication(
            "openimages-annotations",
            "817fd8da3aeeb0575f1e2d2926b15e68",
            "/github.com/mlcommons/inference/releases/download/v2.1/openimages-mlperf_annotations_2.1.json.zip",
            zipped({"openimages-mlperf.json": json.dumps(truth).encode()}),
        ),
        Publication(
            "retinanet-onnx",
            "4544f4e56e0a4684215831cc937ea45c",
            "/zenodo.org/record/6617879/files/resnext50_32x4d_fpn.onnx",
            enlarged(small / "model.onnx", checkout),
        ),
        Publication(
            "retinanet-checkpoint",
            "2037c152a6be18e371ebec654314f7e0",
            "/zenodo.org/record/6605272/files/retinanet_model_10.zip",
            zipped({"retinanet_model_10.pth": (checkpoint / "checkpoint.pth").read_bytes()}),
        ),
        *imagenet(shapes),
    ]
    for publication in served:
        origin.serve(publication.path, Reply(publication.body))
        bodies = {publication.md5: publication.body}
        (recipes / f"{publication.recipe}.toml").write_text(played(publication.recipe, origin, bodies))
    for picture in _pictures(shapes):
        origin.serve(f"{BUCKET}/{names[picture.name]}", Reply(picture.read_bytes()))
    (recipes / "openimages.toml").write_text(played("openimages", origin, {}))
    subset, classes = recipes / "openimages-subset.toml", "\n".join(item["name"] for item in truth["categories"])
    known = sha256(classes.encode()).hexdigest()
    subset.write_text(subset.read_text().replace(POOL, str(len(names))).replace(CLASSES, known))


def imagenet(shapes: Path) -> Iterator[Publication]:
    """Pictures, labels and a model for them."""
    bodies = [path.read_bytes() for path in _pictures(shapes)]
    names = [f"ILSVRC2012_val_{number:08}.JPEG" for number in range(1, PICTURES + 1)]
    pictures = {name: bodies[number % len(bodies)] for number, name in enumerate(names)}
    yield Publication(
        "imagenet-pictures",
        "8627befdd8c2bcf305729020e9db354e",
        "/cKnowledge.org/ai/data/ILSVRC2012_img_val_500.tar",
        tarred(pictures),
    )
    yield Publication(
        "imagenet-labels",
        "f963098ea0e785a968ca1eb634003a90",
        "/dl.caffe.berkeleyvision.org/caffe_ilsvrc12.tar.gz",
        tarred({"val.txt": "".join(f"{name} 0\n" for name in names).encode()}, mode="w:gz"),
    )
    yield Publication(
        "resnet50-onnx",
        "f6a4da60cd5f084d97efc2c1ddb10beb",
        "/zenodo.org/record/4735647/files/resnet50_v1.onnx",
        colours(),
    )


def colours() -> bytes:
    """A model of ResNet50's form: the class of a picture is the colour of which there is most."""
    nodes = [
        onnx_file.node("GlobalAveragePool", ["input_tensor:0"], "means"),
        onnx_file.node("Flatten", ["means"], "flat"),
        onnx_file.node("ArgMax", ["flat"], "ArgMax:0", axis=1, keepdims=0),
    ]
    inputs: dict[str, tuple[int, onnx_file.Shape]] = {"input_tensor:0": (onnx_file.FLOAT, ["n", 3, 224, 224])}
    outputs: dict[str, tuple[int, onnx_file.Shape]] = {"ArgMax:0": (onnx_file.INT64, ["n"])}
    return onnx_file.model(nodes, inputs, outputs)


def enlarged(model: Path, checkout: Checkout) -> bytes:
    """The small model for pictures of MLPerf's size."""
    (environment,) = checkout.realize("python-onnx")
    (packages,) = environment.glob("lib/python3*/site-packages")
    with TemporaryDirectory(prefix="envmgr-enlarged-") as folder:
        out = Path(folder) / "model.onnx"
        command = [sys.executable, str(Path(__file__).with_name("enlarge.py")), str(model), str(out), str(TIMES)]
        subprocess.run(command, env={**checkout.environ, "PYTHONPATH": str(packages)}, check=True)
        return out.read_bytes()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in files.items():
            file.writestr(name, body)
    return archive.getvalue()


def tarred(files: Mapping[str, bytes], *, mode: str = "w") -> bytes:
    """A tar archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=mode) as file:  # type: ignore[call-overload]
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            file.addfile(member, io.BytesIO(body))
    return archive.getvalue()


def _pictures(shapes: Path) -> list[Path]:
    return sorted((shapes / "validation/data").iterdir())

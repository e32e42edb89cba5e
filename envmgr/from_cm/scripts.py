"""The scripts and actions of CM and MLCFlow that are known, each with the command that does the same."""

from collections.abc import Mapping

from envmgr.from_cm.benchmark import APP, WRAPPER
from envmgr.from_cm.meaning import NOTHING, Known, Meaning, Values, lacks, note, sets
from envmgr.from_cm.words import IMAGENET, OPENIMAGES

_INTERPRETER = "the interpreter is the host's; `envmgr probe` tells its ABI, and each recipe chooses its wheels by it"
_TOOLS = "tools are artifacts: pinned, and realised by whatever needs them"
_LATEST = "the recipes belong to the checkout, and recipes.lock says what they came to: nothing moves by itself"
_TVM = "TVM and LLVM are not here"
_MODELS: Values = {"fp32": NOTHING, "float32": NOTHING, "onnx": NOTHING}
_LIBRARIES: Values = {
    "onnxruntime": note("the recipe of a harness has ONNX Runtime as an input, pinned"),
    "onnxruntime_gpu": note("with device=cuda the recipe of a harness has it as an input, pinned"),
    "torch": note("with backend=pytorch the recipe of a harness has it as an input, pinned"),
    "torch_cuda": note("with backend=pytorch the recipe of a harness has it as an input, pinned"),
    "torchvision": note("nothing here uses torchvision"),
    **dict.fromkeys(("numpy", "opencv-python", "pycocotools", "pillow"), Meaning(command=("realize", "python-vision"))),
}
_CONSTRAINED = {key: note("the recipe pins the version") for key in ("version", "version_min", "version_max")}
_COUNTED = {"version": note(_INTERPRETER), "version_min": note(_INTERPRETER), "version_max": note(_INTERPRETER)}


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


SCRIPTS: tuple[Known, ...] = (
    APP,
    WRAPPER,
    Known(
        _tags("get sys-utils-cm sys-utils-mlc"),
        note="nothing is needed: no package of the system is installed, and nobody is asked for a password",
    ),
    Known(_tags("get python python3 get-python get-python3"), note=_INTERPRETER, flags=_COUNTED),
    Known(
        _tags("install python python-venv get-python-venv"),
        note="nothing is needed: Python environments are objects of the store; `envmgr shell python-vision` enters one",
        flags={**_COUNTED, "name": note("an environment has the name of its recipe")},
    ),
    Known(
        _tags("get src source inference inference-src inference-source mlperf mlcommons"),
        command=("realize", "loadgen-sources"),
        note="LoadGen's sources alone are needed: the harness is envmgr's own, and no script of upstream's is run",
    ),
    Known(_tags("get loadgen inference inference-loadgen mlperf mlcommons"), command=("realize", "loadgen")),
    Known(
        _tags("get dataset openimages open-images object-detection original"),
        command=("realize", "openimages"),
        sets={"dataset": "openimages-50"},
        variations=OPENIMAGES,
    ),
    Known(
        _tags("get dataset openimages open-images object-detection preprocessed"),
        command=("realize", "openimages-preprocessed"),
        sets={"dataset": "openimages-50"},
        variations=OPENIMAGES,
    ),
    Known(
        _tags("get dataset imagenet ILSVRC image-classification original"),
        command=("realize", "imagenet"),
        sets={"dataset": "imagenet-500"},
        variations=IMAGENET,
    ),
    Known(
        _tags("get dataset imagenet ILSVRC image-classification preprocessed"),
        command=("realize", "imagenet-preprocessed"),
        sets={"dataset": "imagenet-500"},
        variations=IMAGENET,
    ),
    Known(
        _tags("get generic-python-lib"),
        note="Python packages are pinned wheels of an environment: nothing is installed by itself",
        variations=_LIBRARIES,
        flags=_CONSTRAINED,
    ),
    Known(
        _tags("get ml-model object-detection retinanet resnext50 fp32"),
        command=("realize", "retinanet-onnx"),
        note="checked by size and MD5, and by the SHA-256 that the first fetch wrote into the lockfile",
        variations={**_MODELS, "pytorch": Meaning(command=("realize", "retinanet-torchscript"))},
    ),
    Known(
        _tags("get ml-model image-classification resnet50"),
        command=("realize", "resnet50-onnx"),
        note="checked by size and MD5, and by the SHA-256 that the first fetch wrote into the lockfile",
        variations={
            **_MODELS,
            **dict.fromkeys(("pytorch", "tf", "tflite", "int8"), lacks("only the ONNX file is here")),
        },
    ),
    Known(
        _tags("get cuda cuda-compiler cuda-lib toolkit lib nvcc get-nvcc get-cuda"),
        command=("probe", "cuda"),
        note="nothing is installed where nothing is found: the CUDA libraries of a run are pinned wheels",
        variations={"toolkit": NOTHING, "lib-only": NOTHING, "cudnn": NOTHING},
        flags=_CONSTRAINED,
    ),
    Known(
        _tags("get cuda-devices"),
        command=("probe", "cuda-devices"),
        note="every device, not only the last; nothing is compiled for it",
    ),
    Known(
        _tags("get cudnn nvidia"),
        command=("probe", "cuda"),
        note="the answer tells cuDNN as well; what a run uses is a pinned wheel",
    ),
    Known(
        _tags("get onnxruntime lib lang-c lang-cpp install get-onnxruntime-prebuilt"),
        command=("realize", "onnxruntime"),
        variations={"cpu": NOTHING, "cuda": Meaning(command=("realize", "onnxruntime-cuda"))},
        flags=_CONSTRAINED,
    ),
    Known(_tags("get compiler c-compiler cpp-compiler gcc llvm clang"), command=("realize", "ziglang"), note=_TOOLS),
    Known(_tags("get cmake"), command=("realize", "cmake"), note=_TOOLS, flags=_CONSTRAINED),
    Known(_tags("get tvm get-tvm tvm-model"), lacks=_TVM, flags=_CONSTRAINED),
    Known(_tags("detect os cpu"), command=("probe",)),
    Known(
        _tags("run mlperf mlcommons accuracy mlc process-accuracy"),
        note="`envmgr run` scores a run in mode accuracy itself",
    ),
    Known(
        _tags("generate submission mlperf mlperf-inference inference mlcommons inference-submission"),
        command=("submission", "create", "last", "--system", "auto", "-o", "submission"),
        note="a submission is made of recorded runs: name one of each scenario instead of `last`",
        flags={
            "submitter": Meaning(options=("--submitter", "{}")),
            "division": Meaning(options=("--division", "{}")),
            "category": Meaning(options=("--category", "{}")),
            "hw_name": note("a property of the system: its description says it"),
        },
    ),
    Known(
        _tags("run mlperf mlcommons inference mlperf-inference submission checker submission-checker"),
        command=("submission", "check", "submission"),
        variations={"short-run": note("nothing is made easier for a short run")},
        flags={
            "submission_dir": Meaning(command=("submission", "check", "{}")),
            "input": Meaning(command=("submission", "check", "{}")),
        },
    ),
)
"""In the order in which they are looked through: the first that has all tags is the one."""

ACTIONS: Mapping[tuple[str, ...], Known] = {
    ("pip", "install"): Known(note="nothing is needed: `python3 bootstrap.py` made envmgr ready, all of it pinned"),
    ("pull", "repo"): Known(
        note=f"nothing is needed: {_LATEST}",
        flags={"checkout": note("git has the versions of the recipes"), "branch": note("git has the versions")},
    ),
    ("update", "repo"): Known(note=f"nothing is needed: {_LATEST}"),
    ("find", "repo"): Known(command=("list",), note="the recipes of this project"),
    ("list", "repo"): Known(command=("list",), note="the recipes of this project"),
    ("show", "repo"): Known(command=("list",), note="the recipes of this project"),
    ("find", "script"): Known(command=("list",)),
    ("show", "script"): Known(command=("list",)),
    ("find", "cache"): Known(
        command=("root", "list"), note="`envmgr show NAME` tells what a recipe came to in this store, and where it lies"
    ),
    ("show", "cache"): Known(
        command=("root", "list"), note="`envmgr show NAME` tells what a recipe came to in this store, and where it lies"
    ),
    ("rm", "cache"): Known(
        command=("gc",),
        note="what roots keep stays: a stale object can't be, so none need go for a fresh start",
        flags={"force": NOTHING},
    ),
    ("prune", "cache"): Known(command=("gc",), note="what roots keep stays"),
    ("docker", "script"): Known(lacks="no container is needed: `envmgr run` holds a run in a sandbox"),
    (): Known(
        command=("--help",),
        flags={"version": Meaning(command=("--version",)), "h": NOTHING, "help": NOTHING, "quiet": sets()},
    ),
}
"""What is no script: action and noun."""

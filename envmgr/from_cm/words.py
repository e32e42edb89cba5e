"""Words that every script of CM's takes: its universal flags, and the dependencies that `--adr` reaches into."""

from collections.abc import Mapping

from envmgr.from_cm.meaning import NOTHING, Meaning, Values, Words, lacks, note, sets

_NO_CACHE_BY_TAGS = "an object is named by what it is made from, so there is no stale one to get round"
_NO_ENV = "`envmgr show` and the run's record have it all"

UNIVERSAL: Words = {
    "quiet": NOTHING,
    "silent": NOTHING,
    "s": NOTHING,
    "v": NOTHING,
    "verbose": NOTHING,
    "f": NOTHING,
    "out": {"json": Meaning(options=("--json",)), "con": NOTHING},
    "j": Meaning(options=("--json",)),
    "new": note(_NO_CACHE_BY_TAGS),
    "renew": note(_NO_CACHE_BY_TAGS),
    "skip_cache": note(_NO_CACHE_BY_TAGS),
    "dirty": note("a failed build leaves nothing behind, unless realize is told --keep-failed"),
    "print_env": note(_NO_ENV),
    "print_deps": note("`envmgr graph NAME` draws the inputs"),
    "save_env": note(_NO_ENV),
    "dump_version_info": note("the record of a run names its whole closure; `envmgr diff` compares two"),
    "save_console_log": note("the output of every step is kept with the run"),
    "time": note("the record of a run has the seconds of every step"),
    "repro": note("the record of a run, its lockfile and `envmgr export` are what is needed to do it again"),
    "fake_run": lacks("`envmgr realize NAME --dry-run` says what would be built and fetched"),
    "fake_deps": lacks("`envmgr realize NAME --dry-run` says what would be built and fetched"),
    "shell": lacks("`envmgr shell NAME` starts a shell in the environment of a recipe"),
    "debug_script": lacks("`envmgr realize NAME --keep-failed` keeps the folder of a failed build"),
    "ignore_script_error": lacks("an error ends a run; nothing that failed is measured"),
}

_INTERPRETER = "the interpreter is the host's, chosen by its ABI, recorded, and proved not to change an output"
_NO_VENV = "no virtual environment is made: each Python environment is an object of its own, pinned wheel by wheel"
_COMPILER = "the compiler is an artifact, too: Zig's clang, pinned, the same on every host"
_TORCHVISION = "nothing here uses torchvision: the model is a module of its own that loads the checkpoint"
_ONNXRUNTIME = "the recipe pins ONNX Runtime; its axis `onnxruntime` has other releases for C++"
_SOURCES = "LoadGen's sources are pinned by the recipe loadgen-sources"

WHOLE_IMAGENET = "the whole validation set of ImageNet is handed out to members only: there is no recipe for it"

OPENIMAGES: Values = {
    "10": sets(dataset="openimages-10"),
    "50": sets(dataset="openimages-50"),
    "500": sets(dataset="openimages-500"),
    "full": sets(dataset="openimages"),
    "size.#": sets(dataset="openimages-{}"),
    "validation": NOTHING,
    "original": NOTHING,
    "NCHW": NOTHING,
    "float32": NOTHING,
    "fp32": NOTHING,
    "custom-annotations": note("MLPerf's own annotations are the only ones here, pinned"),
    "default-annotations": note("MLPerf's own annotations are the only ones here, pinned"),
}
IMAGENET: Values = {
    "500": sets(dataset="imagenet-500"),
    "full": lacks(WHOLE_IMAGENET),
    "NCHW": NOTHING,
    "validation": NOTHING,
    "original": NOTHING,
    "rgb32": NOTHING,
    "fp32": NOTHING,
}

ADR: Mapping[str, Words] = {
    "python": {
        "version": note(_INTERPRETER),
        "version_min": note(_INTERPRETER),
        "version_max": note(_INTERPRETER),
        "name": note(_NO_VENV),
    },
    "python3": {"version": note(_INTERPRETER), "version_min": note(_INTERPRETER), "name": note(_NO_VENV)},
    "compiler": {
        "tags": {"gcc": note(_COMPILER), "llvm": note(_COMPILER), "clang": note(_COMPILER)},
        "version": note(_COMPILER),
        "version_min": note(_COMPILER),
    },
    "openimages-preprocessed": {"tags": OPENIMAGES},
    "openimages-original": {"tags": OPENIMAGES},
    "imagenet-preprocessed": {"tags": IMAGENET},
    "imagenet-original": {"tags": IMAGENET},
    "ml-engine-torchvision": {"version": note(_TORCHVISION), "version_max": note(_TORCHVISION)},
    "ml-engine-pytorch": {"version": note("the recipe pins PyTorch"), "version_max": note("the recipe pins PyTorch")},
    "ml-engine-onnxruntime": {"version": sets(onnxruntime="{}"), "version_min": note(_ONNXRUNTIME)},
    "onnxruntime": {"version": sets(onnxruntime="{}"), "version_min": note(_ONNXRUNTIME)},
    "loadgen": {"version": lacks("the axis `round` takes LoadGen, its settings and its seeds together")},
    "inference-src": {"version": note(_SOURCES), "tags": {"r2.1": sets(round="v2.1")}},
    "tvm": {"tags": {"pip-install": lacks("there is no TVM here")}, "version": lacks("there is no TVM here")},
    "cuda": {"version": note("`envmgr probe cuda` tells the toolkits; the libraries of a run are pinned wheels")},
}

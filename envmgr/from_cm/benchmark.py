"""The words of CM's benchmark scripts: one run under LoadGen, and the loop around it that makes a submission."""

from collections.abc import Mapping

from envmgr.from_cm.meaning import NOTHING, Known, Meaning, Rule, Values, Words, lacks, later, note, sets
from envmgr.from_cm.words import WHOLE_IMAGENET

_OTHERS = "other models than MLPerf's RetinaNet and ResNet50 are not here; a recipe adds one"
_VENDORS = "harnesses of vendors are not here"
_BACKENDS = "this engine is not here; ONNX Runtime and PyTorch are"

IMPLEMENTATION: Values = {
    **dict.fromkeys(("cpp", "mlcommons-cpp", "mil"), sets(implementation="cpp")),
    **dict.fromkeys(("python", "reference", "mlcommons-python"), sets(implementation="python")),
    **dict.fromkeys(("nvidia", "nvidia-original", "intel", "qualcomm"), lacks(_VENDORS)),
    **dict.fromkeys(("tflite-cpp", "ctuning-cpp-tflite"), lacks(_BACKENDS)),
}
BACKEND: Values = {
    "onnxruntime": sets(backend="onnxruntime"),
    "pytorch": sets(backend="pytorch"),
    **dict.fromkeys(
        ("tf", "tflite", "tvm-onnx", "tvm-pytorch", "deepsparse", "tensorrt", "glow", "ncnn"), lacks(_BACKENDS)
    ),
}
DEVICE: Values = {
    "cpu": sets(device="cpu"),
    "cuda": sets(device="cuda"),
    "gpu": Meaning({"device": "cuda"}, note="CM calls it `cuda` since December 2022, and fails at `gpu`"),
    **dict.fromkeys(("rocm", "qaic"), lacks("devices other than CPUs and CUDA's are not here")),
}
MODEL: Values = {
    "retinanet": sets(model="retinanet"),
    "resnet50": sets(model="resnet50"),
    **dict.fromkeys(("bert-99", "bert-99.9", "3d-unet-99", "3d-unet-99.9", "rnnt", "gptj-99", "sdxl"), lacks(_OTHERS)),
}
PRECISION: Values = {
    **dict.fromkeys(("fp32", "float32"), NOTHING),
    **dict.fromkeys(("int8", "uint8", "quantized"), lacks("all weights here are float32")),
}
SCENARIO: Values = {name: sets(scenario=name) for name in ("Offline", "Server", "SingleStream", "MultiStream")}
MODE: Values = {
    "accuracy": sets(mode="accuracy"),
    "performance": sets(mode="performance"),
    "compliance": Meaning({"mode": "both", "audit": "TEST01"}, note="CM takes TEST01, whichever was asked for"),
}
STYLE: Values = {
    "test": NOTHING,
    "fast": note("CM's own factor for it is always 1"),
    "valid": Meaning({"min_duration_ms": "600000"}, note="ten minutes, as the rules of MLPerf ask"),
}

_AFRESH = "every run is a run of its own, and what it needs is never stale: nothing is to be cleaned"
_RECORDED = "a run is recorded in the store; `envmgr runs list` lists them"
_COUNT = (
    "CM sets LoadGen's shortest duration to 0 as well, so that a run over a few samples is VALID; here it stays as the"
    " recipe has it (min_duration_ms)"
)
_WORKERS = (
    "in CM this is the number of workers of the Python harness, and changes nothing in C++ nor in the threads of ONNX"
    " Runtime; here it holds for both harnesses, and --threads says how many threads each has"
)
_SYSTEM = "a property of a submission, not of a run"

RUN_FLAGS: Words = {
    "scenario": SCENARIO,
    "mode": MODE,
    "test_query_count": Meaning({"count": "{}"}, note=_COUNT),
    "count": sets(count="{}"),
    "num_threads": Meaning({"workers": "{}"}, note=_WORKERS),
    "threads": Meaning({"workers": "{}"}, note=_WORKERS),
    "max_batchsize": sets(batch="{}"),
    "batch_size": sets(batch="{}"),
    "target_qps": sets(target_qps="{}"),
    "offline_target_qps": sets(target_qps="{}"),
    "server_target_qps": sets(target_qps="{}"),
    "target_latency": sets(target_latency_ms="{}"),
    "singlestream_target_latency": sets(target_latency_ms="{}"),
    "multistream_target_latency": sets(target_latency_ms="{}"),
    "min_query_count": sets(min_query_count="{}"),
    "max_query_count": sets(max_query_count="{}"),
    "performance_sample_count": sets(performance_samples="{}"),
    "min_duration": lacks("say it in milliseconds: --set min_duration_ms=N"),
    "execution_mode": STYLE,
    "run_style": STYLE,
    "precision": PRECISION,
    "rerun": note(_AFRESH),
    "clean": note(_AFRESH),
    "regenerate_files": note(_AFRESH),
    "output_dir": note(_RECORDED),
    "results_dir": note(_RECORDED),
    "hw_name": note(_SYSTEM),
    "imagenet_path": lacks("the pictures of ImageNet come from the recipe of the data set"),
    "power": lacks("power is not measured here"),
    "docker": note("no container is needed: a run is held in a sandbox, and sees its closure alone"),
    "new_tvm_model": lacks("there is no TVM here"),
}

_PICKED = "CM takes whichever preprocessed {} it finds in its cache; here it is said"
_OPENIMAGES = Meaning({"dataset": "openimages-500"}, note=_PICKED.replace("{}", "Open Images"))
_IMAGENET = Meaning({"dataset": "imagenet-500"}, note=_PICKED.replace("{}", "ImageNet"))
_ALL_SAMPLES = note(
    "no count is given: CM takes 5 or 10 samples then, depending on its version; here it is all samples of the data set"
    " (--count N takes fewer)"
)
_NOT_PYTORCH = note(
    "torchvision is constrained, and yet the backend is onnxruntime, as in the tutorial's section on PyTorch, whose"
    " command runs ONNX Runtime; PyTorch is --set backend=pytorch"
)
_NEWEST_ROUND = Meaning(
    {"round": "v5.1"}, note="a submission is of a round, and this is the newest that takes RetinaNet as it is"
)
RULES = (
    Rule(seen=("_full",), when={"model": "retinanet"}, unset="dataset", meaning=sets(dataset="openimages")),
    Rule(seen=("_full",), when={"model": "resnet50"}, unset="dataset", meaning=lacks(WHOLE_IMAGENET)),
    Rule(when={"model": "retinanet"}, unset="dataset", meaning=_OPENIMAGES),
    Rule(when={"model": "resnet50"}, unset="dataset", meaning=_IMAGENET),
    Rule(unset="count", meaning=_ALL_SAMPLES),
    Rule(seen=("_submission",), unset="round", meaning=_NEWEST_ROUND),
    Rule(seen=("adr.ml-engine-torchvision",), when={"backend": "onnxruntime"}, meaning=_NOT_PYTORCH),
)
DEFAULTS: Mapping[str, str] = {
    "implementation": "python",
    "backend": "onnxruntime",
    "device": "cpu",
    "model": "resnet50",
    "scenario": "Offline",
    "mode": "accuracy",
}
_ROUNDS: Values = {
    **{f"r{number}": sets(round=f"v{number}") for number in ("2.1", "4.1", "5.0", "5.1", "6.0", "6.1")},
    **dict.fromkeys(
        ("r3.0", "r3.1", "r4.0"), lacks("this round is not here; `envmgr show benchmark` tells those that are")
    ),
}

APP = Known(
    tags=frozenset({"app", "mlperf", "inference", "generic", "vision", "language", "mlcommons"}),
    command=("run", "benchmark"),
    sets=DEFAULTS,
    variations={
        **IMPLEMENTATION, **BACKEND, **DEVICE, **MODEL, **PRECISION, **STYLE, **{
            f"{name}_default": meaning for name, meaning in _ROUNDS.items()
        },
        "offline": sets(scenario="Offline"),
        "server": sets(scenario="Server"),
        "singlestream": sets(scenario="SingleStream"),
        "multistream": sets(scenario="MultiStream"),
        "power": lacks("power is not measured here"),
        "batch_size.#": sets(batch="{}"),
    },
    flags=RUN_FLAGS,
    rules=RULES,
)  # fmt: skip

_SHORT = Meaning(
    later={"--short": ""},
    note="CM's short form edits the text of the submission checker until it accepts 100 samples and any result; here no"
    " checker is touched: the tree says that it is not submittable, and `envmgr submission check` refuses it",
)
_SUBMISSION = Meaning(
    {"mode": "both"},
    then=("submission", "create", "last"),
    later={"--submitter": "default", "--division": "open", "--system": "auto", "-o": "submission"},
    note="a submission is made of recorded runs; without --short a person completes the description of the system",
)
_FIND = Meaning(
    {"mode": "performance"},
    note="CM makes a short run to learn the pace of the next one; here every run learns it in its warm-up",
)
_DASHBOARD = (
    "nothing is sent to a dashboard: CM's upload goes out under this host's name, for everybody to see;"
    " `envmgr publish last --to wandb --offline` writes the same fields into a file"
)

WRAPPER = Known(
    tags=frozenset(
        {"run", "common", "generate-run-cmds", "run-mlperf", "run-mlperf-inference", "vision", "mlcommons", "mlperf",
         "inference", "reference"}
    ),
    command=("run", "benchmark"),
    sets=DEFAULTS,
    variations={
        "submission": _SUBMISSION,
        "all-modes": sets(mode="both"),
        "performance-and-accuracy": sets(mode="both"),
        "accuracy-only": sets(mode="accuracy"),
        "performance-only": sets(mode="performance"),
        "find-performance": _FIND,
        "populate-readme": note("a run's record says with which command and which closure it was made"),
        "short": _SHORT,
        "full": NOTHING,
        "all-scenarios": lacks("one run a scenario: --scenario Offline, SingleStream, MultiStream, Server"),
        "compliance": sets(mode="both", audit="TEST01"),
        "dashboard": note(_DASHBOARD),
        **_ROUNDS,
        **{f"{name}-dev": meaning for name, meaning in _ROUNDS.items()},
    },
    flags={
        **RUN_FLAGS,
        "implementation": IMPLEMENTATION,
        "lang": IMPLEMENTATION,
        "backend": BACKEND,
        "framework": BACKEND,
        "device": DEVICE,
        "model": MODEL,
        "submitter": later("--submitter"),
        "division": later("--division"),
        "category": later("--category"),
        "system_type": later("--category"),
        "status": note("a property of the system: its description says it"),
        "submission_dir": later("-o"),
        "run_checker": note("`envmgr submission check DIR --checker PATH` asks MLPerf's checker, as the user has it"),
        "skip_truncation": lacks("MLPerf takes no whole accuracy log"),
        "skip_submission_generation": note("leave out the second command"),
        "compliance": {"yes": sets(mode="both", audit="TEST01"), "no": NOTHING},
        "pip_loadgen": note("LoadGen is built from pinned sources for C++ and is a pinned wheel for Python"),
    },
    rules=RULES,
)  # fmt: skip

"""What CUDA recipes came to, where a store has it: nothing but the driver is missing. No GPU takes part."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envmgr import places
from envmgr.builders.bare_host import bare_host
from envmgr.model.lockfile import Lockfile
from tests.fake_cuda import DRIVER, DRIVER_SOURCE, empty_functions, shared_library

TOP = Path(__file__).parents[2]
OBJECTS = Path(places.store(None, str(TOP)), "objects")
LOCKED = Lockfile.parse((TOP / "recipes.lock").read_text())


def locked(recipe: str, device: str = "") -> Path:
    """Where the object of a recipe lies that the lockfile pins for this host's interpreter."""
    abi = f"cp3{sys.version_info.minor}"
    paths = (
        str(entry.store_path)
        for entry in LOCKED.entry
        if (entry.recipe, entry.system, entry.axes.get("device", "")) == (recipe, "x86_64-linux", device)
        and entry.axes.get("python", abi) == abi
    )
    return OBJECTS / next(paths, "not locked")


LIBRARIES = locked("onnxruntime-cuda") / "lib"
PROVIDER = LIBRARIES / "libonnxruntime_providers_cuda.so"
APPEND_CUDA = """
import ctypes, sys
address = ctypes.c_void_p
library = ctypes.CDLL(sys.argv[1])
library.OrtGetApiBase.restype = ctypes.POINTER(address)
get_table = ctypes.CFUNCTYPE(ctypes.POINTER(address), ctypes.c_uint32)(library.OrtGetApiBase()[0])
table = get_table(16)
error_message = ctypes.CFUNCTYPE(ctypes.c_char_p, address)(table[2])
create_environment = ctypes.CFUNCTYPE(address, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(address))(table[3])
create_options = ctypes.CFUNCTYPE(address, ctypes.POINTER(address))(table[10])
append_cuda = library.OrtSessionOptionsAppendExecutionProvider_CUDA
append_cuda.restype = address
environment, options = address(), address()
assert not create_environment(2, b"test", environment)
assert not create_options(options)
refused = append_cuda(options, 0)
print(error_message(refused).decode() if refused else "opened")
"""
"""What a program does that wants CUDA of ONNX Runtime, through its C interface."""

pytestmark = pytest.mark.skipif(not PROVIDER.exists(), reason=f"no onnxruntime-cuda in the store {OBJECTS.parent}")


def needed(library: Path) -> dict[str, str]:
    """What the loader makes of a library: the names it asks for, with where they are found; empty for nowhere."""
    environment = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": f"./{library.name}"}
    traced = subprocess.run(
        ["/bin/true"], cwd=library.parent, env=environment, capture_output=True, text=True, check=True
    )
    pairs = (line.strip().partition(" => ") for line in traced.stdout.splitlines() if " => " in line)
    return {name: "" if place == "not found" else place.rpartition(" (")[0] for name, _, place in pairs}


@pytest.mark.parametrize("library", sorted(LIBRARIES.glob("*.so*")), ids=lambda path: path.name)
def test_a_library_finds_all_that_it_needs_in_the_closure_or_the_bare_host_but_for_the_driver(library: Path) -> None:
    lent = {Path(place).name for place in bare_host().readable}
    for name, place in needed(library).items():
        if name not in lent | {DRIVER}:
            assert Path(place).resolve().is_relative_to(OBJECTS.resolve()), f"{name}: {place or 'not found'}"


def test_the_provider_opens_with_a_driver_and_only_with_one(tmp_path: Path) -> None:
    assert "opened" in appended(LD_LIBRARY_PATH=str(fake_driver(tmp_path))).splitlines()
    if shutil.which("nvidia-smi") is None:
        assert f"{DRIVER}: cannot open shared object file" in appended()


def appended(**environ: str) -> str:
    command = [sys.executable, "-I", "-c", APPEND_CUDA, str(LIBRARIES / "libonnxruntime.so.1")]
    environ = {**os.environ, "ORT_DISABLE_TELEMETRY": "1", **environ}
    appending = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return appending.stdout + appending.stderr


@pytest.mark.parametrize("recipe", ["harness-cpp", "harness-python"])
def test_a_harness_gets_as_far_as_the_driver_and_falls_back_to_nothing(tmp_path: Path, recipe: str) -> None:
    harness, model, tensors = locked(recipe, "cuda"), locked("retinanet-tiny-shapes"), locked("shapes-preprocessed")
    if missing := [folder for folder in (harness, model, tensors) if not folder.exists()]:
        pytest.skip(f"not in the store: {missing}")
    (tmp_path / "user.conf").touch()
    command = [
        *(str(harness / "bin/harness"), "--mode", "accuracy", "--scenario", "Offline", "--backend", "onnxruntime"),
        *("--model", str(model / "model.onnx"), "--model-name", "retinanet", "--tensors", str(tensors)),
        *("--user-conf", str(tmp_path / "user.conf"), "--output", str(tmp_path), "--count", "4", "--provider", "cuda"),
    ]
    environ = {**os.environ, "LD_LIBRARY_PATH": str(fake_driver(tmp_path / "driver")), "PYTHON": sys.executable}
    run = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "CUDA failure" in run.stdout + run.stderr, run.stderr
    assert "--provider cuda: the CUDA execution provider cannot be loaded" in run.stderr
    assert not (tmp_path / "mlperf_log_accuracy.json").exists()


def fake_driver(folder: Path) -> Path:
    """The folder with a driver that has all the functions that the provider asks for, and no device."""
    wanted = {name.decode() for name in re.findall(rb"(?<=\0)cu[A-Z]\w+(?=\0)", PROVIDER.read_bytes())}
    assert "cuLaunchKernel" in wanted
    known = set(re.findall(r"int (cu\w+)\(", DRIVER_SOURCE))
    return shared_library(folder / DRIVER, DRIVER_SOURCE + empty_functions(wanted - known)).parent

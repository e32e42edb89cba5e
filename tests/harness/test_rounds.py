"""Version, rules and seeds of a round go together: what the recipes give is what MLPerf published.

HARNESS_ROUNDS names the rounds whose LoadGen is compiled and run; the one that takes its rules from a file, if nobody
says. test_cpp.py compiles the default one.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli

pytestmark = [pytest.mark.harness, pytest.mark.registry]

TOP = Path(__file__).parents[2]
SEEDS: Mapping[str, tuple[int, int, int]] = {
    "v2.1": (14284205019438841327, 4163916728725999944, 299063814864929621),
    "v4.1": (3066443479025735752, 10688027786191513374, 14962580496156340209),
    "v5.0": (6023615788873153749, 15036839855038426416, 9933818062894767841),
    "v5.1": (1780908523862526354, 14771362308971278857, 18209322760996052031),
    "v6.0": (2465351861681999779, 14276810075590677512, 3936089224930324775),
    "v6.1": (2085463073848966840, 2747215439041700203, 16159082839903944936),
}
"""What the submission checker of each round asks for: of the library, of the samples, of the schedule."""
NAMES = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def realized(store: Path, recipe: str, round_: str) -> Path:
    command = ["--store", str(store), "realize", recipe, "--set", f"round={round_}"]
    return Path(subprocess.check_output([sys.executable, "-m", "envmgr", *command], cwd=TOP, text=True).strip())


@pytest.mark.parametrize("round_", SEEDS)
def test_the_rules_of_a_round_have_its_seeds(round_: str, store: Path) -> None:
    lines = (realized(store, "loadgen-rules", round_) / "mlperf.conf").read_text().splitlines()
    rules = dict(line.split(" = ") for line in lines if " = " in line and not line.startswith("#"))
    assert tuple(int(rules[f"*.*.{name}"]) for name in NAMES) == SEEDS[round_]
    assert rules["retinanet.*.performance_sample_count_override"] == "64"


@pytest.mark.parametrize("round_", os.environ.get("HARNESS_ROUNDS", "v2.1").split())
def test_a_run_logs_the_seeds_of_its_round(round_: str, store: Path, tmp_path: Path) -> None:
    if not all(map(shutil.which, ("c++", "cmake", "ninja"))):
        pytest.skip("no compiler")
    sources, rules = realized(store, "loadgen-sources", round_), realized(store, "loadgen-rules", round_)
    given = [f"-DLOADGEN_SOURCE={sources}", "-DCMAKE_UNITY_BUILD=ON"]  # half the time; test_cpp looks at the warnings
    for command in (
        ["cmake", "-G", "Ninja", "-S", str(TOP / "harness/cpp"), "-B", str(tmp_path), *given],
        ["cmake", "--build", str(tmp_path), "--target", "harness"],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert logged_seeds(tmp_path, rules) == SEEDS[round_]


def logged_seeds(build: Path, rules: Path) -> tuple[int, ...]:
    """The seeds in effect, as LoadGen's detail log of a run on one image has them."""
    (build / "index.txt").write_text("envmgr-tensors 1\ndtype float32\nshape 1 1 1\ncount 1\na.jpg\n")
    (build / "tensors.f32").write_bytes(bytes(4))
    command = [
        str(build / "harness"), "--backend", "null", "--tensors", str(build), "--scenario", "Offline", "--mode",
        "accuracy", "--output", str(build / "out"), "--mlperf-conf", str(rules / "mlperf.conf"),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    lines = (build / "out/mlperf_log_detail.txt").read_text().splitlines()
    said = {entry["key"]: entry["value"] for entry in (json.loads(line.removeprefix(":::MLLOG ")) for line in lines)}
    return tuple(said[f"effective_{name}"] for name in NAMES)


def test_every_recipe_that_knows_rounds_knows_these_and_has_the_same_release_for_each() -> None:
    raw = {path.stem: tomli.loads(path.read_text()) for path in (TOP / "recipes").glob("*.toml")}
    axes = {name: recipe["variants"]["round"] for name, recipe in raw.items() if "round" in recipe.get("variants", {})}
    assert {"loadgen", "loadgen-rules", "loadgen-sources", "benchmark"} <= axes.keys()
    for recipe, axis in axes.items():
        known = {name for name, value in axis.items() if isinstance(value, dict)}
        assert axis["default"] == "v6.1"
        assert known == SEEDS.keys() if recipe != "python-loadgen" else known < SEEDS.keys()
    for name in SEEDS.keys() - {"v6.1", "v4.1", "v2.1"}:  # the rules of these two are ours, and of no release
        assert len({axes[recipe][name]["version"] for recipe in ("loadgen", "loadgen-rules", "loadgen-sources")}) == 1

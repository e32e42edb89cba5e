"""Toolkits on faked trees: of three major releases, side by side, and broken."""

from pathlib import Path

import pytest

from envmgr.model.cuda import Toolkit
from envmgr.planning.cuda.toolkits import toolkits
from tests import fake_cuda


def only(top: Path, **environ: str) -> Toolkit:
    (found,) = toolkits(environ, top)
    return found


def test_where_there_is_none_none_is_found(tmp_path: Path) -> None:
    impossible = "x" * 300
    environ = {"PATH": f"{tmp_path}/bin:/{impossible}::.", "CUDA_HOME": f"{tmp_path}/{impossible}"}
    assert toolkits(environ, tmp_path) == ()


def test_a_toolkit_of_today_is_told_in_full(tmp_path: Path) -> None:
    root = tmp_path / "usr/local/cuda-12.4"
    fake_cuda.toolkit(root, "12.4", nvcc="12.4.131", version="12.4.1", cudnn="9.1.0")
    found = only(tmp_path)
    assert (found.root, found.version, found.nvcc_version, found.problems) == (root, "12.4.1", "12.4.131", ())
    assert (found.nvcc, found.include) == (root / "bin/nvcc", root / "include")
    assert found.libraries == (root / "lib64", root / "targets/x86_64-linux/lib")
    assert found.cudnn is not None
    assert (found.cudnn.version, found.cudnn.header) == ("9.1.0", root / "include/cudnn_version.h")
    assert found.cudnn.library == root / "lib64/libcudnn.so"


def test_a_toolkit_without_lib64_is_one_and_nvcc_says_its_release(tmp_path: Path) -> None:
    root = fake_cuda.toolkit(tmp_path / "opt/cuda", "13.0", nvcc="13.0.88", targets=False, lib64=False)
    found = only(tmp_path)
    assert (found.version, found.libraries, found.cudnn) == ("13.0", (root / "lib",), None)


def test_several_stand_in_the_order_in_which_programs_would_take_them(tmp_path: Path) -> None:
    local = tmp_path / "usr/local"
    for release, nvcc in (("11.3", "11.3.109"), ("12.4", "12.4.131"), ("13.0", "13.0.88")):
        fake_cuda.toolkit(local / f"cuda-{release}", release, nvcc=nvcc, version=f"{release}.1")
    spack = fake_cuda.toolkit(tmp_path / "spack/cuda", "12.1", nvcc="12.1.66")
    module = fake_cuda.toolkit(tmp_path / "module", "12.6", nvcc="12.6.20")
    (local / "cuda").symlink_to("cuda-12.4")

    def versions(**environ: str) -> list[str]:
        return [found.version for found in toolkits(environ, tmp_path)]

    assert versions() == ["12.4.1", "13.0.1", "11.3.1"]
    assert versions(PATH=f"/nowhere:{spack}/bin") == ["12.1", "12.4.1", "13.0.1", "11.3.1"]
    assert versions(PATH=f"{spack}/bin", CUDA_HOME=str(module))[:2] == ["12.6", "12.1"]
    assert versions(CUDA_PATH=f"{local}/cuda-11.3") == ["11.3.1", "12.4.1", "13.0.1"]


def test_a_link_to_nvcc_on_path_leads_to_its_toolkit(tmp_path: Path) -> None:
    root = fake_cuda.toolkit(tmp_path / "apps/cuda", "12.4", nvcc="12.4.131")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nvcc").symlink_to(root / "bin/nvcc")
    assert only(tmp_path, PATH=f"{tmp_path}/bin").root == root


def test_libraries_alone_are_a_toolkit_without_a_compiler(tmp_path: Path) -> None:
    root = fake_cuda.toolkit(tmp_path / "usr/local/cuda-11.3", "11.3", nvcc="11.3.109", version="11.3.1")
    (root / "bin/nvcc").unlink()
    found = only(tmp_path)
    assert (found.nvcc, found.nvcc_version, found.version, found.problems) == (None, "", "11.3.1", ())


def test_the_cudnn_of_the_distribution_serves_a_toolkit_without_one(tmp_path: Path) -> None:
    fake_cuda.toolkit(tmp_path / "usr/local/cuda-12.4", "12.4", nvcc="12.4.131")
    for folder in ("include", "lib"):
        (tmp_path / "usr" / folder).mkdir()
    fake_cuda.cudnn_of(tmp_path / "usr", "8.9.7")
    cudnn = only(tmp_path).cudnn
    assert cudnn is not None
    assert (cudnn.version, cudnn.library) == ("8.9.7", tmp_path / "usr/lib/libcudnn.so")


def test_a_cudnn_without_headers_is_known_by_its_library(tmp_path: Path) -> None:
    root = fake_cuda.toolkit(tmp_path / "opt/cuda-12.4", "12.4", nvcc="12.4.131", cudnn="9.1.0")
    (root / "include/cudnn_version.h").unlink()
    cudnn = only(tmp_path).cudnn
    assert cudnn is not None
    assert (cudnn.version, cudnn.header) == ("9.1.0", None)


@pytest.mark.parametrize("ends", ["kill -SEGV $$", "exit 3"])
def test_a_compiler_that_crashes_is_a_problem_and_the_version_is_the_written_one(tmp_path: Path, ends: str) -> None:
    root = fake_cuda.toolkit(tmp_path / "opt/cuda", "12.4", nvcc="12.4.131", version="12.4.1")
    fake_cuda.compiler(root / "bin/nvcc", "no release", ends=ends)
    found = only(tmp_path)
    assert (found.version, found.nvcc_version, len(found.problems)) == ("12.4.1", "", 1)
    assert "nvcc" in found.problems[0]


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"cuda": "12.4"}', "\udcff"])
def test_a_version_file_that_is_none_is_a_problem_and_nvcc_says_the_release(tmp_path: Path, text: str) -> None:
    root = fake_cuda.toolkit(tmp_path / "opt/cuda", "12.4", nvcc="12.4.131")
    (root / "version.json").write_bytes(text.encode(errors="surrogateescape"))
    found = only(tmp_path)
    assert (found.version, found.nvcc_version, len(found.problems)) == ("12.4", "12.4.131", 1)
    assert "version.json" in found.problems[0]


def test_a_compiler_that_says_something_else_and_files_that_do_not_run_are_told(tmp_path: Path) -> None:
    root = fake_cuda.toolkit(tmp_path / "opt/cuda", "12.4", nvcc="12.4.131")
    fake_cuda.compiler(root / "bin/nvcc", "hello")
    assert "names no release" in only(tmp_path).problems[0]
    (root / "bin/nvcc").write_bytes(b"\x7fELF, but not really")
    assert "nvcc does not tell" in only(tmp_path).problems[0]


def test_links_that_dangle_or_lead_in_a_circle_are_no_toolkits(tmp_path: Path) -> None:
    local = tmp_path / "usr/local"
    local.mkdir(parents=True)
    (local / "cuda").symlink_to("cuda-12.4")
    (local / "cuda-13.0").symlink_to("cuda-13.0")
    assert toolkits({"CUDA_HOME": f"{local}/cuda"}, tmp_path) == ()
    root = fake_cuda.toolkit(local / "cuda-11.3", "11.3", nvcc="11.3.109", cudnn="8.2.1")
    (root / "targets/x86_64-linux/lib/libcudnn.so.8.2.1").unlink()
    cudnn = only(tmp_path).cudnn
    assert cudnn is not None
    assert (cudnn.version, cudnn.library) == ("8.2.1", None)

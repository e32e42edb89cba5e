"""Finds CUDA toolkits: every one, in the order in which programs would take them."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from envmgr.model.axis import version_key
from envmgr.model.cuda import Cudnn, Toolkit

NAMED = ("CUDA_HOME", "CUDA_PATH")
"""Variables that name a toolkit."""
CHOSEN = "usr/local/cuda"
"""The link by which an administrator chooses one."""
USUAL = ("usr/local/cuda-*", "opt/cuda", "opt/cuda-*", "opt/nvidia/hpc_sdk/*/*/cuda/*", "usr/lib/cuda", "usr")
"""Where installers put toolkits; the last two are distributions'."""
LIBRARY_FOLDERS = ("lib64", "lib", "targets/*/lib", f"lib/{platform.machine()}-linux-gnu")
INCLUDE_FOLDERS = ("include", "targets/*/include", f"include/{platform.machine()}-linux-gnu")
NVCC_SECONDS = 20
NVCC_VERSION = re.compile(r"release (?P<release>\d+\.\d+), V(?P<version>[\d.]+)")
CUDNN_VERSION = re.compile(r"^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL)\s+(\d+)", re.MULTILINE)


def toolkits(environ: Mapping[str, str], top: Path = Path("/")) -> tuple[Toolkit, ...]:
    """The toolkits of a machine: those that variables name, that of the `nvcc` on PATH, then the newest first.

    Args:
        environ: environment variables.
        top: the folder that the usual places are below.
    """
    named = [Path(environ[name]) for name in NAMED if environ.get(name)]
    first = list(_roots([*named, *_on_path(environ.get("PATH", "")), top / CHOSEN]))
    others = _roots(path for pattern in USUAL for path in top.glob(pattern))
    found = [_look(root, top) for root in others if root not in first]
    found.sort(key=lambda toolkit: version_key(toolkit.version), reverse=True)
    return (*(_look(root, top) for root in first), *found)


def _on_path(path: str) -> Iterator[Path]:
    """Where a `nvcc` on PATH may belong: beside its folder, or where it leads to."""
    for folder in filter(None, path.split(os.pathsep)):
        file = Path(folder, "nvcc")
        if os.access(file, os.X_OK):
            yield Path(os.path.realpath(folder)).parent
            yield Path(os.path.realpath(file)).parents[1]


def _roots(candidates: Iterable[Path]) -> Iterator[Path]:
    """The folders that hold a toolkit, links followed, each once."""
    seen: set[Path] = set()
    for candidate in candidates:
        root = Path(os.path.realpath(candidate))
        if root not in seen and _is_there(root) and (_libraries(root) or (_nvcc(root) and _include(root))):
            yield root
        seen.add(root)


def _look(root: Path, top: Path) -> Toolkit:
    problems: list[str] = []
    nvcc, libraries = _nvcc(root), _libraries(root)
    release, nvcc_version = _ask_nvcc(nvcc, problems) if nvcc else ("", "")
    return Toolkit(
        root=root,
        version=_written_version(root / "version.json", problems) or release,
        nvcc=nvcc,
        nvcc_version=nvcc_version,
        include=_include(root),
        libraries=libraries,
        cudnn=_cudnn(root, libraries) or _cudnn(top / "usr", _folders(top / "usr", LIBRARY_FOLDERS)),
        problems=tuple(problems),
    )


def _nvcc(root: Path) -> Path | None:
    file = root / "bin" / "nvcc"
    return file if os.access(file, os.X_OK) and file.is_file() else None


def _include(root: Path) -> Path | None:
    return next((folder for folder in _folders(root, INCLUDE_FOLDERS) if _is_there(folder / "cuda.h")), None)


def _libraries(root: Path) -> tuple[Path, ...]:
    return tuple(folder for folder in _folders(root, LIBRARY_FOLDERS) if any(folder.glob("libcudart*")))


def _folders(root: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(root.glob(pattern)) if _is_there(path)]


def _is_there(path: Path) -> bool:
    """Whether it can be read; what is shut to this user is not there for programs either."""
    return os.access(path, os.R_OK)


def _ask_nvcc(nvcc: Path, problems: list[str]) -> tuple[str, str]:
    """The release that it is of, and its own version; empty texts, and a problem more, where it does not tell."""
    try:
        asked = subprocess.run([nvcc, "-V"], capture_output=True, timeout=NVCC_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        problems.append(f"nvcc does not tell its version: {error}")
        return "", ""
    said = NVCC_VERSION.search(asked.stdout.decode(errors="replace"))
    if said is None:
        problems.append(f"nvcc does not tell its version: {nvcc} -V names no release")
        return "", ""
    return said["release"], said["version"]


def _written_version(file: Path, problems: list[str]) -> str:
    if not _is_there(file):
        return ""
    try:
        return str(json.loads(file.read_bytes())["cuda"]["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        problems.append(f"{file} does not tell a version: {error!r}")
        return ""


def _cudnn(root: Path, libraries: Iterable[Path]) -> Cudnn | None:
    headers = (file for folder in _folders(root, INCLUDE_FOLDERS) for file in sorted(folder.glob("cudnn_version*.h")))
    header = next(filter(_is_there, headers), None)
    files = (file for folder in libraries for file in sorted(folder.glob("libcudnn.so*")))
    library = next(filter(_is_there, files), None)
    if header is not None:
        parts = dict(CUDNN_VERSION.findall(header.read_text(errors="replace")))
        version = ".".join(parts[name] for name in ("MAJOR", "MINOR", "PATCHLEVEL") if name in parts)
        return Cudnn(version=version, header=header, library=library)
    if library is not None:
        version = os.path.realpath(library).rpartition(".so.")[2]
        return Cudnn(version=version if version[:1].isdigit() else "", header=None, library=library)
    return None

"""Preprocessed images, mapped into memory or loaded when LoadGen asks, and handed out by position.

A tensors folder holds
  index.txt     envmgr-tensors 1 / dtype float32 / shape C H W / count N, a line each, then N image file names
  tensors.f32   raw little-endian float32, channels x height x width a sample, one after the other, no header
or, in place of tensors.f32, the program load.py, which makes tensors when they are asked for (loader).
The order of the index is the order of the annotation file: LoadGen's sample index is the position in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from loadgen_harness.loader import PROGRAM, Loader

Image = NDArray[np.float32]
"""One sample as graphs take it: float32, shape (1, channels, height, width)."""

FLOAT32 = np.dtype("<f4")
MOST_LOADED_BYTES = 1 << 30
"""Samples that a program makes lie in memory: so much at once, where LoadGen's settings do not say."""


class TensorsError(Exception):
    """A tensors folder is not as described above."""


@dataclass(frozen=True)
class TensorIndex:
    """The content of index.txt."""

    shape: tuple[int, int, int]
    """Channels, height and width of one image."""
    names: tuple[str, ...]


def parse_tensor_index(text: str) -> TensorIndex:
    """Parse index.txt; raises TensorsError naming the line that is not as described above."""
    lines = text.split("\n")
    _field(lines, 1, "envmgr-tensors", ["1"])
    _field(lines, 2, "dtype", ["float32"])
    channels, height, width = _sizes(lines, 3, "shape", 3)
    (count,) = _sizes(lines, 4, "count", 1)
    names = lines[4:]
    names = names[: names.index("")] if "" in names else names
    if len(names) != count:
        raise TensorsError(f"count is {count}, but {len(names)} image names follow")
    return TensorIndex((channels, height, width), tuple(names))


def _field(lines: list[str], number: int, key: str, known: list[str] | None = None) -> list[str]:
    words = lines[number - 1].split() if number <= len(lines) else []
    if words[:1] != [key] or (known is not None and words[1:] != known):
        expected = " ".join([key, *(known or ["..."])])
        raise TensorsError(f"line {number}: expected {expected!r}, found {' '.join(words)!r}")
    return words[1:]


def _sizes(lines: list[str], number: int, key: str, how_many: int) -> list[int]:
    words = _field(lines, number, key)
    sizes = [int(word) for word in words if word.isdecimal()]
    if len(sizes) != how_many or len(words) != how_many or 0 in sizes:
        raise TensorsError(f"line {number}: expected {key!r} and {how_many} whole number(s), 1 or more")
    return sizes


class _Samples(Protocol):
    """Where the numbers of samples come from."""

    @property
    def images(self) -> Mapping[int, Image] | Sequence[Image]:
        """What is loaded, by position; the same object for ever."""

    def load(self, indices: Sequence[int]) -> None: ...

    def unload(self, indices: Sequence[int]) -> None: ...

    def close(self) -> None: ...


class QuerySampleLibrary:
    """The samples of a tensors folder.

    sample() may be called from any thread for samples that are loaded; the rest is called by one thread at a time,
    outside the timed path.
    """

    def __init__(self, folder: Path, count: int, python: str) -> None:
        """Open a folder; raises TensorsError when it is not as it must be, or `count` is more than there are.

        `count`: use the first so many samples; 0: all. `python` runs the folder's load.py, where there is one.
        """
        index = _read_index(folder)
        if count > len(index.names):
            raise TensorsError(f"--count {count}: {folder} has only {len(index.names)} samples")
        self.shape = index.shape
        self.names = index.names[: count or None]
        self.on_load = (folder / PROGRAM).exists()
        """Whether a program makes the samples; else they are stored."""
        self._samples: _Samples
        if self.on_load:
            self._samples = _LoadedSamples(Loader(folder, python, index.shape, index.names))
        else:
            self._samples = _MappedSamples(folder / "tensors.f32", index)
        self._images = self._samples.images

    @property
    def most_loaded(self) -> int:
        """How many samples LoadGen may have in memory at once, where its settings do not say."""
        sample_bytes = int(np.prod(self.shape)) * FLOAT32.itemsize
        return min(len(self), max(1, MOST_LOADED_BYTES // sample_bytes)) if self.on_load else len(self)

    def load(self, indices: Sequence[int]) -> None:
        """Bring samples into memory, so that the timed path waits for no disk; raises TensorsError, LoadError."""
        self._samples.load(indices)

    def unload(self, indices: Sequence[int]) -> None:
        """Let go of samples."""
        self._samples.unload(indices)

    def sample(self, index: int) -> Image:
        """The `index`-th image, which is loaded. No copy."""
        return self._images[index]

    def __len__(self) -> int:
        return len(self.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the program that makes tensors, if there is one."""
        self._samples.close()


def _read_index(folder: Path) -> TensorIndex:
    file = folder / "index.txt"
    try:
        return parse_tensor_index(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TensorsError(f"{file}: cannot be read; --tensors must name a tensors folder") from error
    except (TensorsError, UnicodeDecodeError) as error:
        raise TensorsError(f"{file}: {error}") from error


class _MappedSamples:
    """The file tensors.f32, mapped: the kernel reads it, and takes its pages back when it needs memory."""

    def __init__(self, file: Path, index: TensorIndex) -> None:
        shape = (len(index.names), 1, *index.shape)
        if not file.is_file():
            raise TensorsError(f"{file}: is missing")
        size, expected = file.stat().st_size, int(np.prod(shape)) * FLOAT32.itemsize
        if size != expected:
            raise TensorsError(
                f"{file}: has {size} bytes, but its index.txt asks for {expected}; make the tensors anew"
            )
        # Plain arrays over the mapping: numpy's own class for maps costs a microsecond a sample.
        self.images: Sequence[Image] = list(np.memmap(file, FLOAT32, "r", shape=shape).view(np.ndarray))

    def load(self, indices: Sequence[int]) -> None:
        """Read every page once."""
        for index in indices:
            self.images[index].max()

    def unload(self, indices: Sequence[int]) -> None:
        """Nothing: the pages are the file's."""

    def close(self) -> None:
        """Nothing: the mapping ends with its last array."""


class _LoadedSamples:
    """Samples that a program makes when they are asked for."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self.images: dict[int, Image] = {}

    def load(self, indices: Sequence[int]) -> None:
        missing = [index for index in dict.fromkeys(indices) if index not in self.images]
        if missing:
            self.images.update(zip(missing, self._loader.load(missing), strict=True))

    def unload(self, indices: Sequence[int]) -> None:
        for index in indices:
            self.images.pop(index, None)

    def close(self) -> None:
        self._loader.close()

"""The samples of a tensors folder: stored, and made on load."""

from pathlib import Path

import pytest

pytest.importorskip("numpy")

from loadgen_harness.loader import LoadError
from loadgen_harness.sample_library import QuerySampleLibrary, TensorsError, parse_tensor_index

from tests.harness.tensors import PYTHON, SHAPE, index, on_load, stored

pytestmark = pytest.mark.harness


def test_a_stored_sample_is_the_one_at_that_position(tmp_path: Path) -> None:
    with QuerySampleLibrary(stored(tmp_path / "t", 4), 0, PYTHON) as library:
        library.load([2])
        assert library.sample(2).shape == (1, *SHAPE)
        assert set(library.sample(2).flat) == {2}
        assert (len(library), library.most_loaded, library.on_load) == (4, 4, False)


def test_a_sample_made_on_load_is_the_one_that_would_be_stored(tmp_path: Path) -> None:
    with QuerySampleLibrary(on_load(tmp_path / "t", 4), 0, PYTHON) as library:
        library.load([3, 1])
        library.load([1, 2])
        library.unload([3])
        assert [set(library.sample(number).flat) for number in (1, 2)] == [{1}, {2}]
        with pytest.raises(KeyError):
            library.sample(3)


def test_only_the_first_samples_are_used_where_a_count_says_so(tmp_path: Path) -> None:
    with QuerySampleLibrary(stored(tmp_path / "t", 4), 3, PYTHON) as library:
        assert library.names == ("0.jpg", "1.jpg", "2.jpg")


def test_a_count_beyond_the_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TensorsError, match="--count 5"):
        QuerySampleLibrary(stored(tmp_path / "t", 4), 5, PYTHON)


def test_a_sample_that_cannot_be_made_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with QuerySampleLibrary(on_load(tmp_path / "t", 4, broken=2), 0, PYTHON) as library:
        with pytest.raises(LoadError, match=r"sample 2 \(2\.jpg\): .*load\.py ended with exit code 1"):
            library.load([1, 2, 3])
        with pytest.raises(LoadError, match=r"sample 0 \(0\.jpg\)"):
            library.load([0])
    assert "the picture is broken" in capfd.readouterr().err


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no-python"):
        QuerySampleLibrary(on_load(tmp_path / "t", 4), 0, str(tmp_path / "no-python"))


def test_tensors_of_another_size_than_the_index_says_are_refused(tmp_path: Path) -> None:
    folder = stored(tmp_path / "t", 4)
    (folder / "index.txt").write_text(index(["a.jpg"]))
    with pytest.raises(TensorsError, match=r"has 96 bytes, but its index\.txt asks for 24"):
        QuerySampleLibrary(folder, 0, PYTHON)


@pytest.mark.parametrize("missing", ["index.txt", "tensors.f32"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    folder = stored(tmp_path / "t", 4)
    (folder / missing).unlink()
    with pytest.raises(TensorsError, match=missing):
        QuerySampleLibrary(folder, 0, PYTHON)


GOOD = index(["a.jpg", "b.jpg"])


def test_an_index_is_read() -> None:
    read = parse_tensor_index(GOOD)
    assert (read.shape, read.names) == (SHAPE, ("a.jpg", "b.jpg"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tensors 1", "tensors 2", "line 1"),
        ("float32", "float16", "line 2"),
        ("1 2 3", "1 2", "line 3"),
        ("1 2 3", "1 0 3", "line 3"),
        ("count 2", "count x", "line 4"),
        ("count 2", "count 3", "count is 3, but 2"),
        (GOOD, "", "line 1"),
    ],
)
def test_an_index_that_is_otherwise_is_refused_by_line(old: str, new: str, said: str) -> None:
    with pytest.raises(TensorsError, match=said):
        parse_tensor_index(GOOD.replace(old, new))

"""ImageNet laid out for a benchmark: pictures and their labels in one order, or an error."""

import subprocess
import sys
from pathlib import Path

import pytest

LABELS = "".join(f"ILSVRC2012_val_{number:08}.JPEG {number * 7 % 1000}\n" for number in range(1, 30))
NAMES = [f"ILSVRC2012_val_{number:08}.JPEG" for number in (1, 2, 3, 5)]


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Pictures as an archive has them, below a folder of its own, and the labels of more."""
    pictures = tmp_path / "pictures/ILSVRC2012_img_val_500"
    pictures.mkdir(parents=True)
    for name in reversed(NAMES):
        (pictures / name).write_text(name)
    (tmp_path / "val.txt").write_text(LABELS)
    return tmp_path


def arrange(recipes: Path, folder: Path, count: int) -> subprocess.CompletedProcess[str]:
    (folder / "out").mkdir()
    places = [str(folder / name) for name in ("pictures", "val.txt", "out")]
    command = [sys.executable, str(recipes / "imagenet/arrange.py"), *places, "--count", str(count)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_labels_are_those_of_the_pictures_in_their_order(recipes: Path, unpacked: Path) -> None:
    assert arrange(recipes, unpacked, len(NAMES)).returncode == 0
    pictures = {path.name: path.read_text() for path in (unpacked / "out/validation/data").iterdir()}
    assert pictures == {name: name for name in NAMES}
    labels = "".join(f"{name} {int(name[-8:-5]) * 7}\n" for name in NAMES)
    assert (unpacked / "out/annotations/val_map.txt").read_text() == labels


def test_another_number_of_pictures_is_refused(recipes: Path, unpacked: Path) -> None:
    done = arrange(recipes, unpacked, 5)
    assert (done.returncode, "there are 4 pictures" in done.stderr) == (1, True)
    assert list((unpacked / "out").iterdir()) == []


def test_a_picture_without_a_label_is_named(recipes: Path, unpacked: Path) -> None:
    (unpacked / "pictures/stranger.JPEG").touch()
    done = arrange(recipes, unpacked, len(NAMES))
    assert (done.returncode, "stranger.JPEG has no label" in done.stderr) == (1, True)

"""Whether a JPEG file is whole, told by its markers."""

import pytest

from envmgr.builders.jpeg import flaw

cv2 = pytest.importorskip("cv2", reason="real JPEG files are made with opencv")
np = pytest.importorskip("numpy", reason="real JPEG files are made with numpy")
pytestmark = pytest.mark.harness


@pytest.fixture(params=[0, 1], ids=["baseline", "progressive"])
def picture(request: pytest.FixtureRequest) -> bytes:
    """A real JPEG file."""
    pixels = np.random.RandomState(0).randint(0, 256, (24, 32, 3)).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_PROGRESSIVE, request.param])[1])


def test_a_whole_picture_has_no_flaw_also_with_something_behind_it(picture: bytes) -> None:
    assert flaw(picture) == ""
    assert flaw(picture + bytes(100)) == ""


def test_every_beginning_of_a_picture_has_one(picture: bytes) -> None:
    assert all(flaw(picture[:length]) for length in range(len(picture) - 1))


def test_the_end_of_a_thumbnail_is_not_the_pictures(picture: bytes) -> None:
    thumbnail = b"\xff\xe1" + (2 + len(picture)).to_bytes(2) + picture
    whole = picture[:2] + thumbnail + picture[2:]
    assert flaw(whole) == ""
    assert flaw(whole[:-2])

"""Make tensors as they are asked for: load.py, in the folder of tensors that it belongs to.

Each line of its input holds positions in index.txt, separated by spaces; for each it writes the tensor, little-endian
float32, in that order. It ends when its input does. A picture that is missing or broken ends it with exit code 1; all
pictures are looked for before anything is read, so that this is found out before a clock runs.

Some threads decode ahead (OpenCV leaves Python's lock while it works), but not further than a few pictures each.
"""

import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import cv2
from steps import STEPS, PictureError, Tensor, tensor_of

_FOLDER: Final = Path(__file__).parent
_HEAD_LINES: Final = 4
_AHEAD: Final = 2
"""Pictures that each thread may be ahead of what is written."""


def main() -> None:
    """Answer every line."""
    lines = (_FOLDER / "index.txt").read_text().splitlines()
    size = int(lines[2].split()[-1])
    steps = STEPS[(_FOLDER / "steps.txt").read_text().strip()]
    pictures = [_FOLDER / "pictures" / name for name in lines[_HEAD_LINES:]]
    cv2.setNumThreads(1)
    for picture in pictures:
        if not picture.is_file():
            raise SystemExit(f"load: there is no picture {picture.name} at {picture}")
    threads = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(threads) as pool:
        for line in sys.stdin:
            asked = [pictures[int(position)] for position in line.split()]
            work = (pool.submit(tensor_of, picture, steps, size) for picture in asked)
            try:
                for tensor in _in_order(work, threads * _AHEAD):
                    sys.stdout.buffer.write(tensor.astype("<f4").data)
            except PictureError as error:
                raise SystemExit(f"load: {error}") from error
            sys.stdout.buffer.flush()


def _in_order(work: Iterator["Future[Tensor]"], ahead: int) -> Iterator[Tensor]:
    """Yield the results in order, no more than `ahead` of them begun before they are wanted."""
    begun: deque[Future[Tensor]] = deque()
    for future in work:
        begun.append(future)
        if len(begun) > ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


if __name__ == "__main__":
    main()

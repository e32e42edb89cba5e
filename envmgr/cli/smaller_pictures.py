"""Pictures made smaller, so that a page stays small: by the Pillow of a run's closure, in a sandbox as the run was."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from envmgr.builders.action import OUT_PLACE, STORE_PLACE, Action, Exited
from envmgr.builders.interpreter import InterpreterMissingError, interpreter, library_name
from envmgr.builders.sandbox import executor
from envmgr.model.store_path import StorePath

PICTURES_PLACE = "/envmgr/pictures"
SIDE = 480
"""Pixels of the longer side, at most."""
SECONDS = 60.0
OUTPUT_BYTES = 2**26
PROGRAM = f"""
import sys
from PIL import Image, ImageOps
out, folder, *names = sys.argv[1:]
for place, name in enumerate(names):
    with Image.open(f"{{folder}}/{{name}}") as picture:
        picture.draft("RGB", ({2 * SIDE}, {2 * SIDE}))
        turned = ImageOps.exif_transpose(picture).convert("RGB")
        turned.thumbnail(({SIDE}, {SIDE}))
        turned.save(f"{{out}}/{{place}}.jpg", quality=75)
"""


def smaller(closure: Mapping[StorePath, Path], abi: str, folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Smaller JPEGs of the pictures of these names in a folder; none where the closure or the host cannot make them.

    Args:
        closure: where the objects of the run lie.
        abi: of the interpreter that they are made for.
        folder: where the pictures are.
        names: of the files.
    """
    packages = Path("lib", library_name(abi), "site-packages")
    vision = next((path for path, place in closure.items() if (place / packages / "PIL").is_dir()), None)
    if vision is None:
        return {}
    try:
        python = interpreter(abi)
    except InterpreterMissingError:
        return {}
    holder = executor("preferred")
    with TemporaryDirectory(prefix="envmgr-pictures-") as scratch:
        out, log = Path(scratch, "out"), Path(scratch, "log")
        out.mkdir()
        place = holder.place(closure[vision], f"{STORE_PLACE}/{vision}")
        words = (holder.place(out, OUT_PLACE), holder.place(folder, PICTURES_PLACE), *names)
        action = Action(
            argv=(python.command(holder), "-c", PROGRAM, *words),
            environment={"PYTHONPATH": f"{place}/{packages}", "PYTHONDONTWRITEBYTECODE": "1"},
            readable={
                **{f"{STORE_PLACE}/{path}": tree for path, tree in closure.items()},
                PICTURES_PLACE: folder,
                **python.readable,
            },
            writable={OUT_PLACE: out},
            folder=words[0],
            seconds=SECONDS,
            output_bytes=OUTPUT_BYTES,
            hidden=python.hidden,
        )
        if holder.run(action, log) != Exited(0):
            return {}
        return {name: (out / f"{number}.jpg").read_bytes() for number, name in enumerate(names)}

"""A recipe whose object is just the files that a test asks for, programs with their executable bit."""

from collections.abc import Mapping
from pathlib import PurePath

from tests.functional.conftest import Checkout


def artifact(checkout: Checkout, name: str, files: Mapping[str, str]) -> None:
    """Write a recipe of these files; what lies in `bin/` can be executed, and is a shell script if it says nothing."""
    for path, text in files.items():
        in_bin = PurePath(path).parts[0] == "bin"
        shebang = "#!/bin/sh\n" if in_bin and not text.startswith("#!") else ""
        file = checkout.write(f"files/{name}/{path}", shebang + text)
        file.chmod(0o755 if in_bin else 0o644)
    tops = sorted({PurePath(path).parts[0] for path in files})
    listed = ", ".join(f'"{top}" = "files/{top}"' for top in tops)
    checkout.recipe(
        name,
        f'[sources]\nfiles = {{ kind = "local", path = "../files/{name}" }}\n'
        f'[build]\nbuilder = "tree"\nsettings.files = {{ {listed} }}\n',
    )

"""A C++ project built by CMake and Ninja with a compiler that is an input, in a folder of its own.

Nothing of the build reaches the output's bytes but its inputs: the toolchain file maps places away, and the compiler's
cache lies in the build folder.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.workplace import Workplace, read_settings


class CMakeSettings(BaseModel):
    """What a build by CMake is told; each text may hold placeholders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = "{source}"
    """The folder of CMakeLists.txt."""
    definitions: dict[str, str] = {}
    """Cache variables, each passed as `-DNAME=VALUE`."""
    build_type: str = "Release"
    """`CMAKE_BUILD_TYPE`."""
    cmake: str = "{cmake}/bin/cmake"
    """The program that configures."""
    ninja: str = "{ninja}/bin/ninja"
    """The program that runs the steps."""
    toolchain: str = "{toolchain}/zig.cmake"
    """The toolchain file."""


class CMakeBuilder:
    """Configures, builds and installs into `{out}`."""

    name: ClassVar[str] = "cmake"

    def build(self, task: BuildTask) -> BuildReport:
        """Configure, build, install: three processes, so that the log says which one failed.

        Raises:
            InvalidInputError: the settings do not fit, or name a place that is not there.
            BuildError: a step failed, took too long or wrote too much.
        """
        settings = read_settings(CMakeSettings, task.derivation)
        workplace = Workplace(task)
        tree = f"{workplace.build}/tree"
        cmake = workplace.fill(settings.cmake)
        environment = _environment(workplace)
        for argv in (
            [cmake, *_configure(settings, workplace, tree)],
            [cmake, "--build", tree, "--parallel", str(task.jobs)],
            [cmake, "--install", tree],
        ):
            workplace.run(argv, environment, workplace.build)
        return workplace.report()


def _configure(settings: CMakeSettings, workplace: Workplace, tree: str) -> list[str]:
    definitions = {
        "CMAKE_MAKE_PROGRAM": settings.ninja,
        "CMAKE_TOOLCHAIN_FILE": settings.toolchain,
        "CMAKE_BUILD_TYPE": settings.build_type,
        "CMAKE_INSTALL_PREFIX": "{out}",
        **settings.definitions,
    }
    places = [f"-D{name}={workplace.fill(value)}" for name, value in sorted(definitions.items())]
    return ["-G", "Ninja", "-S", workplace.fill(settings.source), "-B", tree, *places]


def _environment(workplace: Workplace) -> dict[str, str]:
    """The compiler's cache in the build folder; ZIG and LIBCXX where the toolchain file looks for them."""
    cache = f"{workplace.build}/compiler-cache"
    environment = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    roles = {"ZIG": "zig", "LIBCXX": "libcxx"}
    environment |= {name: workplace.input(role) for name, role in roles.items() if role in workplace.task.inputs}
    given = workplace.task.derivation.environment
    return environment | {name: workplace.fill(value) for name, value in given.items()}

"""The builders by name, and what settings each takes."""

from collections.abc import Mapping

from pydantic import BaseModel

from envmgr.builders.builder import Builder
from envmgr.builders.cmake import CMakeBuilder, CMakeSettings
from envmgr.builders.fetch import FetchBuilder
from envmgr.builders.fetch_files import FetchFilesBuilder, FetchFilesSettings
from envmgr.builders.python_env import PythonEnvBuilder, PythonEnvSettings
from envmgr.builders.script import ScriptBuilder, ScriptSettings
from envmgr.builders.tree import TreeBuilder, TreeSettings
from envmgr.builders.unpack import UnpackBuilder, UnpackSettings

BUILDERS: Mapping[str, Builder] = {
    builder.name: builder
    for builder in (
        CMakeBuilder(),
        FetchBuilder(),
        FetchFilesBuilder(),
        PythonEnvBuilder(),
        ScriptBuilder(),
        TreeBuilder(),
        UnpackBuilder(),
    )
}
SETTINGS: Mapping[str, type[BaseModel]] = {
    "cmake": CMakeSettings,
    "fetch_files": FetchFilesSettings,
    "python_env": PythonEnvSettings,
    "script": ScriptSettings,
    "tree": TreeSettings,
    "unpack": UnpackSettings,
}

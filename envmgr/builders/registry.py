"""The builders by name."""

from collections.abc import Mapping

from envmgr.builders.builder import Builder
from envmgr.builders.cmake import CMakeBuilder
from envmgr.builders.fetch import FetchBuilder
from envmgr.builders.fetch_files import FetchFilesBuilder
from envmgr.builders.python_env import PythonEnvBuilder
from envmgr.builders.script import ScriptBuilder
from envmgr.builders.tree import TreeBuilder
from envmgr.builders.unpack import UnpackBuilder

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

# The compiler of every C++ recipe, for aarch64: recipes/toolchain with another target.
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=<this file> -DTOOLCHAIN=<recipes/toolchain/zig.cmake> ...
#
# A file of its own, since whatever changes in the other one makes everything for x86-64 anew.
if(NOT DEFINED TOOLCHAIN)
  message(FATAL_ERROR "zig.cmake: -DTOOLCHAIN=<file> is missing")
endif()
include("${TOOLCHAIN}")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TOOLCHAIN)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
string(REPLACE "-target x86_64-linux" "-target aarch64-linux" CMAKE_CXX_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")

# The compiler of every C++ recipe: zig's clang, with the C++ runtime taken from the libcxx object.
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=<this file> -DZIG=<folder with zig> -DLIBCXX=<folder with lib/libc++.a ...> ...
#
# ZIG and LIBCXX may be environment variables as well; a project that links nothing, such as a static library, needs no
# LIBCXX. The same sources give the same bytes in every folder and on every
# machine: paths are mapped away, there is no debug information, no build id, no time in archives. A project maps the
# folders of its own inputs away (-ffile-prefix-map), since only it knows them. zig writes to ZIG_GLOBAL_CACHE_DIR and
# ZIG_LOCAL_CACHE_DIR (else to HOME): give it a private, writable folder; what is in there does not matter.
set(folders CMAKE_SOURCE_DIR CMAKE_BINARY_DIR)
foreach(input ZIG LIBCXX)
  if(NOT DEFINED ${input} AND DEFINED ENV{${input}})
    set(${input} "$ENV{${input}}")
  endif()
  if(DEFINED ${input})
    cmake_path(ABSOLUTE_PATH ${input} NORMALIZE)
    list(PREPEND folders ${input})
  endif()
endforeach()
if(NOT DEFINED ZIG)
  message(FATAL_ERROR "zig.cmake: -DZIG=<folder> is missing")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER "${ZIG}/zig" c++)

# zig is its own ar and ranlib, as subcommands; D: no time, owner or mode in the archive.
set(CMAKE_AR "${ZIG}/zig")
set(CMAKE_RANLIB "${ZIG}/zig")
set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> ar qcD <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "<CMAKE_RANLIB> ranlib -D <TARGET>")

# Any x86-64 machine, any Linux with glibc 2.28 or newer (a named target also keeps zig from using this machine's instructions).
set(flags "-target x86_64-linux-gnu.2.28")
foreach(folder IN LISTS folders)
  string(APPEND flags " \"-ffile-prefix-map=${${folder}}=/${folder}\"")
endforeach()
set(CMAKE_CXX_FLAGS_INIT "${flags} -g0")
set(CMAKE_CXX_FLAGS_RELEASE_INIT "-O3 -DNDEBUG")

# At the link only: -nostdlib++ at the compile step would drop the headers of libc++ as well.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-s -Wl,--build-id=none -nostdlib++ -rtlib=none")
set(runtime)
if(DEFINED LIBCXX)
  foreach(name libc++ libc++abi libunwind libcompiler_rt)
    string(APPEND runtime " \"${LIBCXX}/lib/${name}.a\"")
  endforeach()
endif()
set(CMAKE_CXX_STANDARD_LIBRARIES "${runtime}")
set(CMAKE_SKIP_RPATH ON)  # a run path is set by the project that wants one, never by CMake's build folder

# CMake would link a dozen programs to get to know the compiler, each with a runtime built anew. It is told instead.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_COMPILER_ID_RUN 1)
set(CMAKE_CXX_COMPILER_ID Clang)
set(CMAKE_CXX_COMPILER_VERSION 22.1.8)  # of ziglang 0.17.1
set(CMAKE_CXX_COMPILER_FRONTEND_VARIANT GNU)
set(CMAKE_CXX_STANDARD_COMPUTED_DEFAULT 17)
set(CMAKE_CXX_EXTENSIONS_COMPUTED_DEFAULT OFF)
set(CMAKE_CXX_COMPILER_WORKS 1)
set(CMAKE_CXX_ABI_COMPILED 1)
set(CMAKE_CXX_SIZEOF_DATA_PTR 8)

# The C++ runtime (libc++, libc++abi, libunwind, compiler-rt) as an object of its own.
#
#   cmake -DZIG=<folder with zig> -DOUT=<folder to make> [-DWORK=<scratch folder>] -P build.cmake
#
# A link with an empty zig cache builds this runtime anew, which takes a minute of CPU time. Here it is done
# once: link a program with an empty cache, take the archives out of the cache. recipes/toolchain/zig.cmake links with them.
#
# zig names an archive's members by their place in its cache, and that name depends on the zig folder's inodes. The
# members' bytes do not. So each archive is packed again: members sorted and named without a folder, no time, no owner.
cmake_minimum_required(VERSION 3.24)

foreach(input ZIG OUT)
  if(NOT DEFINED ${input})
    message(FATAL_ERROR "build.cmake: -D${input}=<folder> is missing")
  endif()
endforeach()
if(NOT DEFINED WORK)
  set(WORK "${CMAKE_CURRENT_BINARY_DIR}/libcxx-work")
endif()
cmake_path(ABSOLUTE_PATH ZIG NORMALIZE)
cmake_path(ABSOLUTE_PATH OUT NORMALIZE)
cmake_path(ABSOLUTE_PATH WORK NORMALIZE)

set(cache "${WORK}/zig-cache")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${cache}" "${OUT}/lib")

function(zig folder)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "ZIG_GLOBAL_CACHE_DIR=${cache}" "ZIG_LOCAL_CACHE_DIR=${cache}" "${ZIG}/zig" ${ARGN}
    WORKING_DIRECTORY "${folder}"
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The target is the one of recipes/toolchain/zig.cmake. The program must use streams and exceptions, or zig leaves a part of the runtime out.
file(WRITE "${WORK}/probe.cc" "#include <iostream>\nint main() { try { throw 1; } catch (int i) { std::cout << i; } }\n")
message(STATUS "zig builds libc++, libc++abi, libunwind and compiler-rt: a minute of CPU time and more")
zig("${WORK}" c++ -target x86_64-linux-gnu.2.28 -O3 -g0 -s probe.cc -o probe)

foreach(name libc++ libc++abi libunwind libcompiler_rt)
  file(GLOB_RECURSE archive "${cache}/${name}.a")
  list(LENGTH archive found)
  if(NOT found EQUAL 1)
    message(FATAL_ERROR "build.cmake: expected one ${name}.a in the cache of zig, found ${found}: ${archive}")
  endif()
  message(STATUS "packing ${name}.a")
  set(members "${WORK}/${name}")
  file(MAKE_DIRECTORY "${members}")
  zig("${members}" ar x "${archive}")
  file(GLOB objects RELATIVE "${members}" "${members}/*.o")
  file(REMOVE "${OUT}/lib/${name}.a")
  zig("${members}" ar qcD "${OUT}/lib/${name}.a" ${objects})
  zig("${members}" ranlib -D "${OUT}/lib/${name}.a")
endforeach()
file(REMOVE_RECURSE "${WORK}")

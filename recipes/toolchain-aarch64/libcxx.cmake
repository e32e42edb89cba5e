# The C++ runtime for aarch64: recipes/libcxx/build.cmake with another target.
#
#   cmake -DBUILD=<recipes/libcxx/build.cmake> -DZIG=<folder with zig> -DOUT=<folder to make> ... -P libcxx.cmake
cmake_minimum_required(VERSION 3.24)

if(NOT DEFINED BUILD)
  message(FATAL_ERROR "libcxx.cmake: -DBUILD=<file> is missing")
endif()
file(READ "${BUILD}" text)
string(REPLACE "-target x86_64-linux" "-target aarch64-linux" text "${text}")
cmake_language(EVAL CODE "${text}")

# One folder in which ONNX Runtime finds its CUDA provider, and the provider finds NVIDIA's libraries.
#
#   cmake -DONNXRUNTIME=<object> -DPATCHELF=<program> -DOBJECTS=<object>;... -DOUT=<folder to fill> -P assemble.cmake
#
# ONNX Runtime opens a provider in its own folder, and NVIDIA's libraries open each other in theirs ($ORIGIN). The
# provider alone has no run path, so it gets one. NVIDIA's libraries are links to sibling objects: they are 2 GB that
# any release of ONNX Runtime shares. The loader takes the link's folder for $ORIGIN, so all of them meet here.
cmake_minimum_required(VERSION 3.24)

foreach(input ONNXRUNTIME PATCHELF OBJECTS OUT)
  if(NOT DEFINED ${input})
    message(FATAL_ERROR "assemble.cmake: -D${input}=... is missing")
  endif()
endforeach()

file(GLOB libraries "${ONNXRUNTIME}/lib/libonnxruntime.so.*")
file(COPY ${libraries} "${ONNXRUNTIME}/lib/libonnxruntime_providers_shared.so" DESTINATION "${OUT}/lib")
file(COPY "${ONNXRUNTIME}/LICENSE" "${ONNXRUNTIME}/ThirdPartyNotices.txt" DESTINATION "${OUT}")
cmake_path(GET libraries FILENAME library)
file(CREATE_LINK "${library}" "${OUT}/lib/libonnxruntime.so.1" SYMBOLIC)

set(provider "lib/libonnxruntime_providers_cuda.so")
execute_process(
  COMMAND "${PATCHELF}" --set-rpath "$ORIGIN" --output "${OUT}/${provider}" "${ONNXRUNTIME}/${provider}"
  COMMAND_ERROR_IS_FATAL ANY)

foreach(object IN LISTS OBJECTS)
  cmake_path(GET object FILENAME store_path)
  file(GLOB libraries RELATIVE "${object}/lib" "${object}/lib/*.so.*")
  foreach(library IN LISTS libraries)
    file(CREATE_LINK "../../${store_path}/lib/${library}" "${OUT}/lib/${library}" SYMBOLIC)
  endforeach()
endforeach()

# Compiles one include after the other with the include folders INCLUDES of a library ('|' between them).
# PERMITTED, a header, must compile; no header of the folders FORBIDDEN may be found.
cmake_minimum_required(VERSION 3.25)

string(REPLACE "|" ";" includes "${INCLUDES}")
string(REPLACE "|" ";" forbidden "${FORBIDDEN}")
list(REMOVE_DUPLICATES includes)
list(TRANSFORM includes PREPEND -I)
file(MAKE_DIRECTORY "${WORK}")

function(compile header)
  file(WRITE "${WORK}/include.cpp" "#include \"podsim/${header}\"\n")
  execute_process(
    COMMAND ${CXX_COMPILER} -std=c++17 -DSC_CPLUSPLUS=201703L ${includes} -fsyntax-only ${WORK}/include.cpp
    RESULT_VARIABLE failed
    ERROR_VARIABLE errors)
  set(failed "${failed}" PARENT_SCOPE)
  set(errors "${errors}" PARENT_SCOPE)
endfunction()

compile(${PERMITTED})
if(failed)
  message(FATAL_ERROR "podsim/${PERMITTED} must compile, but:\n${errors}")
endif()

set(found "")
set(checked 0)
foreach(folder IN LISTS forbidden)
  file(GLOB_RECURSE headers RELATIVE "${SOURCE}" "${SOURCE}/${folder}/*.hpp")
  # sim/core lies in sim, but is the lowest library.
  list(FILTER headers EXCLUDE REGEX "^sim/core/")
  foreach(header IN LISTS headers)
    compile(${header})
    math(EXPR checked "${checked} + 1")
    if(NOT failed OR NOT errors MATCHES "podsim/${header}.*(No such file|file not found)")
      string(APPEND found "  podsim/${header}\n")
    endif()
  endforeach()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no header in ${FORBIDDEN}: nothing was checked")
endif()
if(found)
  message(FATAL_ERROR "headers within reach that must not be:\n${found}")
endif()
message(STATUS "${checked} headers are out of reach")

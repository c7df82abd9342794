# Configures the project in SOURCE from scratch, builds its program `consumer` and runs it. ARGUMENTS: further
# arguments of the configuration, separated by '|'.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${BUILD}")
string(REPLACE "|" ";" arguments "${ARGUMENTS}")
if(LAUNCHER)
  list(APPEND arguments -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
endif()

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${what} failed (${failed}):\n${output}")
  endif()
endfunction()

run("Configuring" ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX_COMPILER}
    -DCMAKE_C_COMPILER=${C_COMPILER} "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}" ${arguments})
run("Building" ${CMAKE_COMMAND} --build ${BUILD} --target consumer -j 2)
run("Running" ${BUILD}/consumer)

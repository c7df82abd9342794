cmake_minimum_required(VERSION 3.25)

set(commit "unknown")
find_package(Git QUIET)
if(Git_FOUND AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(
    COMMAND ${GIT_EXECUTABLE} -c safe.directory=* -C ${SOURCE_DIR} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE head
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET
    RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${head}")
    execute_process(
      COMMAND ${GIT_EXECUTABLE} -c safe.directory=* -C ${SOURCE_DIR} status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes
      ERROR_QUIET)
    if(NOT changes STREQUAL "")
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()
file(
  CONFIGURE
  OUTPUT
  "${OUTPUT}"
  CONTENT
  "#pragma once\n#define PODSIM_VERSION \"@VERSION@\"\n#define PODSIM_COMMIT \"@commit@\"\n"
  @ONLY)

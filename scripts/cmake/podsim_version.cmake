# Writes <build>/generated/podsim_version.hpp: the version and, where the sources are a git checkout, the commit.
# The commit is looked up at every build, and the header is rewritten only when it changed.
set(PODSIM_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
add_custom_target(
  podsim_version_header
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DOUTPUT=${PODSIM_GENERATED_DIR}/podsim_version.hpp -P
          ${CMAKE_CURRENT_LIST_DIR}/write_version.cmake
  BYPRODUCTS ${PODSIM_GENERATED_DIR}/podsim_version.hpp
  COMMENT "Looking up the commit"
  VERBATIM)

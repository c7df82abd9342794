# podsim_folder(<name> DIR <path> [SOURCES ...] [PLUGINS <folder> ...] [DEPENDS ...] [PRIVATE_DEPENDS ...])
#
# Makes one library for one folder of the repository:
#   podsim_<name>_archive   the static library
#   podsim_<name>           what others link, alias podsim::<name>; keeps every object of the archive, because
#                           plug-ins register themselves in objects that nothing refers to
# Headers are included as "podsim/<path in the repository>". Each library has an include root of its own that
# holds one link to its folder, so an include that the dependency picture forbids does not compile.
function(podsim_folder name)
  cmake_parse_arguments(ARG "" "DIR" "SOURCES;PLUGINS;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  set(archive podsim_${name}_archive)

  set(include_root "${PROJECT_BINARY_DIR}/include/${name}")
  get_filename_component(parent "${include_root}/podsim/${ARG_DIR}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${ARG_DIR}" "${include_root}/podsim/${ARG_DIR}" SYMBOLIC)

  set(sources ${ARG_SOURCES})
  foreach(folder IN LISTS ARG_PLUGINS)
    file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${ARG_DIR}/${folder}/*.cpp")
    list(APPEND sources ${found})
  endforeach()

  add_library(${archive} STATIC ${sources})
  add_library(podsim::${name}_archive ALIAS ${archive})
  set_target_properties(${archive} PROPERTIES EXPORT_NAME ${name}_archive POSITION_INDEPENDENT_CODE ON
                                              CXX_EXTENSIONS OFF)
  target_compile_features(${archive} PUBLIC cxx_std_17)
  target_include_directories(
    ${archive} PUBLIC "$<BUILD_INTERFACE:${include_root}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${archive} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})

  add_library(podsim_${name} INTERFACE)
  add_library(podsim::${name} ALIAS podsim_${name})
  set_target_properties(podsim_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(
    podsim_${name} INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,podsim::${name}_archive>" ${ARG_DEPENDS})

  if(PODSIM_INSTALL)
    install(TARGETS ${archive} podsim_${name} EXPORT podsimTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(
      DIRECTORY "${PROJECT_SOURCE_DIR}/${ARG_DIR}/"
      DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/podsim/${ARG_DIR}"
      FILES_MATCHING
      PATTERN "*.hpp")
  endif()
endfunction()

# Finds SystemC: its own CMake package where there is one, otherwise (Debian) through pkg-config.
# Defines SystemC::systemc.
if(TARGET SystemC::systemc)
  set(SystemCLanguage_FOUND TRUE)
  return()
endif()

find_package(SystemCLanguage CONFIG QUIET)
if(NOT TARGET SystemC::systemc)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(PODSIM_SYSTEMC QUIET IMPORTED_TARGET GLOBAL systemc>=2.3.3)
  endif()
  if(TARGET PkgConfig::PODSIM_SYSTEMC)
    add_library(SystemC::systemc INTERFACE IMPORTED GLOBAL)
    target_link_libraries(SystemC::systemc INTERFACE PkgConfig::PODSIM_SYSTEMC)
    # Debian builds the library as C++17. A client in C++20 links only if it is told so.
    target_compile_definitions(SystemC::systemc INTERFACE SC_CPLUSPLUS=201703L)
  endif()
endif()

if(TARGET SystemC::systemc)
  set(SystemCLanguage_FOUND TRUE)
else()
  set(SystemCLanguage_FOUND FALSE)
  if(SystemCLanguage_FIND_REQUIRED)
    message(FATAL_ERROR "SystemC not found. On Debian: apt-get install libsystemc-dev pkg-config")
  endif()
endif()

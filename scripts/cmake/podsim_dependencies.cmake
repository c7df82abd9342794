# Every third-party package podsim uses, found once. Debian 12 provides all of them.
find_package(nlohmann_json 3.11 REQUIRED)
find_package(SystemCLanguage REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(HDF5C REQUIRED)
find_package(LibZip REQUIRED)

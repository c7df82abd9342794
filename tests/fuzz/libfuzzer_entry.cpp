// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls; the program holds one target.
#include <cstddef>
#include <cstdint>
#include <string>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  podsim::fuzz::targets().front().run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

// HDF5 1.10 itself keeps some memory of files that it refuses; what podsim holds is released on the way out.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5\n";
}

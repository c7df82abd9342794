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

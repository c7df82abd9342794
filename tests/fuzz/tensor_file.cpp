// SPDX-License-Identifier: Apache-2.0
// A file of tensors in any format.
#include "podsim/workloads/tensor_file.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  TensorLimits limits;
  limits.bytes = kMemoryBytes;
  limits.tensors = 1024;
  for (const std::string& name : tensor_format_registry().names()) {
    const auto format = tensor_format_registry().make({name, Json::object()});
    // Content that a format does not recognise is never given to it.
    if (!format->probe(std::string_view(input).substr(0, 4096))) continue;
    accepted([&] { (void)format->read(input, "fuzz", limits); });
  }
}

const Registered entry{"tensor_file", run};

}  // namespace
}  // namespace podsim::fuzz

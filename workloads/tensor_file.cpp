// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/tensor_file.hpp"

#include <algorithm>
#include <utility>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {

Registry<TensorFormat>& tensor_format_registry() {
  static Registry<TensorFormat> registry("tensor format");
  return registry;
}

TensorFile read_tensor_file(const std::string& path, const TensorLimits& limits) {
  std::string bytes = read_text_file(path);
  TensorFile out;
  out.file = path == "-" ? "standard input" : path;
  for (const std::string& name : tensor_format_registry().names()) {
    const auto format = tensor_format_registry().make({name, Json::object()});
    if (!format->probe(std::string_view(bytes).substr(0, 4096))) continue;
    out.tensors = format->read(std::move(bytes), out.file, limits);
    return out;
  }
  throw Error(ErrorKind::bad_input, {{out.file,
                                      {},
                                      (bytes.empty() ? "is empty; a file of tensors is expected (known: "
                                                     : "is not a file of tensors in any known format (known: ") +
                                          join(tensor_format_registry().names()) + ")",
                                      {}}});
}

std::string to_hdf5(const std::vector<NamedTensor>& tensors) {
  Hdf5Builder builder;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name.empty()) throw Error::internal("tensor file", "a tensor has no name");
    Hdf5Array array;
    array.shape = tensor.shape;
    array.elements = std::visit([](const auto& values) { return Hdf5Elements(values); }, tensor.data);
    builder.array("/" + tensor.name, array);
  }
  return builder.finish();
}

void write_tensor_file(const std::string& path, const std::vector<NamedTensor>& tensors) {
  write_file(path, to_hdf5(tensors));
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
// list_tensors IN [OUT]: prints name, element type, shape and elements of every tensor of a file, one a line, and
// writes them all to an HDF5 file. Exit code 2 and the message if the file is bad.
#include <iostream>
#include <type_traits>

#include "podsim/workloads/tensor_file.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  try {
    const podsim::TensorFile file = podsim::read_tensor_file(argc > 1 ? argv[1] : "-");
    for (const podsim::NamedTensor& tensor : file.tensors) {
      std::visit(
          [&](const auto& values) {
            using Value = typename std::decay_t<decltype(values)>::value_type;
            std::cout << tensor.name << (std::is_signed_v<Value> ? " int" : " uint") << 8 * sizeof(Value) << " [";
            for (const std::int64_t extent : tensor.shape) std::cout << extent << ' ';
            std::cout << ']';
            for (const Value value : values) std::cout << ' ' << +value;
            std::cout << '\n';
          },
          tensor.data);
    }
    if (argc > 2) podsim::write_tensor_file(argv[2], file.tensors);
    return 0;
  } catch (const podsim::Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}

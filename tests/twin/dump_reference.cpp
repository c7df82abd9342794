// SPDX-License-Identifier: Apache-2.0
// Writes networks, values drawn for them and the reference's outputs, for reference_twin.py:
//   dump_reference DIR RANDOM_COUNT [WORKLOAD …]
// One folder each: network.json and folders of .npy files.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "podsim/workloads/value_network.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/random_case.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

namespace fs = std::filesystem;
using podsim::NamedTensor;

/// NumPy's name of an integer type, in this machine's byte order.
template <class T>
std::string type_name(const std::vector<T>&) {
  return std::string(sizeof(T) == 1 ? "|" : "<") + (std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T));
}

/// NumPy's format 1.0: magic, version, length of the header, header padded to 64 bytes, elements.
void write_npy(const fs::path& path, const NamedTensor& tensor) {
  fs::create_directories(path.parent_path());
  std::string shape;
  for (const std::int64_t size : tensor.shape) shape += std::to_string(size) + ",";
  std::visit(
      [&](const auto& data) {
        std::string header = "{'descr': '" + type_name(data) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
        header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
        header += '\n';
        std::ofstream file(path, std::ios::binary);
        file << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() % 256)
             << static_cast<char>(header.size() / 256) << header;
        file.write(reinterpret_cast<const char*>(data.data()),
                   static_cast<std::streamsize>(data.size() * sizeof(data[0])));
        if (!file.flush()) throw podsim::Error::run_failed("cannot write " + path.string());
      },
      tensor.data);
}

void dump(const fs::path& folder, const podsim::Network& network, std::uint64_t seed) {
  fs::create_directories(folder);
  std::ofstream(folder / "network.json") << podsim::to_text(network);
  const podsim::ValuedRun run = podsim::value_network(network, {}, seed);
  for (const char* part : {"weights", "inputs", "outputs"}) fs::create_directories(folder / part);
  for (const auto& tensor : podsim::named_weights(network, run.values)) {
    write_npy(folder / "weights" / (tensor.name + ".npy"), tensor);
  }
  for (const auto& tensor : podsim::named_inputs(network, run.values)) {
    write_npy(folder / "inputs" / (tensor.name + ".npy"), tensor);
  }
  for (const auto& tensor : podsim::named_outputs(network, run.outputs)) {
    write_npy(folder / "outputs" / (tensor.name + ".npy"), tensor);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const fs::path out = argv[1];
  fs::remove_all(out);
  try {
    const int count = std::stoi(argv[2]);
    for (int i = 0; i < count; ++i) {
      podsim::RandomStream random(static_cast<std::uint64_t>(i), "twin");
      dump(out / ("random" + std::to_string(i)), podsim::test::random_network(random, 24),
           static_cast<std::uint64_t>(i));
    }
    for (int i = 3; i < argc; ++i) {
      dump(out / ("network" + std::to_string(i - 3)), podsim::load_network(argv[i]), 1);
    }
  } catch (const podsim::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Every dataset of an HDF5 file is a tensor; its name is its path without the first '/'.
#include "podsim/sim/core/hdf5_file.hpp"

#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/trial.hpp"
#include "podsim/workloads/tensor_file.hpp"

namespace podsim {
namespace {

class Hdf5Tensors final : public TensorFormat {
 public:
  bool probe(std::string_view first_bytes) const override { return is_hdf5(first_bytes); }

  std::vector<NamedTensor> read(std::string bytes, const std::string& file, const TensorLimits& limits) const override {
    // HDF5 1.10 dies of some damaged files.
    if (!survives([&] { (void)tensors(bytes, file, limits); })) {
      throw Error(ErrorKind::bad_input, {{file, {}, "is damaged: the HDF5 library cannot read it", {}}});
    }
    return tensors(std::move(bytes), file, limits);
  }

 private:
  static std::vector<NamedTensor> tensors(std::string bytes, const std::string& file, const TensorLimits& limits) {
    const Hdf5Reader reader(std::move(bytes), file);
    const std::vector<std::string> paths = reader.datasets();
    if (static_cast<std::int64_t>(paths.size()) > limits.tensors) {
      throw Error(ErrorKind::bad_input, {{file,
                                          {},
                                          "holds " + with_thousands(static_cast<std::int64_t>(paths.size())) +
                                              " tensors; at most " + with_thousands(limits.tensors) + " are allowed",
                                          {}}});
    }
    std::vector<NamedTensor> out;
    std::vector<Issue> issues;
    std::int64_t left = limits.bytes;
    for (const std::string& path : paths) {
      try {
        Hdf5Array array = reader.array(path, left);
        NamedTensor tensor;
        tensor.name = path.substr(1);
        tensor.shape = array.shape;
        if (std::holds_alternative<std::vector<double>>(array.elements)) {
          throw Error(ErrorKind::bad_input, {{file, path, "holds floating-point numbers; integers are expected",
                                              "quantise the values: docs/values.md says how"}});
        }
        left -= move_elements(std::move(array.elements), tensor.data);
        out.push_back(std::move(tensor));
      } catch (const Error& error) {
        issues.insert(issues.end(), error.issues().begin(), error.issues().end());
      }
    }
    if (!issues.empty()) throw Error(ErrorKind::bad_input, std::move(issues));
    return out;
  }

  /// \return the bytes they take
  static std::int64_t move_elements(Hdf5Elements&& from, TensorData& to) {
    return std::visit(
        [&to](auto& values) -> std::int64_t {
          using Values = std::decay_t<decltype(values)>;
          const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(typename Values::value_type));
          if constexpr (!std::is_same_v<Values, std::vector<double>>) to = std::move(values);
          return bytes;
        },
        from);
  }
};

const Registered<NoParameters> entry{tensor_format_registry(), "hdf5", "datasets of integers, in groups",
                                     [](const NoParameters&) { return std::make_unique<Hdf5Tensors>(); }};

}  // namespace
}  // namespace podsim

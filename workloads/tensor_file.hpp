#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Files of named tensors (docs/formats.md, "Tensor files"): one plug-in per format, found by content.

#include <string>
#include <string_view>
#include <vector>

#include "podsim/sim/core/registry.hpp"
#include "podsim/workloads/tensor.hpp"

namespace podsim {

/// What a file may claim, so that a small file cannot ask for all memory.
struct TensorLimits {
  std::int64_t bytes = std::int64_t{4} << 30;  ///< of all tensors together
  std::int64_t tensors = 1 << 16;
};

/// A kind of tensor file; an implementation registers itself in workloads/tensor_formats/.
class TensorFormat {
 public:
  virtual ~TensorFormat() = default;
  /// True if a file that begins with these bytes looks like this format.
  virtual bool probe(std::string_view first_bytes) const = 0;
  /// All tensors of a file, sorted by name.
  /// \param bytes the whole file
  /// \param file what errors call it
  /// \throws Error (bad_input)
  virtual std::vector<NamedTensor> read(std::string bytes, const std::string& file,
                                        const TensorLimits& limits) const = 0;
};

Registry<TensorFormat>& tensor_format_registry();

/// Reads all tensors of a file in any format, sorted by name.
/// \param path a file, or "-" for standard input
/// \throws Error (bad_input) naming the file, the tensor, what was found and what is allowed
TensorFile read_tensor_file(const std::string& path, const TensorLimits& limits = {});

/// The tensors as the bytes of an HDF5 file: a dataset each, of the type and shape of the tensor, in groups by the '/'
/// of its name. The same tensors give the same bytes.
/// \throws Error (internal) if a name is empty, not unique, or that of a group as well
std::string to_hdf5(const std::vector<NamedTensor>& tensors);

/// Writes an HDF5 file of tensors, whole or not at all (write_file).
/// \throws Error (run_failed) naming the path and the reason
void write_tensor_file(const std::string& path, const std::vector<NamedTensor>& tensors);

}  // namespace podsim

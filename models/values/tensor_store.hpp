#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The tensors of a functional run: what is in DRAM, and what post-processors have written, with the time.

#include <cstdint>
#include <limits>
#include <vector>

#include "podsim/models/values/post_math.hpp"

namespace podsim {

inline constexpr std::int64_t kNeverWritten = std::numeric_limits<std::int64_t>::max() / 4;
/// What is read where nothing was written. Any value would do: it makes a hazard a wrong result.
inline constexpr std::int8_t kUnwritten = -86;

/// The elements of the network's tensors that DRAM holds (inputs, parameters, gathered embeddings, caches), as the
/// matrices of the lowered network; empty for those that operations write.
std::vector<std::vector<std::int8_t>> dram_tensors(const Network& network, const LoweredNetwork& lowered,
                                                   const NetworkValues& values);

/// The values of a network output, in the network's own layout, batch in front.
class TensorStore;
std::vector<std::int8_t> output_tensor(const Network& network, const LoweredNetwork& lowered, const TensorStore& store,
                                       std::size_t output);

/// One matrix per tensor of the lowered network. Rows of a pooling, fused or not, are the pooled ones: they are
/// combined as they arrive.
class TensorStore {
 public:
  TensorStore(const Network& network, const LoweredNetwork& lowered, const NetworkValues& values);

  /// A row of int8 values leaves a post-processor and is in the banks from the end of `cycle` on.
  void write(int tensor, std::int64_t row, std::int64_t column, const std::int32_t* values, std::int64_t count,
             std::int64_t cycle);
  /// The cycle in which the last element of a row was written; 0 for what DRAM holds, kNeverWritten before it is whole.
  std::int64_t written(int tensor, std::int64_t row) const {
    const Stored& stored = tensors_[static_cast<std::size_t>(tensor)];
    return stored.written.empty() ? 0 : stored.written[static_cast<std::size_t>(row)];
  }
  const std::int8_t* at(int tensor, std::int64_t row, std::int64_t column) const {
    const Stored& stored = tensors_[static_cast<std::size_t>(tensor)];
    return stored.data.data() + row * stored.columns + column;
  }
  /// The pooling on the way into a tensor; null without.
  const Window* pool_of(int tensor) const { return tensors_[static_cast<std::size_t>(tensor)].pool; }

 private:
  struct Stored {
    std::int64_t rows = 0, columns = 0;
    std::vector<std::int8_t> data;
    std::vector<std::int64_t> written;  ///< per row, once it is whole
    std::vector<std::int64_t> latest;   ///< per row, so far
    std::vector<std::int64_t> missing;  ///< elements of the row still to come
    // Pooling.
    const Window* pool = nullptr;
    bool is_max = false;
    const std::vector<PostStep>* steps = nullptr;  ///< behind the pooling
    int layer = -1;
    std::vector<std::int32_t> partial;
  };

  void pool_row(Stored& stored, std::int64_t row, std::int64_t column, const std::int32_t* values, std::int64_t count,
                std::int64_t cycle);
  void complete_pooled(Stored& stored, std::int64_t row);

  const NetworkValues& values_;
  std::vector<Stored> tensors_;
};

}  // namespace podsim

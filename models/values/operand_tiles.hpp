#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What is in an operand tile: which elements of which tensors, or which weights.

#include <cstdint>
#include <functional>
#include <vector>

#include "podsim/models/tiling.hpp"
#include "podsim/models/values/tensor_store.hpp"

namespace podsim {

/// Gathers the rows of operand tiles from the tensors and weights, as relayout and DRAM fills put them into banks.
class OperandTiles {
 public:
  /// Asked for every row of a tensor before it is read, so that the passes on their way can be caught up with.
  using NeedRow = std::function<void(int tensor, std::int64_t row)>;

  OperandTiles(const TiledWorkload& work, const Network& network, const NetworkValues& values,
               const TensorStore& store);

  /// The tile is a part of the second matrix of a GEMM: gather_weights gathers it; if not, gather_row does.
  bool is_second(std::uint32_t tile) const { return work_.operands[work_.tiles[tile].operand].is_second; }
  /// Rows and columns of the part of the matrix that a tile holds, in whichever way it crosses ports.
  std::int32_t rows(std::uint32_t tile) const {
    const StoredTile& stored = work_.tiles[tile];
    return work_.operands[stored.operand].by_columns ? stored.columns : stored.rows;
  }
  std::int32_t columns(std::uint32_t tile) const {
    const StoredTile& stored = work_.tiles[tile];
    return work_.operands[stored.operand].by_columns ? stored.rows : stored.columns;
  }
  /// Row `row` of a tile of activations or of a P operand into `out`, one int16 per element.
  /// \return the first cycle in which it may be read (kNeverWritten if it is not whole)
  std::int64_t gather_row(std::uint32_t tile, std::int64_t row, std::int16_t* out, const NeedRow& need);
  /// A tile of a second matrix, packed (int8_gemm.hpp); `out` is zeroed.
  /// \return the first cycle in which it may be read
  std::int64_t gather_weights(std::uint32_t tile, std::int16_t* out, const NeedRow& need);

 private:
  enum class Role : std::uint8_t { none, activation, weights, stationary, residual, vector };
  struct Geometry {
    Role role = Role::none;
    std::uint32_t index = 0;  ///< into gemms or vectors
    std::uint32_t input = 0;  ///< of a vector operation
  };

  const GemmOperation& operation_of(const GemmTiles& gemm) const;
  /// Copies elements of a view's row and raises `ready`.
  void copy(const View& view, std::int64_t row, std::int64_t column, std::int64_t count, std::int16_t* out,
            std::int64_t& ready, const NeedRow& need);
  void copy_segment(const Segment& segment, std::int16_t* out, std::int64_t& ready, const NeedRow& need);
  /// A convolution's row for several packed groups.
  void gather_packed_window(const GemmOperation& work, const GemmTiles& gemm, std::int64_t g, std::int64_t output_row,
                            std::int16_t* out, std::int64_t& ready, const NeedRow& need);
  void gather_activation(const GemmTiles& gemm, std::uint32_t local, std::int64_t row, std::int16_t* out,
                         std::int64_t& ready, const NeedRow& need);
  void gather_window(const GemmOperation& work, std::int64_t output_row, std::int64_t group, std::int64_t first,
                     std::int64_t count, std::int64_t depth_per_tap, std::int16_t* out, std::int64_t& ready,
                     const NeedRow& need);
  /// The weights of a layer with the depth innermost and in the order of the array: [n of all groups][k].
  const std::vector<std::int8_t>& weights_of(const GemmTiles& gemm);

  const TiledWorkload& work_;
  const NetworkValues& values_;
  const TensorStore& store_;
  std::vector<Geometry> geometry_;                   ///< per operand
  std::vector<std::vector<std::int8_t>> reordered_;  ///< per layer, if its weights had to be
  std::vector<Segment> segments_;
};

}  // namespace podsim

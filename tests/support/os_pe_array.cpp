// SPDX-License-Identifier: Apache-2.0
#include "support/os_pe_array.hpp"

#include <algorithm>
#include <stdexcept>

namespace podsim::test {

OsPeArray::OsPeArray(OsGeometry geometry, std::int32_t power_up) : geometry_(geometry) {
  const int row_stages = geometry.row_stages();
  const int col_stages = geometry.col_stages();
  const auto unknown = static_cast<std::uint32_t>(power_up);
  pes_.assign(static_cast<std::size_t>(geometry.rows * geometry.cols), Pe{unknown, unknown});
  for (int row = 0; row < geometry.rows; ++row) row_skew_.emplace_back(row / geometry.fan_in);
  for (int col = 0; col < geometry.cols; ++col) {
    const int stage = col / geometry.broadcast;
    column_skew_.emplace_back(stage);
    read_skew_.emplace_back(stage);
    // Accumulators are read through an output register; the shadow plane is one itself.
    deskew_.emplace_back(col_stages - 1 - stage + (geometry.double_buffered ? 0 : 1));
  }
  between_columns_.assign(static_cast<std::size_t>(geometry.rows * (col_stages - 1)), ShiftRegister<RowWire>(1));
  between_rows_.assign(static_cast<std::size_t>((row_stages - 1) * geometry.cols), ShiftRegister<ColumnWire>(1));
  row_wires_.resize(static_cast<std::size_t>(geometry.rows * col_stages));
  column_wires_.resize(static_cast<std::size_t>(row_stages * geometry.cols));
}

void OsPeArray::Pe::clock(const RowWire& activation, const ColumnWire& weight) {
  if (activation.captures) shadow = sum;
  if (!activation.valid) return;
  const auto product = static_cast<std::uint32_t>(activation.value * weight.value);
  sum = activation.replaces ? product : sum + product;
}

OsPeArray::Read OsPeArray::address(int drain_rows) {
  Read read;
  // The shadow plane holds a row from the cycle after its capture on; an accumulator is there already.
  if (!geometry_.double_buffered && drain_rows > 0) {
    next_row_ = 0;
    rows_left_ = drain_rows;
  }
  if (rows_left_ > 0) {
    read.row = next_row_++;
    --rows_left_;
  }
  if (geometry_.double_buffered && drain_rows > 0) {
    next_row_ = 0;
    rows_left_ = drain_rows;
  }
  return read;
}

OsOutputs OsPeArray::step(const OsPorts& ports) {
  const OsGeometry& g = geometry_;
  const int row_stages = g.row_stages(), col_stages = g.col_stages();
  for (int row = 0; row < g.rows; ++row) {
    RowWire in;
    in.captures = ports.drain_rows > 0;
    if (!ports.activations.empty()) {
      in.value = ports.activations.at(static_cast<std::size_t>(row));
      in.valid = true;
      in.replaces = ports.replaces;
    }
    in = row_skew_[static_cast<std::size_t>(row)].shift(in);
    for (int stage = 0; stage < col_stages; ++stage) {
      if (stage > 0) in = between_columns_[static_cast<std::size_t>(row * (col_stages - 1) + stage - 1)].shift(in);
      row_wires_[static_cast<std::size_t>(row * col_stages + stage)] = in;
    }
  }
  const Read read = address(ports.drain_rows);
  OsOutputs out;
  std::vector<std::int32_t> sums(static_cast<std::size_t>(g.cols));
  for (int col = 0; col < g.cols; ++col) {
    const auto c = static_cast<std::size_t>(col);
    ColumnWire in;
    if (!ports.weights.empty()) in = {ports.weights.at(c), true};
    in = column_skew_[c].shift(in);
    for (int stage = 0; stage < row_stages; ++stage) {
      if (stage > 0) in = between_rows_[at(stage - 1, col)].shift(in);
      column_wires_[at(stage, col)] = in;
    }
    Lane lane;
    lane.row = read_skew_[c].shift(read).row;
    if (lane.row >= 0) {
      const Pe& pe = pes_.at(at(lane.row, col));
      lane.value = g.double_buffered ? pe.shadow : pe.sum;
    }
    lane = deskew_[c].shift(lane);
    if (col > 0 && lane.row != out.row) throw std::logic_error("the columns of a row do not come out together");
    out.row = lane.row;
    sums[c] = static_cast<std::int32_t>(lane.value);
  }
  if (out.row >= 0) out.sums = std::move(sums);

  for (int row = 0; row < g.rows; ++row) {
    for (int stage = 0; stage < col_stages; ++stage) {
      const RowWire& activation = row_wires_[static_cast<std::size_t>(row * col_stages + stage)];
      const int end = std::min((stage + 1) * g.broadcast, g.cols);
      for (int col = stage * g.broadcast; col < end; ++col) {
        const ColumnWire& weight = column_wires_[at(row / g.fan_in, col)];
        if (activation.valid != weight.valid) throw std::logic_error("activations and weights do not meet in a PE");
        if (!activation.valid && !activation.captures) continue;
        pes_[at(row, col)].clock(activation, weight);
        out.products += activation.valid ? 1 : 0;
      }
    }
  }
  return out;
}

}  // namespace podsim::test

// SPDX-License-Identifier: Apache-2.0
#include "support/pe_array.hpp"

#include <algorithm>
#include <stdexcept>

namespace podsim::test {

PeArray::PeArray(PeGeometry geometry, std::int8_t power_up) : geometry_(geometry) {
  const int stages = geometry.col_stages();
  pes_.assign(static_cast<std::size_t>(geometry.rows * geometry.cols), Pe{power_up, power_up});
  for (int row = 0; row < geometry.rows; ++row) {
    activation_skew_.emplace_back(row / geometry.fan_in);
    for (int stage = 1; stage < stages; ++stage) between_columns_.emplace_back(1);
  }
  for (int col = 0; col < geometry.cols; ++col) {
    const int stage = col / geometry.broadcast;
    sum_skew_.emplace_back(stage);
    weight_skew_.emplace_back(stage);
    sum_deskew_.emplace_back(stages - 1 - stage);
  }
  sum_registers_.assign(static_cast<std::size_t>(geometry.row_stages() * geometry.cols), ShiftRegister<Sum>(1));
  wires_.resize(static_cast<std::size_t>(geometry.rows * stages));
}

std::uint32_t PeArray::Pe::step(const Activation& activation, const WeightWrite* write, bool double_buffered) {
  if (!double_buffered) {
    const auto product = static_cast<std::uint32_t>(activation.value * active);
    if (write != nullptr) active = write->value;
    return product;
  }
  // The first row of an operation already meets the new weight: the swap passes the shadow register around the active
  // one. What is written in this cycle is not seen by it.
  if (activation.valid && activation.swap) active = shadow;
  if (write != nullptr) shadow = write->value;
  return static_cast<std::uint32_t>(activation.value * active);
}

std::optional<std::vector<std::int32_t>> PeArray::step(const PePorts& ports) {
  const PeGeometry& g = geometry_;
  const int stages = g.col_stages();
  for (int row = 0; row < g.rows; ++row) {
    Activation in;
    if (!ports.activations.empty())
      in = {ports.activations.at(static_cast<std::size_t>(row)), ports.is_first_row, true};
    in = activation_skew_[static_cast<std::size_t>(row)].shift(in);
    for (int stage = 0; stage < stages; ++stage) {
      if (stage > 0) in = between_columns_[static_cast<std::size_t>(row * (stages - 1) + stage - 1)].shift(in);
      wires_[static_cast<std::size_t>(row * stages + stage)] = in;
    }
  }

  std::vector<std::int32_t> out(static_cast<std::size_t>(g.cols));
  int valid = 0;
  for (int col = 0; col < g.cols; ++col) {
    const auto c = static_cast<std::size_t>(col);
    WeightWrite write;
    if (ports.weight_row >= 0) write = {ports.weight_row, ports.weights.at(c)};
    write = weight_skew_[c].shift(write);
    Sum sum{ports.sums.empty() ? 0 : static_cast<std::uint32_t>(ports.sums.at(c)), !ports.activations.empty()};
    sum = sum_skew_[c].shift(sum);
    for (int first = 0; first < g.rows; first += g.fan_in) {
      for (int row = first; row < std::min(first + g.fan_in, g.rows); ++row) {
        const Activation& activation = wires_[static_cast<std::size_t>(row * stages + col / g.broadcast)];
        if (activation.valid != sum.valid) throw std::logic_error("activations and partial sums do not meet in a PE");
        sum.value += pe(row, col).step(activation, write.row == row ? &write : nullptr, g.double_buffered);
      }
      sum = sum_registers_[static_cast<std::size_t>(first / g.fan_in * g.cols + col)].shift(sum);
    }
    sum = sum_deskew_[c].shift(sum);
    out[c] = static_cast<std::int32_t>(sum.value);
    valid += sum.valid ? 1 : 0;
  }
  if (valid != 0 && valid != g.cols) throw std::logic_error("the columns of a row do not come out together");
  if (valid == 0) return std::nullopt;
  return out;
}

}  // namespace podsim::test

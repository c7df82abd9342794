#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A weight-stationary array, register by register: what the pod is compared with.
///
/// Written from docs/machine_model.md, section 2, and nothing else; it shares no code with the pod and knows nothing of
/// tiles. One call of `PeArray::step` is one clock cycle: registers show what was written at the end of the cycle
/// before.
///
///     activations -> skew -> [b columns] -> register -> [b columns] -> register ...      (row group g enters g later)
///     each column: partial sum in -> skew -> f products + sum -> register -> f products + sum -> register -> deskew
///
/// A PE multiplies in every cycle; a row that is not valid gives a sum that is not valid. Weight rows are addressed; a
/// row reaches its PEs with the column skew of the activations.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace podsim::test {

/// A chain of registers.
template <class T>
class ShiftRegister {
 public:
  explicit ShiftRegister(int length = 0) : values_(static_cast<std::size_t>(length)) {}
  /// One cycle: takes `in`, returns what was taken `length` cycles ago (T{} at first).
  T shift(T in) {
    if (values_.empty()) return in;
    std::swap(values_[next_], in);
    next_ = next_ + 1 == values_.size() ? 0 : next_ + 1;
    return in;
  }

 private:
  std::vector<T> values_;
  std::size_t next_ = 0;
};

/// Rows and columns of PEs, and how many of them share a wavefront stage.
struct PeGeometry {
  int rows = 1;
  int cols = 1;
  int fan_in = 1;     ///< products summed in a stage
  int broadcast = 1;  ///< PEs that an activation reaches in a cycle
  bool double_buffered = true;
  bool is_drain_charged = true;  ///< a single buffer takes the next weights after the last product; or behind the rows
  bool has_full_edges = false;   ///< zeros are loaded into the rows that a short tile does not have
  int row_stages() const { return (rows + fan_in - 1) / fan_in; }
  int col_stages() const { return (cols + broadcast - 1) / broadcast; }
  /// Weight rows that enter for a tile of `depth` rows.
  int loaded_rows(int depth) const { return has_full_edges ? rows : depth; }
  /// The first cycle in which a single buffer takes weights, if the last activation row entered in `stream_end` - 1.
  std::int64_t weights_after(std::int64_t stream_end) const {
    return is_drain_charged ? stream_end + row_stages() + col_stages() - 2 : stream_end;
  }
};

/// What is on the ports of the array in one cycle. Vectors have all lanes of a port, or none.
struct PePorts {
  std::vector<std::int8_t> activations;  ///< one per row of PEs; empty: no row enters
  bool is_first_row = false;             ///< the swap to the shadow weights travels with this row
  std::vector<std::int32_t> sums;        ///< one per column, beside the activations; empty: zeros
  int weight_row = -1;                   ///< row of PEs that the weights are for; -1: none enter
  std::vector<std::int8_t> weights;      ///< one per column
};

class PeArray {
 public:
  /// \param power_up what weight registers hold at first
  PeArray(PeGeometry geometry, std::int8_t power_up);

  /// One cycle. The partial-sum row that is in the output register during this cycle, int32 with two's-complement
  /// wrap, one per column; nothing if there is none.
  /// \throws std::logic_error if the columns of a row do not come out together
  std::optional<std::vector<std::int32_t>> step(const PePorts& ports);

 private:
  struct Activation {
    std::int8_t value = 0;
    bool swap = false;
    bool valid = false;
  };
  struct Sum {
    std::uint32_t value = 0;
    bool valid = false;
  };
  struct WeightWrite {
    int row = -1;
    std::int8_t value = 0;
  };
  /// A processing element: its weight registers.
  struct Pe {
    std::int8_t active = 0;
    std::int8_t shadow = 0;
    /// The product of this cycle; then what the clock edge does to the registers.
    std::uint32_t step(const Activation& activation, const WeightWrite* write, bool double_buffered);
  };
  Pe& pe(int row, int col) { return pes_[static_cast<std::size_t>(row * geometry_.cols + col)]; }

  PeGeometry geometry_;
  std::vector<Pe> pes_;
  std::vector<ShiftRegister<Activation>> activation_skew_;  ///< per row
  std::vector<ShiftRegister<Activation>> between_columns_;  ///< per row and column stage but the first
  std::vector<ShiftRegister<Sum>> sum_skew_, sum_deskew_;   ///< per column
  std::vector<ShiftRegister<Sum>> sum_registers_;           ///< per row stage and column
  std::vector<ShiftRegister<WeightWrite>> weight_skew_;     ///< per column
  std::vector<Activation> wires_;                           ///< of this cycle: per row and column stage
};

}  // namespace podsim::test

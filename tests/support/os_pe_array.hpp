#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file An output-stationary array, register by register: what an output-stationary pod is compared with.
///
/// It shares no code with the pod and knows nothing of tiles, rounds or interlocks, only of wires. One call of
/// `OsPeArray::step` is one clock cycle: registers show what was written at the end of the cycle before.
///
///     activations -> skew -> [b columns] -> register -> [b columns] -> register ...   (row group g enters g later)
///     weights     -> skew -> [f rows]    -> register -> [f rows]    -> register ...   (column group g enters g later)
///     each column: the PE of the addressed row -> deskew -> row of sums
///
/// A PE adds activation times weight to its accumulator, or replaces it by the product. The order to capture travels
/// with the activations' wires and reaches every PE with the operands of its cycle; a register that is written in the
/// cycle in which it is read, or copied, gives its old value. Behind a drain order a counter walks through the rows.

#include <cstdint>
#include <optional>
#include <vector>

#include "support/pe_array.hpp"

namespace podsim::test {

/// Rows and columns of PEs, and how many of them share a wavefront stage.
struct OsGeometry {
  int rows = 1;
  int cols = 1;
  int fan_in = 1;               ///< rows of PEs that a weight reaches in a cycle
  int broadcast = 1;            ///< columns of PEs that an activation reaches in a cycle
  bool double_buffered = true;  ///< there is a shadow output plane; or rows are read from the accumulators
  int row_stages() const { return (rows + fan_in - 1) / fan_in; }
  int col_stages() const { return (cols + broadcast - 1) / broadcast; }
};

/// What is on the ports of the array in one cycle. Vectors have all lanes of a port, or none.
struct OsPorts {
  std::vector<std::int8_t> activations;  ///< one per row of PEs: a column of the activation tile; empty: nothing enters
  std::vector<std::int8_t> weights;      ///< one per column of PEs, beside the activations: a row of the weight tile
  bool replaces = false;                 ///< the products replace the accumulators
  int drain_rows = 0;                    ///< the sums are captured, and this many rows leave; 0: no order
};

/// What leaves, and what works, in one cycle.
struct OsOutputs {
  std::optional<std::vector<std::int32_t>> sums;  ///< int32 with two's-complement wrap, one per column
  int row = -1;                                   ///< which row of PEs they come from
  int products = 0;                               ///< PEs that multiply
};

class OsPeArray {
 public:
  /// \param power_up what accumulators and shadow registers hold at first
  OsPeArray(OsGeometry geometry, std::int32_t power_up);

  /// One cycle.
  /// \throws std::logic_error if activations and weights do not meet, or columns of a row do not come out together
  OsOutputs step(const OsPorts& ports);

 private:
  struct RowWire {
    std::int8_t value = 0;
    bool valid = false;
    bool replaces = false;
    bool captures = false;
  };
  struct ColumnWire {
    std::int8_t value = 0;
    bool valid = false;
  };
  struct Read {
    int row = -1;
  };
  struct Lane {
    std::uint32_t value = 0;
    int row = -1;
  };
  /// A processing element: its registers.
  struct Pe {
    std::uint32_t sum = 0;
    std::uint32_t shadow = 0;
    void clock(const RowWire& activation, const ColumnWire& weight);
  };
  std::size_t at(int row, int col) const { return static_cast<std::size_t>(row * geometry_.cols + col); }
  /// The row that the counter addresses in this cycle.
  Read address(int drain_rows);

  OsGeometry geometry_;
  std::vector<Pe> pes_;
  std::vector<ShiftRegister<RowWire>> row_skew_;         ///< per row
  std::vector<ShiftRegister<RowWire>> between_columns_;  ///< per row and column stage but the first
  std::vector<ShiftRegister<ColumnWire>> column_skew_;   ///< per column
  std::vector<ShiftRegister<ColumnWire>> between_rows_;  ///< per row stage but the first, and column
  std::vector<ShiftRegister<Read>> read_skew_;           ///< per column
  std::vector<ShiftRegister<Lane>> deskew_;              ///< per column
  std::vector<RowWire> row_wires_;                       ///< of this cycle: per row and column stage
  std::vector<ColumnWire> column_wires_;                 ///< of this cycle: per row stage and column
  int next_row_ = 0, rows_left_ = 0;                     ///< of the counter
};

}  // namespace podsim::test

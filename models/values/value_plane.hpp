#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The values of a functional run: what is in every bank and on every port, row by row and cycle by cycle.
///
/// Modules report what they do as they do it: a pod which tiles entered it, a bank which results it took, the
/// controller which fills came and which space was given back. The values of a row depend on these reports alone: on
/// the bank that was read, the item in it, and the cycle of the read against the cycle of the write. What was not
/// written, is gone, or comes later than it is read, reads as kUnwritten, so that every misrouted tile and every hazard
/// ends up as a wrong result.
///
/// Rows are computed late, in order of time: an operation when its last row enters the unit, or earlier, up to the row
/// that is needed, when somebody reads its results. That order has no influence on the values.

#include <cstdint>
#include <queue>
#include <vector>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/program.hpp"
#include "podsim/models/values/int8_gemm.hpp"
#include "podsim/models/values/operand_tiles.hpp"
#include "podsim/models/values/tensor_store.hpp"

namespace podsim {

/// Rows of a tile operation's m x n sums as they were computed, in whichever way they leave the array; pointers are
/// good during the call.
struct ComputedRows {
  std::uint32_t op = 0;
  std::int32_t from = 0, to = 0;              ///< rows from … to-1
  int pairs = 0;                              ///< an activation row has 2 * pairs elements
  int padded = 0;                             ///< elements of a row of sums
  const std::int16_t* activations = nullptr;  ///< row `from` first
  const std::int16_t* weights = nullptr;      ///< packed (int8_gemm.hpp)
  const std::int32_t* sums_in = nullptr;      ///< row `from` first; null: zeros
  const std::int32_t* sums_out = nullptr;     ///< row `from` first
};

/// Is told what enters and leaves the arrays; for comparisons with other models of them.
class OperationObserver {
 public:
  virtual ~OperationObserver() = default;
  /// As ValuePlane::start_operation.
  virtual void started(const Transfer& result, std::int64_t start, const Transfer& weights, const Transfer& activations,
                       const Transfer* sums) = 0;
  /// Every row of every operation once, at any time after its operation has started.
  virtual void computed(const ComputedRows& rows) = 0;
};

class ValuePlane {
 public:
  /// All of them must outlive it.
  ValuePlane(const Program& program, const Network& network, const NetworkValues& values);

  /// A pod takes the first row at its X port in `start`. What it computes is `result`; of sums that stay in the pod,
  /// bank is kNoBank.
  /// \param w, x the tiles at its ports
  /// \param sums null if the operation starts with zeros
  void start_operation(const Transfer& result, std::int64_t start, const Transfer& w, const Transfer& x,
                       const Transfer* sums);
  /// A post-processor takes the first row of each input in `start`.
  void start_pass(const Transfer& result, std::int64_t start, const Transfer& in1, const Transfer* in2);
  /// The rows of a result enter a bank.
  void stored(BankClass bank_class, int bank, const Transfer& result);
  /// A fill has begun `now`; all its rows are in the bank from `end` on.
  void filled(std::uint32_t fill, std::int64_t end, std::int64_t now);
  /// A fill under way will end in another cycle.
  void delayed(std::uint32_t fill, std::int64_t end);
  /// From `cycle` on an item's space is somebody else's. \param to_dram it was spilled
  void leave(ItemId item, std::int64_t cycle, bool to_dram);
  /// Everything that happens before `cycle` has been reported.
  void advance(std::int64_t cycle);

  const TensorStore& tensors() const { return store_; }
  /// From now on; it must outlive the last report.
  void observe(OperationObserver& observer) { observer_ = &observer; }

 private:
  /// What a port delivers: row t of an item is read in cycle `first_row` + t.
  struct Read {
    ItemId item = kNone;
    std::uint16_t bank = 0;
    std::int64_t first_row = 0;
    bool is_used() const { return item != kNone; }
  };
  /// A tile operation or pass whose rows enter its unit.
  struct Running {
    bool is_pass = false;
    std::uint32_t id = 0;
    std::int64_t start = 0;
    std::int32_t rows = 0;  ///< of the result, as the value plane holds it
    std::int32_t done = 0;
    std::int64_t length = 0;               ///< cycles in which rows enter
    bool is_whole = false;                 ///< all rows are computed with the last one that enters; if not, row by row
    std::int64_t written = kNeverWritten;  ///< the cycle in which the first row of the result enters its bank
    Read activations, weights, sums;       ///< of a tile operation, by matrix; of a pass: in1, -, in2
  };
  enum class Place : std::uint8_t { bank, dram, nowhere };
  struct Content {
    Place place = Place::nowhere;
    std::uint16_t bank = 0;
    std::int32_t rows = 0;  ///< rows of the buffer that are valid
    std::int32_t buffer = -1;
    std::int32_t running = -1;  ///< what computes it
    std::int64_t ready = 0;     ///< row t may be read from cycle `ready` + t on
    std::int64_t gathered = 0;  ///< likewise, of the rows that were gathered
    std::int64_t fill_begun = 0, fill_end = 0;
  };
  struct Buffer {
    std::vector<std::int16_t> narrow;  ///< int8 values: rows of tiles, packed weights
    std::vector<std::int32_t> wide;    ///< partial sums, rows padded
    std::vector<RowStatistics> statistics;
  };
  struct Event {
    enum class Kind : std::uint8_t { compute, leave, spill, fill };
    std::int64_t cycle;
    Kind kind;
    std::uint32_t id;
    bool operator<(const Event& other) const {  // the earliest is on top
      return cycle != other.cycle ? cycle > other.cycle : kind > other.kind;
    }
  };

  /// What a port of a post-processor delivers; nothing of it if the item was not there.
  struct Input {
    const std::int16_t* narrow = nullptr;
    std::int64_t stride = 0;
    const std::int32_t* wide = nullptr;
    const RowStatistics* statistics = nullptr;
    bool connected = false;
    bool is_connected() const { return connected; }
    void row(std::int32_t t, std::int32_t columns, std::int32_t* out) const;
    RowStatistics statistics_of(std::int32_t t) const;
  };

  /// Computes the rows that have entered the unit by the end of cycle `until`.
  void compute(int running, std::int64_t until);
  void compute_operation(const Running& running, std::int32_t from, std::int32_t to, std::int64_t until);
  void compute_pass(const Running& running, std::int32_t from, std::int32_t to, std::int64_t until);
  void pass_row(const PostPlacement& pass, const Input& in1, const Input& in2, std::int32_t t, std::int32_t columns,
                std::int32_t* out, RowStatistics& sum);
  void write_output(const PostPlacement& pass, std::int64_t written, std::int32_t t, std::int32_t* values);
  void write_gemm_row(const GemmTiles& gemm, const PostPlacement& pass, std::int64_t written, std::int32_t t,
                      std::int32_t* values);
  /// What starts with row 0 of `result` in cycle `start` is computed from then on.
  void begin(Running running, const Transfer& result, std::int64_t start);
  void forget(int running);

  /// Rows of a tile of activations or of a P operand as int16, `to` of them, with this stride.
  const std::int16_t* tile(const Read& read, std::int32_t to, std::int64_t stride, std::int64_t until);
  const std::int16_t* weights(const Read& read, std::int64_t until);
  /// Rows of partial sums; null if they are not there.
  const std::int32_t* sums(const Read& read, std::int32_t to, std::int64_t until);
  const Content* readable_sums(const Read& read, std::int32_t to, std::int64_t until);
  Input input(const Read& read, std::int32_t to, std::int64_t until);
  /// Catches up with the passes that write a row of a tensor.
  void need(int tensor, std::int64_t row, std::int64_t until);

  Buffer& buffer_of(Content& content);
  void release(Content& content);
  int new_running();
  std::int64_t stride_of(ItemId tile) const;
  /// Its rows in the matrix of which it holds a part; a pass on transposed sums takes that matrix's columns one by one.
  std::int32_t rows_of(const PostPlacement& pass) const { return is_transposed(pass) ? pass.columns : pass.rows; }
  std::int32_t columns_of(const PostPlacement& pass) const { return is_transposed(pass) ? pass.rows : pass.columns; }
  bool is_transposed(const PostPlacement& pass) const { return work_.outputs[pass.operation].is_transposed; }
  ItemId tiles() const { return static_cast<ItemId>(work_.tiles.size()); }
  std::uint32_t mains() const { return static_cast<std::uint32_t>(program_.schedule.main.size()); }
  static Read read_of(const Transfer& transfer);

  const Program& program_;
  const TiledWorkload& work_;
  const Network& network_;
  const NetworkValues& values_;
  TensorStore store_;
  OperandTiles operands_;
  Int8Gemm multiply_;
  OperationObserver* observer_ = nullptr;

  /// An output tile, or a copy of it, arrives at one terminal (relayout "circuits").
  void copied(BankClass bank_class, int bank, const Transfer& result);

  std::vector<Content> contents_;  ///< per item
  // With relayout by circuits, per stored tile: output tiles that have not been sent to its bank, and the cycle from
  // which on its row t may be read in that cycle + t. Empty otherwise.
  std::vector<std::uint32_t> copies_missing_;
  std::vector<std::int64_t> copied_from_;
  std::vector<Buffer> buffers_;
  std::vector<std::int32_t> spare_buffers_;
  std::vector<Running> running_;
  std::vector<std::int32_t> spare_running_;
  std::vector<std::vector<std::int32_t>> writers_;  ///< per output block: what is on its way to it
  std::priority_queue<Event> events_;
  std::vector<std::int16_t> unwritten_;
  // Scratch of the pass that is computed: a row, that of the second input, one of int8 values.
  std::vector<std::int32_t> row_, second_;
  std::vector<std::int16_t> narrow_;
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A lowered network cut into tiles and tile operations for one machine.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"
#include "podsim/models/relayout.hpp"
#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// How the network is cut.
struct TilingConfig {
  /// Rows that stream per tile operation: of activations (m), of weights (n) if activations stay in the array, of both
  /// (k) if sums do. Default: the dataflow's choice, as many as the array has rows (the published optimum) unless sums
  /// stay; 0: all.
  std::optional<std::int64_t> partition_rows;
  /// Likewise of convolutions; default: as `partition_rows`.
  std::optional<std::int64_t> convolution_partition_rows;
  /// "im2col": k of a convolution runs over all kernel positions; "kernel_positions": no tile holds more than one.
  /// Convolutions in groups are im2col'ed always.
  std::string convolution = "im2col";
  /// Groups that are small against the array share it, block-diagonally.
  bool pack_groups = true;
  /// Layers that read the same matrix in the same way share its X tiles.
  bool share_activation_tiles = true;
  /// Which group of pods carries out a layer: names of layers to names of groups, "*" for all that are not named.
  /// The others go where they are estimated to be done first (models/pod_groups.hpp).
  std::map<std::string, std::string> pod_groups;
  /// Set by schedulers that begin a layer after all before it: it matters to that choice.
  bool layers_overlap = true;

  void fields(Fields& f);
};

/// Which SRAM a stored tile lives in.
enum class BankClass : std::uint8_t { x, w, p };

/// "The rows of block `block` of operation `operation`, from row `offset` on relative to my own first row":
/// the reader's row t may be read once row t + offset of the block is stored.
struct Requirement {
  std::uint32_t operation = 0;
  std::uint32_t block = 0;
  std::int32_t offset = 0;
};

/// A range of TiledWorkload::requirements.
struct RequirementRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// The number of a list of requirements, which tiles may share.
using RequirementList = std::uint32_t;
inline constexpr RequirementList kNoRequirements = 0;  ///< the empty list

/// A tile that waits in a bank: of what the X port of a pod takes, of what its W port takes, or of an operand of the
/// post-processors (P). Rows and columns are those that cross a port (see Operand::by_columns).
struct StoredTile {
  std::uint32_t operand = 0;
  std::uint16_t bank = 0;
  BankClass bank_class = BankClass::x;
  std::uint8_t element_bits = 8;
  std::int32_t rows = 0;  ///< rows that cross a port when the tile is read
  std::int32_t columns = 0;
  std::uint32_t bytes = 0;       ///< capacity taken, im2col copies counted once; rounded up per tile
  std::uint32_t dram_bytes = 0;  ///< fetched from DRAM before first use, rounded up per tile; 0 if produced on chip
  RequirementList requirements = kNoRequirements;

  /// Bytes of a row that crosses a port; odd 4-bit rows are rounded up.
  std::int32_t row_bytes() const {
    return static_cast<std::int32_t>(bytes_for_bits(std::int64_t{columns} * element_bits));
  }
};

/// A matrix cut into tiles: a run of TiledWorkload::tiles.
struct Operand {
  std::uint32_t first_tile = 0;
  std::uint32_t tile_count = 0;
  std::uint32_t operation = 0;  ///< the first that reads it
  BankClass bank_class = BankClass::x;
  int element_bits = 8;     ///< of an element in a bank
  bool from_dram = false;   ///< some of it has to be fetched
  bool on_chip = false;     ///< some of it is written by operations
  bool is_learned = false;  ///< weights of a layer: all of it comes from DRAM and never changes
  bool is_second = false;   ///< the second matrix of a GEMM: weights, or activations in their place
  bool by_columns = false;  ///< tiles cross ports column by column: a row of a StoredTile is a column of the matrix
  std::int64_t copied_bytes = 0;  ///< bytes written by relayout: every im2col copy counted
};

/// A GEMM operation in tiles. Groups that are small against the array are packed block-diagonally: `packing` groups
/// share one array, so that `groups` here is ceil(GEMM groups / packing).
struct GemmTiles {
  int operation = -1;
  OperandFlow flow;                   ///< of the dataflow that carries it out
  int pod_group = 0;                  ///< its tile operations run on pods of this group only
  Gemm shape;                         ///< before packing
  std::int64_t groups = 1;            ///< after packing
  std::int64_t packing = 1;           ///< GEMM groups in one packed group; the last one of an image may hold fewer
  std::int64_t groups_per_image = 1;  ///< before packing
  std::int64_t packed_groups_per_image = 1;  ///< after packing
  bool output_rows_per_group = false;
  std::int64_t m = 0, k = 0, n = 0;  ///< of one packed group
  std::int64_t k_run = 0;            ///< no tile holds rows of k on both sides of a multiple of this; k, or less
  std::int64_t tile_m = 0, tile_k = 0, tile_n = 0;
  std::int64_t i_count = 0, j_count = 0, k_count = 0;  ///< tiles along m, k, n
  std::uint32_t activation = 0;                        ///< operand
  std::uint32_t stationary = 0;                        ///< operand
  std::int64_t residual = -1;                          ///< operand, or -1
  std::uint32_t first_op = 0;                          ///< id of tile operation (0, 0, 0, 0)
  std::uint32_t op_count = 0;
  std::uint32_t first_output = 0;  ///< id of output tile (0, 0, 0)
  std::uint32_t output_count = 0;

  /// j outer, then i, then k, within a group: the published order.
  std::uint32_t op(std::int64_t g, std::int64_t i, std::int64_t j, std::int64_t kk) const {
    return first_op + static_cast<std::uint32_t>(((g * j_count + j) * i_count + i) * k_count + kk);
  }
  /// How many GEMM groups packed group g holds.
  std::int64_t groups_in(std::int64_t g) const;
  /// The first GEMM group in packed group g.
  std::int64_t first_group(std::int64_t g) const;
  std::uint32_t output(std::int64_t g, std::int64_t i, std::int64_t kk) const {
    return first_output + static_cast<std::uint32_t>((g * i_count + i) * k_count + kk);
  }
  std::uint32_t activation_tile(std::uint32_t first_tile, std::int64_t g, std::int64_t i, std::int64_t j) const {
    return first_tile + static_cast<std::uint32_t>((g * j_count + j) * i_count + i);
  }
  std::uint32_t stationary_tile(std::uint32_t first_tile, std::int64_t g, std::int64_t j, std::int64_t kk) const {
    return first_tile + static_cast<std::uint32_t>((g * j_count + j) * k_count + kk);
  }
};

/// A vector operation in tiles: a grid of row blocks x column blocks of its input.
struct VectorTiles {
  int operation = -1;
  int pod_group = 0;  ///< it is cut as if for this group
  std::int64_t i_count = 0, k_count = 0;
  std::int64_t rows = 0, columns = 0;
  std::vector<std::uint32_t> inputs;  ///< operands, all in the same grid; tile (i, k) is first + i * k_count + k
};

/// How an operation's output rows fall into blocks: a block is what one row of tiles writes.
struct OutputBlocks {
  std::int64_t group_rows = 0;  ///< rows of one group's output
  std::int64_t block_rows = 0;  ///< rows of a tile
  std::int64_t blocks_per_group = 0;
  std::uint32_t first_block = 0;  ///< index into flat arrays over all blocks
  std::uint32_t block_count = 0;
  std::uint32_t tiles_per_block = 0;  ///< output tiles (passes) that make up one block
  bool is_transposed = false;         ///< its tiles arrive column by column: all rows are there with the last column

  std::int64_t block_of(std::int64_t row) const {
    return row / group_rows * blocks_per_group + row % group_rows / block_rows;
  }
  std::int64_t first_row(std::int64_t block) const {
    return block / blocks_per_group * group_rows + block % blocks_per_group * block_rows;
  }
};

/// When an operation may begin, beside what it depends on.
struct Release {
  std::int64_t arrival_cycle = 0;    ///< what it reads from DRAM, but weights, is there from this cycle on
  std::uint32_t earliest_round = 0;  ///< it has nothing in rounds before
  std::uint32_t slice = 0;           ///< it begins behind all operations of lower slices; never falls
};

/// Everything a scheduler and the machine need to know of the work.
struct TiledWorkload {
  LoweredNetwork network;
  std::vector<Operand> operands;
  std::vector<StoredTile> tiles;
  std::vector<Requirement> requirements;
  /// Per list, and one more: its first entry in `requirements`.
  std::vector<std::uint32_t> requirement_lists{0, 0};
  std::vector<GemmTiles> gemms;
  std::vector<VectorTiles> vectors;
  /// Per operation: index into `gemms` or `vectors`.
  std::vector<std::uint32_t> tiles_of_operation;
  std::vector<OutputBlocks> outputs;           ///< per operation
  std::vector<std::vector<int>> dependencies;  ///< per operation: the operations whose results it reads
  std::vector<Release> releases;               ///< per operation; empty: all may begin at once
  std::vector<std::int64_t> write_back_bytes;  ///< per operation: bytes of its output that go to DRAM
  std::uint32_t op_count = 0;
  std::uint32_t output_count = 0;
  std::uint32_t block_count = 0;

  /// What the tile waits for.
  RequirementRange requirements_of(const StoredTile& tile) const { return requirements_of(tile.requirements); }
  RequirementRange requirements_of(RequirementList list) const {
    return {requirement_lists[list], requirement_lists[list + 1] - requirement_lists[list]};
  }
  std::size_t requirement_list_count() const { return requirement_lists.size() - 1; }
  /// The GEMM that a tile operation belongs to.
  const GemmTiles& gemm_of_op(std::uint32_t op) const;
  std::int64_t weight_bytes = 0;  ///< weights fetched from DRAM, each once
  Relayout relayout;              ///< which copies are needed, if each takes its own circuit
};

/// Bits of an element of a tensor in DRAM: learned ones (tables, constants) have `weight_bits`, others
/// `activation_bits`.
int element_bits(const Tensor& tensor, const HardwareConfig& hardware);

/// One tile operation's place in its GEMM.
struct OpIndex {
  std::int64_t g = 0, i = 0, j = 0, k = 0;
};
OpIndex op_index(const GemmTiles& gemm, std::uint32_t op);

/// One tile operation with the tiles it reads.
struct OpTiles {
  const GemmTiles* gemm = nullptr;
  OpIndex at;
  std::uint32_t x_tile = 0;  ///< that the X fabric brings: index into TiledWorkload::tiles
  std::uint32_t w_tile = 0;  ///< likewise the W fabric
};
OpTiles tiles_of_op(const TiledWorkload& work, std::uint32_t op);

/// Looks up tile operations one after the other; cheap if most of them follow the one before.
class OpCursor {
 public:
  explicit OpCursor(const TiledWorkload& work) : work_(&work) {}
  /// As tiles_of_op. Good until the next call.
  const OpTiles& at(std::uint32_t op) {
    if (op != op_ + 1 || !step()) tiles_ = tiles_of_op(*work_, op);
    op_ = op;
    return tiles_;
  }

 private:
  /// To the next operation, if only k and i change.
  bool step();

  const TiledWorkload* work_;
  std::uint32_t op_ = 0xfffffffe;
  OpTiles tiles_;
};
/// Rows of the sums of output tile (g, i, ·, k) as they cross ports: m, or n if the array computes the transposed
/// product.
std::int64_t sum_rows(const GemmTiles& gemm, const OpIndex& at);
/// Columns of the same.
std::int64_t sum_columns(const GemmTiles& gemm, const OpIndex& at);
/// Rows i of a GEMM tile row, accounting for the remainder.
std::int64_t tile_rows(const GemmTiles& gemm, std::int64_t i);
/// The first row of k in tile j.
std::int64_t tile_first_k(const GemmTiles& gemm, std::int64_t j);
/// Rows of k in tile j, accounting for the remainder and for a packed group that holds fewer groups.
std::int64_t tile_depth(const GemmTiles& gemm, std::int64_t g, std::int64_t j);
/// Columns of n in tile k, likewise.
std::int64_t tile_columns(const GemmTiles& gemm, std::int64_t g, std::int64_t kk);
/// MACs that count in one tile operation: the zeros of block-diagonal packing do not.
std::int64_t tile_macs(const GemmTiles& gemm, const OpIndex& at);
/// Indices into flat arrays over all output blocks (see OutputBlocks), equally far apart.
class BlockRange {
 public:
  class Iterator {
   public:
    Iterator(std::size_t block, std::size_t stride) : block_(block), stride_(stride) {}
    std::size_t operator*() const { return block_; }
    Iterator& operator++() {
      block_ += stride_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return block_ != other.block_; }

   private:
    std::size_t block_, stride_;
  };

  BlockRange(std::size_t first, std::size_t count, std::size_t stride)
      : first_(first), count_(count), stride_(stride) {}
  Iterator begin() const { return {first_, stride_}; }
  Iterator end() const { return {first_ + count_ * stride_, stride_}; }

 private:
  std::size_t first_, count_, stride_;
};
/// The output blocks that the output tile (g, i, ·) of a GEMM is part of: more than one if packed groups have rows of
/// their own.
BlockRange output_blocks_of(const TiledWorkload& work, const GemmTiles& gemm, std::int64_t g, std::int64_t i);
/// The output blocks that an output tile of any operation is part of.
/// \param tile as PostPlacement::tile counts them
BlockRange output_blocks_of(const TiledWorkload& work, std::uint32_t operation, std::uint32_t tile);

/// Cuts a network for a machine.
/// \throws Error (run_failed) if it has more than 2^31 tile operations, or if the tile tables alone would need more
///         than `max_memory_bytes`
TiledWorkload tile(LoweredNetwork network, const Machine& machine, const TilingConfig& config,
                   std::int64_t max_memory_bytes);

}  // namespace podsim

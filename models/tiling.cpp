// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/tiling.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/pod_groups.hpp"
#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/wide.hpp"

namespace podsim {
namespace {

/// Bytes a run needs per tile operation, tables of schedule, memory plan and simulation included; measured by
/// tests/benches/speed_bench, rounded up.
constexpr std::int64_t kBytesPerOp = 250;

/// Splits `total` over parts of areas a0, a1, … so that the pieces add up exactly.
class Shares {
 public:
  Shares(std::int64_t total, std::int64_t area) : total_(total), area_(area) {}
  std::int64_t next(std::int64_t area) {
    const std::int64_t before = at(sum_);
    sum_ += area;
    return at(sum_) - before;
  }

 private:
  std::int64_t at(std::int64_t sum) const {
    return static_cast<std::int64_t>(static_cast<Wide>(total_) * sum / std::max<std::int64_t>(1, area_));
  }
  std::int64_t total_;
  std::int64_t area_;
  std::int64_t sum_ = 0;
};

std::int64_t overlap(std::int64_t first_a, std::int64_t count_a, std::int64_t first_b, std::int64_t count_b) {
  return std::max<std::int64_t>(0, std::min(first_a + count_a, first_b + count_b) - std::max(first_a, first_b));
}

/// A rectangle of a view.
struct Area {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
};

class Tiler {
 public:
  Tiler(LoweredNetwork network, const Machine& machine, const TilingConfig& config)
      : hardware_(machine.config), config_(config) {
    for (int g = 0; g < hardware_.pod_group_count(); ++g) {
      dataflows_.push_back(make_dataflow(hardware_.pod_group(g)));
    }
    out_.network = std::move(network);
  }

  TiledWorkload run(std::int64_t max_memory_bytes) {
    max_memory_bytes_ = max_memory_bytes;
    lay_out_blocks();
    check_size(max_memory_bytes);
    slot_of_block_.assign(out_.block_count, 0);
    epoch_of_block_.assign(out_.block_count, 0);
    for (std::size_t o = 0; o < out_.network.operations.size(); ++o) {
      const Operation& operation = out_.network.operations[o];
      current_operation_ = static_cast<std::uint32_t>(o);
      out_.dependencies.push_back(dependencies(operation));
      if (operation.gemm() != nullptr) {
        cut_gemm(static_cast<int>(o), *operation.gemm());
      } else {
        cut_vector(static_cast<int>(o), *operation.vector());
      }
      out_.write_back_bytes.push_back(write_back_bytes(operation));
    }
    return std::move(out_);
  }

 private:
  /// Shapes of all GEMMs and blocks first: requirements of an operation refer to the blocks of earlier ones.
  void lay_out_blocks() {
    choose_pod_groups();
    for (std::size_t o = 0; o < out_.network.operations.size(); ++o) {
      const Operation& operation = out_.network.operations[o];
      OutputBlocks blocks;
      if (const GemmOperation* work = operation.gemm()) {
        const GemmTiles gemm = gemm_shape(static_cast<int>(o), *work, pod_group_[o]);
        blocks.group_rows = gemm.m;
        blocks.block_rows = gemm.tile_m;
        blocks.blocks_per_group = gemm.i_count;
        const std::int64_t row_groups =
            work->output_rows_per_group ? work->gemm.groups : work->gemm.groups / work->groups_per_image;
        blocks.block_count = static_cast<std::uint32_t>(row_groups * gemm.i_count);
        blocks.tiles_per_block = static_cast<std::uint32_t>(
            work->output_rows_per_group ? gemm.k_count : gemm.packed_groups_per_image * gemm.k_count);
        blocks.is_transposed = gemm.flow.is_transposed;
        out_.tiles_of_operation.push_back(static_cast<std::uint32_t>(out_.gemms.size()));
        out_.gemms.push_back(gemm);
        total_ops_ += static_cast<Wide>(gemm.groups) * gemm.i_count * gemm.j_count * gemm.k_count;
      } else {
        const VectorOperation& vector = *operation.vector();
        VectorTiles tiles;
        tiles.operation = static_cast<int>(o);
        tiles.pod_group = pod_group_[o];
        tiles.rows = vector.inputs.front().rows;
        tiles.columns = vector.inputs.front().columns;
        const std::int64_t p = vector_block_rows(tiles.rows, tiles.pod_group);
        tiles.i_count = ceil_div(tiles.rows, p);
        tiles.k_count = ceil_div(tiles.columns, hardware_.pod_group(tiles.pod_group).cols);
        blocks.group_rows = tiles.rows;
        blocks.block_rows = p;
        blocks.blocks_per_group = tiles.i_count;
        blocks.block_count = static_cast<std::uint32_t>(tiles.i_count);
        blocks.tiles_per_block = static_cast<std::uint32_t>(tiles.k_count);
        out_.tiles_of_operation.push_back(static_cast<std::uint32_t>(out_.vectors.size()));
        out_.vectors.push_back(tiles);
        total_ops_ += static_cast<Wide>(tiles.i_count) * tiles.k_count;
      }
      blocks.first_block = out_.block_count;
      out_.block_count += blocks.block_count;
      out_.outputs.push_back(blocks);
    }
  }

  void check_size(std::int64_t max_memory_bytes) const {
    const Wide bytes = total_ops_ * kBytesPerOp;
    if (total_ops_ >= (Wide{1} << 31) || bytes > max_memory_bytes) {
      throw Error(
          ErrorKind::run_failed,
          {Issue{{},
                 {},
                 "\"" + out_.network.name + "\" cuts into " + with_thousands(static_cast<std::int64_t>(total_ops_)) +
                     " tile operations on this machine, which needs about " +
                     memory_text(static_cast<std::int64_t>(std::min<Wide>(bytes, Wide{1} << 62))) + "; allowed are " +
                     memory_text(max_memory_bytes),
                 "use larger arrays or partitions, a smaller batch, or raise --max-memory"}});
    }
  }

  void choose_pod_groups() {
    std::vector<std::vector<int>> dependencies_of;
    for (const Operation& operation : out_.network.operations) dependencies_of.push_back(dependencies(operation));
    auto estimate = [this](int operation, int group) {
      const GemmOperation* work = out_.network.operations[static_cast<std::size_t>(operation)].gemm();
      return work == nullptr ? GroupEstimate{} : estimated(gemm_shape(operation, *work, group));
    };
    pod_group_ =
        choose_groups(out_.network, dependencies_of, hardware_, config_.pod_groups, config_.layers_overlap, estimate);
  }

  /// Rounds are as long as tiles stream or load, or sums leave.
  GroupEstimate estimated(const GemmTiles& gemm) const {
    const PodConfig& pods = hardware_.pod_group(gemm.pod_group);
    const Dataflow& dataflow = *dataflows_[static_cast<std::size_t>(gemm.pod_group)];
    const TileShape tile{gemm.tile_m, gemm.tile_k, gemm.tile_n};
    const Wide ops = static_cast<Wide>(gemm.groups) * gemm.i_count * gemm.j_count * gemm.k_count;
    const std::int64_t stream = pods.stream_cycles(dataflow.stream_cycles(tile).count());
    const Wide rounds = (ops + pods.count - 1) / pods.count;
    if (gemm.flow.keeps_sums) {
      // One of j_count rounds drains, and lasts as long as its sums take to leave, at least.
      return {rounds, std::max(stream, ceil_div(gemm.tile_m, gemm.j_count)), pods.col_stages() + gemm.tile_m};
    }
    return {rounds, std::max(stream, pods.load_cycles(dataflow.load_cycles(tile).count())),
            pods.array_latency().count()};
  }

  std::optional<std::int64_t> partition_rows(bool of_convolution) const {
    return of_convolution && config_.convolution_partition_rows ? config_.convolution_partition_rows
                                                                : config_.partition_rows;
  }

  std::int64_t vector_block_rows(std::int64_t rows, int group) const {
    const std::int64_t partition = config_.partition_rows.value_or(hardware_.pod_group(group).rows);
    return partition == 0 ? rows : std::min(partition, rows);
  }

  GemmTiles gemm_shape(int operation, const GemmOperation& work, int group) const {
    GemmTiles gemm;
    gemm.operation = operation;
    gemm.pod_group = group;
    gemm.shape = work.gemm;
    gemm.groups_per_image = work.groups_per_image;
    gemm.output_rows_per_group = work.output_rows_per_group;
    gemm.m = work.gemm.m;
    const PodConfig& pods = hardware_.pod_group(group);
    const Dataflow& dataflow = *dataflows_[static_cast<std::size_t>(group)];
    const TileShape whole{work.gemm.m, work.gemm.k, work.gemm.n};
    gemm.flow = dataflow.flow();
    gemm.packing = 1;
    if (config_.pack_groups) gemm.packing = std::min(dataflow.packing(pods, whole), work.groups_per_image);
    gemm.k = gemm.packing * work.gemm.k;
    gemm.n = gemm.packing * work.gemm.n;
    gemm.packed_groups_per_image = ceil_div(work.groups_per_image, gemm.packing);
    gemm.groups = work.gemm.groups / work.groups_per_image * gemm.packed_groups_per_image;
    const TileShape shape = dataflow.tile_shape(pods, partition_rows(work.is_convolution), {gemm.m, gemm.k, gemm.n});
    gemm.tile_m = shape.m;
    gemm.k_run = gemm.k;
    if (config_.convolution == "kernel_positions" && work.is_convolution && work.groups_per_image == 1) {
      gemm.k_run = gemm.k / (work.window.kernel_height * work.window.kernel_width);
    }
    gemm.tile_k = std::min(shape.k, gemm.k_run);
    gemm.tile_n = std::min(shape.n, gemm.n);
    gemm.i_count = ceil_div(gemm.m, gemm.tile_m);
    gemm.j_count = gemm.k / gemm.k_run * ceil_div(gemm.k_run, gemm.tile_k);
    gemm.k_count = ceil_div(gemm.n, gemm.tile_n);
    return gemm;
  }

  std::vector<int> dependencies(const Operation& operation) const {
    std::vector<int> out;
    auto add = [&](const View& view) {
      for (const ViewPart& part : view.parts) {
        const int producer = out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation;
        if (producer >= 0) out.push_back(producer);
      }
    };
    if (const GemmOperation* work = operation.gemm()) {
      add(work->activation);
      add(work->stationary_view);
      add(work->residual);
    } else {
      for (const View& view : operation.vector()->inputs) add(view);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  std::int64_t write_back_bytes(const Operation& operation) const {
    const Tensor& tensor = out_.network.tensors[static_cast<std::size_t>(operation.output)];
    if (!tensor.is_network_output && !tensor.is_cache_update) return 0;
    std::int64_t rows = tensor.rows;
    if (operation.gemm() != nullptr && operation.gemm()->has_fused_pool) {
      rows = operation.gemm()->pool.output_rows();
    }
    return bytes_for_bits(rows * tensor.columns * hardware_.activation_bits);
  }

  // --- requirements -----------------------------------------------------------------------------------------------

  void begin_requirements() { ++epoch_; }

  RequirementList end_requirements() {
    MemoryBudget(max_memory_bytes_)
        .take(static_cast<std::int64_t>(out_.requirements.size()), sizeof(Requirement),
              "what the tiles of \"" + out_.network.name + "\" wait for");
    const auto end = static_cast<std::uint32_t>(out_.requirements.size());
    if (out_.requirement_lists.back() == end) return kNoRequirements;
    out_.requirement_lists.push_back(end);
    return static_cast<RequirementList>(out_.requirement_list_count() - 1);
  }

  /// The reader's row `t` needs these rows of the view.
  void require(const View& view, RowInterval rows, std::int64_t t) {
    poll();
    for (const ViewPart& part : view.parts) {
      const int producer = out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation;
      if (producer < 0) continue;
      RowInterval needed = part.tensor_rows(rows);
      if (needed.empty()) continue;
      const Operation& operation = out_.network.operations[static_cast<std::size_t>(producer)];
      const VectorOperation* vector = operation.vector();
      if (vector != nullptr && vector->kind == VectorOperation::Kind::pool) {
        // A pooling pass works on tiles of its input; its blocks are counted in input rows.
        RowMap map;
        map.kind = RowMap::Kind::window;
        map.window = vector->window;
        needed = map.apply(needed);
        if (needed.empty()) continue;
      }
      const OutputBlocks& blocks = out_.outputs[static_cast<std::size_t>(producer)];
      const std::int64_t last_block = blocks.block_of(needed.last);
      for (std::int64_t b = blocks.block_of(needed.first); b <= last_block; ++b) {
        const std::int64_t first = blocks.first_row(b);
        const std::int64_t in_group = first % blocks.group_rows;
        const std::int64_t size = std::min(blocks.block_rows, blocks.group_rows - in_group);
        const std::int64_t row = blocks.is_transposed ? 0 : std::min(needed.last, first + size - 1) - first;
        const auto offset = static_cast<std::int32_t>(row - t);
        const std::size_t flat = blocks.first_block + static_cast<std::size_t>(b);
        if (epoch_of_block_[flat] == epoch_) {
          Requirement& known = out_.requirements[slot_of_block_[flat]];
          known.offset = std::max(known.offset, offset);
        } else {
          epoch_of_block_[flat] = epoch_;
          slot_of_block_[flat] = static_cast<std::uint32_t>(out_.requirements.size());
          out_.requirements.push_back({static_cast<std::uint32_t>(producer), static_cast<std::uint32_t>(b), offset});
        }
      }
    }
  }

  // --- operands ---------------------------------------------------------------------------------------------------

  /// Bits of an element of a tensor that comes from DRAM.
  std::int64_t dram_bits_of(const ViewPart& part) const {
    return element_bits(out_.network.tensors[static_cast<std::size_t>(part.tensor)], hardware_);
  }

  /// Bits of a rectangle of the view that come from DRAM.
  std::int64_t dram_bits(const View& view, const Area& area) const {
    std::int64_t bits = 0;
    for (const ViewPart& part : view.parts) {
      if (out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation >= 0) continue;
      bits += overlap(area.row, area.rows, part.rows.first, part.rows.last - part.rows.first + 1) *
              overlap(area.column, area.columns, part.column, part.columns) * dram_bits_of(part);
    }
    return bits;
  }

  bool reads_dram(const View& view) const {
    for (const ViewPart& part : view.parts) {
      if (out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation < 0) return true;
    }
    return false;
  }

  bool reads_on_chip(const View& view) const {
    for (const ViewPart& part : view.parts) {
      if (out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation >= 0) return true;
    }
    return false;
  }

  std::uint32_t open_operand(BankClass bank_class, int element_bits, bool from_dram, bool on_chip,
                             bool by_columns = false) {
    Operand operand;
    operand.by_columns = by_columns;
    operand.first_tile = static_cast<std::uint32_t>(out_.tiles.size());
    operand.bank_class = bank_class;
    operand.element_bits = element_bits;
    operand.from_dram = from_dram;
    operand.on_chip = on_chip;
    operand.operation = current_operation_;
    out_.operands.push_back(operand);
    return static_cast<std::uint32_t>(out_.operands.size() - 1);
  }

  /// \param rows, columns of the matrix
  /// \param elements that take capacity
  /// \param dram_bits that are fetched
  void add_tile(std::uint32_t operand, std::int64_t rows, std::int64_t columns, std::int64_t elements,
                std::int64_t dram_bits, RequirementList requirements) {
    if (out_.operands[operand].by_columns) std::swap(rows, columns);
    constexpr std::int64_t kLargestTile = std::int64_t{1} << 31;
    if (rows * columns * std::max(hardware_.partial_sum_bytes, out_.operands[operand].element_bits / 8) >=
        kLargestTile) {
      throw Error(ErrorKind::run_failed, {Issue{{},
                                                "/mapping/tiling/partition_rows",
                                                "a tile of \"" + out_.network.operations[current_operation_].name +
                                                    "\" has " + with_thousands(rows) + " x " + with_thousands(columns) +
                                                    " elements; it has to stay below 2^31 bytes",
                                                "use fewer rows per tile"}});
    }
    poll();
    Operand& owner = out_.operands[operand];
    StoredTile tile;
    tile.operand = operand;
    tile.bank_class = owner.bank_class;
    tile.bank = static_cast<std::uint16_t>(owner.tile_count % static_cast<std::uint32_t>(hardware_.bank_count()));
    tile.rows = static_cast<std::int32_t>(rows);
    tile.columns = static_cast<std::int32_t>(columns);
    tile.element_bits = static_cast<std::uint8_t>(owner.element_bits);
    tile.bytes = static_cast<std::uint32_t>(bytes_for_bits(elements * owner.element_bits));
    tile.dram_bytes = static_cast<std::uint32_t>(bytes_for_bits(dram_bits));
    tile.requirements = requirements;
    out_.tiles.push_back(tile);
    ++owner.tile_count;
    if (owner.on_chip) owner.copied_bytes += rows * tile.row_bytes();
  }

  static std::string view_key(const View& view) {
    std::string key;
    auto put = [&key](std::int64_t value) { key += std::to_string(value) + ','; };
    for (const ViewPart& part : view.parts) {
      for (const std::int64_t v :
           {static_cast<std::int64_t>(part.tensor), part.rows.first, part.rows.last, part.column, part.columns}) {
        put(v);
      }
      for (const RowMap& map : part.maps) {
        for (const std::int64_t v : {static_cast<std::int64_t>(map.kind), map.offset, map.scale, map.span}) put(v);
        key += window_key(map.window);
      }
      key += ';';
    }
    return key;
  }

  static std::string window_key(const Window& w) {
    std::string key;
    for (const std::int64_t v :
         {w.batch, w.in_height, w.in_width, w.out_height, w.out_width, w.kernel_height, w.kernel_width, w.stride_height,
          w.stride_width, w.padding_height, w.padding_width, w.dilation_height, w.dilation_width}) {
      key += std::to_string(v) + ',';
    }
    return key;
  }

  std::uint32_t activation_operand(const GemmTiles& gemm, const GemmOperation& work) {
    std::string key = view_key(work.activation) + '|' + window_key(work.window) + '|';
    for (const std::int64_t v :
         {static_cast<std::int64_t>(work.is_convolution), gemm.shape.m, gemm.shape.k, gemm.shape.groups, gemm.packing,
          gemm.groups_per_image, static_cast<std::int64_t>(work.rows_per_group), gemm.tile_m, gemm.tile_k, gemm.k_run,
          static_cast<std::int64_t>(gemm.flow.is_transposed), static_cast<std::int64_t>(gemm.flow.keeps_sums)}) {
      key += std::to_string(v) + ',';
    }
    if (config_.share_activation_tiles) {
      const auto known = shared_operands_.find(key);
      if (known != shared_operands_.end()) return known->second;
    }

    const View& view = work.activation;
    const bool from_dram = reads_dram(view);
    const bool identity = !work.is_convolution || work.window.is_identity();
    const bool by_columns = gemm.flow.activations_by_columns();
    const std::uint32_t operand = open_operand(gemm.flow.is_transposed ? BankClass::w : BankClass::x,
                                               hardware_.activation_bits, from_dram, reads_on_chip(view), by_columns);

    // One requirement list per (g, i), shared by all j.
    const std::int64_t distinct = work.is_convolution
                                      ? work.window.batch * work.window.distinct_input_pixels() * view.columns
                                      : gemm.shape.groups * gemm.shape.m * gemm.shape.k;
    const std::int64_t area = gemm.shape.groups * gemm.shape.m * gemm.shape.k;
    std::int64_t dram_total = 0;
    if (from_dram && !identity) {
      std::int64_t bits_per_row = 0;
      for (const ViewPart& part : view.parts) {
        const bool is_fetched = out_.network.tensors[static_cast<std::size_t>(part.tensor)].operation < 0;
        if (is_fetched) bits_per_row += part.columns * dram_bits_of(part);
      }
      dram_total = work.window.batch * work.window.distinct_input_pixels() * bits_per_row;
    }
    Shares capacity(distinct, area);
    Shares fetched(bytes_for_bits(dram_total), area);  // whole bytes, so that the shares add up
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      std::vector<RequirementList> requirements;
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        begin_requirements();
        for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
          const std::int64_t base = activation_row(work, gemm, gemm.first_group(g) + q) + i * gemm.tile_m;
          // Packed groups that read the same rows need to be looked at once.
          if (q > 0 && !work.rows_per_group) break;
          for (std::int64_t t = 0; t < tile_rows(gemm, i); ++t) {
            const RowInterval rows =
                work.is_convolution ? work.window.input_rows_of(base + t) : RowInterval{base + t, base + t};
            // The first column needs all rows.
            if (!rows.empty()) require(view, rows, by_columns ? 0 : t);
          }
        }
        requirements.push_back(end_requirements());
      }
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        const std::int64_t depth = tile_depth(gemm, g, j);
        for (std::int64_t i = 0; i < gemm.i_count; ++i) {
          const std::int64_t rows = tile_rows(gemm, i);
          std::int64_t bits = 8 * fetched.next(rows * depth);
          if (from_dram && identity) {
            bits = 0;
            for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
              const std::int64_t group = gemm.first_group(g) + q;
              const std::int64_t column = work.rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.k;
              bits += dram_bits(view, {activation_row(work, gemm, group) + i * gemm.tile_m, rows,
                                       column + (gemm.packing > 1 ? 0 : tile_first_k(gemm, j)),
                                       gemm.packing > 1 ? gemm.shape.k : depth});
            }
          }
          add_tile(operand, rows, depth, capacity.next(rows * depth), bits, requirements[static_cast<std::size_t>(i)]);
        }
      }
    }
    shared_operands_.emplace(std::move(key), operand);
    return operand;
  }

  static std::int64_t activation_row(const GemmOperation& work, const GemmTiles& gemm, std::int64_t group) {
    return work.rows_per_group ? group * gemm.m : group / gemm.groups_per_image * gemm.m;
  }

  static BankClass stationary_class(const GemmTiles& gemm) {
    return gemm.flow.is_transposed ? BankClass::x : BankClass::w;
  }

  std::uint32_t weight_operand(const GemmTiles& gemm, const GemmOperation& work) {
    std::string key;
    for (const std::int64_t v :
         {work.weight_set, gemm.shape.k, gemm.shape.n, gemm.groups, gemm.packing, gemm.groups_per_image, gemm.tile_k,
          gemm.k_run, gemm.tile_n, static_cast<std::int64_t>(gemm.flow.is_transposed)}) {
      key += std::to_string(v) + ',';
    }
    if (work.weight_set >= 0) {
      const auto known = shared_weights_.find(key);
      if (known != shared_weights_.end()) return known->second;
    }
    const std::uint32_t operand =
        open_operand(stationary_class(gemm), hardware_.weight_bits, true, false, gemm.flow.is_transposed);
    out_.operands[operand].is_second = out_.operands[operand].is_learned = true;
    shared_weights_.emplace(std::move(key), operand);
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          const std::int64_t rows = tile_depth(gemm, g, j);
          const std::int64_t columns = tile_columns(gemm, g, k);
          // The zeros around packed groups are stored but not fetched.
          const std::int64_t fetched =
              gemm.packing > 1 ? gemm.groups_in(g) * gemm.shape.k * gemm.shape.n : rows * columns;
          add_tile(operand, rows, columns, rows * columns, fetched * hardware_.weight_bits, kNoRequirements);
          out_.weight_bytes += out_.tiles.back().dram_bytes;
        }
      }
    }
    return operand;
  }

  std::uint32_t stationary_activation_operand(const GemmTiles& gemm, const GemmOperation& work) {
    const View& view = work.stationary_view;
    const std::uint32_t operand = open_operand(stationary_class(gemm), hardware_.activation_bits, reads_dram(view),
                                               reads_on_chip(view), gemm.flow.is_transposed);
    out_.operands[operand].is_second = true;
    const std::int64_t rows_of_group = work.transpose_stationary ? gemm.shape.n : gemm.shape.k;
    const std::int64_t columns_of_group = work.transpose_stationary ? gemm.shape.k : gemm.shape.n;
    const bool rows_per_group = view.rows == gemm.shape.groups * rows_of_group;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          const std::int64_t rows = tile_depth(gemm, g, j);
          const std::int64_t columns = tile_columns(gemm, g, k);
          begin_requirements();
          std::int64_t bits = 0;
          for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
            const std::int64_t group = gemm.first_group(g) + q;
            // The rectangle of the stored operand behind this tile, before transposition.
            Area area;
            area.row = rows_per_group ? group * rows_of_group : group / gemm.groups_per_image * rows_of_group;
            area.column = rows_per_group ? 0 : group % gemm.groups_per_image * columns_of_group;
            area.rows = rows_of_group;
            area.columns = columns_of_group;
            if (gemm.packing == 1) {
              const std::int64_t row = work.transpose_stationary ? k * gemm.tile_n : tile_first_k(gemm, j);
              const std::int64_t column = work.transpose_stationary ? tile_first_k(gemm, j) : k * gemm.tile_n;
              area.row += row;
              area.column += column;
              area.rows = work.transpose_stationary ? columns : rows;
              area.columns = work.transpose_stationary ? rows : columns;
            }
            bits += dram_bits(view, area);
            // The tile is taken as a whole: its first row at the port may need the last row of the operand.
            require(view, {area.row, area.row + area.rows - 1}, 0);
          }
          add_tile(operand, rows, columns, rows * columns, bits, end_requirements());
        }
      }
    }
    return operand;
  }

  std::uint32_t residual_operand(const GemmTiles& gemm, const GemmOperation& work) {
    const View& view = work.residual;
    const bool by_columns = gemm.flow.is_transposed;
    const std::uint32_t operand =
        open_operand(BankClass::p, hardware_.activation_bits, reads_dram(view), reads_on_chip(view), by_columns);
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        const std::int64_t group = gemm.first_group(g);
        const std::int64_t row =
            (gemm.output_rows_per_group ? group * gemm.m : group / gemm.groups_per_image * gemm.m) + i * gemm.tile_m;
        begin_requirements();
        for (std::int64_t t = 0; t < tile_rows(gemm, i); ++t) require(view, {row + t, row + t}, by_columns ? 0 : t);
        const RequirementList requirements = end_requirements();
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          const std::int64_t columns = tile_columns(gemm, g, k);
          const std::int64_t column =
              (gemm.output_rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.n) + k * gemm.tile_n;
          const std::int64_t rows = tile_rows(gemm, i);
          add_tile(operand, rows, columns, rows * columns, dram_bits(view, {row, rows, column, columns}), requirements);
        }
      }
    }
    return operand;
  }

  void cut_gemm(int operation, const GemmOperation& work) {
    GemmTiles& gemm = out_.gemms[out_.tiles_of_operation[static_cast<std::size_t>(operation)]];
    gemm.first_op = out_.op_count;
    gemm.op_count = static_cast<std::uint32_t>(gemm.groups * gemm.i_count * gemm.j_count * gemm.k_count);
    gemm.first_output = out_.output_count;
    gemm.output_count = static_cast<std::uint32_t>(gemm.groups * gemm.i_count * gemm.k_count);
    out_.op_count += gemm.op_count;
    out_.output_count += gemm.output_count;
    gemm.activation = activation_operand(gemm, work);
    gemm.stationary = work.stationary == StationaryOperand::weights ? weight_operand(gemm, work)
                                                                    : stationary_activation_operand(gemm, work);
    if (!work.residual.parts.empty()) gemm.residual = residual_operand(gemm, work);
  }

  void cut_vector(int operation, const VectorOperation& work) {
    VectorTiles& tiles = out_.vectors[out_.tiles_of_operation[static_cast<std::size_t>(operation)]];
    const OutputBlocks& blocks = out_.outputs[static_cast<std::size_t>(operation)];
    const std::int64_t tile_columns = hardware_.pod_group(tiles.pod_group).cols;
    for (const View& view : work.inputs) {
      const std::uint32_t operand =
          open_operand(BankClass::p, hardware_.activation_bits, reads_dram(view), reads_on_chip(view));
      for (std::int64_t i = 0; i < tiles.i_count; ++i) {
        const std::int64_t row = i * blocks.block_rows;
        const std::int64_t rows = std::min(blocks.block_rows, tiles.rows - row);
        begin_requirements();
        for (std::int64_t t = 0; t < rows; ++t) require(view, {row + t, row + t}, t);
        const RequirementList requirements = end_requirements();
        for (std::int64_t k = 0; k < tiles.k_count; ++k) {
          const std::int64_t column = k * tile_columns;
          const std::int64_t columns = std::min(tile_columns, tiles.columns - column);
          add_tile(operand, rows, columns, rows * columns, dram_bits(view, {row, rows, column, columns}), requirements);
        }
      }
      tiles.inputs.push_back(operand);
    }
  }

  const HardwareConfig& hardware_;
  const TilingConfig& config_;
  std::int64_t max_memory_bytes_ = 0;
  std::vector<std::unique_ptr<Dataflow>> dataflows_;  ///< per group of pods
  std::vector<int> pod_group_;                        ///< per operation
  TiledWorkload out_;
  Wide total_ops_ = 0;
  std::uint32_t current_operation_ = 0;
  std::map<std::string, std::uint32_t> shared_operands_;
  std::map<std::string, std::uint32_t> shared_weights_;  ///< of layers with one weight set, cut in the same way
  // Which requirement a block has in the list being built.
  std::vector<std::uint32_t> slot_of_block_;
  std::vector<std::uint32_t> epoch_of_block_;
  std::uint32_t epoch_ = 0;
};

}  // namespace

void TilingConfig::fields(Fields& f) {
  f.optional_integer(
      "partition_rows", partition_rows, {0, std::int64_t{1} << 40}, "rows",
      "array rows; 4 times as many if sums stay in the array",
      "rows that stream per tile operation: m, or n (input-stationary), or k (output-stationary); 0: all");
  f.optional_integer("convolution_partition_rows", convolution_partition_rows, {0, std::int64_t{1} << 40}, "rows",
                     "as partition_rows", "the same of convolutions");
  f.choice("convolution", convolution, {"im2col", "kernel_positions"},
           "a weight tile spans kernel positions, or holds rows of one only; grouped convolutions: always im2col");
  f.boolean("pack_groups", pack_groups, "groups that are small against the array share it, block-diagonally");
  f.boolean("share_activation_tiles", share_activation_tiles,
            "layers that read the same matrix in the same way share its X tiles");
}

int element_bits(const Tensor& tensor, const HardwareConfig& hardware) {
  const bool is_learned = tensor.origin == TensorOrigin::embedding || tensor.origin == TensorOrigin::parameter;
  return is_learned ? hardware.weight_bits : hardware.activation_bits;
}

std::int64_t GemmTiles::groups_in(std::int64_t g) const {
  return std::min(packing, groups_per_image - g % packed_groups_per_image * packing);
}

std::int64_t GemmTiles::first_group(std::int64_t g) const {
  return g / packed_groups_per_image * groups_per_image + g % packed_groups_per_image * packing;
}

const GemmTiles& TiledWorkload::gemm_of_op(std::uint32_t op) const {
  const auto after = std::upper_bound(gemms.begin(), gemms.end(), op,
                                      [](std::uint32_t id, const GemmTiles& gemm) { return id < gemm.first_op; });
  return *(after - 1);
}

OpIndex op_index(const GemmTiles& gemm, std::uint32_t op) {
  std::uint32_t rest = op - gemm.first_op;
  const auto k_count = static_cast<std::uint32_t>(gemm.k_count);
  const auto i_count = static_cast<std::uint32_t>(gemm.i_count);
  const auto j_count = static_cast<std::uint32_t>(gemm.j_count);
  OpIndex at;
  at.k = rest % k_count;
  rest /= k_count;
  at.i = rest % i_count;
  rest /= i_count;
  at.j = rest % j_count;
  at.g = rest / j_count;
  return at;
}

OpTiles tiles_of_op(const TiledWorkload& work, std::uint32_t op) {
  const GemmTiles& gemm = work.gemm_of_op(op);
  const OpIndex at = op_index(gemm, op);
  const std::uint32_t activation = gemm.activation_tile(work.operands[gemm.activation].first_tile, at.g, at.i, at.j);
  const std::uint32_t stationary = gemm.stationary_tile(work.operands[gemm.stationary].first_tile, at.g, at.j, at.k);
  if (gemm.flow.is_transposed) return {&gemm, at, stationary, activation};
  return {&gemm, at, activation, stationary};
}

bool OpCursor::step() {
  if (tiles_.gemm == nullptr) return false;
  const GemmTiles& gemm = *tiles_.gemm;
  std::uint32_t& activation = gemm.flow.is_transposed ? tiles_.w_tile : tiles_.x_tile;
  std::uint32_t& stationary = gemm.flow.is_transposed ? tiles_.x_tile : tiles_.w_tile;
  if (tiles_.at.k + 1 < gemm.k_count) {
    ++tiles_.at.k;
    ++stationary;
    return true;
  }
  if (tiles_.at.i + 1 >= gemm.i_count) return false;
  ++tiles_.at.i;
  ++activation;
  tiles_.at.k = 0;
  stationary -= static_cast<std::uint32_t>(gemm.k_count - 1);
  return true;
}

std::int64_t sum_rows(const GemmTiles& gemm, const OpIndex& at) {
  return gemm.flow.is_transposed ? tile_columns(gemm, at.g, at.k) : tile_rows(gemm, at.i);
}

std::int64_t sum_columns(const GemmTiles& gemm, const OpIndex& at) {
  return gemm.flow.is_transposed ? tile_rows(gemm, at.i) : tile_columns(gemm, at.g, at.k);
}

std::int64_t tile_rows(const GemmTiles& gemm, std::int64_t i) {
  return std::min(gemm.tile_m, gemm.m - i * gemm.tile_m);
}

std::int64_t tile_first_k(const GemmTiles& gemm, std::int64_t j) {
  const std::int64_t tiles_per_run = ceil_div(gemm.k_run, gemm.tile_k);
  return j / tiles_per_run * gemm.k_run + j % tiles_per_run * gemm.tile_k;
}

std::int64_t tile_depth(const GemmTiles& gemm, std::int64_t g, std::int64_t j) {
  if (gemm.packing > 1) return gemm.groups_in(g) * gemm.shape.k;
  return std::min(gemm.tile_k, gemm.k_run - tile_first_k(gemm, j) % gemm.k_run);
}

std::int64_t tile_columns(const GemmTiles& gemm, std::int64_t g, std::int64_t kk) {
  if (gemm.packing > 1) return gemm.groups_in(g) * gemm.shape.n;
  return std::min(gemm.tile_n, gemm.n - kk * gemm.tile_n);
}

std::int64_t tile_macs(const GemmTiles& gemm, const OpIndex& at) {
  if (gemm.packing > 1) return tile_rows(gemm, at.i) * gemm.groups_in(at.g) * gemm.shape.k * gemm.shape.n;
  return tile_rows(gemm, at.i) * tile_depth(gemm, at.g, at.j) * tile_columns(gemm, at.g, at.k);
}

BlockRange output_blocks_of(const TiledWorkload& work, const GemmTiles& gemm, std::int64_t g, std::int64_t i) {
  const std::size_t first = work.outputs[static_cast<std::size_t>(gemm.operation)].first_block;
  if (!gemm.output_rows_per_group) {
    return {first + static_cast<std::size_t>(g / gemm.packed_groups_per_image * gemm.i_count + i), 1, 1};
  }
  return {first + static_cast<std::size_t>(gemm.first_group(g) * gemm.i_count + i),
          static_cast<std::size_t>(gemm.groups_in(g)), static_cast<std::size_t>(gemm.i_count)};
}

BlockRange output_blocks_of(const TiledWorkload& work, std::uint32_t operation, std::uint32_t tile) {
  const std::uint32_t place = work.tiles_of_operation[operation];
  if (work.network.operations[operation].gemm() == nullptr) {
    return {work.outputs[operation].first_block + static_cast<std::size_t>(tile / work.vectors[place].k_count), 1, 1};
  }
  const GemmTiles& gemm = work.gemms[place];
  const std::int64_t row = (tile - gemm.first_output) / gemm.k_count;
  return output_blocks_of(work, gemm, row / gemm.i_count, row % gemm.i_count);
}

TiledWorkload tile(LoweredNetwork network, const Machine& machine, const TilingConfig& config,
                   std::int64_t max_memory_bytes) {
  TiledWorkload work = Tiler(std::move(network), machine, config).run(max_memory_bytes);
  if (machine.config.relayout == "circuits") work.relayout = find_relayout(work, machine.config);
  return work;
}

}  // namespace podsim

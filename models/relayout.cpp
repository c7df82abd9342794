// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/relayout.hpp"

#include <algorithm>
#include <utility>

#include "podsim/models/tiling.hpp"

namespace podsim {
namespace {

/// A run of columns.
struct Columns {
  std::int64_t first = 0, last = -1;
};

class Finder {
 public:
  Finder(const TiledWorkload& work, const HardwareConfig& hardware) : work_(work), hardware_(hardware) {}

  Relayout run() {
    std::uint32_t outputs = 0;
    for (std::size_t o = 0; o < work_.network.operations.size(); ++o) {
      const std::uint32_t tiles = work_.tiles_of_operation[o];
      if (work_.network.operations[o].gemm() != nullptr) {
        // Wraps if need be; `tile` makes it good.
        out_.first_number.push_back(outputs - work_.gemms[tiles].first_output);
        outputs += work_.gemms[tiles].output_count;
      } else {
        out_.first_number.push_back(outputs);
        outputs += static_cast<std::uint32_t>(work_.vectors[tiles].i_count * work_.vectors[tiles].k_count);
      }
    }
    slot_.assign(outputs, 0);
    epoch_of_.assign(outputs, 0);
    std::vector<std::uint8_t> done(work_.operands.size(), 0);
    auto once = [&](std::uint32_t operand) { return std::exchange(done[operand], std::uint8_t{1}) == 0; };
    for (std::size_t o = 0; o < work_.network.operations.size(); ++o) {
      const std::uint32_t tiles = work_.tiles_of_operation[o];
      if (const GemmOperation* operation = work_.network.operations[o].gemm()) {
        const GemmTiles& gemm = work_.gemms[tiles];
        if (once(gemm.activation)) activation(gemm, *operation);
        if (operation->stationary == StationaryOperand::activation && once(gemm.stationary)) {
          stationary(gemm, *operation);
        }
        if (gemm.residual >= 0 && once(static_cast<std::uint32_t>(gemm.residual))) residual(gemm, *operation);
      } else {
        vector(work_.vectors[tiles], *work_.network.operations[o].vector(), once);
      }
    }
    sort_by_output(outputs);
    find_targets(outputs);
    return std::move(out_);
  }

 private:
  struct Need {
    std::uint32_t output;
    TileReader reader;
  };

  // --- from elements to output tiles --------------------------------------------------------------------------------

  void begin_tile(std::uint32_t tile) {
    tile_ = tile;
    ++epoch_;
  }

  /// Row `t` of the tile needs these columns of a row of the view.
  void need(const View& view, std::int64_t row, Columns columns, std::int64_t t) {
    if (view.elements) {
      segments_.clear();
      view.elements->locate(row, columns.first, columns.last - columns.first + 1, segments_);
      for (const Segment& segment : segments_) need_segment(segment, t);
      return;
    }
    // Behind an unmodelled layer only bounds are known.
    for (const ViewPart& part : view.parts) {
      const Tensor& tensor = work_.network.tensors[static_cast<std::size_t>(part.tensor)];
      if (tensor.operation < 0 || row < part.rows.first || row > part.rows.last) continue;
      const Columns common{std::max(columns.first, part.column),
                           std::min(columns.last, part.column + part.columns - 1)};
      if (common.first > common.last) continue;
      const RowInterval rows = part.tensor_rows({row, row});
      const auto operation = static_cast<std::uint32_t>(tensor.operation);
      if (rows.empty()) continue;
      if (is_pool(operation)) {
        for (std::int64_t r = rows.first; r <= rows.last; ++r) {
          need_pooled(operation, work_.network.operations[operation].vector()->window, r, {0, tensor.columns - 1}, t);
        }
      } else {
        need_tiles(operation, rows, {0, tensor.columns - 1}, t);
      }
    }
  }

  /// Elements of a tensor, in the rows that it has behind a pooling.
  void need_segment(const Segment& segment, std::int64_t t) {
    const Tensor& tensor = work_.network.tensors[static_cast<std::size_t>(segment.tensor)];
    if (tensor.operation < 0) return;
    const auto number = static_cast<std::uint32_t>(tensor.operation);
    const Operation& operation = work_.network.operations[number];
    const Columns columns{segment.column, segment.column + segment.count - 1};
    if (operation.gemm() != nullptr && operation.gemm()->has_fused_pool) {
      need_pooled(number, operation.gemm()->pool, segment.row, columns, t);
    } else if (is_pool(number)) {
      need_pooled(number, operation.vector()->window, segment.row, columns, t);
    } else {
      need_tiles(number, {segment.row, segment.row}, columns, t);
    }
  }

  bool is_pool(std::uint32_t operation) const {
    const VectorOperation* vector = work_.network.operations[operation].vector();
    return vector != nullptr && vector->kind == VectorOperation::Kind::pool;
  }

  /// The input pixels of one output pixel, line by line.
  template <class Body>
  static void lines(const Window& window, std::int64_t row, const Body& body) {
    for (std::int64_t y = 0; y < window.kernel_height; ++y) {
      RowInterval line;
      for (std::int64_t x = 0; x < window.kernel_width; ++x) {
        const std::int64_t pixel = tap(window, row, y, x);
        if (pixel < 0) continue;
        if (line.empty()) line.first = pixel;
        line.last = pixel;
      }
      if (!line.empty()) body(line);
    }
  }

  /// The input pixel under element (y, x) of the kernel, -1 if it is padding.
  static std::int64_t tap(const Window& window, std::int64_t row, std::int64_t y, std::int64_t x) {
    const std::int64_t line = row / window.out_width % window.out_height * window.stride_height -
                              window.padding_height + y * window.dilation_height;
    const std::int64_t column =
        row % window.out_width * window.stride_width - window.padding_width + x * window.dilation_width;
    if (line < 0 || line >= window.in_height || column < 0 || column >= window.in_width) return -1;
    const std::int64_t image = row / window.out_width / window.out_height;
    return (image * window.in_height + line) * window.in_width + column;
  }

  /// Passes work on the rows before pooling, and so are their output tiles counted.
  void need_pooled(std::uint32_t operation, const Window& pool, std::int64_t row, Columns columns, std::int64_t t) {
    lines(pool, row, [&](RowInterval line) { need_tiles(operation, line, columns, t); });
  }

  void need_tiles(std::uint32_t operation, RowInterval rows, Columns columns, std::int64_t t) {
    const OutputBlocks& blocks = work_.outputs[operation];
    const std::int64_t last_block = blocks.block_of(rows.last);
    for (std::int64_t block = blocks.block_of(rows.first); block <= last_block; ++block) {
      const std::int64_t first = blocks.first_row(block);
      const std::int64_t size = std::min(blocks.block_rows, blocks.group_rows - first % blocks.group_rows);
      const std::int64_t row = blocks.is_transposed ? 0 : std::min(rows.last, first + size - 1) - first;
      const std::int64_t offset = row - t;
      for (std::int64_t column = columns.first; column <= columns.last;) {
        std::int64_t next = 0;
        const std::uint32_t output = output_of(operation, block, column, next);
        note(output, static_cast<std::int32_t>(offset));
        column = next;
      }
    }
  }

  /// The output tile with this column of a row block, and the first column that is not in it.
  std::uint32_t output_of(std::uint32_t operation, std::int64_t block, std::int64_t column, std::int64_t& next) const {
    const std::uint32_t tiles = work_.tiles_of_operation[operation];
    if (work_.network.operations[operation].gemm() == nullptr) {
      const std::int64_t columns = hardware_.pod_group(work_.vectors[tiles].pod_group).cols;
      const std::int64_t k = column / columns;
      next = (k + 1) * columns;
      return out_.number(operation, static_cast<std::uint32_t>(block * work_.vectors[tiles].k_count + k));
    }
    const GemmTiles& gemm = work_.gemms[tiles];
    const std::int64_t i = block % gemm.i_count;
    const std::int64_t outer = block / gemm.i_count;  // image, or group if groups lie below each other
    const std::int64_t image = gemm.output_rows_per_group ? outer / gemm.groups_per_image : outer;
    const std::int64_t group = gemm.output_rows_per_group ? outer % gemm.groups_per_image : column / gemm.shape.n;
    const std::int64_t first_column = gemm.output_rows_per_group ? 0 : group * gemm.shape.n;
    const std::int64_t k = gemm.packing > 1 ? 0 : (column - first_column) / gemm.tile_n;
    next = gemm.packing > 1 ? first_column + gemm.shape.n
                            : std::min(first_column + (k + 1) * gemm.tile_n, first_column + gemm.shape.n);
    return out_.number(operation, gemm.output(image * gemm.packed_groups_per_image + group / gemm.packing, i, k));
  }

  void note(std::uint32_t output, std::int32_t offset) {
    if (epoch_of_[output] == epoch_) {
      std::int32_t& known = needs_[slot_[output]].reader.offset;
      known = std::max(known, offset);
      return;
    }
    epoch_of_[output] = epoch_;
    slot_[output] = static_cast<std::uint32_t>(needs_.size());
    needs_.push_back({output, {tile_, offset}});
  }

  // --- operands -----------------------------------------------------------------------------------------------------

  void activation(const GemmTiles& gemm, const GemmOperation& work) {
    const std::uint32_t first = work_.operands[gemm.activation].first_tile;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t i = 0; i < gemm.i_count; ++i) {
          begin_tile(gemm.activation_tile(first, g, i, j));
          for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
            const Columns k = gemm.packing > 1
                                  ? Columns{0, gemm.shape.k - 1}
                                  : Columns{tile_first_k(gemm, j), tile_first_k(gemm, j) + tile_depth(gemm, g, j) - 1};
            activation_group(gemm, work, gemm.first_group(g) + q, i, k);
          }
        }
      }
    }
  }

  /// \param k of the im2col'ed matrix: kernel lines, within them kernel columns, within them channels
  void activation_group(const GemmTiles& gemm, const GemmOperation& work, std::int64_t group, std::int64_t i,
                        Columns k) {
    const std::int64_t image = group / gemm.groups_per_image;
    const std::int64_t base = (work.rows_per_group ? group : image) * gemm.m + i * gemm.tile_m;
    const std::int64_t in_image = group % gemm.groups_per_image;
    const std::int64_t kernel = work.is_convolution ? work.window.kernel_height * work.window.kernel_width : 1;
    const std::int64_t depth = gemm.shape.k / kernel;
    const std::int64_t column = work.rows_per_group ? 0 : in_image * depth;
    for (std::int64_t at = k.first / depth; at <= k.last / depth; ++at) {
      const Columns columns{column + std::max<std::int64_t>(0, k.first - at * depth),
                            column + std::min(depth - 1, k.last - at * depth)};
      for (std::int64_t t = 0; t < tile_rows(gemm, i); ++t) {
        const std::int64_t row = work.is_convolution ? tap(work.window, base + t, at / work.window.kernel_width,
                                                           at % work.window.kernel_width)
                                                     : base + t;
        if (row >= 0) need(work.activation, row, columns, gemm.flow.activations_by_columns() ? 0 : t);
      }
    }
  }

  void stationary(const GemmTiles& gemm, const GemmOperation& work) {
    const View& view = work.stationary_view;
    const std::uint32_t first = work_.operands[gemm.stationary].first_tile;
    const bool transposed = work.transpose_stationary;
    const std::int64_t group_rows = transposed ? gemm.shape.n : gemm.shape.k;
    const std::int64_t group_columns = transposed ? gemm.shape.k : gemm.shape.n;
    const bool rows_per_group = view.rows == gemm.shape.groups * group_rows;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t kk = 0; kk < gemm.k_count; ++kk) {
          begin_tile(gemm.stationary_tile(first, g, j, kk));
          for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
            const std::int64_t group = gemm.first_group(g) + q;
            std::int64_t row = (rows_per_group ? group : group / gemm.groups_per_image) * group_rows;
            std::int64_t column = rows_per_group ? 0 : group % gemm.groups_per_image * group_columns;
            std::int64_t rows = group_rows, columns = group_columns;
            if (gemm.packing == 1) {
              const std::int64_t depth = tile_depth(gemm, g, j), width = tile_columns(gemm, g, kk);
              row += transposed ? kk * gemm.tile_n : tile_first_k(gemm, j);
              column += transposed ? tile_first_k(gemm, j) : kk * gemm.tile_n;
              rows = transposed ? width : depth;
              columns = transposed ? depth : width;
            }
            // The tile is taken as a whole: its first row counts as needing all of it.
            for (std::int64_t r = row; r < row + rows; ++r) need(view, r, {column, column + columns - 1}, 0);
          }
        }
      }
    }
  }

  void residual(const GemmTiles& gemm, const GemmOperation& work) {
    const std::uint32_t first = work_.operands[static_cast<std::size_t>(gemm.residual)].first_tile;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      const std::int64_t group = gemm.first_group(g);
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        const std::int64_t row =
            (gemm.output_rows_per_group ? group : group / gemm.groups_per_image) * gemm.m + i * gemm.tile_m;
        for (std::int64_t kk = 0; kk < gemm.k_count; ++kk) {
          begin_tile(first + (gemm.output(g, i, kk) - gemm.first_output));
          const std::int64_t column =
              (gemm.output_rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.n) + kk * gemm.tile_n;
          for (std::int64_t t = 0; t < tile_rows(gemm, i); ++t) {
            need(work.residual, row + t, {column, column + tile_columns(gemm, g, kk) - 1},
                 gemm.flow.is_transposed ? 0 : t);
          }
        }
      }
    }
  }

  template <class Once>
  void vector(const VectorTiles& tiles, const VectorOperation& work, const Once& once) {
    const OutputBlocks& blocks = work_.outputs[static_cast<std::size_t>(tiles.operation)];
    for (std::size_t n = 0; n < tiles.inputs.size(); ++n) {
      if (!once(tiles.inputs[n])) continue;
      const std::uint32_t first = work_.operands[tiles.inputs[n]].first_tile;
      for (std::int64_t i = 0; i < tiles.i_count; ++i) {
        const std::int64_t row = i * blocks.block_rows;
        for (std::int64_t kk = 0; kk < tiles.k_count; ++kk) {
          begin_tile(first + static_cast<std::uint32_t>(i * tiles.k_count + kk));
          const std::int64_t columns = hardware_.pod_group(tiles.pod_group).cols;
          const std::int64_t column = kk * columns;
          const std::int64_t last = std::min(column + columns, tiles.columns) - 1;
          for (std::int64_t t = 0; t < std::min(blocks.block_rows, tiles.rows - row); ++t) {
            need(work.inputs[n], row + t, {column, last}, t);
          }
        }
      }
    }
  }

  // --- tables -------------------------------------------------------------------------------------------------------

  void sort_by_output(std::uint32_t outputs) {
    out_.first_reader.assign(outputs + 1, 0);
    for (const Need& one : needs_) ++out_.first_reader[one.output + 1];
    for (std::uint32_t o = 0; o < outputs; ++o) out_.first_reader[o + 1] += out_.first_reader[o];
    out_.readers.resize(needs_.size());
    std::vector<std::uint32_t> at(out_.first_reader.begin(), out_.first_reader.end() - 1);
    for (const Need& one : needs_) out_.readers[at[one.output]++] = one.reader;
  }

  void find_targets(std::uint32_t outputs) {
    std::vector<std::uint8_t> classes(static_cast<std::size_t>(hardware_.bank_count()), 0);
    std::vector<std::uint16_t> banks;
    out_.first_target.push_back(0);
    for (std::uint32_t o = 0; o < outputs; ++o) {
      banks.clear();
      for (std::uint32_t r = out_.first_reader[o]; r < out_.first_reader[o + 1]; ++r) {
        const StoredTile& tile = work_.tiles[out_.readers[r].tile];
        std::uint8_t& mask = classes[tile.bank];
        if (mask == 0) banks.push_back(tile.bank);
        mask = static_cast<std::uint8_t>(mask | 1U << static_cast<unsigned>(tile.bank_class));
      }
      std::sort(banks.begin(), banks.end());
      for (const std::uint16_t bank : banks)
        out_.targets.push_back({bank, std::exchange(classes[bank], std::uint8_t{0})});
      out_.first_target.push_back(static_cast<std::uint32_t>(out_.targets.size()));
    }
  }

  const TiledWorkload& work_;
  const HardwareConfig& hardware_;
  Relayout out_;
  std::vector<Need> needs_;
  std::vector<Segment> segments_;
  std::uint32_t tile_ = 0;
  // Where an output tile stands in `needs_`, if it was noted for the present tile.
  std::vector<std::uint32_t> slot_;
  std::vector<std::uint32_t> epoch_of_;
  std::uint32_t epoch_ = 0;
};

}  // namespace

std::uint8_t Relayout::classes_at(std::uint32_t number, int bank) const {
  for (std::uint32_t t = first_target[number]; t < first_target[number + 1]; ++t) {
    if (targets[t].bank == bank) return targets[t].classes;
  }
  return 0;
}

Relayout find_relayout(const TiledWorkload& work, const HardwareConfig& hardware) {
  return Finder(work, hardware).run();
}

}  // namespace podsim

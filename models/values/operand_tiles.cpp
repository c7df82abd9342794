// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/operand_tiles.hpp"

#include <algorithm>
#include <array>

#include "podsim/models/values/int8_gemm.hpp"

namespace podsim {

OperandTiles::OperandTiles(const TiledWorkload& work, const Network& network, const NetworkValues& values,
                           const TensorStore& store)
    : work_(work), values_(values), store_(store) {
  geometry_.resize(work.operands.size());
  reordered_.resize(network.layers.size());
  auto set = [this](std::uint32_t operand, Role role, std::size_t index, std::size_t input) {
    Geometry& geometry = geometry_[operand];
    // Operations that share an operand cut it in the same way.
    if (geometry.role == Role::none) {
      geometry = {role, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(input)};
    }
  };
  for (std::size_t g = 0; g < work.gemms.size(); ++g) {
    const GemmTiles& gemm = work.gemms[g];
    const bool learned = operation_of(gemm).stationary == StationaryOperand::weights;
    set(gemm.activation, Role::activation, g, 0);
    set(gemm.stationary, learned ? Role::weights : Role::stationary, g, 0);
    if (gemm.residual >= 0) set(static_cast<std::uint32_t>(gemm.residual), Role::residual, g, 0);
  }
  for (std::size_t v = 0; v < work.vectors.size(); ++v) {
    for (std::size_t i = 0; i < work.vectors[v].inputs.size(); ++i) set(work.vectors[v].inputs[i], Role::vector, v, i);
  }
}

const GemmOperation& OperandTiles::operation_of(const GemmTiles& gemm) const {
  return *work_.network.operations[static_cast<std::size_t>(gemm.operation)].gemm();
}

void OperandTiles::copy(const View& view, std::int64_t row, std::int64_t column, std::int64_t count, std::int16_t* out,
                        std::int64_t& ready, const NeedRow& need) {
  if (const int tensor = view.elements->same_row_of(row); tensor >= 0) {
    copy_segment({tensor, row, column, count}, out, ready, need);
    return;
  }
  // Catching up with a pass gathers the tiles that it reads: this function may be entered again below.
  std::vector<Segment> segments;
  segments.swap(segments_);
  segments.clear();
  view.elements->locate(row, column, count, segments);
  for (const Segment& segment : segments) {
    copy_segment(segment, out, ready, need);
    out += segment.count;
  }
  segments.swap(segments_);
}

void OperandTiles::copy_segment(const Segment& segment, std::int16_t* out, std::int64_t& ready, const NeedRow& need) {
  std::int64_t written = store_.written(segment.tensor, segment.row);
  if (written == kNeverWritten) {
    need(segment.tensor, segment.row);
    written = store_.written(segment.tensor, segment.row);
  }
  // Written in its cycle, readable in the next.
  if (written > 0) ready = std::max(ready, written + 1);
  const std::int8_t* from = store_.at(segment.tensor, segment.row, segment.column);
  for (std::int64_t c = 0; c < segment.count; ++c) out[c] = from[c];
}

std::int64_t OperandTiles::gather_row(std::uint32_t tile, std::int64_t row, std::int16_t* out, const NeedRow& need) {
  const StoredTile& stored = work_.tiles[tile];
  const Operand& operand = work_.operands[stored.operand];
  const Geometry& geometry = geometry_[stored.operand];
  const std::uint32_t local = tile - operand.first_tile;
  std::int64_t ready = 0;
  if (geometry.role == Role::activation) {
    gather_activation(work_.gemms[geometry.index], local, row, out, ready, need);
  } else if (geometry.role == Role::residual) {
    const GemmTiles& gemm = work_.gemms[geometry.index];
    const std::int64_t k = local % gemm.k_count;
    const std::int64_t i = local / gemm.k_count % gemm.i_count;
    const std::int64_t g = local / gemm.k_count / gemm.i_count;
    const View& view = operation_of(gemm).residual;
    for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
      const std::int64_t group = gemm.first_group(g) + q;
      const std::int64_t view_row =
          (gemm.output_rows_per_group ? group : group / gemm.groups_per_image) * gemm.m + i * gemm.tile_m + row;
      const std::int64_t column = gemm.output_rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.n;
      if (gemm.packing > 1) {
        copy(view, view_row, column, gemm.shape.n, out + q * gemm.shape.n, ready, need);
      } else {
        copy(view, view_row, column + k * gemm.tile_n, columns(tile), out, ready, need);
      }
    }
  } else if (geometry.role == Role::vector) {
    const VectorTiles& tiles = work_.vectors[geometry.index];
    const Operation& operation = work_.network.operations[static_cast<std::size_t>(tiles.operation)];
    const OutputBlocks& blocks = work_.outputs[static_cast<std::size_t>(tiles.operation)];
    const std::int64_t width = work_.tiles[operand.first_tile].columns;  // all but the last are as wide as the first
    copy(operation.vector()->inputs[geometry.input], local / tiles.k_count * blocks.block_rows + row,
         local % tiles.k_count * width, stored.columns, out, ready, need);
  }
  return ready;
}

void OperandTiles::gather_activation(const GemmTiles& gemm, std::uint32_t local, std::int64_t row, std::int16_t* out,
                                     std::int64_t& ready, const NeedRow& need) {
  const GemmOperation& work = operation_of(gemm);
  const std::int64_t i = local % gemm.i_count;
  const std::int64_t j = local / gemm.i_count % gemm.j_count;
  const std::int64_t g = local / gemm.i_count / gemm.j_count;
  if (work.is_convolution && gemm.packing > 1) {
    gather_packed_window(work, gemm, g, i * gemm.tile_m + row, out, ready, need);
    return;
  }
  for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
    const std::int64_t group = gemm.first_group(g) + q;
    const std::int64_t view_row =
        (work.rows_per_group ? group : group / gemm.groups_per_image) * gemm.m + i * gemm.tile_m + row;
    const std::int64_t first = gemm.packing > 1 ? 0 : tile_first_k(gemm, j);
    const std::int64_t count = gemm.packing > 1 ? gemm.shape.k : tile_depth(gemm, g, j);
    std::int16_t* to = out + q * gemm.shape.k;
    if (work.is_convolution) {
      gather_window(work, view_row, group % gemm.groups_per_image, first, count,
                    gemm.shape.k / (work.window.kernel_height * work.window.kernel_width), to, ready, need);
    } else {
      const std::int64_t column = work.rows_per_group ? 0 : group % gemm.groups_per_image * gemm.shape.k;
      copy(work.activation, view_row, column + first, count, to, ready, need);
    }
  }
}

void OperandTiles::gather_window(const GemmOperation& work, std::int64_t output_row, std::int64_t group,
                                 std::int64_t first, std::int64_t count, std::int64_t depth_per_tap, std::int16_t* out,
                                 std::int64_t& ready, const NeedRow& need) {
  const Window& w = work.window;
  const std::int64_t x0 = output_row % w.out_width * w.stride_width - w.padding_width;
  const std::int64_t y0 = output_row / w.out_width % w.out_height * w.stride_height - w.padding_height;
  const std::int64_t image = output_row / w.out_width / w.out_height;
  // Depth runs over the window's positions, and over the group's channels at each of them.
  std::int64_t tap = first / depth_per_tap;
  std::int64_t channel = first % depth_per_tap;
  while (count > 0) {
    const std::int64_t run = std::min(count, depth_per_tap - channel);
    const std::int64_t y = y0 + tap / w.kernel_width * w.dilation_height;
    const std::int64_t x = x0 + tap % w.kernel_width * w.dilation_width;
    if (y < 0 || y >= w.in_height || x < 0 || x >= w.in_width) {
      std::fill_n(out, run, std::int16_t{0});
    } else {
      copy(work.activation, (image * w.in_height + y) * w.in_width + x, group * depth_per_tap + channel, run, out,
           ready, need);
    }
    out += run;
    count -= run;
    channel = 0;
    ++tap;
  }
}

void OperandTiles::gather_packed_window(const GemmOperation& work, const GemmTiles& gemm, std::int64_t g,
                                        std::int64_t output_row, std::int16_t* out, std::int64_t& ready,
                                        const NeedRow& need) {
  // The groups' channels lie side by side in the image: one read per position of the window for all of them.
  const Window& w = work.window;
  const std::int64_t x0 = output_row % w.out_width * w.stride_width - w.padding_width;
  const std::int64_t y0 = output_row / w.out_width % w.out_height * w.stride_height - w.padding_height;
  const std::int64_t image = output_row / w.out_width / w.out_height;
  const std::int64_t channels = gemm.shape.k / (w.kernel_height * w.kernel_width);
  const std::int64_t groups = gemm.groups_in(g);
  const std::int64_t first = gemm.first_group(g) * channels;
  const std::int64_t depth = gemm.shape.k;
  // Not a member: catching up with a pass may come here again.
  std::array<std::int16_t, 128> few;
  std::vector<std::int16_t> many;
  std::int16_t* line = few.data();
  if (groups * channels > static_cast<std::int64_t>(few.size())) {
    many.resize(static_cast<std::size_t>(groups * channels));
    line = many.data();
  }
  for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
    const std::int64_t y = y0 + ky * w.dilation_height;
    for (std::int64_t kx = 0; kx < w.kernel_width; ++kx, out += channels) {
      const std::int64_t x = x0 + kx * w.dilation_width;
      if (y < 0 || y >= w.in_height || x < 0 || x >= w.in_width) {
        for (std::int64_t q = 0; q < groups; ++q) std::fill_n(out + q * depth, channels, std::int16_t{0});
        continue;
      }
      copy(work.activation, (image * w.in_height + y) * w.in_width + x, first, groups * channels, line, ready, need);
      const std::int16_t* from = line;
      for (std::int64_t q = 0; q < groups; ++q) {
        for (std::int64_t c = 0; c < channels; ++c) out[q * depth + c] = *from++;
      }
    }
  }
}

const std::vector<std::int8_t>& OperandTiles::weights_of(const GemmTiles& gemm) {
  const GemmOperation& work = operation_of(gemm);
  const auto layer = static_cast<std::size_t>(work.weight_set);
  const std::vector<std::int8_t>& given = values_.layers[layer].weight;
  const std::int64_t taps = work.window.kernel_height * work.window.kernel_width;
  if (!work.is_convolution || taps == 1) return given;
  std::vector<std::int8_t>& reordered = reordered_[layer];
  if (reordered.empty()) {
    // [out][channel][tap] -> [out][tap][channel]
    reordered.resize(given.size());
    const std::int64_t channels = gemm.shape.k / taps;
    const std::int64_t outputs = static_cast<std::int64_t>(given.size()) / gemm.shape.k;
    const std::int8_t* from = given.data();
    for (std::int64_t n = 0; n < outputs; ++n) {
      std::int8_t* to = reordered.data() + n * gemm.shape.k;
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t t = 0; t < taps; ++t) to[t * channels + c] = *from++;
      }
    }
  }
  return reordered;
}

std::int64_t OperandTiles::gather_weights(std::uint32_t tile, std::int16_t* out, const NeedRow& need) {
  const StoredTile& stored = work_.tiles[tile];
  const Geometry& geometry = geometry_[stored.operand];
  const GemmTiles& gemm = work_.gemms[geometry.index];
  const GemmOperation& work = operation_of(gemm);
  const std::uint32_t local = tile - work_.operands[stored.operand].first_tile;
  const std::int64_t k = local % gemm.k_count;
  const std::int64_t j = local / gemm.k_count % gemm.j_count;
  const std::int64_t g = local / gemm.k_count / gemm.j_count;
  const int padded = padded_columns(this->columns(tile));
  std::int64_t ready = 0;
  for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
    const std::int64_t group = gemm.first_group(g) + q;
    // Packed groups lie on the diagonal.
    const auto d0 = static_cast<int>(gemm.packing > 1 ? q * gemm.shape.k : 0);
    const auto c0 = static_cast<int>(gemm.packing > 1 ? q * gemm.shape.n : 0);
    const std::int64_t first_k = gemm.packing > 1 ? 0 : tile_first_k(gemm, j);
    const std::int64_t first_n = gemm.packing > 1 ? 0 : k * gemm.tile_n;
    const auto depth = static_cast<int>(gemm.packing > 1 ? gemm.shape.k : rows(tile));
    const auto columns = static_cast<int>(gemm.packing > 1 ? gemm.shape.n : this->columns(tile));
    if (geometry.role == Role::weights) {
      const std::int8_t* weights = weights_of(gemm).data();
      for (int c = 0; c < columns; ++c) {
        const std::int64_t n = group % gemm.groups_per_image * gemm.shape.n + first_n + c;
        const std::int8_t* from = weights + n * gemm.shape.k + first_k;
        for (int d = 0; d < depth; ++d) out[packed_index(d0 + d, c0 + c, padded)] = from[d];
      }
      continue;
    }
    const View& view = work.stationary_view;
    const bool transposed = work.transpose_stationary;
    const std::int64_t group_rows = transposed ? gemm.shape.n : gemm.shape.k;
    const std::int64_t group_columns = transposed ? gemm.shape.k : gemm.shape.n;
    const bool by_rows = view.rows == gemm.shape.groups * group_rows;
    const std::int64_t row = by_rows ? group * group_rows : group / gemm.groups_per_image * group_rows;
    const std::int64_t column = by_rows ? 0 : group % gemm.groups_per_image * group_columns;
    const int lines = transposed ? columns : depth;
    const int length = transposed ? depth : columns;
    std::vector<std::int16_t> line(static_cast<std::size_t>(length));
    for (int l = 0; l < lines; ++l) {
      copy(view, row + (transposed ? first_n : first_k) + l, column + (transposed ? first_k : first_n), length,
           line.data(), ready, need);
      for (int e = 0; e < length; ++e) {
        const int d = transposed ? e : l;
        const int c = transposed ? l : e;
        out[packed_index(d0 + d, c0 + c, padded)] = line[static_cast<std::size_t>(e)];
      }
    }
  }
  return ready;
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/reference_sums.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "podsim/workloads/dot_product.hpp"
#include "podsim/workloads/parallel.hpp"

namespace podsim {
namespace {

/// What a DotPanel may read behind its last element.
constexpr std::int64_t kSlack = 4;
/// Below that many rows packing the weights costs more than it saves.
constexpr std::int64_t kFewRows = 3;

std::int64_t blocks_of(std::int64_t channels) {
  return (channels + kDotLanes - 1) / kDotLanes;
}

/// Weights in the order a DotPanel reads, and the sums to begin with: bias - 128 * sum of the weights.
struct Packed {
  std::int8_t* weights = nullptr;
  std::int32_t* start = nullptr;
  std::int64_t channels = 1;
  std::vector<std::ptrdiff_t> segments;
  std::int64_t quads = 1;

  std::int64_t block_size() const { return static_cast<std::int64_t>(segments.size()) * quads * kDotLanes * 4; }
};

std::int32_t start_of(std::uint32_t bias, std::uint32_t weight_sum) {
  return static_cast<std::int32_t>(bias - 128 * weight_sum);
}

/// Computes the rows [begin, end): `address(row)` is where a row of elements begins, `to(row)` where its sums go.
template <class Address, class To>
void multiply(const Packed& packed, std::int64_t begin, std::int64_t end, const Address& address, const To& to) {
  const DotKernels& kernels = dot_kernels().back();
  const std::int64_t blocks = blocks_of(packed.channels);
  std::array<std::int32_t, std::size_t{kDotRows} * kDotBlocks * kDotLanes> tile;
  std::array<const std::uint8_t*, kDotRows> rows{};
  for (std::int64_t block = 0; block < blocks; block += kDotBlocks) {
    DotPanel panel;
    panel.rows = rows.data();
    panel.segments = packed.segments.data();
    panel.segment_count = static_cast<std::ptrdiff_t>(packed.segments.size());
    panel.quads = packed.quads;
    panel.weights = packed.weights + block * packed.block_size();
    panel.blocks = static_cast<int>(std::min<std::int64_t>(kDotBlocks, blocks - block));
    const std::int64_t first = block * kDotLanes;
    const std::int64_t lanes = std::min<std::int64_t>(std::int64_t{panel.blocks} * kDotLanes, packed.channels - first);
    for (std::int64_t row = begin; row < end; row += kDotRows) {
      panel.row_count = static_cast<int>(std::min<std::int64_t>(kDotRows, end - row));
      for (int r = 0; r < panel.row_count; ++r) rows[static_cast<std::size_t>(r)] = address(row + r);
      kernels.panel(panel, tile.data());
      for (int r = 0; r < panel.row_count; ++r) {
        const std::int32_t* from = tile.data() + std::int64_t{r} * panel.blocks * kDotLanes;
        std::int32_t* sums = to(row + r) + first;
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          sums[lane] = static_cast<std::int32_t>(static_cast<std::uint32_t>(from[lane]) +
                                                 static_cast<std::uint32_t>(packed.start[first + lane]));
        }
      }
    }
  }
}

/// Packs a matrix [channels, length] whose rows lie `step` apart. Blocks [begin, end).
void pack_rows(const std::int8_t* matrix, std::int64_t length, std::int64_t step, const std::int32_t* bias,
               std::int64_t begin, std::int64_t end, Packed& packed) {
  const std::int64_t whole = length / 4, rest = length % 4;
  for (std::int64_t block = begin; block < end; ++block) {
    std::int8_t* to = packed.weights + block * packed.block_size();
    const std::int64_t first = block * kDotLanes;
    const std::int64_t lanes = std::min<std::int64_t>(kDotLanes, packed.channels - first);
    if (lanes < kDotLanes || rest != 0) std::memset(to, 0, static_cast<std::size_t>(packed.block_size()));
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int8_t* from = matrix + (first + lane) * step;
      std::uint32_t sum = 0;
      for (std::int64_t i = 0; i < length; ++i) sum += static_cast<std::uint32_t>(from[i]);
      packed.start[first + lane] = start_of(bias == nullptr ? 0 : static_cast<std::uint32_t>(bias[first + lane]), sum);
    }
    for (std::int64_t q = 0; q < whole; ++q) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        std::memcpy(to + (q * kDotLanes + lane) * 4, matrix + (first + lane) * step + 4 * q, 4);
      }
    }
    for (std::int64_t lane = 0; lane < lanes && rest != 0; ++lane) {
      std::memcpy(to + (whole * kDotLanes + lane) * 4, matrix + (first + lane) * step + 4 * whole,
                  static_cast<std::size_t>(rest));
    }
  }
}

/// Packs a matrix [length, channels] whose rows lie `step` apart.
void pack_columns(const std::int8_t* matrix, std::int64_t length, std::int64_t step, Packed& packed) {
  std::memset(packed.weights, 0, static_cast<std::size_t>(blocks_of(packed.channels) * packed.block_size()));
  std::fill_n(packed.start, packed.channels, 0);
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int8_t* from = matrix + i * step;
    for (std::int64_t channel = 0; channel < packed.channels; ++channel) {
      packed.start[channel] =
          start_of(static_cast<std::uint32_t>(packed.start[channel]), static_cast<std::uint32_t>(from[channel]));
      std::int8_t* to = packed.weights + channel / kDotLanes * packed.block_size();
      to[(i / 4 * kDotLanes + channel % kDotLanes) * 4 + i % 4] = from[channel];
    }
  }
}

/// How a kernel's positions lie in the copy of the image: a segment is one kernel row, or one position if the kernel
/// is dilated along the width.
struct KernelOrder {
  bool rows = true;
  std::int64_t channels = 1;  ///< of a group

  KernelOrder(const Conv2d& a) : rows(a.dilation.width == 1), channels(a.in_channels / a.groups) {}
  std::int64_t length(const Conv2d& a) const { return rows ? a.kernel.width * channels : channels; }
  std::int64_t segment(const Conv2d& a, std::int64_t ky, std::int64_t kx) const {
    return rows ? ky : ky * a.kernel.width + kx;
  }
  std::int64_t element(std::int64_t kx, std::int64_t channel) const { return rows ? kx * channels + channel : channel; }
};

/// Packs the weights of the blocks [begin, end) of one group; `weight` and `bias` are the group's.
void pack_kernels(const Conv2d& a, const std::int8_t* weight, const std::int32_t* bias, std::int64_t begin,
                  std::int64_t end, Packed& packed) {
  const KernelOrder order(a);
  std::vector<std::int64_t> places;
  for (std::int64_t channel = 0; channel < order.channels; ++channel) {
    for (std::int64_t ky = 0; ky < a.kernel.height; ++ky) {
      for (std::int64_t kx = 0; kx < a.kernel.width; ++kx) {
        const std::int64_t element = order.element(kx, channel);
        places.push_back((order.segment(a, ky, kx) * packed.quads + element / 4) * kDotLanes * 4 + element % 4);
      }
    }
  }
  for (std::int64_t block = begin; block < end; ++block) {
    std::int8_t* to = packed.weights + block * packed.block_size();
    std::memset(to, 0, static_cast<std::size_t>(packed.block_size()));
    const std::int64_t last = std::min<std::int64_t>(packed.channels, (block + 1) * kDotLanes);
    for (std::int64_t channel = block * kDotLanes; channel < last; ++channel) {
      const std::int8_t* from = weight + channel * static_cast<std::int64_t>(places.size());
      std::int8_t* lane = to + channel % kDotLanes * 4;
      std::uint32_t sum = 0;
      for (std::size_t i = 0; i < places.size(); ++i) {
        sum += static_cast<std::uint32_t>(from[i]);
        lane[places[i]] = from[i];
      }
      packed.start[channel] = start_of(bias == nullptr ? 0 : static_cast<std::uint32_t>(bias[channel]), sum);
    }
  }
}

void flip_signs(const std::int8_t* from, std::int64_t count, std::uint8_t* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(from[i] ^ -128);
}

void transpose_8x8(std::array<std::uint64_t, 8>& a) {
  const auto swap = [&a](std::size_t i, std::size_t distance, std::uint64_t mask) {
    const std::uint64_t difference = ((a[i] >> (8 * distance)) ^ a[i + distance]) & mask;
    a[i] ^= difference << (8 * distance);
    a[i + distance] ^= difference;
  };
  for (const unsigned i : {0U, 1U, 2U, 3U}) swap(i, 4, 0x00000000ffffffffULL);
  for (const unsigned i : {0U, 1U, 4U, 5U}) swap(i, 2, 0x0000ffff0000ffffULL);
  for (const unsigned i : {0U, 2U, 4U, 6U}) swap(i, 1, 0x00ff00ff00ff00ffULL);
}

}  // namespace

void transpose_bytes(const std::uint8_t* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns,
                     std::uint8_t* to, std::int64_t to_step, std::uint8_t flip) {
  const auto one_by_one = [&](std::int64_t row, std::int64_t row_end, std::int64_t column, std::int64_t column_end) {
    for (std::int64_t c = column; c < column_end; ++c) {
      for (std::int64_t r = row; r < row_end; ++r) {
        to[c * to_step + r] = static_cast<std::uint8_t>(from[r * from_step + c] ^ flip);
      }
    }
  };
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  const std::int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  const std::uint64_t flips = 0x0101010101010101ULL * flip;
  for (std::int64_t row = 0; row < whole_rows; row += 8) {
    for (std::int64_t column = 0; column < whole_columns; column += 8) {
      std::array<std::uint64_t, 8> block;
      for (std::size_t i = 0; i < 8; ++i) {
        std::memcpy(&block[i], from + (row + static_cast<std::int64_t>(i)) * from_step + column, 8);
      }
      transpose_8x8(block);
      for (std::size_t i = 0; i < 8; ++i) {
        const std::uint64_t flipped = block[i] ^ flips;
        std::memcpy(to + (column + static_cast<std::int64_t>(i)) * to_step + row, &flipped, 8);
      }
    }
  }
  one_by_one(0, whole_rows, whole_columns, columns);
  one_by_one(whole_rows, rows, 0, columns);
#else
  one_by_one(0, rows, 0, columns);
#endif
}

void conv2d_sums(const Layer& layer, std::int64_t batch, const TensorView& x, const std::int8_t* weight,
                 const std::int32_t* bias, SumsScratch& scratch, std::vector<std::int32_t>& sums) {
  const auto& a = layer.as<Conv2d>();
  const std::int64_t height = (*x.shape)[1], width = (*x.shape)[2];
  const std::int64_t out_height = layer.shape[1], out_width = layer.shape[2];
  const std::int64_t in_channels = a.in_channels / a.groups, out_channels = a.out_channels / a.groups;
  const KernelOrder order(a);
  Packed packed;
  packed.channels = out_channels;
  packed.quads = (order.length(a) + 3) / 4;
  // Of the copy, with padding around it: [groups, height, width, channels].
  const std::int64_t copy_height = height + 2 * a.padding.height, copy_width = width + 2 * a.padding.width;
  const std::int64_t group_size = copy_height * copy_width * in_channels;
  for (std::int64_t ky = 0; ky < a.kernel.height; ++ky) {
    for (std::int64_t kx = 0; kx < (order.rows ? 1 : a.kernel.width); ++kx) {
      packed.segments.push_back((ky * a.dilation.height * copy_width + kx * a.dilation.width) * in_channels);
    }
  }
  const std::int64_t blocks = blocks_of(out_channels);
  const std::int64_t weights_of_group = in_channels * a.kernel.height * a.kernel.width;
  scratch.weights.resize(static_cast<std::size_t>(a.groups * blocks * packed.block_size()));
  scratch.start.resize(static_cast<std::size_t>(a.out_channels));
  const auto of_group = [&](std::int64_t group) {
    Packed one = packed;
    one.weights = scratch.weights.data() + group * blocks * packed.block_size();
    one.start = scratch.start.data() + group * out_channels;
    return one;
  };
  parallel_for(a.groups * blocks, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = begin / blocks; group * blocks < end; ++group) {
      Packed one = of_group(group);
      const std::int64_t first = std::max<std::int64_t>(begin - group * blocks, 0);
      pack_kernels(a, weight + group * out_channels * weights_of_group,
                   bias == nullptr ? nullptr : bias + group * out_channels, first,
                   std::min(end - group * blocks, blocks), one);
    }
  });

  // 128 is a zero, of the padding.
  scratch.elements.assign(static_cast<std::size_t>(a.groups * group_size + kSlack), 128);
  const std::int64_t positions = out_height * out_width;
  sums.resize(static_cast<std::size_t>(batch * positions * a.out_channels));
  for (std::int64_t image = 0; image < batch; ++image) {
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(x.data) + image * a.in_channels * height * width;
    parallel_for(height, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t group = 0; group < a.groups; ++group) {
        for (std::int64_t y = begin; y < end; ++y) {
          transpose_bytes(pixels + (group * in_channels * height + y) * width, height * width, in_channels, width,
                          scratch.elements.data() + group * group_size +
                              ((y + a.padding.height) * copy_width + a.padding.width) * in_channels,
                          in_channels, 128);
        }
      }
    });
    std::int32_t* out = sums.data() + image * positions * a.out_channels;
    const auto compute = [&](std::int64_t group, std::int64_t begin, std::int64_t end) {
      const std::uint8_t* elements = scratch.elements.data() + group * group_size;
      multiply(
          of_group(group), begin, end,
          [&](std::int64_t position) {
            return elements +
                   (position / out_width * a.stride.height * copy_width + position % out_width * a.stride.width) *
                       in_channels;
          },
          [&](std::int64_t position) { return out + position * a.out_channels + group * out_channels; });
    };
    if (a.groups >= 4 * std::int64_t{scratch.threads}) {
      parallel_for(a.groups, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t group = begin; group < end; ++group) compute(group, 0, positions);
      });
    } else {
      parallel_for(positions, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t group = 0; group < a.groups; ++group) compute(group, begin, end);
      });
    }
  }
}

void linear_sums(const Layer& layer, std::int64_t batch, const TensorView& x, const std::int8_t* weight,
                 const std::int32_t* bias, SumsScratch& scratch, std::vector<std::int32_t>& sums) {
  const auto& a = layer.as<Linear>();
  std::int64_t rows = batch;
  for (std::size_t axis = 0; axis + 1 < x.shape->size(); ++axis) rows *= (*x.shape)[axis];
  sums.resize(static_cast<std::size_t>(rows * a.out_features));
  if (rows <= kFewRows) {
    parallel_for(a.out_features, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = 0; row < rows; ++row) {
        std::int32_t* out = sums.data() + row * a.out_features;
        dot_kernels().back().rows(x.data + row * a.in_features, weight + begin * a.in_features, a.in_features,
                                  end - begin, out + begin);
        for (std::int64_t j = begin; j < end && bias != nullptr; ++j) {
          out[j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(out[j]) + static_cast<std::uint32_t>(bias[j]));
        }
      }
    });
    return;
  }
  Packed packed;
  packed.channels = a.out_features;
  packed.segments = {0};
  packed.quads = (a.in_features + 3) / 4;
  scratch.weights.resize(static_cast<std::size_t>(blocks_of(a.out_features) * packed.block_size()));
  scratch.start.resize(static_cast<std::size_t>(a.out_features));
  packed.weights = scratch.weights.data();
  packed.start = scratch.start.data();
  parallel_for(blocks_of(a.out_features), scratch.threads, [&](std::int64_t begin, std::int64_t end) {
    pack_rows(weight, a.in_features, a.in_features, bias, begin, end, packed);
  });
  scratch.elements.resize(static_cast<std::size_t>(rows * a.in_features + kSlack));
  flip_signs(x.data, rows * a.in_features, scratch.elements.data());
  parallel_for(rows, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
    multiply(
        packed, begin, end, [&](std::int64_t row) { return scratch.elements.data() + row * a.in_features; },
        [&](std::int64_t row) { return sums.data() + row * a.out_features; });
  });
}

void matmul_sums(const Layer& layer, std::int64_t batch, const TensorView& a, const TensorView& b, SumsScratch& scratch,
                 std::vector<std::int32_t>& sums) {
  const auto& attributes = layer.as<Matmul>();
  const std::int64_t heads = attributes.heads;
  // Where the matrix of one head begins, and how far its rows lie apart.
  struct Heads {
    std::int64_t rows, columns, step, head_step, size;
  };
  const auto heads_of = [heads](const TensorView& x) {
    const Shape& s = *x.shape;
    return x.layout == Layout::tokens ? Heads{s[0], s[1] / heads, s[1], s[1] / heads, s[0] * s[1]}
                                      : Heads{s[1], s[2], s[2], s[1] * s[2], s[0] * s[1] * s[2]};
  };
  const Heads left = heads_of(a), right = heads_of(b);
  const std::int64_t k = left.columns, m = left.rows;
  const std::int64_t n = attributes.transpose_b ? right.rows : right.columns;
  const std::int64_t out_step = attributes.merge_heads ? heads * n : n;
  const std::int64_t out_head_step = attributes.merge_heads ? n : m * n;
  sums.resize(static_cast<std::size_t>(batch * heads * m * n));
  scratch.elements.resize(static_cast<std::size_t>(batch * left.size + kSlack));
  flip_signs(a.data, batch * left.size, scratch.elements.data());
  parallel_for(batch * heads, scratch.threads, [&](std::int64_t begin, std::int64_t end) {
    Packed packed;
    packed.channels = n;
    packed.segments = {0};
    packed.quads = (k + 3) / 4;
    std::vector<std::int8_t> weights(static_cast<std::size_t>(blocks_of(n) * packed.block_size()));
    std::vector<std::int32_t> start(static_cast<std::size_t>(n));
    packed.weights = weights.data();
    packed.start = start.data();
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t image = i / heads, head = i % heads;
      const std::int8_t* matrix = b.data + image * right.size + head * right.head_step;
      if (attributes.transpose_b) {
        pack_rows(matrix, k, right.step, nullptr, 0, blocks_of(n), packed);
      } else {
        pack_columns(matrix, k, right.step, packed);
      }
      const std::uint8_t* elements = scratch.elements.data() + image * left.size + head * left.head_step;
      std::int32_t* out = sums.data() + image * heads * m * n + head * out_head_step;
      multiply(
          packed, 0, m, [&](std::int64_t row) { return elements + row * left.step; },
          [&](std::int64_t row) { return out + row * out_step; });
    }
  });
}

}  // namespace podsim

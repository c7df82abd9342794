// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/post_math.hpp"

#include <algorithm>
#include <cmath>

// Rows are short and there are many of them: one copy per instruction set, chosen at load time.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PODSIM_VECTORISED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"), optimize("O3")))
#else
#define PODSIM_VECTORISED
#endif

namespace podsim {
namespace {

inline std::int32_t clamp8(std::int64_t value) {
  return static_cast<std::int32_t>(std::min<std::int64_t>(127, std::max<std::int64_t>(-128, value)));
}

inline std::int32_t requantize_by(std::int32_t accumulator, std::int32_t multiplier, std::int64_t half, int shift) {
  const std::int64_t product = static_cast<std::int64_t>(accumulator) * multiplier;
  // Adding half less one and the quotient's lowest bit rounds halves to even; nothing to round without a shift.
  const std::int64_t odd = (product >> shift) & 1;
  return clamp8((product + half - (half > 0 ? 1 - odd : 0)) >> shift);
}

PODSIM_VECTORISED void requantize_same(std::int32_t* values, std::int64_t count, std::int32_t multiplier, int shift) {
  const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
  for (std::int64_t i = 0; i < count; ++i) values[i] = requantize_by(values[i], multiplier, half, shift);
}

PODSIM_VECTORISED void requantize_each(std::int32_t* values, std::int64_t count, const std::int32_t* multipliers,
                                       int shift) {
  const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
  for (std::int64_t i = 0; i < count; ++i) values[i] = requantize_by(values[i], multipliers[i], half, shift);
}

}  // namespace

std::int64_t divide_half_even(std::int64_t n, std::int64_t d) {
  std::int64_t quotient = n / d;
  std::int64_t rest = n % d;
  if (rest < 0) {
    rest += d;
    --quotient;
  }
  const std::int64_t twice = rest - (d - rest);
  if (twice > 0 || (twice == 0 && (quotient & 1) != 0)) ++quotient;
  return quotient;
}

std::int32_t requantize(std::int32_t accumulator, std::int32_t multiplier, std::int32_t shift) {
  return requantize_by(accumulator, multiplier, shift > 0 ? std::int64_t{1} << (shift - 1) : 0, shift);
}

std::int64_t integer_sqrt(std::int64_t n) {
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
  while (root * root > n) --root;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

void requantize_row(const LayerValues& layer, PostRow& row) {
  if (!layer.bias.empty()) {
    const std::int32_t* bias = layer.bias.data() + row.column;
    for (std::int64_t i = 0; i < row.count; ++i) row.values[i] = wrap_add(row.values[i], bias[i]);
  }
  if (layer.multiplier.size() == 1) {
    requantize_same(row.values, row.count, layer.multiplier.front(), layer.shift);
  } else {
    requantize_each(row.values, row.count, layer.multiplier.data() + row.column, layer.shift);
  }
}

void activate_row(PostStep::Kind kind, const LayerValues& layer, PostRow& row) {
  std::int32_t* values = row.values;
  switch (kind) {
    case PostStep::Kind::relu:
      for (std::int64_t i = 0; i < row.count; ++i) values[i] = std::max(0, values[i]);
      break;
    case PostStep::Kind::relu6:
      for (std::int64_t i = 0; i < row.count; ++i) values[i] = std::min(std::max(0, values[i]), layer.six);
      break;
    default:
      for (std::int64_t i = 0; i < row.count; ++i) {
        values[i] = layer.table[static_cast<std::size_t>((values[i] + 128) & 255)];
      }
  }
}

void apply_steps(const std::vector<PostStep>& steps, int own_layer, const NetworkValues& values, PostRow& row) {
  for (const PostStep& step : steps) {
    const LayerValues& layer = values.layers[static_cast<std::size_t>(step.layer)];
    switch (step.kind) {
      case PostStep::Kind::bias:
        break;  // with the requantisation
      case PostStep::Kind::batchnorm:
        if (step.layer == own_layer) break;
        for (std::int64_t i = 0; i < row.count; ++i) {
          row.values[i] = wrap_multiply(row.values[i], layer.weight[static_cast<std::size_t>(row.column + i)]);
        }
        requantize_row(layer, row);
        break;
      case PostStep::Kind::requantize:
        requantize_row(layer, row);
        break;
      case PostStep::Kind::residual_add:
        for (std::int64_t i = 0; i < row.count; ++i) row.values[i] += row.residual[i];
        requantize_row(layer, row);
        break;
      case PostStep::Kind::residual_mul:
        for (std::int64_t i = 0; i < row.count; ++i) row.values[i] *= row.residual[i];
        requantize_row(layer, row);
        break;
      default:
        activate_row(step.kind, layer, row);
    }
  }
}

void gather_softmax(const LayerValues& layer, const std::int16_t* row, std::int64_t count, RowStatistics& statistics) {
  for (std::int64_t i = 0; i < count; ++i) {
    statistics.sum += layer.exponentials[static_cast<std::size_t>((row[i] + 128) & 255)];
  }
}

void gather_layernorm(const std::int16_t* row, std::int64_t count, RowStatistics& statistics) {
  for (std::int64_t i = 0; i < count; ++i) {
    statistics.sum += row[i];
    statistics.squares += static_cast<std::int64_t>(row[i]) * row[i];
  }
}

void normalize_softmax(const LayerValues& layer, const RowStatistics& statistics, PostRow& row) {
  const std::int64_t sum = std::max<std::int64_t>(1, statistics.sum);
  for (std::int64_t i = 0; i < row.count; ++i) {
    const std::int64_t e = layer.exponentials[static_cast<std::size_t>((row.values[i] + 128) & 255)];
    row.values[i] = clamp8(divide_half_even(127 * e, sum));
  }
}

void normalize_layernorm(const LayerValues& layer, const RowStatistics& statistics, std::int64_t columns,
                         PostRow& row) {
  const std::int64_t spread = columns * statistics.squares - statistics.sum * statistics.sum;
  const std::int64_t d = std::max<std::int64_t>(1, integer_sqrt(std::max<std::int64_t>(0, spread) * 256));
  for (std::int64_t i = 0; i < row.count; ++i) {
    const auto c = static_cast<std::size_t>(row.column + i);
    const std::int64_t centred = columns * row.values[i] - statistics.sum;
    row.values[i] = clamp8(divide_half_even(centred * layer.weight[c] * 8, d) + layer.bias[c]);
  }
}

}  // namespace podsim

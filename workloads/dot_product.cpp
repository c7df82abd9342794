// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/dot_product.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#if defined(__x86_64__) && defined(__GNUC__)
#define PODSIM_X86 1
#include <immintrin.h>
#ifndef __clang__
// GCC 12's own headers leave operands open on purpose (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif

namespace podsim {
namespace {

void panel_portable(const DotPanel& panel, std::int32_t* tile) {
  const std::ptrdiff_t block_size = panel.segment_count * panel.quads * kDotLanes * 4;
  for (int row = 0; row < panel.row_count; ++row) {
    for (int block = 0; block < panel.blocks; ++block) {
      const std::int8_t* w = panel.weights + block * block_size;
      std::array<std::uint32_t, kDotLanes> sums{};
      for (std::ptrdiff_t s = 0; s < panel.segment_count; ++s) {
        const std::uint8_t* x = panel.rows[row] + panel.segments[s];
        for (std::ptrdiff_t q = 0; q < panel.quads; ++q, x += 4) {
          for (std::size_t lane = 0; lane < kDotLanes; ++lane, w += 4) {
            sums[lane] += static_cast<std::uint32_t>(x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3]);
          }
        }
      }
      std::memcpy(tile + (row * panel.blocks + block) * kDotLanes, sums.data(), sizeof sums);
    }
  }
}

void rows_portable(const std::int8_t* x, const std::int8_t* weights, std::int64_t length, std::int64_t rows,
                   std::int32_t* sums) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int8_t* w = weights + r * length;
    std::uint32_t sum = 0;
    for (std::int64_t i = 0; i < length; ++i) sum += static_cast<std::uint32_t>(x[i] * w[i]);
    sums[r] = static_cast<std::int32_t>(sum);
  }
}

void requantise_portable(const std::int32_t* sums, const std::int32_t* multipliers, int multiplier_step, int shift,
                         std::int64_t count, std::int8_t* out) {
  const std::int64_t below_half = shift == 0 ? 0 : (std::int64_t{1} << (shift - 1)) - 1;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t product = std::int64_t{sums[i]} * multipliers[i * multiplier_step];
    // Half a step, less one unit unless the floor is odd: halves go to even. At most 2^62 + 2^61, so no overflow.
    if (shift > 0) product = (product + below_half + ((product >> shift) & 1)) >> shift;
    out[i] = static_cast<std::int8_t>(std::clamp<std::int64_t>(product, -128, 127));
  }
}

#ifdef PODSIM_X86

inline std::int32_t four_bytes(const std::uint8_t* x) {
  std::int32_t bytes = 0;
  std::memcpy(&bytes, x, sizeof bytes);
  return bytes;
}

/// The number of sums is fixed so that all of them stay in registers.
template <int Rows, int Blocks>
struct VnniPanel {
  __attribute__((target("avx512f,avx512bw,avx512vnni"))) static void run(const DotPanel& panel, std::int32_t* tile) {
    const std::ptrdiff_t block_size = panel.segment_count * panel.quads * 64;
    __m512i sums[Rows][Blocks];
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 6
      for (int b = 0; b < Blocks; ++b) sums[r][b] = _mm512_setzero_si512();
    }
    const std::int8_t* w = panel.weights;
    for (std::ptrdiff_t s = 0; s < panel.segment_count; ++s) {
      const std::uint8_t* x[Rows];
#pragma GCC unroll 6
      for (int r = 0; r < Rows; ++r) x[r] = panel.rows[r] + panel.segments[s];
      for (std::ptrdiff_t q = 0; q < panel.quads; ++q, w += 64) {
        __m512i weights[Blocks];
#pragma GCC unroll 6
        for (int b = 0; b < Blocks; ++b) weights[b] = _mm512_loadu_si512(w + b * block_size);
#pragma GCC unroll 6
        for (int r = 0; r < Rows; ++r) {
          const __m512i element = _mm512_set1_epi32(four_bytes(x[r] + 4 * q));
#pragma GCC unroll 6
          for (int b = 0; b < Blocks; ++b) sums[r][b] = _mm512_dpbusd_epi32(sums[r][b], element, weights[b]);
        }
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 6
      for (int b = 0; b < Blocks; ++b) _mm512_storeu_si512(tile + (r * Blocks + b) * kDotLanes, sums[r][b]);
    }
  }
};

template <std::size_t... Is>
void call_vnni(const DotPanel& panel, std::int32_t* tile, std::index_sequence<Is...>) {
  using Kernel = void (*)(const DotPanel&, std::int32_t*);
  static constexpr Kernel kernels[] = {
      &VnniPanel<static_cast<int>(Is) / kDotBlocks + 1, static_cast<int>(Is) % kDotBlocks + 1>::run...};
  kernels[(panel.row_count - 1) * kDotBlocks + panel.blocks - 1](panel, tile);
}

void panel_vnni(const DotPanel& panel, std::int32_t* tile) {
  call_vnni(panel, tile, std::make_index_sequence<std::size_t{kDotRows} * kDotBlocks>());
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void rows_vnni(const std::int8_t* x, const std::int8_t* weights,
                                                                      std::int64_t length, std::int64_t rows,
                                                                      std::int32_t* sums) {
  std::uint32_t sum_x = 0;
  for (std::int64_t i = 0; i < length; ++i) sum_x += static_cast<std::uint32_t>(x[i]);
  const __m512i sign = _mm512_set1_epi8(-128);
  for (std::int64_t r = 0; r < rows; r += 4) {
    const auto count = std::min<std::int64_t>(4, rows - r);
    __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    // Rows beyond the last repeat it, so that the loop has no branches.
    const std::int8_t* w[4];
    for (std::int64_t j = 0; j < 4; ++j) w[j] = weights + (r + std::min(j, count - 1)) * length;
    std::int64_t i = 0;
    for (; i + 64 <= length; i += 64) {
      const __m512i element = _mm512_loadu_si512(x + i);
      for (int j = 0; j < 4; ++j) {
        // Weights get 128 more to lose their sign.
        sum[j] = _mm512_dpbusd_epi32(sum[j], _mm512_xor_si512(_mm512_loadu_si512(w[j] + i), sign), element);
      }
    }
    if (i < length) {
      const __mmask64 rest = (std::uint64_t{1} << (length - i)) - 1;
      const __m512i element = _mm512_maskz_loadu_epi8(rest, x + i);
      for (int j = 0; j < 4; ++j) {
        const __m512i weight = _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, w[j] + i), sign);
        sum[j] = _mm512_dpbusd_epi32(sum[j], weight, element);
      }
    }
    for (std::int64_t j = 0; j < count; ++j) {
      sums[r + j] =
          static_cast<std::int32_t>(static_cast<std::uint32_t>(_mm512_reduce_add_epi32(sum[j])) - 128 * sum_x);
    }
  }
}

__attribute__((target("avx512f"))) void requantise_avx512(const std::int32_t* sums, const std::int32_t* multipliers,
                                                          int multiplier_step, int shift, std::int64_t count,
                                                          std::int8_t* out) {
  std::int64_t i = 0;
  if (shift > 0) {
    const __m512i below_half = _mm512_set1_epi64((std::int64_t{1} << (shift - 1)) - 1);
    const __m512i one = _mm512_set1_epi64(1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    __m512i multiplier = _mm512_set1_epi64(multipliers[0]);
    for (; i + 8 <= count; i += 8) {
      const __m512i sum = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + i)));
      if (multiplier_step != 0) {
        multiplier = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(multipliers + i)));
      }
      __m512i product = _mm512_mul_epi32(sum, multiplier);
      const __m512i odd = _mm512_and_si512(_mm512_sra_epi64(product, bits), one);
      product = _mm512_add_epi64(product, _mm512_add_epi64(below_half, odd));
      const __m128i result = _mm512_cvtsepi64_epi8(_mm512_sra_epi64(product, bits));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), result);
    }
  }
  requantise_portable(sums + i, multipliers + i * multiplier_step, multiplier_step, shift, count - i, out + i);
}

/// Two rows and one block at a time. A register holds 4 output channels: pairs of neighbouring sums, of elements 0, 1
/// and 2, 3 of a quad.
__attribute__((target("avx2"))) void panel_avx2(const DotPanel& panel, std::int32_t* tile) {
  const std::ptrdiff_t block_size = panel.segment_count * panel.quads * 64;
  for (int block = 0; block < panel.blocks; ++block) {
    for (int row = 0; row < panel.row_count; row += 2) {
      const int other = std::min(row + 1, panel.row_count - 1);
      __m256i sums[2][4];
#pragma GCC unroll 4
      for (int part = 0; part < 4; ++part) sums[0][part] = sums[1][part] = _mm256_setzero_si256();
      const std::int8_t* w = panel.weights + block * block_size;
      for (std::ptrdiff_t s = 0; s < panel.segment_count; ++s) {
        const std::uint8_t* x0 = panel.rows[row] + panel.segments[s];
        const std::uint8_t* x1 = panel.rows[other] + panel.segments[s];
        for (std::ptrdiff_t q = 0; q < panel.quads; ++q, w += 64) {
          const __m256i e0 = _mm256_cvtepu8_epi16(_mm_set1_epi32(four_bytes(x0 + 4 * q)));
          const __m256i e1 = _mm256_cvtepu8_epi16(_mm_set1_epi32(four_bytes(x1 + 4 * q)));
#pragma GCC unroll 4
          for (int part = 0; part < 4; ++part) {
            const __m256i weight =
                _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + 16 * part)));
            sums[0][part] = _mm256_add_epi32(sums[0][part], _mm256_madd_epi16(e0, weight));
            sums[1][part] = _mm256_add_epi32(sums[1][part], _mm256_madd_epi16(e1, weight));
          }
        }
      }
#pragma GCC unroll 4
      for (int quarter = 0; quarter < 4; ++quarter) {
        const int of_row = quarter / 2, half = quarter % 2;
        std::int32_t* to = tile + ((of_row == 0 ? row : other) * panel.blocks + block) * kDotLanes + 8 * half;
        // Adds neighbours; within each 128 bits the first operand's sums come first.
        const __m256i pairs = _mm256_hadd_epi32(sums[of_row][2 * half], sums[of_row][2 * half + 1]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permute4x64_epi64(pairs, _MM_SHUFFLE(3, 1, 2, 0)));
      }
    }
  }
}

__attribute__((target("avx2"))) void rows_avx2(const std::int8_t* x, const std::int8_t* weights, std::int64_t length,
                                               std::int64_t rows, std::int32_t* sums) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int8_t* w = weights + r * length;
    __m256i sum = _mm256_setzero_si256();
    std::int64_t i = 0;
    for (; i + 16 <= length; i += 16) {
      const __m256i element = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i)));
      const __m256i weight = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + i)));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(element, weight));
    }
    alignas(32) std::array<std::uint32_t, 8> parts{};
    _mm256_store_si256(reinterpret_cast<__m256i*>(parts.data()), sum);
    std::uint32_t total = 0;
    for (const std::uint32_t part : parts) total += part;
    for (; i < length; ++i) total += static_cast<std::uint32_t>(x[i] * w[i]);
    sums[r] = static_cast<std::int32_t>(total);
  }
}

#endif

}  // namespace

const std::vector<DotKernels>& dot_kernels() {
  static const std::vector<DotKernels> kernels = [] {
    std::vector<DotKernels> found{{"portable", panel_portable, rows_portable, requantise_portable}};
#ifdef PODSIM_X86
    if (__builtin_cpu_supports("avx2")) found.push_back({"avx2", panel_avx2, rows_avx2, requantise_portable});
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni")) {
      found.push_back({"avx512vnni", panel_vnni, rows_vnni, requantise_avx512});
    }
#endif
    return found;
  }();
  return kernels;
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/int8_gemm.hpp"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define PODSIM_X86_KERNELS
#include <immintrin.h>
#endif

namespace podsim {
namespace {

void portable(const std::int16_t* activations, int rows, int pairs, const std::int16_t* weights, int padded,
              std::int32_t* sums) {
  for (int r = 0; r < rows; ++r) {
    // Unsigned sums wrap without undefined behaviour.
    auto* out = reinterpret_cast<std::uint32_t*>(sums + static_cast<std::ptrdiff_t>(r) * padded);
    const std::int16_t* in = activations + static_cast<std::ptrdiff_t>(r) * pairs * 2;
    for (int p = 0; p < pairs; ++p) {
      const std::int16_t* w = weights + static_cast<std::ptrdiff_t>(p) * padded * 2;
      const std::int32_t first = in[2 * p];
      const std::int32_t second = in[2 * p + 1];
      for (int c = 0; c < padded; ++c) {
        out[c] += static_cast<std::uint32_t>(first * w[2 * c] + second * w[2 * c + 1]);
      }
    }
  }
}

#ifdef PODSIM_X86_KERNELS

/// Two int16 values as one number, for a broadcast.
inline int pair_at(const std::int16_t* values) {
  int pair;
  __builtin_memcpy(&pair, values, sizeof pair);
  return pair;
}

template <int kRows>
__attribute__((target("avx2"))) void avx2_block(const std::int16_t* activations, int pairs, const std::int16_t* weights,
                                                int padded, std::int32_t* sums) {
  for (int c = 0; c < padded; c += 16) {
    __m256i low[kRows], high[kRows];
    for (int r = 0; r < kRows; ++r) {
      low[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + r * padded + c));
      high[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + r * padded + c + 8));
    }
    for (int p = 0; p < pairs; ++p) {
      const std::int16_t* w = weights + (static_cast<std::ptrdiff_t>(p) * padded + c) * 2;
      const __m256i w_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
      const __m256i w_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 16));
      for (int r = 0; r < kRows; ++r) {
        const __m256i a = _mm256_set1_epi32(pair_at(activations + r * pairs * 2 + p * 2));
        low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(a, w_low));
        high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(a, w_high));
      }
    }
    for (int r = 0; r < kRows; ++r) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + r * padded + c), low[r]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + r * padded + c + 8), high[r]);
    }
  }
}

__attribute__((target("avx2"))) void avx2(const std::int16_t* activations, int rows, int pairs,
                                          const std::int16_t* weights, int padded, std::int32_t* sums) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) {
    avx2_block<4>(activations + static_cast<std::ptrdiff_t>(r) * pairs * 2, pairs, weights, padded,
                  sums + static_cast<std::ptrdiff_t>(r) * padded);
  }
  for (; r < rows; ++r) {
    avx2_block<1>(activations + static_cast<std::ptrdiff_t>(r) * pairs * 2, pairs, weights, padded,
                  sums + static_cast<std::ptrdiff_t>(r) * padded);
  }
}

template <int kRows>
__attribute__((target("avx512f,avx512bw"))) void avx512_block(const std::int16_t* activations, int pairs,
                                                              const std::int16_t* weights, int padded,
                                                              std::int32_t* sums) {
  for (int c = 0; c < padded; c += 16) {
    __m512i sum[kRows];
    for (int r = 0; r < kRows; ++r) sum[r] = _mm512_loadu_si512(sums + r * padded + c);
    for (int p = 0; p < pairs; ++p) {
      const std::int16_t* w = weights + (static_cast<std::ptrdiff_t>(p) * padded + c) * 2;
      const __m512i weight = _mm512_loadu_si512(w);
      for (int r = 0; r < kRows; ++r) {
        const __m512i a = _mm512_set1_epi32(pair_at(activations + r * pairs * 2 + p * 2));
        sum[r] = _mm512_add_epi32(sum[r], _mm512_madd_epi16(a, weight));
      }
    }
    for (int r = 0; r < kRows; ++r) _mm512_storeu_si512(sums + r * padded + c, sum[r]);
  }
}

__attribute__((target("avx512f,avx512bw"))) void avx512(const std::int16_t* activations, int rows, int pairs,
                                                        const std::int16_t* weights, int padded, std::int32_t* sums) {
  int r = 0;
  for (; r + 8 <= rows; r += 8) {
    avx512_block<8>(activations + static_cast<std::ptrdiff_t>(r) * pairs * 2, pairs, weights, padded,
                    sums + static_cast<std::ptrdiff_t>(r) * padded);
  }
  for (; r < rows; ++r) {
    avx512_block<1>(activations + static_cast<std::ptrdiff_t>(r) * pairs * 2, pairs, weights, padded,
                    sums + static_cast<std::ptrdiff_t>(r) * padded);
  }
}

#endif

std::vector<Int8GemmKernel> find_kernels() {
  std::vector<Int8GemmKernel> kernels{{"portable", portable}};
#ifdef PODSIM_X86_KERNELS
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", avx2});
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) kernels.push_back({"avx512", avx512});
#endif
  return kernels;
}

}  // namespace

const std::vector<Int8GemmKernel>& int8_gemm_kernels() {
  static const std::vector<Int8GemmKernel> kernels = find_kernels();
  return kernels;
}

}  // namespace podsim

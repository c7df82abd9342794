#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Reproducible randomness: every use has a stream with a name of its own.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace podsim {

/// Random numbers that depend on the seed and the stream's name only, on every platform and standard library.
/// Adding a stream does not disturb the others.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);

  /// 64 random bits.
  std::uint64_t next() { return engine_(); }
  /// Uniform in [0, bound), bound > 0, without modulo bias.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// Uniform in [0, 1).
  double uniform();

 private:
  std::mt19937_64 engine_;
};

/// 64-bit FNV-1a of a text: stable across platforms and versions, used for stream names and content hashes.
std::uint64_t stable_hash(std::string_view text);
/// The same as 16 hexadecimal digits.
std::string hash_text(std::string_view text);

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/random.hpp"

namespace podsim {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014): spreads nearby seeds over all 64 bits.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

std::string hash_text(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::uint64_t hash = stable_hash(text);
  std::string out(16, '0');
  for (std::size_t n = out.size(); n-- > 0; hash >>= 4) out[n] = kDigits[hash & 15];
  return out;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view name) : engine_(mix(seed) ^ mix(stable_hash(name))) {}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t unfair = (0 - bound) % bound;  // 2^64 mod bound
  std::uint64_t bits = engine_();
  while (bits < unfair) bits = engine_();
  return bits % bound;
}

std::int64_t RandomStream::between(std::int64_t low, std::int64_t high) {
  // Unsigned, because the width of the full range does not fit 63 bits; 2^64 wraps to 0.
  const std::uint64_t count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = count == 0 ? next() : below(count);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

double RandomStream::uniform() {
  return static_cast<double>(engine_() >> 11) * 0x1.0p-53;
}

}  // namespace podsim

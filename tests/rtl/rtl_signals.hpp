#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Lanes of numbers on the ports of a Verilated module.
///
/// Verilator makes ports of one bit `bool` and, with --pins-bv 2, all others `sc_bv`; lane 0 is in the lowest bits.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <systemc>

namespace podsim::test {

/// A signal for a port: Signal<decltype(Module::port)>.
template <class Port>
using Signal = sc_core::sc_signal<typename std::remove_reference_t<Port>::data_type>;

/// Puts lanes on a port; there must be as many as it has.
template <class Lane, int width>
void put(sc_core::sc_signal<sc_dt::sc_bv<width>>& signal, const std::vector<Lane>& lanes) {
  static_assert(width % 8 == 0);
  sc_dt::sc_bv<width> bits;
  const std::size_t bytes = lanes.size() * sizeof(Lane);
  for (std::size_t at = 0; at < bytes; at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, reinterpret_cast<const char*>(lanes.data()) + at, std::min<std::size_t>(4, bytes - at));
    bits.set_word(static_cast<int>(at / 4), word);
  }
  signal.write(bits);
}

/// Puts a number of up to 32 bits on a port.
template <int width>
void put(sc_core::sc_signal<sc_dt::sc_bv<width>>& signal, std::uint32_t value) {
  signal.write(sc_dt::sc_bv<width>(value));
}

/// Puts single bits on a port.
template <int width>
void put_bits(sc_core::sc_signal<sc_dt::sc_bv<width>>& signal, const std::vector<bool>& bits) {
  sc_dt::sc_bv<width> all;
  for (int i = 0; i < width; ++i) all[i] = static_cast<bool>(bits[static_cast<std::size_t>(i)]);
  signal.write(all);
}
inline void put_bits(sc_core::sc_signal<bool>& signal, const std::vector<bool>& bits) {
  signal.write(bits.front());
}

/// Takes lanes from a port, as many as `lanes` has.
template <class Lane, int width>
void get(const sc_core::sc_signal<sc_dt::sc_bv<width>>& signal, std::vector<Lane>& lanes) {
  static_assert(width % 8 == 0);
  const sc_dt::sc_bv<width>& bits = signal.read();
  const std::size_t bytes = lanes.size() * sizeof(Lane);
  for (std::size_t at = 0; at < bytes; at += 4) {
    const auto word = static_cast<std::uint32_t>(bits.get_word(static_cast<int>(at / 4)));
    std::memcpy(reinterpret_cast<char*>(lanes.data()) + at, &word, std::min<std::size_t>(4, bytes - at));
  }
}

/// Takes single bits from a port, as many as it has.
template <int width>
void get_bits(const sc_core::sc_signal<sc_dt::sc_bv<width>>& signal, std::vector<bool>& bits) {
  const sc_dt::sc_bv<width>& all = signal.read();
  bits.resize(static_cast<std::size_t>(width));
  for (int i = 0; i < width; ++i) bits[static_cast<std::size_t>(i)] = (all.get_word(i / 32) >> (i % 32) & 1U) != 0;
}
inline void get_bits(const sc_core::sc_signal<bool>& signal, std::vector<bool>& bits) {
  bits.assign(1, signal.read());
}

}  // namespace podsim::test

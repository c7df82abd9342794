#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A tile on its way through a fabric, and the interfaces it passes.

#include <cstdint>

#include <systemc>

namespace podsim {

/// The seven circuit-switched networks.
enum class FabricId : std::uint8_t { x, w, p_in, p_out, post_in1, post_in2, post_out };
inline constexpr int kFabrics = 7;
/// "X", "W", "P-in", …
const char* fabric_name(FabricId id);
/// True for the networks that carry rows from a unit to a bank.
constexpr bool is_write_fabric(FabricId id) {
  return id == FabricId::p_out || id == FabricId::post_out;
}

/// One tile, one row per cycle. All cycles count from the start of the run.
struct Transfer {
  /// Cycles in which a bank's port is taken by its read: as many as rows leave, or as rows are read to be transposed.
  std::int64_t port_cycles() const { return rows > ahead ? rows : ahead; }

  std::int64_t launch = 0;   ///< the first row is on the first link in this cycle
  std::int64_t arrival = 0;  ///< the first row enters the receiver; at least launch + latency
  std::int32_t rows = 0;
  std::int32_t row_bytes = 0;
  std::uint16_t bank = 0;    ///< terminal on the banks' side
  std::uint16_t unit = 0;    ///< pod or post-processor
  std::uint8_t classes = 0;  ///< PP-out: bit mask of the bank classes that take the rows
  std::uint32_t item = 0;    ///< what is carried
  std::int32_t ahead = 0;    ///< a bank reads the tile so many cycles ahead, row by row, into a transposing buffer
  std::uint32_t id = 0;      ///< the tile operation or pass it is for
};

/// The end of a circuit.
class TransferReceiver : public virtual sc_core::sc_interface {
 public:
  virtual void receive(const Transfer& transfer) = 0;
};

/// A fabric as its senders see it.
class FabricInterface : public virtual sc_core::sc_interface {
 public:
  /// Sets up the circuit and carries the tile. Links are owned from launch + hop on, for as many cycles as there are
  /// rows; the sender (through the tiling controller) sees to it that they are free.
  virtual void carry(const Transfer& transfer) = 0;
};

/// Whoever watches all circuits.
class CircuitMonitor : public virtual sc_core::sc_interface {
 public:
  virtual void circuit(FabricId fabric, const Transfer& transfer) = 0;
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Stand-ins for the neighbours of a module that is tested alone: they write down what they are told.

#include <cstdint>
#include <vector>

#include "podsim/models/dram.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim::test {

struct FabricStub final : FabricInterface {
  std::vector<Transfer> carried;
  void carry(const Transfer& transfer) override { carried.push_back(transfer); }
};

struct BankStub final : BankInterface {
  struct Filled {
    std::uint32_t fill;
    std::int64_t now, data_end;
  };
  std::vector<Filled>* filled = nullptr;
  std::int64_t read(ReadPort, const Transfer& transfer) override {
    return static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
  }
  void fill(std::uint32_t fill, std::int64_t now, std::int64_t, std::int64_t data_end) override {
    filled->push_back({fill, now, data_end});
  }
  void copy_in(std::int64_t) override {}
};

struct FillListenerStub final : FillListener {
  std::vector<std::int64_t> ends;  ///< per fill: what was said last
  void filling(std::uint32_t fill, std::int64_t cycle, std::int64_t) override {
    if (ends.size() <= fill) ends.resize(fill + 1, -1);
    ends[fill] = cycle;
  }
  void fill_delayed(std::uint32_t fill, std::int64_t cycle) override { ends.at(fill) = cycle; }
};

struct DramListenerStub final : DramListener {
  std::vector<std::int64_t> spills;  ///< cycle in which each is complete
  int idle_calls = 0;
  void spilled(std::int64_t count, std::int64_t cycle, std::int64_t) override {
    spills.resize(static_cast<std::size_t>(count), cycle);
  }
  void idle(std::int64_t) override { ++idle_calls; }
};

/// Runs the simulation for so many cycles of a clock of 1 ns.
inline void run_cycles(std::int64_t cycles) {
  sc_core::sc_start(sc_core::sc_time(static_cast<double>(cycles), sc_core::SC_NS));
}

/// What modules share, with a clock of 1 ns.
inline RunContext context_for(const Program& program) {
  RunContext context;
  context.period = sc_core::sc_time(1, sc_core::SC_NS);
  context.program = &program;
  return context;
}

}  // namespace podsim::test

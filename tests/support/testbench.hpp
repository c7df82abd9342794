#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One hardware module alone: a clock to drive it by, and recorders for everything it speaks to.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "podsim/models/bank.hpp"
#include "podsim/models/dram.hpp"
#include "podsim/models/run_context.hpp"
#include "support/kernel.hpp"
#include "support/programs.hpp"

namespace podsim::test {

/// A kernel, a program and the context that modules share. Modules are to be declared after it.
class Testbench {
 public:
  explicit Testbench(std::unique_ptr<Program> with) : program(std::move(with)) {
    context.period = sc_core::sc_time(1, sc_core::SC_NS);
    context.program = program.get();
  }

  /// Runs everything that happens in cycles up to and including `cycle`.
  void run_to(std::int64_t cycle) {
    settle();
    if (cycle > now_) {
      sc_core::sc_start(context.period * static_cast<double>(cycle - now_), sc_core::SC_RUN_TO_TIME);
      now_ = cycle;
    }
    settle();
  }

  /// The fault's text; empty if there is none. Of another kind than internal it says so.
  std::string fault() const {
    if (!context.fault) return {};
    return (context.fault->kind() == ErrorKind::internal ? "" : "not internal: ") + std::string(context.fault->what());
  }

 private:
  // A run up to a time leaves what happens at that time to the next one.
  void settle() {
    if (!elaborated_ || sc_core::sc_pending_activity_at_current_time()) sc_core::sc_start(sc_core::SC_ZERO_TIME);
    elaborated_ = true;
    while (sc_core::sc_pending_activity_at_current_time()) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }

  Kernel kernel_;
  std::int64_t now_ = 0;
  bool elaborated_ = false;

 public:
  std::unique_ptr<Program> program;
  RunContext context;
};

/// A fabric that delivers nothing.
class FabricRecorder final : public FabricInterface {
 public:
  void carry(const Transfer& transfer) override { carried.push_back(transfer); }
  std::vector<Transfer> carried;
};

/// A bank that only takes note of its fills.
class BankRecorder final : public BankInterface {
 public:
  struct Filled {
    std::uint32_t fill;
    std::int64_t now, data_end;
  };
  void read(ReadPort, const Transfer&) override {}
  void fill(std::uint32_t fill, std::int64_t now, std::int64_t data_end) override {
    fills.push_back({fill, now, data_end});
  }
  void copy_in(std::int64_t) override {}
  std::vector<Filled> fills;
};

/// What a bank tells of its fills; `end` holds the last word on each.
class FillRecorder final : public FillListener {
 public:
  explicit FillRecorder(std::size_t fills) : end(fills, -1) {}
  void filling(std::uint32_t fill, std::int64_t cycle, std::int64_t) override { end[fill] = cycle; }
  void fill_delayed(std::uint32_t fill, std::int64_t cycle) override {
    end[fill] = cycle;
    ++delays;
  }
  std::vector<std::int64_t> end;
  int delays = 0;
};

/// What a bank tells of rows that come in.
class WriteRecorder final : public BankMonitor {
 public:
  struct Written {
    BankClass bank_class;
    int bank;
    Transfer transfer;
  };
  void written(BankClass bank_class, int bank, const Transfer& transfer) override {
    writes.push_back({bank_class, bank, transfer});
  }
  std::vector<Written> writes;
};

/// What DRAM tells of spills and of having nothing left to do.
class DramRecorder final : public DramListener {
 public:
  struct Spilled {
    std::int64_t count, cycle, now;
  };
  void spilled(std::int64_t count, std::int64_t cycle, std::int64_t now) override { spills.push_back({count, cycle, now}); }
  void idle(std::int64_t now) override { idle_in.push_back(now); }
  std::vector<Spilled> spills;
  std::vector<std::int64_t> idle_in;
};

}  // namespace podsim::test

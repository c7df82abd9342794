#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What all modules of one accelerator share: the clock, the program, and the way to report a fault.

#include <cstdint>
#include <optional>
#include <utility>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/program.hpp"
#include "podsim/sim/core/random.hpp"

namespace podsim {

class RunProbe;
class ValuePlane;

/// Set by the accelerator before a run; modules only read it, except for `fault`.
struct RunContext {
  sc_core::sc_time period;  ///< of one clock cycle
  const Program* program = nullptr;
  /// What the modules report their data to; null if only time is simulated.
  ValuePlane* values = nullptr;
  /// What is told all that units do; null unless somebody watches.
  RunProbe* probe = nullptr;
  /// The first fault. SystemC would turn an exception that leaves a process into a report without its type.
  std::optional<Error> fault;
  sc_core::sc_event* fault_event = nullptr;
  /// For tests: processes that are ready at the same time run in random order.
  std::optional<RandomStream> shuffle;
  /// For tests: banks and DRAM take longer now and then.
  std::optional<std::uint64_t> stall_seed;

  void report(const Error& error) {
    if (!fault) fault = error;
    if (fault_event != nullptr) fault_event->notify(sc_core::SC_ZERO_TIME);
  }

  /// Runs a process body; a fault stops the run.
  template <class Body>
  void guard(Body body) {
    if (fault) return;
    try {
      body();
    } catch (const Error& error) {
      report(error);
    }
  }

  /// Cycles by which a test delays something, the same whenever it is asked for the same; 0 outside of tests.
  std::int64_t random_stall(const char* what, std::uint64_t number) const {
    if (!stall_seed) return 0;
    const auto draw = stable_hash(std::to_string(*stall_seed) + what + std::to_string(number)) >> 8;
    return draw % 3 == 0 ? static_cast<std::int64_t>(draw / 3 % 40) : 0;
  }

  /// True if a process should step back for a delta cycle, to let others run first.
  bool step_back() { return shuffle && shuffle->below(2) == 0; }
};

/// An event at a cycle. Knows the cycle in which it fires, so that no module has to read the time.
class CycleEvent {
 public:
  explicit CycleEvent(const char* name) : event_(name) {}

  const sc_core::sc_event& event() const { return event_; }
  /// The cycle of the notification that is pending or has just fired.
  std::int64_t cycle() const { return cycle_; }
  bool pending() const { return pending_; }
  /// Asks to be woken in `cycle`, which is not before `now`. The earliest request wins.
  void notify(const RunContext& context, std::int64_t now, std::int64_t cycle) {
    if (pending_ && cycle_ <= cycle) return;
    pending_ = true;
    cycle_ = cycle;
    if (cycle == now) {
      event_.notify(sc_core::SC_ZERO_TIME);
    } else {
      event_.notify(context.period * static_cast<double>(cycle - now));
    }
  }
  void fired() { pending_ = false; }
  void reset() {
    event_.cancel();
    pending_ = false;
    cycle_ = 0;
  }

 private:
  sc_core::sc_event event_;
  std::int64_t cycle_ = 0;
  bool pending_ = false;
};

/// A receiver of one of a module's inputs: forwards to a member function.
template <class Module, void (Module::*receive_function)(const Transfer&)>
class Input final : public TransferReceiver {
 public:
  explicit Input(Module& module) : module_(module) {}
  void receive(const Transfer& transfer) override { (module_.*receive_function)(transfer); }

 private:
  Module& module_;
};

/// A queue that keeps its memory.
template <class T>
class Fifo {
 public:
  bool empty() const { return head_ == items_.size(); }
  std::size_t size() const { return items_.size() - head_; }
  const T& front() const { return items_[head_]; }
  void push(const T& item) { items_.push_back(item); }
  void pop() {
    if (++head_ == items_.size()) {
      items_.clear();
      head_ = 0;
    } else if (head_ >= 64) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  void clear() {
    items_.clear();
    head_ = 0;
  }

 private:
  std::vector<T> items_;
  std::size_t head_ = 0;
};

}  // namespace podsim

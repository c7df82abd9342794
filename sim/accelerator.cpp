// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/accelerator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace podsim {
namespace {

/// Makes `count` modules, named base_0, base_1, …
template <class Modules, class Make>
void make(Modules& modules, std::size_t count, const std::string& base, Make make_one) {
  modules.reserve(count);
  for (std::size_t i = 0; i < count; ++i) modules.push_back(make_one((base + "_" + std::to_string(i)).c_str(), i));
}

/// Destroys modules, the last one first: the kernel's registries find the youngest object at once and search for
/// others, which takes seconds for thousands of modules.
template <class Modules>
void destroy(Modules& modules) {
  while (!modules.empty()) modules.pop_back();
}

}  // namespace

Accelerator::Accelerator(const sc_core::sc_module_name& name, const HardwareConfig& config)
    : sc_module(name),
      machine_(config),
      config_json_(to_json(machine_.config)),
      checker_("checker", context_, machine_),
      dram_("dram", context_, machine_.config),
      controller_("tiling_controller", context_, machine_) {
  // Whole resolution units, so that the times of all modules fall together exactly.
  const double unit_per_second = 1.0 / sc_core::sc_get_time_resolution().to_seconds();
  context_.period = sc_core::sc_time::from_value(
      std::max<sc_dt::uint64>(1, static_cast<sc_dt::uint64>(std::llround(unit_per_second / (config.clock_mhz * 1e6)))));
  context_.fault_event = &failed_;

  const auto banks = static_cast<std::size_t>(machine_.config.bank_count());
  make(fabrics_, kFabrics, "fabric", [this](const char* fabric, std::size_t i) {
    return std::make_unique<Fabric>(fabric, static_cast<FabricId>(i), *machine_.topology, machine_.config.bank_count());
  });
  auto make_banks = [this, banks](Modules<Bank>& modules, const char* base, BankClass bank_class) {
    make(modules, banks, base, [this, bank_class](const char* bank, std::size_t i) {
      return std::make_unique<Bank>(bank, context_, bank_class, static_cast<int>(i));
    });
  };
  make_banks(x_banks_, "x_bank", BankClass::x);
  make_banks(w_banks_, "w_bank", BankClass::w);
  make_banks(p_banks_, "p_bank", BankClass::p);
  make(pods_, static_cast<std::size_t>(machine_.config.pod_count()), "pod", [this](const char* pod, std::size_t i) {
    return std::make_unique<Pod>(pod, context_, machine_.config, static_cast<int>(i));
  });
  make(post_processors_, static_cast<std::size_t>(machine_.config.post_processor_count()), "post_processor",
       [this](const char* unit, std::size_t i) {
         return std::make_unique<PostProcessor>(unit, context_, machine_.config, static_cast<int>(i));
       });
  bind();

  SC_METHOD(begin);
  sensitive << begin_;
  dont_initialize();
  SC_METHOD(finish);
  sensitive << controller_.done_event() << failed_;
  dont_initialize();
}

Accelerator::~Accelerator() {
  destroy(post_processors_);
  destroy(pods_);
  destroy(p_banks_);
  destroy(w_banks_);
  destroy(x_banks_);
  destroy(fabrics_);
}

void Accelerator::bind() {
  auto fabric = [this](FabricId id) -> Fabric& { return *fabrics_[static_cast<std::size_t>(id)]; };
  for (const auto& each : fabrics_) each->monitor.bind(checker_);
  for (const auto& each : pods_) {
    Pod& pod = *each;
    fabric(FabricId::x).receivers.bind(pod.activations);
    fabric(FabricId::w).receivers.bind(pod.weights);
    fabric(FabricId::p_in).receivers.bind(pod.partial_sums_in);
    pod.partial_sums_out.bind(fabric(FabricId::p_out));
    controller_.pods.bind(pod.commands);
  }
  for (const auto& each : post_processors_) {
    PostProcessor& unit = *each;
    fabric(FabricId::post_in1).receivers.bind(unit.in1);
    fabric(FabricId::post_in2).receivers.bind(unit.in2);
    unit.out.bind(fabric(FabricId::post_out));
    controller_.post_processors.bind(unit.commands);
  }
  Fabric& post_out = fabric(FabricId::post_out);
  auto bind_banks = [&](Modules<Bank>& banks, sc_core::sc_port<BankInterface, 0>& orders,
                        sc_core::sc_port<BankInterface, 0>& fills, Fabric::Receivers& receivers) {
    for (const auto& each : banks) {
      Bank& bank = *each;
      orders.bind(bank.commands);
      fills.bind(bank.commands);
      receivers.bind(bank.post_in);
      bank.fill_listener.bind(controller_.fills);
      bank.monitor.bind(checker_);
    }
  };
  bind_banks(x_banks_, controller_.x_banks, dram_.x_banks, post_out.receivers);
  bind_banks(w_banks_, controller_.w_banks, dram_.w_banks, post_out.w_receivers);
  bind_banks(p_banks_, controller_.p_banks, dram_.p_banks, post_out.p_receivers);
  for (const auto& bank : x_banks_) bank->out.bind(fabric(FabricId::x));
  for (const auto& bank : w_banks_) bank->out.bind(fabric(FabricId::w));
  for (const auto& each : p_banks_) {
    Bank& bank = *each;
    fabric(FabricId::p_out).receivers.bind(bank.main_in);
    bank.out.bind(fabric(FabricId::p_in));
    bank.out.bind(fabric(FabricId::post_in1));
    bank.out.bind(fabric(FabricId::post_in2));
  }
  controller_.dram.bind(dram_.commands);
  controller_.monitor.bind(checker_);
  dram_.listener.bind(controller_.spills);
}

void Accelerator::observe(RunProbe& probe) {
  context_.probe = &probe;
  for (const auto& fabric : fabrics_) fabric->monitor.bind(probe);
}

void Accelerator::before_end_of_elaboration() {
  if (clk.bind_count() > 0) {
    SC_METHOD(on_clock);
    sensitive << clk;
    dont_initialize();
  }
  if (rst.bind_count() > 0) {
    SC_METHOD(on_reset);
    sensitive << rst;
    dont_initialize();
  }
}

void Accelerator::start(std::shared_ptr<const Program> program, std::shared_ptr<ValuePlane> values) {
  if (running_ || start_requested_) throw Error::internal(name(), "a program is started while another is running");
  if (to_json(program->machine.config) != config_json_) {
    throw Error::internal(name(), "the program was made for another machine");
  }
  program_ = std::move(program);
  values_ = std::move(values);
  start_requested_ = true;
  if (clk.bind_count() == 0) begin_.notify(sc_core::SC_ZERO_TIME);
}

void Accelerator::on_clock() {
  if (!clk->posedge()) return;
  if (start_requested_) begin_.notify(sc_core::SC_ZERO_TIME);
  if (finish_requested_) {
    finish_requested_ = false;
    done_.notify(sc_core::SC_ZERO_TIME);
  }
}

void Accelerator::begin() {
  if (!start_requested_ || (rst.bind_count() > 0 && rst->read())) return;
  start_requested_ = false;
  running_ = true;
  context_.fault.reset();
  context_.program = program_.get();
  context_.values = values_.get();
  if (context_.probe != nullptr) context_.probe->begin(*program_);
  for (const auto& fabric : fabrics_) fabric->reset();
  for (auto* banks : {&x_banks_, &w_banks_, &p_banks_}) {
    for (const auto& bank : *banks) bank->reset();
  }
  for (const auto& pod : pods_) pod->reset();
  for (const auto& unit : post_processors_) unit->reset();
  checker_.begin();
  controller_.begin();
  dram_.begin();
}

void Accelerator::finish() {
  if (!running_) return;
  running_ = false;
  if (context_.fault) {
    controller_.reset();
    dram_.reset();
  } else {
    context_.guard([this] {
      checker_.advance(std::numeric_limits<std::int64_t>::max());
      if (values_) values_->advance(std::numeric_limits<std::int64_t>::max());
    });
  }
  if (clk.bind_count() > 0) {
    finish_requested_ = true;
  } else {
    done_.notify(sc_core::SC_ZERO_TIME);
  }
}

void Accelerator::on_reset() {
  if (!rst->read()) {
    // A job that was started while the reset was held begins now, or at the next clock edge.
    if (start_requested_ && clk.bind_count() == 0) begin_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  if (!running_) return;
  running_ = false;
  controller_.reset();
  dram_.reset();
  for (const auto& pod : pods_) pod->reset();
  for (const auto& unit : post_processors_) unit->reset();
  context_.fault = Error::run_failed("the job was aborted by reset");
  done_.notify(sc_core::SC_ZERO_TIME);
}

RunResult Accelerator::result(std::optional<std::int64_t> stopped_at) const {
  if (context_.fault) throw Error(*context_.fault);
  RunResult result;
  if (program_ == nullptr) return result;
  controller_.collect(result, stopped_at);
  for (const auto& pod : pods_) {
    result.pod_operations.push_back(pod->operations());
    result.pod_busy_cycles.push_back(pod->busy_cycles());
  }
  for (const auto& unit : post_processors_) result.post_processor_busy_cycles += unit->busy_cycles();
  for (std::size_t f = 0; f < kFabrics; ++f) result.fabrics[f] = fabrics_[f]->statistics();
  auto add_banks = [&result](const Modules<Bank>& banks, std::size_t c) {
    for (const auto& bank : banks) {
      const BankStatistics& one = bank->statistics();
      BankStatistics& sum = result.banks[c];
      sum.read_bytes += one.read_bytes;
      sum.written_bytes += one.written_bytes;
      sum.filled_bytes += one.filled_bytes;
      sum.copied_bytes += one.copied_bytes;
      sum.delayed_fill_cycles += one.delayed_fill_cycles;
    }
  };
  add_banks(x_banks_, 0);
  add_banks(w_banks_, 1);
  add_banks(p_banks_, 2);
  result.peak_bank_bytes = checker_.peak_bank_bytes();
  result.peak_class_bytes = checker_.peak_class_bytes();
  result.dram = dram_.statistics();
  result.checks = checker_.checks();
  return result;
}

}  // namespace podsim

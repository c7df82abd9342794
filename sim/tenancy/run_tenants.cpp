// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/tenancy/run_tenants.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "podsim/sim/preparation.hpp"
#include "podsim/sim/run_report.hpp"
#include "podsim/sim/tenancy/shared_machine.hpp"

namespace podsim {
namespace {

using Clock = std::chrono::steady_clock;

/// The cycle in which the last of these operations is stored.
template <class Belongs>
std::int64_t done_cycle(const std::vector<OperationResult>& operations, Belongs belongs) {
  std::int64_t done = 0;
  for (std::size_t o = 0; o < operations.size(); ++o) {
    if (belongs(o)) done = std::max(done, operations[o].last_cycle);
  }
  return done;
}

/// The machine that tenants share under the plan. \throws Error (bad_input) if the pods do not fit
HardwareConfig machine_of(const Experiment& experiment, const TenancyPlan& plan, const std::vector<TenantLoad>& loads) {
  if (plan.splits_pods) return split_pods(experiment.hardware, experiment.tenants, loads);
  for (std::size_t t = 0; t < experiment.tenants.size(); ++t) {
    if (!experiment.tenants[t].pods) continue;
    throw Error(ErrorKind::bad_input,
                {Issue{{},
                       "/tenants/" + std::to_string(t) + "/pods",
                       "the policy \"" + experiment.mapping.tenancy.type + "\" gives nobody pods of their own",
                       "leave it out, or set /mapping/tenancy to \"split\""}});
  }
  return experiment.hardware;
}

class Tenants {
 public:
  Tenants(const Experiment& experiment, const RunOptions& options, MachinePool& machines, NetworkCache& networks)
      : experiment_(experiment), options_(options), machines_(machines) {
    // Rounds tell when arrivals are; what is written once is written for all tenants together.
    options_.record_rounds = true;
    alone_options_ = options;
    alone_options_.schedule_sink = nullptr;
    if (options.schedule) {
      throw Error(ErrorKind::bad_input,
                  {Issue{"--schedule-in", "/tenants", "several networks are scheduled together with their policy",
                         "leave it out"}});
    }
    for (const TenantConfig& tenant : experiment.tenants) {
      loaded_.push_back(networks.load(tenant.workload, experiment.allow_unmodelled));
      networks_.push_back(loaded_.back().get());
      lowered_.push_back(lower(networks_.back()->network, options.max_memory_bytes));
    }
    for (std::size_t t = 0; t < lowered_.size(); ++t) named_.push_back({experiment.tenants[t].name, &lowered_[t]});
  }

  /// Every tenant on the machine by itself.
  void run_alone(NetworkCache& networks) {
    for (std::size_t t = 0; t < experiment_.tenants.size(); ++t) {
      const TenantConfig& tenant = experiment_.tenants[t];
      Experiment one = experiment_;
      one.tenants.clear();
      one.workload = tenant.workload;
      const Report report = run_experiment(one, alone_options_, &machines_, &networks);
      TenantLoad& load = loads_.emplace_back();
      load.arrival_cycle = tenant.arrival_cycle;
      load.priority = tenant.priority;
      load.deadline_cycle = tenant.deadline_cycle;
      load.macs = report.network_macs;
      for (const OperationResult& operation : report.result.operations)
        load.operation_cycles.push_back(operation.cycles);
      alone_cycles_.push_back(done_cycle(report.result.operations, [](std::size_t) { return true; }));
      rounds_ += std::max<std::int64_t>(1, report.result.rounds);
      cycles_ += report.result.cycles;
      is_complete_ = is_complete_ && report.result.complete;
      host_.lowering_seconds += report.host.lowering_seconds;
      host_.scheduling_seconds += report.host.scheduling_seconds;
      host_.simulation_seconds += report.host.simulation_seconds;
    }
    plan_ = tenancy_policy_registry().make(experiment_.mapping.tenancy)->plan(loads_);
    hardware_ = machine_of(experiment_, plan_, loads_);
    mapping_ = experiment_.mapping;
    if (plan_.splits_pods) {
      mapping_.tiling.pod_groups.clear();
      for (std::size_t t = 0; t < lowered_.size(); ++t) {
        const std::string& name = experiment_.tenants[t].name;
        for (const Operation& operation : lowered_[t].operations) {
          if (operation.gemm() != nullptr) mapping_.tiling.pod_groups[name + "/" + operation.name] = name;
        }
      }
    }
  }

  Prepared prepare(const RoundClock& clock) const {
    return prepare_lowered(combined(named_, plan_.order), hardware_, mapping_, options_,
                           releases(plan_, loads_, clock));
  }

  RoundClock first_clock() const {
    return RoundClock(
        std::max(1.0, static_cast<double>(cycles_) / static_cast<double>(std::max<std::int64_t>(1, rounds_))));
  }

  TenancyResult tenancy_of(const Program& program, const Report& report) const {
    TenancyResult out;
    out.policy = experiment_.mapping.tenancy.type;
    out.makespan_cycles = report.result.cycles;
    const std::vector<Operation>& operations = program.work.network.operations;
    for (std::size_t t = 0; t < loads_.size(); ++t) {
      const TenantConfig& config = experiment_.tenants[t];
      auto belongs = [&operations, t](std::size_t o) { return operations[o].network == static_cast<int>(t); };
      TenantResult& tenant = out.tenants.emplace_back();
      tenant.name = config.name;
      tenant.workload = config.workload;
      tenant.workload_hash = networks_[t]->hash;
      tenant.batch = networks_[t]->network.batch;
      tenant.macs = loads_[t].macs;
      tenant.arrival_cycle = config.arrival_cycle;
      tenant.priority = config.priority;
      tenant.deadline_cycle = config.deadline_cycle;
      tenant.pods = plan_.splits_pods ? hardware_.pod_group(static_cast<int>(t)).count : hardware_.pod_count();
      tenant.done_cycle = done_cycle(report.result.operations, belongs);
      tenant.alone_cycles = alone_cycles_[t];
      for (std::size_t o = 0; o < operations.size(); ++o) {
        if (belongs(o)) tenant.joules += report.energy.operations[o].total();
      }
    }
    return out;
  }

  bool has_arrivals() const {
    return std::any_of(loads_.begin(), loads_.end(), [](const TenantLoad& load) { return load.arrival_cycle > 0; });
  }

  /// Plans and runs until arrivals fall into the rounds that were planned for them.
  Report run(const Technology& technology) {
    std::optional<Report> best;
    RoundClock clock = first_clock();
    std::vector<std::uint32_t> planned;
    int plannings = 0;
    while (plannings < kMostPlannings) {
      std::vector<std::uint32_t> rounds;
      for (const TenantLoad& load : loads_) rounds.push_back(clock.round_at(load.arrival_cycle));
      if (plannings > 0 && (rounds == planned || !has_arrivals())) break;
      planned = rounds;
      ++plannings;
      const Prepared prepared = prepare(clock);
      Report report;
      const auto simulating = Clock::now();
      report.result = machines_.machine_for(prepared.program->machine.config).run(*prepared.program, options_, nullptr);
      host_.simulation_seconds += std::chrono::duration<double>(Clock::now() - simulating).count();
      host_.lowering_seconds += prepared.lowering_seconds;
      host_.scheduling_seconds += prepared.scheduling_seconds;
      describe_run(report, experiment_, networks_, *prepared.program, technology);
      report.tenancy = tenancy_of(*prepared.program, report);
      clock = RoundClock(report.result.round_results);
      const bool is_better = !best || report.tenancy->stp() > best->tenancy->stp();
      const bool is_over = !report.result.complete;
      if (is_better || is_over) best = std::move(report);
      if (is_over) break;
    }
    best->tenancy->plannings = plannings;
    best->tenancy->is_complete = is_complete_ && best->result.complete;
    best->host = host_;
    if (!is_complete_ && best->result.complete) {
      best->result.complete = false;
      best->result.stopped_because = "a tenant alone was stopped before its end";
    }
    return std::move(*best);
  }

 private:
  const Experiment& experiment_;
  RunOptions options_, alone_options_;
  MachinePool& machines_;
  std::vector<std::shared_ptr<const LoadedNetwork>> loaded_;
  std::vector<const LoadedNetwork*> networks_;
  std::vector<LoweredNetwork> lowered_;
  std::vector<NamedNetwork> named_;
  std::vector<TenantLoad> loads_;
  std::vector<std::int64_t> alone_cycles_;
  std::int64_t rounds_ = 0, cycles_ = 0;  ///< of all tenants alone
  bool is_complete_ = true;
  TenancyPlan plan_;
  HardwareConfig hardware_;
  MappingConfig mapping_;
  HostCost host_;
};

}  // namespace

void check_tenancy(const Experiment& experiment, NetworkCache& networks) {
  std::vector<TenantLoad> loads;
  for (const TenantConfig& tenant : experiment.tenants) {
    TenantLoad& load = loads.emplace_back();
    load.macs = networks.load(tenant.workload, experiment.allow_unmodelled)->network.totals().macs;
    load.operation_cycles = {1};
  }
  machine_of(experiment, tenancy_policy_registry().make(experiment.mapping.tenancy)->plan(loads), loads);
}

Report run_tenants(const Experiment& experiment, const RunOptions& options, MachinePool* machines,
                   NetworkCache* networks) {
  const auto start = Clock::now();
  const Technology technology = load_technology(experiment.power.technology);
  MachinePool own_machines;
  NetworkCache own_networks(experiment.tenants.size());
  MachinePool& pool = machines != nullptr ? *machines : own_machines;
  NetworkCache& cache = networks != nullptr ? *networks : own_networks;
  check_tenancy(experiment, cache);
  Tenants tenants(experiment, options, pool, cache);
  tenants.run_alone(cache);
  Report report = tenants.run(technology);
  report.host.total_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report.host.peak_memory_bytes = peak_memory_bytes();
  if (!options.record_rounds) report.result.round_results.clear();
  return report;
}

std::unique_ptr<Program> prepare_tenants(const Experiment& experiment, const RunOptions& options) {
  MachinePool machines;
  NetworkCache networks(experiment.tenants.size());
  Tenants tenants(experiment, options, machines, networks);
  tenants.run_alone(networks);
  return tenants.prepare(tenants.first_clock()).program;
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/published_causes.hpp"

#include <utility>

#include "podsim/models/published/run.hpp"
#include "podsim/models/published/tiling.hpp"
#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/table.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

/// One switch of the published rules and what to call it.
struct RuleSwitch {
  const char* name;
  bool published::Rules::*rule;
  bool value;
};

constexpr RuleSwitch kSwitches[] = {
    {"the last round runs", &published::Rules::last_round_runs, true},
    {"arrays load their first weights once", &published::Rules::buffers_rearm, false},
    {"a round takes no extra cycle", &published::Rules::round_has_extra_cycle, false},
    {"butterfly latency n + e, not n + 2e", &published::Rules::expansion_counts_twice, false},
    {"no round trip of 2 L + 1 in a round", &published::Rules::round_trip_floor, false},
    {"10^9, not 2^30 bytes a second", &published::Rules::giga_is_2_to_30, false},
    {"tiles are fetched as soon as there is room", &published::Rules::prefetch_is_limited, false},
};

class Explainer {
 public:
  Explainer(const published::RawResult& raw, const RunOptions& options)
      : raw_(raw), options_(options), network_(load_network(raw.network_source())), config_(raw.machine()) {
    out_.raw = raw;
  }

  PublishedCauses run() {
    const published::RunResult model = switch_rules();
    const std::int64_t on_machine = split(model);
    // Each step changes one thing, and keeps it.
    MachineSteps steps;
    std::int64_t before = on_machine;
    auto step = [&](const char* name) {
      out_.machine_cycles = machine_run(network_, steps).cycles;
      add(name, out_.machine_cycles - before);
      before = out_.machine_cycles;
    };
    step("the network's own order of layers");
    steps.published_scheduler = false;
    step("finalise passes, vector operations; adds once");
    steps.own_x_tiles = false;
    step("layers that read the same activations share X tiles");
    steps.published_banks = false;
    step("banks of the default size");
    return std::move(out_);
  }

 private:
  /// What of the published runs is kept on podsim's machine.
  struct MachineSteps {
    bool published_scheduler = true;  ///< no finalise passes, vector operations free, adds twice
    bool own_x_tiles = true;          ///< every layer has X tiles of its own
    bool published_banks = true;      ///< their size
  };

  void add(std::string name, std::int64_t cycles) { out_.causes.push_back({std::move(name), cycles}); }
  void check_stop() const {
    if (options_.stop && options_.stop()) throw Error::run_failed("interrupted");
  }

  /// \return the run with all switches thrown
  published::RunResult switch_rules() {
    const PollScope interruptible([this] { check_stop(); });
    const TiledWorkload work = published::tile(published::workload_of(network_), config_);
    published::Rules rules;
    const Schedule schedule = published::schedule(work, config_, progress(), rules);
    published::RunResult last = published::run_schedule(work, schedule, config_, rules);
    out_.ours = last;

    published::Rules once;
    once.adds_issued_twice = false;
    const Schedule shorter = published::schedule(work, config_, progress(), once);
    out_.adds_issued_once = published::run_schedule(work, shorter, config_, once).cycles - last.cycles;

    for (const RuleSwitch& change : kSwitches) {
      rules.*change.rule = change.value;
      const published::RunResult next = published::run_schedule(work, schedule, config_, rules);
      add(change.name, next.cycles - last.cycles);
      last = next;
    }
    return last;
  }

  SchedulerProgress progress() const {
    return [this](std::int64_t placed, std::int64_t total) {
      check_stop();
      if (options_.progress) options_.progress({RunProgress::Phase::scheduling, placed, total, 0});
    };
  }

  RunResult machine_run(const Network& network, const MachineSteps& steps) {
    Experiment experiment = machine_experiment(raw_);
    if (steps.published_banks) experiment.hardware.banks.capacity_kib = config_.bank_bytes / 1024;
    experiment.mapping.scheduler.parameters["published"] = steps.published_scheduler;
    experiment.mapping.tiling.share_activation_tiles = !steps.own_x_tiles;
    const PollScope interruptible([this] { check_stop(); });
    Machine machine(experiment.hardware);
    const auto scheduler = scheduler_registry().make(experiment.mapping.scheduler);
    TilingConfig tiling = experiment.mapping.tiling;
    scheduler->adjust(tiling);
    TiledWorkload work = tile(lower(network, options_.max_memory_bytes), machine, tiling, options_.max_memory_bytes);
    Schedule schedule = scheduler->schedule(work, machine, progress());
    const Program program =
        make_program(std::move(machine), std::move(work), std::move(schedule), true, experiment.mapping.residency());
    RunResult result = simulate(program, options_);
    if (!result.complete) throw Error::run_failed(result.stopped_because);
    return result;
  }

  /// Runs the published placement on podsim's machine and says which accounts differ.
  /// \return its cycles
  std::int64_t split(const published::RunResult& model) {
    const RunResult result = machine_run(published::in_published_order(network_), {});
    auto stall = [&result](StallCause cause) { return result.stalls[static_cast<std::size_t>(cause)]; };
    add("rounds of operations and of passes",
        result.stream_cycles + stall(StallCause::weights) + stall(StallCause::post_processor) - model.round_cycles);
    add("sums and activations on their way to dependent rounds", stall(StallCause::dependency));
    add("links and bank ports", stall(StallCause::network) + stall(StallCause::bank));
    add("filling banks and arrays, memory stalls",
        result.fill_cycles + stall(StallCause::memory) - model.warm_up_cycles - model.memory_stall_cycles);
    add("drain and write-back", result.drain_cycles + result.write_back_cycles - model.tail_cycles);
    return result.cycles;
  }

  const published::RawResult& raw_;
  const RunOptions& options_;
  const Network network_;
  const published::MachineConfig config_;
  PublishedCauses out_;
};

}  // namespace

PublishedCauses explain_published(const published::RawResult& raw, const RunOptions& options) {
  return Explainer(raw, options).run();
}

std::string causes_table(const std::vector<PublishedCauses>& runs) {
  if (runs.empty()) return {};
  Table table([&runs] {
    std::vector<Table::Align> columns(runs.size() + 1, Table::Align::right);
    columns.front() = Table::Align::left;
    return columns;
  }());
  auto line = [&](const std::string& name, auto text_of) {
    std::vector<std::string> cells{name};
    for (const PublishedCauses& run : runs) cells.push_back(text_of(run));
    table.row(cells);
  };
  auto signed_text = [](std::int64_t cycles) { return (cycles > 0 ? "+" : "") + std::to_string(cycles); };
  line("", [](const PublishedCauses& run) { return run.raw.network; });
  line("", [](const PublishedCauses& run) { return run.raw.interconnect + ", " + std::to_string(run.raw.pods); });
  line("published", [](const PublishedCauses& run) { return std::to_string(run.ours.cycles); });
  for (std::size_t n = 0; n < runs.front().causes.size(); ++n) {
    line(runs.front().causes[n].name, [&](const PublishedCauses& run) { return signed_text(run.causes[n].cycles); });
  }
  line("podsim's machine", [](const PublishedCauses& run) { return std::to_string(run.machine_cycles); });
  line("(adds once, alone, by the published rules)",
       [&](const PublishedCauses& run) { return signed_text(run.adds_issued_once); });
  return table.text();
}

std::string causes_csv(const std::vector<PublishedCauses>& runs) {
  std::string out = "network,interconnect,pods,cause,cycles,version,commit\n";
  for (const PublishedCauses& run : runs) {
    auto line = [&](const std::string& cause, std::int64_t cycles) {
      out += run.raw.network + "," + run.raw.interconnect + "," + std::to_string(run.raw.pods) + ",\"" + cause + "\"," +
             std::to_string(cycles) + "," + version() + "," + commit() + "\n";
    };
    line("published", run.ours.cycles);
    for (const PublishedCause& cause : run.causes) line(cause.name, cause.cycles);
    line("podsim's machine", run.machine_cycles);
    line("adds once, alone, by the published rules", run.adds_issued_once);
  }
  return out;
}

std::string causes_json(const std::vector<PublishedCauses>& runs, const RunsWanted& wanted) {
  Json list = Json::array();
  for (const PublishedCauses& run : runs) {
    Json causes = Json::array();
    for (const PublishedCause& cause : run.causes) causes.push_back({{"cause", cause.name}, {"cycles", cause.cycles}});
    list.push_back({{"network", run.raw.network},
                    {"interconnect", run.raw.interconnect},
                    {"pods", run.raw.pods},
                    {"equal", run.differences().empty()},
                    {"published_cycles", run.ours.cycles},
                    {"causes", causes},
                    {"machine_cycles", run.machine_cycles},
                    {"adds_issued_once", run.adds_issued_once}});
  }
  Json out = runs_header("podsim-published-causes", runs.size(), wanted);
  out["runs"] = list;
  return out.dump(2) + "\n";
}

}  // namespace podsim

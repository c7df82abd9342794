// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/experiment_input.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/table.hpp"
#include "podsim/sim/tenancy/run_tenants.hpp"
#include "podsim/sim/writer.hpp"
#include "podsim/workloads/repeat.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

constexpr const char* kUsage =
    "Usage: podsim validate EXPERIMENT.json [options]\n"
    "       podsim validate -w WORKLOAD [-c CONFIG] [options]\n"
    "\n"
    "Reads and checks everything that podsim run would read, lowers the network and cuts it into tiles, but neither\n"
    "schedules nor simulates. All mistakes are reported together.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  podsim validate -w net.json\n"
    "  podsim validate experiment.json --set /hardware/pods/count=64\n"
    "\n"
    "Exit codes: 0 good, 1 it would need more than --max-memory, 2 bad input.\n";

/// What the network is on the machine. \throws Error
std::string described(const std::string& workload, const Experiment& experiment, std::int64_t memory) {
  LoadOptions load;
  load.allow_unmodelled = experiment.allow_unmodelled;
  const Network network = load_network(workload, load);
  const NetworkTotals totals = network.totals();
  const Machine machine(experiment.hardware);
  TilingConfig tiling = experiment.mapping.tiling;
  scheduler_registry().make(experiment.mapping.scheduler)->adjust(tiling);
  const TiledWorkload work = tile(repeated(lower(network, memory), experiment.repeat), machine, tiling, memory);
  const LowerBound bound = lower_bound(work.network, experiment.hardware, experiment.mapping.residency());
  Table table({Table::Align::left, Table::Align::left});
  table.row({"network", network.name + ", batch " + std::to_string(network.batch)});
  table.row({"layers", std::to_string(network.layers.size()) + ", " + std::to_string(totals.matrix_layers) +
                           " with matrices; " + std::to_string(work.network.operations.size()) + " operations"});
  table.row({"MACs", with_thousands(totals.macs)});
  table.row({"parameters", with_thousands(totals.parameters)});
  table.row({"machine", experiment.hardware.describe_pods() + "; " + machine.topology->describe()});
  table.row({"tile operations", with_thousands(work.op_count)});
  table.row({"lower bound", with_thousands(bound.limit()) + " cycles (" + bound.binding() + ")"});
  for (const UnmodelledLayer& layer : work.network.unmodelled) {
    table.row({"NOT MODELLED", layer.name + " (" + layer.op + ")"});
  }
  return table.text();
}

}  // namespace

int validate_command(const std::vector<std::string>& arguments) {
  OptionParser parser(kUsage, kExamples, 1);
  add_experiment_options(parser);
  parser.value("max-memory", "SIZE", "refuse work that would need more, e.g. 512M; default 4GiB");
  parser.flag("quiet,q", "print nothing if all is good");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const std::int64_t memory = parsed->size("max-memory").value_or(RunOptions{}.max_memory_bytes);
  const Experiment experiment = experiment_input(*parsed);
  require_workload(experiment);
  for (const std::string& path : experiment.outputs) (void)output_format(path, {});

  if (experiment.decode_steps > 0) check_decode(experiment);

  if (!experiment.tenants.empty()) {
    NetworkCache networks(experiment.tenants.size());
    check_tenancy(experiment, networks);
  }
  std::string text;
  for (const std::string& workload : experiment.workloads()) text += described(workload, experiment, memory);
  if (!parsed->has("quiet")) std::cout << "OK\n" << text;
  return kExitGood;
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/catalogue.hpp"

#include "podsim/interconnect/topology.hpp"
#include "podsim/models/dataflow.hpp"
#include "podsim/models/dram_model.hpp"
#include "podsim/models/energy/technology.hpp"
#include "podsim/models/schedule.hpp"
#include "podsim/sim/compatible_reports.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/tenancy/tenancy_policy.hpp"
#include "podsim/sim/writer.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {

const std::vector<Catalogue>& catalogues() {
  static const std::vector<Catalogue> list{
      {"networks", "Networks (-w)", "zoo:", &zoo_registry()},
      {"presets", "Machine presets (-c)", "preset:", &machine_preset_registry()},
      {"topologies", "Topologies (/hardware/interconnect)", "", &topology_registry()},
      {"schedulers", "Schedulers (/mapping/scheduler)", "", &scheduler_registry()},
      {"tenancy-policies", "Tenancy policies (/mapping/tenancy)", "", &tenancy_policy_registry()},
      {"dataflows", "Dataflows (/hardware/pods/dataflow)", "", &dataflow_registry()},
      {"dram-models", "DRAM models (/hardware/dram/type)", "", &dram_model_registry()},
      {"technologies", "Technologies (podsim power --technology)", "", &technology_registry()},
      {"formats", "Workload formats (recognised by content)", "", &workload_format_registry()},
      {"writers", "Output formats (-o FILE.NAME)", "", &writer_registry()},
      {"compat", "Reports of other simulators (--compat NAME)", "", &compatible_reports_registry()},
  };
  return list;
}

}  // namespace podsim

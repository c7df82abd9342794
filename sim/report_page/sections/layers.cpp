// SPDX-License-Identifier: Apache-2.0
// The layers, column by column; the roofline and the energy of layers are drawn from them as well.
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

/// "a, b" out of a list of names, or the text of an HDF5 report.
std::string names_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::vector<std::string> words;
  for (const Json& word : value) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  return join(words);
}

class LayerSection final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const Json& layers = run.report["layers"];
    if (layers.empty()) return {};
    Json out = {{"count", layers.size()}};
    for (const char* name : {"name", "op", "pod_group"}) add(layers, name, out);
    Json fused = Json::array();
    for (const Json& layer : layers) fused.push_back(names_of(member_of(layer, "fused")));
    out["fused"] = std::move(fused);
    for (const char* name : {"m", "k", "n", "groups", "macs", "tile_operations", "passes", "cycles", "array_cycles",
                             "compute_cycles", "first_cycle", "last_cycle", "utilization", "weight_bytes",
                             "activation_bytes", "partial_sum_bytes", "dram_bytes"}) {
      add(layers, name, out);
    }
    for (const char* group : {"stall_cycles", "energy_mj"}) {
      Json& columns = out[group] = Json::object();
      for (const auto& [name, ignored] : member_of(layers[0], group).items()) {
        Json& values = columns[name] = Json::array();
        for (const Json& layer : layers) values.push_back(number_of(member_of(layer, group), name));
      }
    }
    return out;
  }

 private:
  static void add(const Json& layers, const char* name, Json& out) {
    Json values = Json::array();
    bool is_known = false;
    for (const Json& layer : layers) {
      const Json& value = member_of(layer, name);
      const bool is_good = value.is_number() || value.is_string();
      is_known |= is_good;
      values.push_back(is_good ? value : Json());
    }
    if (is_known) out[name] = std::move(values);
  }
};

const Registered<NoParameters> entry{run_section_registry(), "layers", "utilization and stalls layer by layer",
                                     [](const NoParameters&) { return std::make_unique<LayerSection>(); }};

}  // namespace
}  // namespace podsim

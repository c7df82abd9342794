// SPDX-License-Identifier: Apache-2.0
// One row per layer, with a header: what pandas.read_csv and spreadsheets expect (RFC 4180).
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/writer.hpp"

namespace podsim {
namespace {

class Row {
 public:
  void text(const std::string& value) {
    begin();
    if (value.find_first_of(",\"\r\n") == std::string::npos) {
      out_ += value;
      return;
    }
    out_ += '"';
    for (const char c : value) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void integer(std::int64_t value) { text(std::to_string(value)); }
  void number(double value) { text(number_text(value)); }
  std::string end() { return out_ + "\n"; }

 private:
  void begin() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  bool first_ = true;
  std::string out_;
};

std::string header() {
  Row row;
  for (const char* name :
       {"layer", "op", "fused", "m", "k", "n", "groups", "macs", "tile_operations", "passes", "cycles", "array_cycles",
        "compute_cycles", "first_cycle", "last_cycle", "utilization", "busy_pod_cycles"}) {
    row.text(name);
  }
  for (int c = 0; c < kStallCauses; ++c) {
    row.text(std::string("stall_") + stall_cause_name(static_cast<StallCause>(c)) + "_cycles");
  }
  for (const char* name : {"weight_bytes", "activation_bytes", "partial_sum_bytes", "dram_bytes"}) row.text(name);
  for (const auto& [name, mj] : millijoules({})) row.text("energy_" + name + "_mj");
  for (const char* name : {"network", "batch", "pods", "rows", "cols", "clock_mhz", "total_cycles", "complete",
                           "config_hash", "version", "commit", "seed", "config"}) {
    row.text(name);
  }
  return row.end();
}

std::string line(const Report& report, const LayerReport& layer, const std::string& config) {
  const OperationResult& counted = layer.result;
  Row row;
  row.text(layer.name);
  row.text(layer.op);
  row.text(join(layer.fused, " "));
  for (const std::int64_t value :
       {layer.m, layer.k, layer.n, layer.groups, counted.macs, counted.tile_operations, counted.passes, counted.cycles,
        counted.array_cycles, counted.compute_cycles, counted.first_cycle, counted.last_cycle}) {
    row.integer(value);
  }
  row.number(layer.utilization);
  row.integer(counted.busy_pod_cycles);
  for (const std::int64_t cycles : counted.stalls) row.integer(cycles);
  for (const std::int64_t bytes :
       {counted.weight_bytes, counted.activation_bytes, counted.partial_sum_bytes, counted.dram_bytes}) {
    row.integer(bytes);
  }
  for (const auto& [name, mj] : millijoules(layer.energy)) row.number(mj);
  row.text(report.network);
  row.integer(report.batch);
  // The pods that the layer may use.
  if (layer.pod_group < 0) {
    row.integer(report.pods);
    row.integer(report.rows);
    row.integer(report.cols);
  } else {
    const PodGroupReport& group = report.pod_groups[static_cast<std::size_t>(layer.pod_group)];
    row.integer(group.pods);
    row.integer(group.rows);
    row.integer(group.cols);
  }
  row.number(report.clock_mhz);
  row.integer(report.result.cycles);
  row.text(report.result.complete ? "true" : "false");
  row.text(report.config_hash);
  row.text(report.version);
  row.text(report.commit);
  row.text(std::to_string(report.seed));
  row.text(config);
  return row.end();
}

class CsvWriter final : public Writer {
 public:
  std::string content(const Report& report) const override {
    const std::string config = report.experiment.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::string out = header();
    for (const LayerReport& layer : report.layers) out += line(report, layer, config);
    return out;
  }
};

const Registered<NoParameters> entry{writer_registry(), "csv", "one row per layer",
                                     [](const NoParameters&) { return std::make_unique<CsvWriter>(); }};

}  // namespace
}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
// The three report files of SCALE-Sim (github.com/scalesim-project/scale-sim-v2, version 3), one row per GEMM. The
// headers are SCALE-Sim's to the byte, with its blanks and trailing commas, since scripts look columns up by them.
// docs/formats.md says what each column holds here.
#include <algorithm>
#include <array>

#include "podsim/models/dataflow.hpp"
#include "podsim/sim/compatible_reports.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

/// One line in SCALE-Sim's spelling: "0, 12, , 3.5,".
class Line {
 public:
  explicit Line(std::int64_t layer) : text_(std::to_string(layer)) {}
  Line& count(std::int64_t value) { return cell(std::to_string(value)); }
  /// A cycle, or nothing if the event never happened.
  Line& cycle(std::int64_t value) { return value < 0 ? nothing() : count(value); }
  Line& number(double value) { return cell(number_text(value)); }
  Line& nothing() { return cell({}); }
  std::string end() const { return text_ + ",\n"; }

 private:
  Line& cell(const std::string& value) {
    text_ += ", " + value;
    return *this;
  }
  std::string text_;
};

double ratio(std::int64_t a, double b) {
  return b > 0 ? static_cast<double>(a) / b : 0;
}

class ScaleSimReports final : public CompatibleReports {
 public:
  std::vector<std::string> file_names() const override {
    return {"COMPUTE_REPORT.csv", "BANDWIDTH_REPORT.csv", "DETAILED_ACCESS_REPORT.csv"};
  }

  std::vector<std::string> contents(const Report& report) const override {
    std::string compute =
        "LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, "
        "Compute Util %,\n";
    std::string bandwidth =
        "LayerID, Avg IFMAP SRAM BW, Avg FILTER SRAM BW, Avg OFMAP SRAM BW, Avg IFMAP DRAM BW, Avg FILTER DRAM BW, "
        "Avg OFMAP DRAM BW,\n";
    std::string access = "LayerID";
    for (const char* memory : {"SRAM", "DRAM"}) {
      for (const char* operand : {"IFMAP", "Filter", "OFMAP"}) {
        const std::string column = std::string(", ") + memory + " " + operand + " ";
        access += column + "Start Cycle" + column + "Stop Cycle" + column;
        access += operand == std::string("OFMAP") ? "Writes" : "Reads";
      }
    }
    access += ",\n";
    std::int64_t id = 0;
    for (const LayerReport& layer : report.layers) {
      if (layer.groups == 0) continue;  // a vector operation; SCALE-Sim knows none
      compute += compute_line(id, report, layer);
      bandwidth += bandwidth_line(id, layer.result);
      access += access_line(id, layer.result);
      ++id;
    }
    return {std::move(compute), std::move(bandwidth), std::move(access)};
  }

  void check(const HardwareConfig& hardware) const override {
    for (int g = 0; g < hardware.pod_group_count(); ++g) {
      const OperandFlow flow = make_dataflow(hardware.pod_group(g))->flow();
      if (!flow.is_transposed && !flow.keeps_sums) continue;
      throw Error(ErrorKind::bad_input, {{"--compat",
                                          {},
                                          "scalesim: its columns are those of arrays that keep weights, not of " +
                                              hardware.pod_group(g).dataflow.type,
                                          "JSON, HDF5 and CSV reports (-o) know every dataflow"}});
    }
  }

 private:
  static std::string compute_line(std::int64_t id, const Report& report, const LayerReport& layer) {
    const OperationResult& counted = layer.result;
    // Loading weights is part of SCALE-Sim's folds.
    std::int64_t stalls = -counted.stalls[static_cast<std::size_t>(StallCause::weights)];
    for (const std::int64_t cycles : counted.stalls) stalls += cycles;
    // The index of the last cycle, as SCALE-Sim counts.
    const std::int64_t total = std::max<std::int64_t>(0, counted.array_cycles - 1);
    double array = static_cast<double>(report.rows) * report.cols;
    double pes = array * report.pods;
    if (layer.pod_group >= 0) {
      const PodGroupReport& group = report.pod_groups[static_cast<std::size_t>(layer.pod_group)];
      array = static_cast<double>(group.rows) * group.cols;
      pes = static_cast<double>(group.pes());
    }
    return Line(id)
        .count(counted.cycles)
        .count(total)
        .count(stalls)
        .number(100 * ratio(counted.macs, pes * static_cast<double>(total)))
        .number(100 * ratio(counted.macs, array * static_cast<double>(counted.busy_pod_cycles)))
        .number(100 * ratio(counted.macs, pes * static_cast<double>(counted.compute_cycles)))
        .end();
  }

  static std::int64_t fetched_activations(const OperationResult& counted) {
    return counted.dram_bytes - counted.dram_weight_bytes - counted.dram_written_bytes;
  }

  static std::string bandwidth_line(std::int64_t id, const OperationResult& counted) {
    Line line(id);
    for (const std::int64_t words :
         {counted.activation_bytes, counted.weight_bytes, counted.partial_sums_written, fetched_activations(counted),
          counted.dram_weight_bytes, counted.dram_written_bytes}) {
      line.number(ratio(words, static_cast<double>(counted.cycles)));
    }
    return line.end();
  }

  static std::string access_line(std::int64_t id, const OperationResult& counted) {
    Line line(id);
    line.cycle(counted.first_cycle).cycle(counted.last_stream_cycle).count(counted.activation_bytes);
    line.nothing().nothing().count(counted.weight_bytes);
    line.nothing().cycle(counted.last_cycle).count(counted.partial_sums_written);
    line.nothing().nothing().count(fetched_activations(counted));
    line.nothing().nothing().count(counted.dram_weight_bytes);
    line.nothing().nothing().count(counted.dram_written_bytes);
    return line.end();
  }
};

const Registered<NoParameters> entry{compatible_reports_registry(), "scalesim",
                                     "COMPUTE_REPORT.csv, BANDWIDTH_REPORT.csv and DETAILED_ACCESS_REPORT.csv",
                                     [](const NoParameters&) { return std::make_unique<ScaleSimReports>(); }};

}  // namespace
}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/summary.hpp"

#include <algorithm>
#include <cmath>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

constexpr std::size_t kWidth = 110;
using Align = Table::Align;

double part(std::int64_t a, std::int64_t b) {
  return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0;
}

std::string bytes_text(double bytes) {
  return si(bytes) + "B";
}

/// In the unit that keeps digits in front of the point.
std::string time_text(double milliseconds) {
  if (milliseconds >= 1000) return fixed(milliseconds / 1000, 3) + " s";
  if (milliseconds >= 1) return fixed(milliseconds, 3) + " ms";
  return fixed(milliseconds * 1000, 3) + " us";
}

/// Likewise.
std::string energy_text(double joules) {
  if (joules >= 1) return fixed(joules, 3) + " J";
  if (joules >= 1e-3) return fixed(joules * 1e3, 3) + " mJ";
  return fixed(joules * 1e6, 3) + " uJ";
}

std::string pod_sizes(const Report& report) {
  auto size = [](int rows, int cols) { return std::to_string(rows) + "x" + std::to_string(cols); };
  if (report.pod_groups.empty()) return " of " + size(report.rows, report.cols);
  std::vector<std::string> groups;
  for (const PodGroupReport& group : report.pod_groups) {
    groups.push_back(std::to_string(group.pods) + " of " + size(group.rows, group.cols));
  }
  return " (" + join(groups) + ")";
}

std::string title(const Report& report) {
  std::string out = printable(report.network_label()) + ", batch " + std::to_string(report.batch) + ": " +
                    si(static_cast<double>(report.network_macs)) + "MAC, " +
                    count_text(static_cast<double>(report.network_parameters), "parameters") + "\n";
  out += std::to_string(report.pods) + (report.pods == 1 ? " pod" : " pods") + pod_sizes(report) + " PEs at " +
         number_text(report.clock_mhz) + " MHz; " + report.topology + "; scheduler " + report.scheduler + "\n";
  return out;
}

/// What must not be overlooked.
std::string warnings(const Report& report) {
  std::string out;
  if (!report.result.complete) {
    out += "\nPARTIAL RESULT: stopped before the end (" + report.result.stopped_because + "), after " +
           with_thousands(report.result.rounds_done) + " of " + counted(report.result.rounds, "round") + ".\n";
  }
  if (!report.unmodelled.empty()) {
    out += "\nNOT MODELLED, cost nothing here: ";
    constexpr std::size_t kShown = 8;
    for (std::size_t n = 0; n < std::min(kShown, report.unmodelled.size()); ++n) {
      out += (n > 0 ? ", " : "") + printable(report.unmodelled[n]);
    }
    if (report.unmodelled.size() > kShown)
      out += ", and " + std::to_string(report.unmodelled.size() - kShown) + " more";
    out += "\n";
  }
  return out;
}

/// Of a partial run those that were simulated.
std::string rounds_text(const Report& report) {
  const std::int64_t rounds = std::max(report.last_main_round, report.last_post_round) + 1;
  if (report.result.complete) return counted(rounds, "round");
  return with_thousands(report.result.rounds_done) + " of " + counted(report.result.rounds, "round");
}

std::string results(const Report& report) {
  const RunResult& result = report.result;
  Table table({Align::left, Align::right, Align::left});
  table.row({"Cycles", with_thousands(result.cycles), time_text(report.milliseconds()) + " at the clock"});
  table.row({"Arrays busy", with_thousands(result.array_cycles),
             "cycles in which any loads weights or forms products; forms products: " +
                 with_thousands(result.compute_cycles)});
  table.row({"Utilization", percent(report.utilization()), "MACs / (PEs x cycles)"});
  table.row({"Throughput", fixed(report.effective_tops(), 1),
             "TOPS, of " + fixed(report.peak_tops(), 1) + " at peak; scaled to " + number_text(report.tdp_watts) +
                 " W: " + fixed(report.effective_tops_at_tdp(), 1)});
  table.row({"Busy pods", percent(report.busy_pods()),
             "of " + std::to_string(report.pods) + ", " + counted(result.tile_operations, "tile operation") + " in " +
                 rounds_text(report)});
  table.row({"DRAM traffic", bytes_text(static_cast<double>(result.dram.read_bytes)) + " in",
             bytes_text(static_cast<double>(result.dram.written_bytes)) + " out, " +
                 bytes_text(static_cast<double>(result.dram.spilled_bytes)) + " spilled"});
  if (report.resident_weight_bytes > 0) {
    table.row(
        {"Warm weights", bytes_text(static_cast<double>(report.resident_weight_bytes)), "in their banks all the time"});
  }
  table.row({"Peak in banks", bytes_text(static_cast<double>(result.peak_class_bytes[0])) + " X",
             bytes_text(static_cast<double>(result.peak_class_bytes[1])) + " W, " +
                 bytes_text(static_cast<double>(result.peak_class_bytes[2])) + " P alive at once"});
  table.row({"Energy", energy_text(report.energy.total()),
             fixed(report.energy.average_watts(), 1) + " W on average, " + fixed(report.energy.peak_watts, 1) +
                 " W at peak: " + fixed(report.tops_per_watt_at_average_power(), 2) + " and " +
                 fixed(report.tops_per_watt_at_peak_power(), 2) + " TOPS/W; technology " +
                 printable(report.energy.technology)});
  return table.text();
}

std::string breakdown(const Report& report) {
  Table table({Align::left, Align::right, Align::right, Align::left});
  std::vector<std::string> absent;
  for (const auto& [name, cycles] : report.cycle_classes()) {
    std::string label = name;
    std::replace(label.begin(), label.end(), '_', '-');
    const bool is_stall = label.compare(0, 6, "stall-") == 0;
    if (is_stall) label = "stall: " + label.substr(6);
    if (is_stall && cycles == 0) {
      absent.push_back(label.substr(7));
      continue;
    }
    const double share = part(cycles, report.result.cycles);
    const std::string bar(static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 30)), '#');
    table.row({label, with_thousands(cycles), percent(share), bar});
  }
  std::string out = "Where the cycles went\n" + table.text("  ");
  if (!absent.empty()) out += "  no stalls for " + join(absent) + "\n";
  return out;
}

/// What each kind of pod did, if there are several.
std::string pod_groups(const Report& report) {
  if (report.pod_groups.empty()) return {};
  Table table({Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right});
  table.row({"pods", "number", "PEs", "layers", "tile ops", "busy", "utilization"});
  for (const PodGroupReport& group : report.pod_groups) {
    table.row({group.name, std::to_string(group.pods), std::to_string(group.rows) + "x" + std::to_string(group.cols),
               with_thousands(group.layers), with_thousands(group.tile_operations),
               percent(part(group.busy_pod_cycles, group.pods * report.result.cycles)),
               percent(part(group.macs, group.pes() * report.result.cycles))});
  }
  return "Groups of pods\n" + table.text("  ") + "\n";
}

std::string limits(const Report& report) {
  const LowerBound& bound = report.bound;
  std::string out = report.is_at_limit() ? "At the limit of the " + report.bounded_by() + ".\n"
                                         : "Bound by the " + report.bounded_by() + ".\n";
  if (const auto distance = report.distance_to_limit()) {
    out += "No schedule can take less than " + with_thousands(bound.limit()) + " cycles (" + bound.binding() +
           "); this run takes " + fixed(*distance, 2) + " times that.\n";
  }
  out += "  lower bounds: array " + with_thousands(bound.work) + ", weight loading " + with_thousands(bound.load) +
         (bound.drain > 0 ? ", output port " + with_thousands(bound.drain) : std::string()) + ", DRAM " +
         with_thousands(bound.dram) + " cycles\n";
  return out;
}

std::string values(const Report& report) {
  if (!report.functional.was_run) return {};
  std::string out = "Values, against the reference\n";
  for (const OutputComparison& output : report.functional.outputs) {
    out += "  " + output.name + " " + shape_text(output.shape) + ": ";
    if (output.different == 0) {
      out += "all " + with_thousands(output.elements) + " elements are equal\n";
    } else {
      out += with_thousands(output.different) + " of " + with_thousands(output.elements) + " elements DIFFER; " +
             output.first + "\n";
    }
  }
  return out + "\n";
}

std::string assumption_list(const Report& report) {
  std::string out = "Assumptions in force\n";
  for (const std::string& assumption : report.assumptions) {
    bool first = true;
    for (const std::string& line : wrap(assumption, kWidth - 4)) {
      out += (first ? "  - " : "    ") + line + "\n";
      first = false;
    }
  }
  return out;
}

std::string host_cost(const Report& report) {
  const HostCost& host = report.host;
  if (host.total_seconds <= 0) return {};
  std::string out = "Host: " + fixed(host.total_seconds, 2) + " s (lowering " + fixed(host.lowering_seconds, 2) +
                    ", scheduling " + fixed(host.scheduling_seconds, 2) + ", simulation " +
                    fixed(host.simulation_seconds, 2) +
                    (report.functional.was_run ? ", reference " + fixed(host.reference_seconds, 2) : std::string()) +
                    "), peak memory " + fixed(static_cast<double>(host.peak_memory_bytes) / (1 << 20), 0) + " MiB\n";
  if (host.simulation_seconds > 0) {
    out += "      simulated " +
           count_text(static_cast<double>(report.result.tile_operations) / host.simulation_seconds,
                      "tile operations/s, ") +
           count_text(static_cast<double>(report.result.cycles) / host.simulation_seconds, "cycles/s") + "\n";
  }
  return out;
}

}  // namespace

std::string summary_text(const Report& report) {
  std::string several;
  if (report.decode) several += "\n" + decode_text(*report.decode, report.clock_mhz);
  if (report.tenancy) several += "\n" + tenancy_text(*report.tenancy, report.clock_mhz);
  if (report.repetition) several += "\n" + repetition_text(*report.repetition, report.clock_mhz);
  return title(report) + warnings(report) + several + "\n" + results(report) + "\n" + breakdown(report) + "\n" +
         pod_groups(report) + limits(report) + "\n" + values(report) + assumption_list(report) + "\n" +
         host_cost(report);
}

std::string layer_table(const Report& report) {
  Table table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
               Align::right, Align::right, Align::right, Align::right, Align::right, Align::left});
  table.row({"layer", "op", "m", "k", "n", "groups", "cycles", "share", "utilization", "tile ops", "passes", "energy",
             "longest stall"});
  for (const LayerReport& layer : report.layers) {
    const auto& stalls = layer.result.stalls;
    const auto longest = std::max_element(stalls.begin(), stalls.end());
    std::string stall = "-";
    if (*longest > 0) {
      stall = stall_cause_name(static_cast<StallCause>(longest - stalls.begin()));
      std::replace(stall.begin(), stall.end(), '_', '-');
      stall += " " + with_thousands(*longest);
    }
    const bool is_gemm = layer.groups > 0;
    auto size = [is_gemm](std::int64_t value) { return is_gemm ? std::to_string(value) : std::string("-"); };
    table.row({layer.name, layer.op, size(layer.m), size(layer.k), size(layer.n), size(layer.groups),
               with_thousands(layer.result.cycles), percent(part(layer.result.cycles, report.result.cycles)),
               percent(layer.utilization), with_thousands(layer.result.tile_operations),
               with_thousands(layer.result.passes), energy_text(layer.energy.total()), stall});
  }
  return table.text();
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/energy/power.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr std::array<const char*, 3> kBankClasses{"X", "W", "P"};

double ratio(double a, double b) {
  return b > 0 ? a / b : 0;
}

/// A ratio that cannot exceed one; the clamp is for rounding only.
double share(double a, double b) {
  return std::clamp(ratio(a, b), 0.0, 1.0);
}

void add_energy(StatGroup& root, const Report& report) {
  const RunEnergy& energy = report.energy;
  StatGroup& group = root.group("energy", "counted actions times the constants of a technology");
  const std::vector<Energy::Part> parts = energy.parts();
  const auto figures = millijoules(energy);
  for (std::size_t n = 0; n < parts.size(); ++n) {
    group.gauge(parts[n].name, "mJ", parts[n].description, figures[n].second);
  }
  group.gauge("total", "mJ", "the sum of all", figures.back().second);
  group.gauge("average_power", "W", "total / time", energy.average_watts());
  group.gauge("peak_power", "W", "of the machine, all of it at work", energy.peak_watts);
  if (energy.area_mm2) group.gauge("area", "mm2", "of pods, banks and fabrics", *energy.area_mm2);
  group.gauge("tops_per_watt_at_average_power", "TOPS/W", "effective_tops / average_power",
              report.tops_per_watt_at_average_power());
  group.gauge("tops_per_watt_at_peak_power", "TOPS/W", "effective_tops / peak_power",
              report.tops_per_watt_at_peak_power());
  group.gauge("tdp", "W", "the power budget", report.tdp_watts);
  group.gauge("effective_tops_at_tdp", "TOPS", "effective_tops x tdp / peak_power", report.effective_tops_at_tdp());
}

void add_fabrics(StatGroup& root, const RunResult& result) {
  StatGroup& fabrics = root.group("fabrics", "the seven circuit-switched networks");
  for (int f = 0; f < kFabrics; ++f) {
    const FabricStatistics& counted = result.fabrics[static_cast<std::size_t>(f)];
    const auto id = static_cast<FabricId>(f);
    StatGroup& group = fabrics.group(fabric_name(id));
    group.counter("circuits", "circuits", "circuits set up", counted.circuits);
    group.counter("bytes", "bytes", "carried; a multicast counts once", counted.bytes);
    group.counter("delivered_bytes", "bytes", "delivered; a multicast counts once per receiver",
                  counted.delivered_bytes);
    group.counter("multicast_bytes", "bytes", "delivered on top of the first receiver by multicast",
                  std::max<std::int64_t>(0, counted.delivered_bytes - counted.bytes));
  }
}

void add_banks(StatGroup& root, const RunResult& result) {
  StatGroup& banks = root.group("banks", "the SRAM banks, all of a class together");
  for (std::size_t c = 0; c < kBankClasses.size(); ++c) {
    const BankStatistics& counted = result.banks[c];
    StatGroup& group = banks.group(kBankClasses[c]);
    group.counter("read_bytes", "bytes", "read; a multicast counts once", counted.read_bytes);
    group.counter("written_bytes", "bytes", "written by fabrics", counted.written_bytes);
    group.counter("filled_bytes", "bytes", "written by DRAM", counted.filled_bytes);
    group.counter("copied_bytes", "bytes", "written by relayout: im2col copies", counted.copied_bytes);
    group.counter("delayed_fill_cycles", "cycles", "cycles in which fills yielded to post-processors",
                  counted.delayed_fill_cycles);
    group.counter("peak_bytes", "bytes", "most bytes alive at once", result.peak_class_bytes[c]);
    group.counter("peak_bank_bytes", "bytes", "most bytes alive at once in one bank", result.peak_bank_bytes[c]);
  }
}

void add_dram(StatGroup& root, const Report& report) {
  const DramStatistics& counted = report.result.dram;
  StatGroup& dram = root.group("dram", "the external memory");
  dram.counter("read_bytes", "bytes", "fetched", counted.read_bytes);
  dram.counter("weight_bytes", "bytes", "fetched into W banks", counted.weight_bytes);
  dram.counter("activation_bytes", "bytes", "fetched into X and P banks", counted.activation_bytes);
  dram.counter("written_bytes", "bytes", "results and new keys and values written back", counted.written_bytes);
  dram.counter("spilled_bytes", "bytes", "written because a bank was full", counted.spilled_bytes);
  dram.counter("refetched_bytes", "bytes", "fetched again after a spill or an eviction", counted.refetched_bytes);
  if (counted.channels.empty()) return;
  const auto channels = static_cast<double>(counted.channels.size());
  const double per_cycle = ratio(report.experiment["hardware"]["dram"]["bandwidth_gb_per_s"].get<double>() * 1e3,
                                 report.clock_mhz * channels);
  DramChannelStatistics all;
  std::int64_t most = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const DramChannelStatistics& channel : counted.channels) {
    all.requests += channel.requests;
    all.bytes += channel.bytes;
    all.queue_cycles += channel.queue_cycles;
    most = std::max(most, channel.bytes);
    least = std::min(least, channel.bytes);
  }
  StatGroup& group = dram.group("channels", "the channels, in whole bursts");
  const double capacity = per_cycle * static_cast<double>(report.result.cycles);
  group.counter("requests", "requests", "issued to all channels", all.requests);
  group.counter("burst_bytes", "bytes", "moved by all channels, whole bursts", all.bytes);
  group.gauge("busy_share", "1", "of their bandwidth, all channels",
              share(static_cast<double>(all.bytes), capacity * channels));
  group.gauge("busiest_share", "1", "of its bandwidth, the busiest channel",
              share(static_cast<double>(most), capacity));
  group.gauge("idlest_share", "1", "of its bandwidth, the idlest channel", share(static_cast<double>(least), capacity));
  group.gauge("mean_queue_cycles", "cycles", "a request waits behind others of its channel",
              ratio(static_cast<double>(all.queue_cycles), static_cast<double>(all.requests)));
  for (std::size_t n = 0; n < counted.channels.size(); ++n) {
    group.gauge("busy_share_" + std::to_string(n), "1", "of its bandwidth",
                share(static_cast<double>(counted.channels[n].bytes), capacity));
  }
}

void add_pods(StatGroup& root, const Report& report) {
  const RunResult& result = report.result;
  StatGroup& pods = root.group("pods", "pod cycles; the classes add up to pods x cycles");
  pods.counter("busy_pod_cycles", "pod cycles", "an activation row enters", result.busy_pod_cycles);
  pods.counter("barrier_pod_cycles", "pod cycles", "waiting for a longer tile of the same round",
               result.barrier_pod_cycles);
  pods.counter("idle_pod_cycles", "pod cycles", "without a tile operation in the round", result.idle_pod_cycles);
  pods.counter("stalled_pod_cycles", "pod cycles", "stall, fill, drain and write-back", result.stalled_pod_cycles);
  pods.gauge("busy_pods", "1", "tile operations / (rounds with tile operations x pods)", report.busy_pods());
  if (result.cycles > 0 && !result.pod_busy_cycles.empty()) {
    // Ten bins from idle to busy all the time.
    Histogram load(std::max<std::int64_t>(1, ceil_div(result.cycles, 10)), 10);
    for (const std::int64_t cycles : result.pod_busy_cycles) load.add(cycles);
    pods.histogram("busy_cycles", "cycles", "number of pods by cycles in which an activation row enters", load);
  }
}

/// Of machines with several kinds of pods: each kind by itself. PE cycles weigh a pod by its size.
void add_pod_groups(StatGroup& root, const Report& report) {
  if (report.pod_groups.empty()) return;
  StatGroup& groups = root.group("pod_groups", "the kinds of pods, by name");
  for (const PodGroupReport& each : report.pod_groups) {
    StatGroup& group = groups.group(each.name);
    const auto cycles = static_cast<double>(report.result.cycles);
    group.counter("pods", "pods", "of this kind", each.pods);
    group.counter("pes", "PEs", "of all its pods", each.pes());
    group.counter("layers", "layers", "that it carries out", each.layers);
    group.counter("macs", "MACs", "done by its pods", each.macs);
    group.counter("tile_operations", "tile operations", "done by its pods", each.tile_operations);
    group.counter("busy_pod_cycles", "pod cycles", "an activation row enters", each.busy_pod_cycles);
    group.counter("busy_pe_cycles", "PE cycles", "its PEs x cycles in which an activation row enters their pod",
                  each.busy_pod_cycles * each.rows * each.cols);
    group.gauge("busy", "1", "busy pod cycles / (its pods x cycles)",
                share(static_cast<double>(each.busy_pod_cycles), each.pods * cycles));
    group.gauge("utilization", "1", "MACs / (its PEs x cycles)",
                share(static_cast<double>(each.macs), static_cast<double>(each.pes()) * cycles));
  }
}

}  // namespace

std::int64_t Report::pes() const {
  if (pod_groups.empty()) return std::int64_t{1} * pods * rows * cols;
  std::int64_t sum = 0;
  for (const PodGroupReport& group : pod_groups) sum += group.pes();
  return sum;
}

double Report::milliseconds() const {
  return ratio(static_cast<double>(result.cycles), clock_mhz * 1e3);
}

double Report::utilization() const {
  return share(static_cast<double>(result.macs), static_cast<double>(pes()) * static_cast<double>(result.cycles));
}

double Report::effective_tops() const {
  const double seconds = milliseconds() / 1e3;
  return ratio(2.0 * static_cast<double>(result.macs), seconds * 1e12);
}

double Report::peak_tops() const {
  return 2.0 * static_cast<double>(pes()) * clock_mhz * 1e6 / 1e12;
}

double Report::tops_per_watt_at_average_power() const {
  return ratio(effective_tops(), energy.average_watts());
}

double Report::tops_per_watt_at_peak_power() const {
  return ratio(effective_tops(), energy.peak_watts);
}

double Report::effective_tops_at_tdp() const {
  return energy.peak_watts > 0 ? tops_at_tdp(effective_tops(), energy.peak_watts, tdp_watts) : 0;
}

std::vector<std::pair<std::string, double>> millijoules(const Energy& energy) {
  std::vector<std::pair<std::string, double>> out;
  double total = 0;
  for (const Energy::Part& part : energy.parts()) {
    out.emplace_back(part.name, part.joules * 1e3);
    total += out.back().second;
  }
  out.emplace_back("total", total);
  return out;
}

double Report::busy_pods() const {
  // Of a run that was stopped, only the rounds that were begun count.
  std::int64_t rounds = result.tile_operations > 0 ? last_main_round + 1 : 0;
  if (!result.complete) rounds = std::min(rounds, result.rounds_done);
  return share(static_cast<double>(result.tile_operations), static_cast<double>(rounds) * pods);
}

std::string Report::network_label() const {
  return workload_label(experiment, network);
}

std::string workload_label(const Json& experiment, const std::string& network) {
  constexpr std::string_view kZooPrefix = "zoo:";
  const auto source = experiment.is_object() ? experiment.find("workload") : experiment.end();
  if (source == experiment.end() || !source->is_string()) return network;
  const auto text = source->get<std::string>();
  return text.compare(0, kZooPrefix.size(), kZooPrefix) == 0 ? text : network;
}

bool Report::is_at_limit() const {
  const auto distance = distance_to_limit();
  return bound.limit() > 0 && distance && *distance <= kAtLimit;
}

std::optional<double> Report::distance_to_limit() const {
  if (!result.complete) return std::nullopt;
  return ratio(static_cast<double>(result.cycles), static_cast<double>(bound.limit()));
}

std::string Report::bounded_by() const {
  if (is_at_limit()) return bound.binding();
  auto stall = [this](StallCause cause) { return result.stalls[static_cast<std::size_t>(cause)]; };
  // The first of equals wins; what the array needs comes first.
  const std::array<std::pair<const char*, std::int64_t>, 7> classes{{
      {"array", result.stream_cycles},
      {"DRAM", stall(StallCause::memory) + result.write_back_cycles},
      {"dependencies", stall(StallCause::dependency)},
      {"weight loading", stall(StallCause::weights) + result.fill_cycles},
      {"network", stall(StallCause::network)},
      {"SRAM", stall(StallCause::bank)},
      {"post-processors", stall(StallCause::post_processor) + result.drain_cycles},
  }};
  return std::max_element(classes.begin(), classes.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

std::vector<std::pair<std::string, std::int64_t>> Report::cycle_classes() const {
  std::vector<std::pair<std::string, std::int64_t>> out;
  out.emplace_back("streaming", result.stream_cycles);
  out.emplace_back("fill", result.fill_cycles);
  for (int c = 0; c < kStallCauses; ++c) {
    out.emplace_back(std::string("stall_") + stall_cause_name(static_cast<StallCause>(c)),
                     result.stalls[static_cast<std::size_t>(c)]);
  }
  out.emplace_back("drain", result.drain_cycles);
  out.emplace_back("write_back", result.write_back_cycles);
  return out;
}

StatGroup Report::statistics() const {
  static constexpr std::array<const char*, 4 + kStallCauses> kDescriptions{
      "rounds in which activations stream, without waits",
      "before the first activation row, without waiting for memory",
      "waiting for weights to be loaded into the arrays",
      "waiting for a link",
      "waiting for a bank port",
      "waiting for partial sums or activations",
      "waiting for a post-processor",
      "waiting for DRAM: data or space",
      "after the last activation row, without write-back",
      "after everything else, DRAM still writes",
  };
  StatGroup root("run", "one run");
  root.counter("cycles", "cycles", "first fetch to last write-back", result.cycles);
  root.counter("array_cycles", "cycles", "weight rows enter an array, or products are formed in one",
               result.array_cycles);
  root.counter("compute_cycles", "cycles", "of these: products are formed", result.compute_cycles);
  root.gauge("time", "ms", "cycles at the clock", milliseconds());
  root.counter("macs", "MACs", "multiply-accumulates done", result.macs);
  root.counter("tile_operations", "tile operations", "done by pods", result.tile_operations);
  root.counter("passes", "passes", "done by post-processors", result.passes);
  root.counter("relayout_copies", "passes", "of these: copies of output tiles to further banks",
               result.relayout_copies);
  root.counter("relayout_bytes", "bytes", "that these copies carry over PP-in1 and over PP-out", result.relayout_bytes);
  root.counter("rounds", "rounds", "in the schedule", result.rounds);
  root.counter("rounds_done", "rounds", "simulated", result.rounds_done);
  root.gauge("utilization", "1", "MACs / (PEs x cycles)", utilization());
  root.gauge("effective_tops", "TOPS", "2 MACs / time", effective_tops());
  root.gauge("peak_tops", "TOPS", "2 PEs x clock", peak_tops());
  if (const auto distance = distance_to_limit()) {
    root.gauge("distance_to_limit", "1", "cycles / lower bound", *distance);
  }
  root.counter("checks", "events", "looked at by the legality checker", result.checks);

  StatGroup& classes = root.group("cycle_classes", "they add up to cycles");
  const auto list = cycle_classes();
  for (std::size_t n = 0; n < list.size(); ++n) {
    classes.counter(list[n].first, "cycles", kDescriptions.at(n), list[n].second);
  }
  StatGroup& bounds = root.group("lower_bounds", "what no schedule can beat with these dataflows");
  bounds.counter("mac", "cycles", "MACs / PEs", bound.mac);
  bounds.counter("work", "cycles",
                 "rows that stream through arrays / pods: of activations, over all weight tiles, if weights stay",
                 bound.work);
  bounds.counter("load", "cycles", "rows of the tiles that stay in arrays / pods", bound.load);
  bounds.counter("drain", "cycles", "rows of sums that stay in arrays until they drain / pods", bound.drain);
  bounds.counter("dram", "cycles", "weights, inputs, caches and outputs once at full bandwidth", bound.dram);
  bounds.counter("limit", "cycles", "the largest of work, load, drain and dram", bound.limit());
  add_pods(root, *this);
  add_pod_groups(root, *this);
  StatGroup& post = root.group("post_processors", "all of them together");
  post.counter("busy_cycles", "post-processor cycles", "a row enters", result.post_processor_busy_cycles);
  add_fabrics(root, result);
  add_banks(root, result);
  add_dram(root, *this);
  add_energy(root, *this);
  return root;
}

namespace {

/// What the arrays do otherwise than by default, with the groups that do so if not all of them do.
void add_array_conventions(const HardwareConfig& hardware, std::vector<std::string>& out) {
  auto add = [&](const std::string& text, auto holds) {
    std::vector<std::string> groups;
    for (int g = 0; g < hardware.pod_group_count(); ++g) {
      if (holds(hardware.pod_group(g))) groups.push_back(hardware.pod_group_name(g));
    }
    if (groups.empty()) return;
    const bool all = groups.size() == static_cast<std::size_t>(hardware.pod_group_count());
    out.push_back(text + (all ? "" : " (groups of pods: " + join(groups) + ")"));
  };
  auto keeps_sums = [](const PodConfig& kind) { return make_dataflow(kind)->flow().keeps_sums; };
  add("the next tile is loaded behind the last row that streams (drain overlapped)", [&](const PodConfig& kind) {
    return !keeps_sums(kind) && kind.weight_buffers == "single" && kind.drain == "overlapped";
  });
  add("a tile with fewer rows than the array loads zeros for the others (full edge folds)",
      [&](const PodConfig& kind) { return !keeps_sums(kind) && kind.edge_folds == "full"; });
  add("new sums wait until those before are read (single output buffers)",
      [&](const PodConfig& kind) { return keeps_sums(kind) && kind.output_buffers == "single"; });
  add("and for the last product of the array (drain charged)", [&](const PodConfig& kind) {
    return keeps_sums(kind) && kind.output_buffers == "single" && kind.drain == "charged";
  });
  add("the last product of a small output tile is that of a whole one (full edge folds)",
      [&](const PodConfig& kind) { return keeps_sums(kind) && kind.edge_folds == "full"; });
  add("a tile operation takes the X port for some cycles at least (min_stream_cycles)",
      [](const PodConfig& kind) { return kind.min_stream_cycles > 1; });
  add("no partial sums enter the arrays: post-processors add them all",
      [&](const PodConfig& kind) { return !keeps_sums(kind) && !kind.partial_sum_input; });
  add("sums do not stay for a further operation: post-processors add them all",
      [&](const PodConfig& kind) { return keeps_sums(kind) && !kind.partial_sum_input; });
}

}  // namespace

std::vector<std::string> assumptions(const Experiment& experiment) {
  const HardwareConfig& hardware = experiment.hardware;
  const PluginConfig& scheduler = experiment.mapping.scheduler;
  const bool published = scheduler.parameters.value("published", false);
  std::vector<std::string> out;
  if (hardware.weight_bits == 8 && hardware.activation_bits == 8) {
    out.emplace_back("int8 operands");
  } else {
    out.emplace_back("a weight takes " + std::to_string(hardware.weight_bits) + " bits, an activation " +
                     std::to_string(hardware.activation_bits) +
                     " bits in DRAM, banks and circuits; a row still takes one cycle, and values are computed as int8");
  }
  out.back() += std::string("; a partial sum takes " + std::to_string(hardware.partial_sum_bytes) +
                            (hardware.partial_sum_bytes == 1 ? " byte" : " bytes") + " in traffic and capacity");
  if (experiment.mapping.residency() == WeightResidency::warm) {
    out.emplace_back("warm start: the weights that fit lie in their banks; others and inputs are fetched from DRAM");
  } else {
    out.emplace_back("cold start: weights and inputs lie in DRAM and are fetched once, unless evicted");
  }
  out.emplace_back("im2col happens in the bank layout: a convolution reads its X tiles as stored");
  const TilingConfig& tiling = experiment.mapping.tiling;
  if (tiling.convolution == "kernel_positions") {
    out.emplace_back("no weight tile of a convolution without groups spans kernel positions");
  }
  if (!tiling.pack_groups) out.emplace_back("small groups of a convolution do not share an array");
  if (hardware.relayout == "free") {
    out.emplace_back("relayout is free: a result reaches all X tiles that need it without further circuits");
  }
  int loading = 0, single = 0, transposed = 0, by_columns = 0, keeping = 0;  // groups of pods
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const OperandFlow flow = make_dataflow(hardware.pod_group(g))->flow();
    if (flow.preloads) ++loading;
    if (flow.preloads && hardware.pod_group(g).weight_buffers == "single") ++single;
    if (flow.is_transposed) ++transposed;
    if (flow.activations_by_columns()) ++by_columns;
    if (flow.keeps_sums) ++keeping;
  }
  const std::string loaded = transposed == 0         ? "weights are loaded "
                             : transposed == loading ? "activations are loaded "
                                                     : "weights, or activations that stay, are loaded ";
  if (single > 0 && single < loading) {
    out.emplace_back(loaded + "during the round before, or between rounds for pods with a single buffer");
  } else if (loading > 0 && single == 0) {
    out.emplace_back(loaded + "during the round before (double weight buffers)");
  } else if (loading > 0) {
    out.emplace_back(loaded + "between rounds (single weight buffer)");
  }
  if (keeping > 0) out.emplace_back("sums of output-stationary arrays leave behind the end of their round");
  if (by_columns > 0 && hardware.banks.column_reads == "free") {
    out.emplace_back("banks deliver tiles by rows or by columns, as arrays need them, at no cost");
  } else if (by_columns > 0) {
    out.emplace_back("a tile that is delivered by columns is read row by row into a transposing buffer first");
  }
  add_array_conventions(hardware, out);
  if (hardware.pod_group_count() > 1) {
    out.emplace_back(
        "a layer runs on pods of one group; rounds are common to all groups and as long as their longest tile");
  }
  if (published) {
    out.emplace_back("published machine: no finalise pass, vector operations are free, adds are issued twice");
  } else {
    out.emplace_back("vector operations run on the post-processors, one row per cycle and pass");
  }
  if (hardware.spill == "lru") {
    out.emplace_back("spills and write-backs leave the banks in port cycles that nobody else uses");
  } else {
    out.emplace_back("write-backs leave the banks in port cycles that nobody else uses; nothing is spilled");
  }
  const std::string bandwidth = number_text(hardware.dram.bandwidth_gb_per_s) + " GB/s";
  if (hardware.dram.model.type == "bandwidth") {
    out.emplace_back("DRAM has bandwidth (" + bandwidth + ") but no latency");
  } else {
    out.emplace_back("DRAM has bandwidth (" + bandwidth + "); model " + hardware.dram.model.type + ": " +
                     dram_model_registry().find(hardware.dram.model.type)->summary);
  }
  if (experiment.allow_unmodelled) out.emplace_back("layers that podsim does not model cost nothing");
  return out;
}

}  // namespace podsim

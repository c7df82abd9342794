// SPDX-License-Identifier: Apache-2.0
// When circuits are launched and when they arrive in whole runs, seen by a probe on the fabrics, against
// docs/machine_model.md, sections 6 and 17, and docs/interconnect.md. Nothing of the tiling controller, its scoreboard
// or the checker is used: the rounds come from the schedule, the latencies from the stated formulas.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/observed_run.hpp"
#include "support/stated_latency.hpp"

namespace podsim::test {
namespace {

using BankLaunch = std::tuple<FabricId, int, std::int64_t, std::uint32_t>;  ///< fabric, bank, launch, item

BankLaunch launch_of(const SeenCircuit& seen) {
  return {seen.fabric, seen.transfer.bank, seen.transfer.launch, seen.transfer.item};
}

std::string text_of(const SeenCircuit& seen) {
  return std::string(fabric_name(seen.fabric)) + ", bank " + std::to_string(seen.transfer.bank) + ", unit " +
         std::to_string(seen.transfer.unit) + ", launch " + std::to_string(seen.transfer.launch);
}

/// A write arrives its latency after the launch. A read does, too; the nearer branches of a multicast wait for the
/// farthest.
void check_latencies(const Program& program, const std::vector<SeenCircuit>& circuits) {
  const HardwareConfig& hardware = program.machine.config;
  const auto stated = [&](const Transfer& transfer) {
    const auto cycles = stated_latency(hardware.interconnect, hardware.terminals(), transfer.bank, transfer.unit);
    if (!cycles) FAIL("no formula for " << hardware.interconnect.type << " in support/stated_latency.hpp");
    return *cycles;
  };
  std::map<BankLaunch, std::int64_t> farthest;
  for (const SeenCircuit& seen : circuits) {
    std::int64_t& cycles = farthest[launch_of(seen)];
    cycles = std::max(cycles, stated(seen.transfer));
  }
  for (const SeenCircuit& seen : circuits) {
    const std::int64_t expected = is_write_fabric(seen.fabric) ? stated(seen.transfer) : farthest[launch_of(seen)];
    if (seen.transfer.arrival - seen.transfer.launch != expected) {
      FAIL(text_of(seen) << ": arrives in " << seen.transfer.arrival << ", stated latency " << expected);
    }
  }
}

/// A resource that is owned in cycles [from, to).
struct Owned {
  std::int64_t from, to;
  BankLaunch owner;
  bool operator<(const Owned& other) const {
    return std::tie(from, to, owner) < std::tie(other.from, other.to, other.owner);
  }
};

/// Fails if two owners have it at once.
void check_owners(const std::string& what, std::vector<Owned>& owned) {
  std::sort(owned.begin(), owned.end());
  const Owned* last = nullptr;
  for (const Owned& one : owned) {
    if (last != nullptr && one.owner != last->owner && one.from < last->to) {
      FAIL(what << " has two owners in cycle " << one.from);
    }
    if (last == nullptr || one.to > last->to) last = &one;
  }
}

/// Link h of a circuit is owned in [launch + h, launch + h + rows), and by one bank's tile at a time.
void check_links(const Program& program, const std::vector<SeenCircuit>& circuits) {
  const Topology& topology = *program.machine.topology;
  std::map<std::pair<FabricId, int>, std::vector<Owned>> links;
  auto own = [&](const SeenCircuit& seen, std::size_t number, std::vector<int> path) {
    // Write circuits run backwards. There is no multicast to a bank: every circuit is an owner of its own.
    BankLaunch owner = launch_of(seen);
    if (is_write_fabric(seen.fabric)) {
      std::reverse(path.begin(), path.end());
      std::get<3>(owner) = static_cast<std::uint32_t>(number);
    }
    for (std::size_t h = 0; h < path.size(); ++h) {
      const std::int64_t from = seen.transfer.launch + static_cast<std::int64_t>(h);
      links[{seen.fabric, path[h]}].push_back({from, from + seen.transfer.rows, owner});
    }
  };
  if (topology.has_fixed_routes()) {
    std::vector<int> path;
    for (std::size_t n = 0; n < circuits.size(); ++n) {
      topology.route(circuits[n].transfer.bank, circuits[n].transfer.unit, path);
      own(circuits[n], n, path);
    }
  } else {
    std::map<std::pair<FabricId, std::int64_t>, std::vector<std::size_t>> together;
    for (std::size_t n = 0; n < circuits.size(); ++n) {
      together[{circuits[n].fabric, circuits[n].transfer.launch}].push_back(n);
    }
    for (const auto& [when, members] : together) {
      std::vector<Circuit> pairs;
      for (const std::size_t n : members) pairs.push_back({circuits[n].transfer.bank, circuits[n].transfer.unit});
      CircuitPaths paths;
      if (topology.settle(pairs, paths)) FAIL("no settings for the circuits launched in cycle " << when.second);
      for (std::size_t m = 0; m < members.size(); ++m) {
        own(circuits[members[m]], members[m],
            {paths.links.begin() + static_cast<std::ptrdiff_t>(paths.first[m]),
             paths.links.begin() + static_cast<std::ptrdiff_t>(paths.first[m + 1])});
      }
    }
  }
  for (auto& [link, owned] : links) {
    check_owners(std::string("link ") + std::to_string(link.second) + " of " + fabric_name(link.first), owned);
  }
}

/// Every port of a pod or post-processor takes, and every port of a bank gives or takes, one row per cycle.
void check_ports(const std::vector<SeenCircuit>& circuits) {
  std::map<std::tuple<FabricId, bool, int>, std::vector<Owned>> ports;
  for (std::size_t n = 0; n < circuits.size(); ++n) {
    const SeenCircuit& seen = circuits[n];
    const Transfer& transfer = seen.transfer;
    BankLaunch alone = launch_of(seen);
    std::get<3>(alone) = static_cast<std::uint32_t>(n);
    const bool write = is_write_fabric(seen.fabric);
    const std::int64_t at_unit = write ? transfer.launch : transfer.arrival;
    // A tile that is transposed takes the port while its rows are read, or while it leaves, whichever is longer.
    const std::int64_t at_bank = write ? transfer.arrival : transfer.launch - transfer.ahead;
    const std::int64_t taken = std::max(transfer.rows, transfer.ahead);
    ports[{seen.fabric, false, transfer.unit}].push_back({at_unit, at_unit + transfer.rows, alone});
    ports[{seen.fabric, true, transfer.bank}].push_back({at_bank, at_bank + taken, write ? alone : launch_of(seen)});
  }
  for (auto& [port, owned] : ports) {
    check_owners(std::string(std::get<1>(port) ? "bank " : "unit ") + std::to_string(std::get<2>(port)) + ", " +
                     fabric_name(std::get<0>(port)),
                 owned);
  }
}

/// What a round is, from the circuits of its operations.
struct RoundTimes {
  /// First row that is loaded ahead, first row that streams, first row of passes; the cycle in which arrays that keep
  /// their sums begin to drain.
  std::int64_t u = -1, s = -1, v = -1, d = -1;
  std::int64_t w = 0, m = 0, n = 0, r = 0;  ///< rows of the longest tile that is loaded or streams, pass, drained sums
  std::int64_t read = -1;     ///< of sums in a single plane: cycles from draining until new ones may overwrite them
  bool has_new_sums = false;  ///< an operation begins sums that stay
  std::int64_t single_drain =
      -1;  ///< of the slowest pods with a single weight buffer: Rs + Cs - 2, or 0 if overlapped; -1: none
};

void same_for_all(std::int64_t& known, std::int64_t cycle, const SeenCircuit& seen) {
  if (known == -1) known = cycle;
  if (known != cycle) FAIL(text_of(seen) << ": not in the same cycle as the others of its round, " << known);
}

struct Counts {
  std::int64_t rounds = 0, chained = 0, single_buffered = 0, sums_read = 0, drained = 0, single_planes = 0;
};

std::vector<RoundTimes> round_times(const Program& program, const std::vector<SeenCircuit>& circuits) {
  const HardwareConfig& hardware = program.machine.config;
  std::vector<RoundTimes> rounds(program.order.main_first.size() - 1);
  for (const SeenCircuit& seen : circuits) {
    const Transfer& transfer = seen.transfer;
    const bool is_pass = seen.fabric >= FabricId::post_in1;
    const std::uint32_t number =
        is_pass ? program.schedule.post.at(transfer.id).round : program.schedule.main.at(transfer.id).round;
    RoundTimes& round = rounds.at(number);
    const PodConfig& kind = hardware.pod_group(is_pass ? 0 : hardware.group_of_pod(transfer.unit));
    const int wavefront =
        (kind.rows + kind.fan_in - 1) / kind.fan_in + (kind.cols + kind.broadcast - 1) / kind.broadcast;
    const bool keeps_sums = kind.dataflow.type == "output_stationary";
    switch (seen.fabric) {
      case FabricId::x:
        same_for_all(round.s, transfer.arrival, seen);
        round.m = std::max<std::int64_t>({round.m, transfer.rows, kind.min_stream_cycles});
        break;
      case FabricId::p_in:
        same_for_all(round.s, transfer.arrival, seen);
        break;
      case FabricId::p_out:
        if (!keeps_sums) {
          same_for_all(round.s, transfer.launch - (wavefront - 1), seen);
          break;
        }
        same_for_all(round.d, transfer.launch - (kind.cols + kind.broadcast - 1) / kind.broadcast, seen);
        round.r = std::max<std::int64_t>(round.r, transfer.rows);
        if (kind.output_buffers == "single") {
          round.read = std::max<std::int64_t>(round.read, transfer.rows - 1 - (transfer.rows - 1) / kind.fan_in);
        }
        break;
      case FabricId::w:
        if (keeps_sums) {
          same_for_all(round.s, transfer.arrival, seen);
          if (program.schedule.main[transfer.id].partial_sum_in == kNone) round.has_new_sums = true;
          break;
        }
        same_for_all(round.u, transfer.arrival, seen);
        round.w = std::max<std::int64_t>(round.w, kind.edge_folds == "full" ? kind.rows : transfer.rows);
        if (kind.weight_buffers == "single") {
          round.single_drain = std::max<std::int64_t>(round.single_drain, kind.drain == "charged" ? wavefront - 2 : 0);
        }
        break;
      case FabricId::post_in1:
      case FabricId::post_in2:
        same_for_all(round.v, transfer.arrival, seen);
        round.n = std::max<std::int64_t>(round.n, transfer.rows);
        break;
      case FabricId::post_out:
        break;
    }
  }
  return rounds;
}

void at_least(std::int64_t cycle, std::int64_t bound, const char* rule, std::size_t round) {
  if (cycle < bound) FAIL("round " << round << ": " << rule << ": " << cycle << " < " << bound);
}

void check_rounds(const Program& program, const ObservedRun& run, Counts& counts) {
  const HardwareConfig& hardware = program.machine.config;
  const std::vector<RoundTimes> rounds = round_times(program, run.circuits);
  REQUIRE(run.result.round_results.size() == rounds.size());
  const RoundTimes* main = nullptr;   // the last round with tile operations
  const RoundTimes* load = nullptr;   // with tiles that are loaded ahead
  const RoundTimes* drain = nullptr;  // with sums that drain
  const RoundTimes* post = nullptr;   // the last round with passes
  for (std::size_t q = 0; q < rounds.size(); ++q) {
    const RoundTimes& now = rounds[q];
    const RoundResult& recorded = run.result.round_results[q];
    if (now.s >= 0) {
      ++counts.rounds;
      REQUIRE(recorded.stream_start == now.s);
      REQUIRE(recorded.stream_end == now.s + now.m);
      if (now.u >= 0) at_least(now.s, now.u + now.w, "activations enter after the last weight row", q);
      if (now.d >= 0) {
        ++counts.drained;
        REQUIRE(now.d == recorded.stream_end);
        if (drain != nullptr) at_least(now.d, drain->d + drain->r, "sums leave after those of rounds before", q);
      }
      if (drain != nullptr && drain->read >= 0 && now.has_new_sums) {
        ++counts.single_planes;
        // With several kinds of pods, new sums may be in others than those that drain; the rule is for the group.
        if (hardware.pods.groups.empty()) at_least(now.s, drain->d + drain->read, "sums are read before new ones", q);
      }
      if (main != nullptr) at_least(now.s, main->s + main->m, "activations enter after those of the round before", q);
      if (now.u >= 0 && load != nullptr) at_least(now.u, load->u + load->w, "weights enter after those before", q);
      if (main != nullptr && now.u >= 0) {
        at_least(now.u, main->s, "weights enter once the last ones are swapped in", q);
        if (now.single_drain >= 0) {
          ++counts.single_buffered;
          at_least(now.u, main->s + main->m + now.single_drain, "a single weight buffer is written when it is drained",
                   q);
        }
      }
      main = &now;
      if (now.u >= 0) load = &now;
      if (now.d >= 0) drain = &now;
    }
    if (now.v >= 0) {
      REQUIRE(recorded.post_start == now.v);
      at_least(now.v, now.s, "passes start with their round", q);
      if (post != nullptr) at_least(now.v, post->v + post->n, "passes enter after those of the round before", q);
      post = &now;
    }
  }
}

/// A row is written in one cycle, read in the next at the earliest, and launched in the one after that.
void check_dependences(const Program& program, const std::vector<SeenCircuit>& circuits, Counts& counts) {
  const auto tiles = static_cast<std::uint32_t>(program.work.tiles.size());
  std::map<std::uint32_t, std::int64_t> written;  // per item
  for (const SeenCircuit& seen : circuits) {
    if (is_write_fabric(seen.fabric)) {
      if (!written.emplace(seen.transfer.item, seen.transfer.arrival).second) FAIL(text_of(seen) << ": written twice");
    }
  }
  for (const SeenCircuit& seen : circuits) {
    if (is_write_fabric(seen.fabric) || seen.transfer.item < tiles) continue;
    const auto found = written.find(seen.transfer.item);
    if (found == written.end()) FAIL(text_of(seen) << ": never written");
    ++counts.sums_read;
    if (seen.fabric == FabricId::p_in) ++counts.chained;
    at_least(seen.transfer.launch, found->second + 2, "a partial sum is written before it is read", 0);
  }
}

void check_all(const Program& program, std::uint64_t stall_seed, Counts& counts) {
  const ObservedRun run = observe(program, stall_seed);
  REQUIRE(run.result.complete);
  std::int64_t carried = 0;
  for (const FabricStatistics& fabric : run.result.fabrics) carried += fabric.circuits;
  REQUIRE(static_cast<std::int64_t>(run.circuits.size()) == carried);
  check_latencies(program, run.circuits);
  check_links(program, run.circuits);
  check_ports(run.circuits);
  check_rounds(program, run, counts);
  check_dependences(program, run.circuits, counts);
}

TEST_CASE("fabric timing: circuits of whole runs take the stated latency on every registered topology", "[sim]") {
  Counts counts;
  for (const std::string& name : topology_registry().names()) {
    for (const int pods : {1, 4, 6, 9, 16}) {
      CAPTURE(name, pods);
      Setup setup = crossbar_setup(pods, 8, 8);
      setup.hardware.interconnect = topology_registry().default_config(name);
      check_all(*make(one_linear(50, 50, 50), setup), 0, counts);
    }
  }
  CHECK(counts.sums_read > 0);
}

TEST_CASE("fabric timing: rounds, links and ports of random runs obey the rules", "[sim]") {
  Counts counts;
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Case random = random_case(seed);
    INFO(random.text);
    const auto program = make_or_advise(random);
    ++seen[random.setup.hardware.interconnect.type];
    check_all(*program, seed % 2 == 0 ? seed : 0, counts);
  }
  // The cases are of use only if they reach the corners.
  CHECK(seen.size() == topology_registry().names().size());
  CHECK(counts.rounds > 1000);
  CHECK(counts.chained > 1000);
  CHECK(counts.single_buffered > 100);
  CHECK(counts.drained > 300);
  CHECK(counts.single_planes > 50);
}

}  // namespace
}  // namespace podsim::test

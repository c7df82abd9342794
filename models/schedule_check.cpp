// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/schedule.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "podsim/sim/core/poll.hpp"

namespace podsim {
namespace {

/// Who uses each link of one fabric in the current round.
class LinkWatch {
 public:
  explicit LinkWatch(const Topology& topology)
      : topology_(topology), links_(static_cast<std::size_t>(topology.link_count())) {}

  void next_round() {
    ++now_;
    circuits_.clear();
  }
  /// The source that already holds a link of this circuit, or -1 if the circuit is free. Takes its links. Without fixed
  /// routes always -1: `excluded` tells.
  int take(int source, int destination) {
    if (!topology_.has_fixed_routes()) {
      circuits_.push_back({source, destination});
      return -1;
    }
    topology_.route(source, destination, path_);
    for (const int link : path_) {
      Use& use = links_[static_cast<std::size_t>(link)];
      if (use.round == now_ && use.owner != source) return use.owner;
      use = {now_, source};
    }
    return -1;
  }
  /// Without fixed routes: a circuit of the round that cannot be set up beside the others.
  std::optional<Circuit> excluded() {
    if (circuits_.empty()) return {};
    const std::optional<std::size_t> index = topology_.settle(circuits_, paths_);
    if (!index) return {};
    return circuits_[*index];
  }

 private:
  const Topology& topology_;
  std::vector<Circuit> circuits_;
  CircuitPaths paths_;
  struct Use {
    std::uint32_t round = 0;
    int owner = 0;
  };
  std::vector<Use> links_;  ///< the last use of each
  std::uint32_t now_ = 0;
  std::vector<int> path_;
};

/// One thing per port and round.
class PortWatch {
 public:
  explicit PortWatch(int ports) : carried_(static_cast<std::size_t>(ports)), epoch_(carried_.size(), 0) {}
  void next_round() { ++now_; }
  /// True if the port is free or carries the same thing already.
  bool take(int port, std::uint64_t what) {
    const auto p = static_cast<std::size_t>(port);
    if (epoch_[p] == now_) return carried_[p] == what;
    epoch_[p] = now_;
    carried_[p] = what;
    return true;
  }

 private:
  std::vector<std::uint64_t> carried_;
  std::vector<std::uint32_t> epoch_;
  std::uint32_t now_ = 0;
};

class ScheduleChecker {
 public:
  ScheduleChecker(const Schedule& schedule, const RoundOrder& order, const TiledWorkload& work, const Machine& machine)
      : schedule_(schedule), order_(order), work_(work), machine_(machine) {}

  std::vector<std::string> run() {
    if (schedule_.main.size() != work_.op_count) {
      return {"it places " + std::to_string(schedule_.main.size()) + " tile operations; the workload has " +
              std::to_string(work_.op_count)};
    }
    check_ports();
    check_sums();
    check_kept_sums();
    check_outputs();
    check_copies();
    check_producers();
    return std::move(problems_);
  }

 private:
  void fail(const std::string& text) {
    constexpr std::size_t kEnough = 10;
    if (problems_.size() < kEnough) problems_.push_back(text);
  }

  static std::string name(const char* what, std::uint32_t id) { return std::string(what) + ' ' + std::to_string(id); }

  void check_ports() {
    const int banks = machine_.config.bank_count();
    const Topology& net = *machine_.topology;
    std::array<LinkWatch, 7> links{LinkWatch(net), LinkWatch(net), LinkWatch(net), LinkWatch(net),
                                   LinkWatch(net), LinkWatch(net), LinkWatch(net)};
    auto& [x, w, p_in, p_out, in1, in2, out] = links;
    PortWatch pods(machine_.config.pod_count()), post_processors(machine_.config.post_processor_count());
    std::array<PortWatch, 7> ports{PortWatch(banks), PortWatch(banks), PortWatch(banks), PortWatch(banks),
                                   PortWatch(banks), PortWatch(banks), PortWatch(banks)};
    auto& [x_port, w_port, p_in_port, p_out_port, in1_port, in2_port, out_port] = ports;
    const bool shared_ports = machine_.config.banks.p_ports == "shared";
    PortWatch read_port(banks);
    const auto rounds = static_cast<std::uint32_t>(order_.main_first.size() - 1);
    std::uint32_t round = 0;
    OpCursor cursor(work_);
    auto circuit = [&](LinkWatch& fabric, PortWatch& port, const char* fabric_name, int bank, int unit,
                       std::uint64_t what) {
      if (!port.take(bank, what)) {
        fail("round " + std::to_string(round) + ": two tiles on " + fabric_name + " port of bank " +
             std::to_string(bank));
      }
      const int owner = fabric.take(bank, unit);
      if (owner >= 0) {
        fail("round " + std::to_string(round) + ": the " + fabric_name + " circuit of bank " + std::to_string(bank) +
             " and unit " + std::to_string(unit) + " shares a link with bank " + std::to_string(owner));
      }
    };
    for (round = 0; round < rounds; ++round) {
      poll();
      for (LinkWatch& fabric : links) fabric.next_round();
      for (PortWatch& port : ports) port.next_round();
      pods.next_round();
      post_processors.next_round();
      read_port.next_round();
      for (std::uint32_t n = order_.main_first[round]; n < order_.main_first[round + 1]; ++n) {
        const std::uint32_t op = order_.main_ids[n];
        const MainPlacement& place = schedule_.main[op];
        if (!pods.take(place.pod, op))
          fail("round " + std::to_string(round) + ": two operations on pod " + std::to_string(place.pod));
        const auto& [gemm, at, x_tile, w_tile] = cursor.at(op);
        const int group = machine_.config.group_of_pod(place.pod);
        if (group != gemm->pod_group) {
          fail(name("tile operation", op) + " is on pod " + std::to_string(place.pod) + " of group \"" +
               machine_.config.pod_group_name(group) + "\"; it was cut for group \"" +
               machine_.config.pod_group_name(gemm->pod_group) + "\"");
        }
        use_tile(x_tile, round);
        use_tile(w_tile, round);
        circuit(x, x_port, "X", work_.tiles[x_tile].bank, place.pod, x_tile);
        circuit(w, w_port, "W", work_.tiles[w_tile].bank, place.pod, w_tile);
        // Two writes of one round never carry the same thing: the id makes them differ.
        if (place.p_bank != kNoBank) circuit(p_out, p_out_port, "P-out", place.p_bank, place.pod, op);
        if (gemm->flow.keeps_sums) continue;
        if (place.p_bank == kNoBank) {
          fail(name("tile operation", op) + " leaves its sums in the array, which does not keep them");
        } else if (place.partial_sum_in != kNone && schedule_.main[place.partial_sum_in].p_bank != kNoBank) {
          circuit(p_in, p_in_port, "P-in", schedule_.main[place.partial_sum_in].p_bank, place.pod,
                  place.partial_sum_in);
        }
      }
      for (std::uint32_t n = order_.post_first[round]; n < order_.post_first[round + 1]; ++n) {
        const std::uint32_t id = order_.post_ids[n];
        const PostPlacement& pass = schedule_.post[id];
        if (!post_processors.take(pass.post_processor, id)) {
          fail("round " + std::to_string(round) + ": two passes on post-processor " +
               std::to_string(pass.post_processor));
        }
        auto source = [&](LinkWatch& fabric, PortWatch& port, const char* fabric_name, const PostSource& from) {
          if (from.kind == PostSource::Kind::none) return;
          if (from.kind == PostSource::Kind::main_sum && schedule_.main[from.index].p_bank == kNoBank) {
            fail(name("pass", id) + " reads partial sums that stay in a pod");
            return;
          }
          if (from.kind == PostSource::Kind::stored) use_tile(from.index, round);
          if (shared_ports && !read_port.take(bank_of(from), &port == &ports[4] ? 1 : 2)) {
            fail("round " + std::to_string(round) + ": PP-in1 and PP-in2 both need the shared port of P bank " +
                 std::to_string(bank_of(from)));
          }
          circuit(fabric, port, fabric_name, bank_of(from), pass.post_processor,
                  (static_cast<std::uint64_t>(from.kind) << 32) | from.index);
        };
        source(in1, in1_port, "PP-in1", pass.in1);
        source(in2, in2_port, "PP-in2", pass.in2);
        circuit(out, out_port, "PP-out", pass.bank, pass.post_processor, id);
      }
      for (std::size_t f = 0; f < links.size(); ++f) {
        static constexpr const char* kNames[] = {"X", "W", "P-in", "P-out", "PP-in1", "PP-in2", "PP-out"};
        if (const auto excluded = links[f].excluded()) {
          fail("round " + std::to_string(round) + ": the " + kNames[f] + " circuit of bank " +
               std::to_string(excluded->source) + " and unit " + std::to_string(excluded->destination) +
               " cannot be set up together with the others");
        }
      }
    }
  }

  void use_tile(std::uint32_t tile, std::uint32_t round) {
    if (first_use_.empty()) first_use_.assign(work_.tiles.size(), kNone);
    first_use_[tile] = std::min(first_use_[tile], round);
  }

  int bank_of(const PostSource& source) const {
    switch (source.kind) {
      case PostSource::Kind::main_sum:
        return schedule_.main[source.index].p_bank;
      case PostSource::Kind::post_sum:
        return schedule_.post[source.index].bank;
      default:
        return work_.tiles[source.index].bank;
    }
  }

  /// No operation comes between one whose sums stay in its pod and the one that goes on with them.
  void check_kept_sums() {
    std::vector<std::uint32_t> kept(static_cast<std::size_t>(machine_.config.pod_count()), kNone);
    bool any = false;
    for (const GemmTiles& gemm : work_.gemms) any = any || gemm.flow.keeps_sums;
    if (!any) return;
    for (const std::uint32_t op : order_.main_ids) {
      const MainPlacement& place = schedule_.main[op];
      std::uint32_t& held = kept[place.pod];
      if (held != kNone && place.partial_sum_in != held) {
        fail(name("tile operation", op) + " comes between tile operation " + std::to_string(held) +
             " and the one that goes on with its sums");
      }
      held = place.p_bank == kNoBank ? op : kNone;
    }
  }

  /// Every partial sum is read exactly once, later than it is written, and for the same output tile.
  void check_sums() {
    // Twins of the published machine read everything twice.
    const int times = schedule_.without_finalize ? 2 : 1;
    std::vector<std::uint8_t> chained(schedule_.main.size(), 0), added(schedule_.main.size(), 0);
    std::vector<std::uint8_t> post_read(schedule_.post.size(), 0);
    auto output_of = [&](std::uint32_t op) {
      const GemmTiles& gemm = work_.gemm_of_op(op);
      const OpIndex at = op_index(gemm, op);
      return gemm.output(at.g, at.i, at.k);
    };
    for (std::uint32_t op = 0; op < schedule_.main.size(); ++op) {
      const MainPlacement& place = schedule_.main[op];
      if (place.partial_sum_in == kNone) continue;
      const std::uint32_t from = place.partial_sum_in;
      const int group = machine_.config.group_of_pod(place.pod);
      if (!machine_.config.pod_group(group).partial_sum_input) {
        fail(name("tile operation", op) + " takes partial sums on pod " + std::to_string(place.pod) +
             ", which has no input for them");
      }
      if (schedule_.main[from].round >= place.round) {
        fail(name("tile operation", op) + " reads partial sums of a round that is not earlier");
      }
      if (output_of(from) != output_of(op)) fail(name("tile operation", op) + " reads partial sums of another tile");
      if (schedule_.main[from].p_bank == kNoBank && schedule_.main[from].pod != place.pod) {
        fail(name("tile operation", op) + " goes on with sums that are in another pod");
      }
      if (work_.gemm_of_op(op).flow.keeps_sums && schedule_.main[from].p_bank != kNoBank) {
        fail(name("tile operation", op) + " goes on with sums that have left the array");
      }
      if (chained[from]++ != 0) fail(name("tile operation", from) + ": its partial sums are used twice");
    }
    for (std::uint32_t id = 0; id < schedule_.post.size(); ++id) {
      const PostPlacement& pass = schedule_.post[id];
      for (const PostSource& source : {pass.in1, pass.in2}) {
        if (source.kind == PostSource::Kind::main_sum) {
          if (schedule_.main[source.index].round >= pass.round) {
            fail(name("pass", id) + " reads partial sums of a round that is not earlier");
          }
          if (output_of(source.index) != pass.tile) fail(name("pass", id) + " reads partial sums of another tile");
          ++added[source.index];
        } else if (source.kind == PostSource::Kind::post_sum) {
          const PostPlacement& from = schedule_.post[source.index];
          if (from.round >= pass.round) fail(name("pass", id) + " reads a result of a round that is not earlier");
          if (from.operation != pass.operation) fail(name("pass", id) + " reads a result of another operation");
          if (from.writes_output && pass.kind != PostPlacement::Kind::copy) {
            fail(name("pass", id) + " reads a finished output tile as a partial sum");
          }
          if (post_read[source.index] < 255) ++post_read[source.index];
        }
      }
    }
    for (std::uint32_t op = 0; op < schedule_.main.size(); ++op) {
      const bool is_root = chained[op] == 0 && added[op] == 0;
      if (chained[op] + added[op] > (added[op] != 0 ? times : 1)) {
        fail(name("tile operation", op) + ": its partial sums are used twice");
      }
      if (is_root && !schedule_.without_finalize)
        fail(name("tile operation", op) + ": its partial sums are never used");
    }
    for (std::uint32_t id = 0; id < schedule_.post.size(); ++id) {
      const PostPlacement& pass = schedule_.post[id];
      if (!pass.writes_output && post_read[id] == 0 && !schedule_.without_finalize) {
        fail(name("pass", id) + ": its result is never used");
      }
    }
  }

  /// Every output tile is written exactly once. Collects the round in which each block is complete.
  void check_outputs() {
    block_round_.assign(work_.block_count, -1);
    std::vector<std::uint32_t> written(work_.block_count, 0);
    for (const PostPlacement& pass : schedule_.post) {
      if (!pass.writes_output || schedule_.without_finalize) continue;
      for (const std::size_t block : output_blocks_of(work_, pass.operation, pass.tile)) {
        block_round_[block] = std::max<std::int64_t>(block_round_[block], pass.round);
        if (pass.kind != PostPlacement::Kind::copy) ++written[block];
      }
    }
    if (schedule_.without_finalize) {
      complete_without_finalize();
      return;
    }
    for (std::size_t o = 0; o < work_.outputs.size(); ++o) {
      const OutputBlocks& blocks = work_.outputs[o];
      for (std::uint32_t b = 0; b < blocks.block_count; ++b) {
        if (written[blocks.first_block + b] != blocks.tiles_per_block) {
          fail("\"" + work_.network.operations[o].name + "\", row block " + std::to_string(b) + ": " +
               std::to_string(written[blocks.first_block + b]) + " of " + std::to_string(blocks.tiles_per_block) +
               " output tiles are written");
          return;
        }
      }
    }
  }

  /// With relayout by circuits: every terminal that needs an output tile is written once, by the pass that makes the
  /// tile or by a copy of it.
  void check_copies() {
    const Relayout& relayout = work_.relayout;
    const bool expected = relayout.by_circuits() && !schedule_.without_finalize;
    std::vector<std::uint8_t> served(expected ? relayout.targets.size() : 0, 0);
    for (std::uint32_t id = 0; id < schedule_.post.size(); ++id) {
      const PostPlacement& pass = schedule_.post[id];
      const bool is_copy = pass.kind == PostPlacement::Kind::copy;
      if (is_copy && !check_copy(id, expected)) continue;
      if (!expected || !pass.writes_output) continue;
      const std::uint32_t number = relayout.number(pass.operation, pass.tile);
      bool needed = false;
      for (std::uint32_t t = relayout.first_target[number]; t < relayout.first_target[number + 1]; ++t) {
        if (relayout.targets[t].bank != pass.bank) continue;
        needed = true;
        if (served[t] != 0)
          fail(name("pass", id) + " copies an output tile to bank " + std::to_string(pass.bank) +
               ", which has it already");
        served[t] = 1;
      }
      if (is_copy && !needed) {
        fail(name("pass", id) + " copies an output tile to bank " + std::to_string(pass.bank) +
             ", where nothing needs it");
      }
    }
    if (!expected) return;
    for (std::size_t o = 0; o < work_.outputs.size(); ++o) {
      const std::uint32_t place = work_.tiles_of_operation[o];
      const bool is_gemm = work_.network.operations[o].gemm() != nullptr;
      const std::uint32_t first = is_gemm ? work_.gemms[place].first_output : 0;
      const auto count = is_gemm
                             ? work_.gemms[place].output_count
                             : static_cast<std::uint32_t>(work_.vectors[place].i_count * work_.vectors[place].k_count);
      for (std::uint32_t tile = 0; tile < count; ++tile) {
        const std::uint32_t number = relayout.number(static_cast<std::uint32_t>(o), first + tile);
        for (std::uint32_t t = relayout.first_target[number]; t < relayout.first_target[number + 1]; ++t) {
          if (served[t] != 0) continue;
          fail("\"" + work_.network.operations[o].name + "\": output tile " + std::to_string(tile) +
               " is never copied to bank " + std::to_string(relayout.targets[t].bank) + ", which needs it");
        }
      }
    }
  }

  /// False if the copy makes no sense by itself.
  bool check_copy(std::uint32_t id, bool expected) {
    const PostPlacement& pass = schedule_.post[id];
    if (!expected) {
      fail(name("pass", id) + " is a copy; they are part of relayout \"circuits\" only");
      return false;
    }
    if (pass.in1.kind != PostSource::Kind::post_sum || pass.in2.kind != PostSource::Kind::none || !pass.writes_output) {
      fail(name("pass", id) + " is a copy, but does not read one output tile to write it");
      return false;
    }
    const PostPlacement& from = schedule_.post[pass.in1.index];
    if (!from.writes_output || from.kind == PostPlacement::Kind::copy || from.operation != pass.operation ||
        from.tile != pass.tile || from.rows != pass.rows || from.columns != pass.columns) {
      fail(name("pass", id) + " is a copy of something else than the output tile it stands for");
      return false;
    }
    return true;
  }

  void complete_without_finalize() {
    for (std::size_t o = 0; o < work_.outputs.size(); ++o) {
      const std::uint32_t tiles = work_.tiles_of_operation[o];
      const std::uint32_t first = work_.outputs[o].first_block;
      if (work_.network.operations[o].gemm() != nullptr) {
        const GemmTiles& gemm = work_.gemms[tiles];
        for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
          const OpIndex at = op_index(gemm, op);
          for (const std::size_t block : output_blocks_of(work_, gemm, at.g, at.i)) {
            block_round_[block] = std::max<std::int64_t>(block_round_[block], schedule_.main[op].round);
          }
        }
      } else {
        const VectorTiles& vector = work_.vectors[tiles];
        for (std::int64_t i = 0; i < vector.i_count; ++i) {
          for (const std::uint32_t operand : vector.inputs) {
            const std::uint32_t tile =
                work_.operands[operand].first_tile + static_cast<std::uint32_t>(i * vector.k_count);
            block_round_[first + static_cast<std::size_t>(i)] =
                std::max(block_round_[first + static_cast<std::size_t>(i)], latest_producer(tile));
          }
        }
      }
    }
    for (const PostPlacement& pass : schedule_.post) {
      for (const std::size_t block : output_blocks_of(work_, pass.operation, pass.tile)) {
        block_round_[block] = std::max<std::int64_t>(block_round_[block], pass.round);
      }
    }
  }

  /// The last round in which rows of this tile are produced; -1 if there are none.
  std::int64_t latest_producer(std::uint32_t tile) const {
    std::int64_t latest = -1;
    const RequirementRange range = work_.requirements_of(work_.tiles[tile]);
    for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
      const Requirement& need = work_.requirements[r];
      latest = std::max(latest, block_round_[work_.outputs[need.operation].first_block + need.block]);
    }
    return latest;
  }

  void check_producers() {
    if (first_use_.empty()) return;
    for (std::uint32_t tile = 0; tile < work_.tiles.size(); ++tile) {
      poll();
      if (first_use_[tile] == kNone || work_.tiles[tile].requirements == 0) continue;
      const std::int64_t produced = latest_producer(tile);
      if (produced >= first_use_[tile]) {
        const RequirementRange range = work_.requirements_of(work_.tiles[tile]);
        fail("stored tile " + std::to_string(tile) + " is read in round " + std::to_string(first_use_[tile]) +
             " but \"" + work_.network.operations[work_.requirements[range.first].operation].name +
             "\" and others produce it until round " + std::to_string(produced));
      }
    }
  }

  const Schedule& schedule_;
  const RoundOrder& order_;
  const TiledWorkload& work_;
  const Machine& machine_;
  std::vector<std::string> problems_;
  std::vector<std::uint32_t> first_use_;   ///< per stored tile
  std::vector<std::int64_t> block_round_;  ///< per output block: the round that completes it; -1: nothing writes it
};

}  // namespace

void check_schedule(const Schedule& schedule, const RoundOrder& order, const TiledWorkload& work,
                    const Machine& machine, bool trusted) {
  const std::vector<std::string> problems = ScheduleChecker(schedule, order, work, machine).run();
  if (problems.empty()) return;
  std::vector<Issue> issues;
  issues.reserve(problems.size());
  for (const std::string& problem : problems) {
    issues.push_back({trusted ? "internal error in scheduler " + schedule.scheduler : "schedule", {}, problem, {}});
  }
  throw Error(trusted ? ErrorKind::internal : ErrorKind::bad_input, std::move(issues));
}

}  // namespace podsim

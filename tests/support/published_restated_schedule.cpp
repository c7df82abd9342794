// SPDX-License-Identifier: Apache-2.0
// Where the published description leaves a choice, this file reads it as follows.
//  1. Chains of partial sums, and then the pairwise adds, are made for (i, k) with i outer and k inner; what is left
//     over enters the tree in the order of j. An add and its twin are placed as soon as the add exists.
//  2. The first of two twins tries, per post-processor in id order, the P banks in id order (as a main operation
//     does); the second keeps the bank of the first.
#include "support/published_restated_schedule.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace podsim::test::restated {
namespace {

// ---------------------------------------------------------------------------------------------- networks

enum Net { x_net, w_net, p_in_net, p_out_net, pp_in1_net, pp_in2_net, pp_out_net, net_count };

int ceil_log2(int value) {
  int bits = 0;
  while ((1 << bits) < value) ++bits;
  return bits;
}

struct Interconnect {
  enum Kind { free, bus, banyan } kind = free;
  int n = 0, expansion = 0;
  int latency = 0;

  int stages() const { return n + expansion; }

  Interconnect(const std::string& name, int pods) : n(ceil_log2(pods)) {
    const std::string banyan_prefix = "banyan_exp_";
    if (name == "crossbar") {
      latency = 1;
    } else if (name == "bus") {
      kind = bus;
      latency = 1;
    } else if (name == "benes_copy") {
      latency = 4 * n - 1;
    } else if (name.rfind(banyan_prefix, 0) == 0) {
      kind = banyan;
      expansion = std::stoi(name.substr(banyan_prefix.size()));
      latency = n + 2 * expansion;
    } else {
      throw std::invalid_argument("unknown interconnect " + name);
    }
  }
};

/// The circuits that one network holds in one round.
class Circuits {
 public:
  bool is_free(const Interconnect& net, int source, int destination) const {
    if (net.kind == Interconnect::bus)
      return std::all_of(sources_.begin(), sources_.end(), [&](int other) { return other == source; });
    if (net.kind == Interconnect::banyan && !owner_.empty())
      for (int stage = 0; stage < net.stages(); ++stage) {
        const int owner = owner_[link(net, stage, source, destination)];
        if (owner != -1 && owner != source) return false;
      }
    return true;
  }

  void take(const Interconnect& net, int source, int destination) {
    if (net.kind == Interconnect::bus) sources_.push_back(source);
    if (net.kind != Interconnect::banyan) return;
    if (owner_.empty()) owner_.assign(static_cast<std::size_t>(net.stages() << net.stages()), -1);
    for (int stage = 0; stage < net.stages(); ++stage)
      owner_[link(net, stage, source, destination)] = static_cast<short>(source);
  }

 private:
  // The link (stage, D >> (n'-1-stage), source mod 2^(n'-1-stage)), counted through.
  static std::size_t link(const Interconnect& net, int stage, int source, int destination) {
    const int later = net.stages() - 1 - stage;
    const int line = destination << net.expansion;
    const int place = ((line >> later) << later) + source % (1 << later);
    return static_cast<std::size_t>((stage << net.stages()) + place);
  }

  std::vector<int> sources_;
  std::vector<short> owner_;
};

// ---------------------------------------------------------------------------------------------- schedule

/// What a round has taken so far.
struct Table {
  std::vector<int> op_of_pod;       // index of the main operation, -1: pod is free
  std::vector<int> x_of_bank;       // tile read from the bank, -1: none
  std::vector<int> w_of_bank;       // likewise
  std::vector<char> p_out_of_bank;  // the bank is a target
  std::vector<char> p_in_of_bank;   // the bank is a source
  std::vector<char> pp_busy, pp_in1_of_bank, pp_in2_of_bank, pp_out_of_bank;
  std::array<Circuits, net_count> circuits;
  std::vector<int> post_ops;
  int main_ops = 0;

  explicit Table(std::size_t n)
      : op_of_pod(n, -1),
        x_of_bank(n, -1),
        w_of_bank(n, -1),
        p_out_of_bank(n, 0),
        p_in_of_bank(n, 0),
        pp_busy(n, 0),
        pp_in1_of_bank(n, 0),
        pp_in2_of_bank(n, 0),
        pp_out_of_bank(n, 0) {}
};

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

class Scheduler {
 public:
  Scheduler(const std::vector<RestatedLayer>& layers, const RestatedMachine& machine)
      : machine_(machine), net_(machine.interconnect, machine.pods) {
    std::vector<int> end_round;
    for (const auto& layer : layers) {
      int init = 0;
      for (const int dep : layer.deps) {
        if (dep < 0 || at(dep) >= end_round.size()) throw std::invalid_argument("dependency on no earlier layer");
        init = std::max(init, end_round[at(dep)] + 1);
      }
      end_round.push_back(place(layer, init));
    }
  }

  Schedule result() const {
    Schedule schedule{tiles_, main_ops_, post_ops_, {}, last_main_, last_post_, net_.latency};
    for (const Table& table : rounds_) {
      schedule.rounds.push_back({table.op_of_pod, table.post_ops});
      auto& post_ops = schedule.rounds.back().post_ops;
      std::sort(post_ops.begin(), post_ops.end(),
                [this](int a, int b) { return post_ops_[at(a)].pp < post_ops_[at(b)].pp; });
    }
    return schedule;
  }

 private:
  Table& round(int r) {
    while (rounds_.size() <= at(r)) rounds_.emplace_back(at(machine_.pods));
    return rounds_[at(r)];
  }

  int add_tile(char kind, int bank, std::int64_t rows, std::int64_t cols, std::int64_t bytes, bool on_chip) {
    tiles_.push_back({kind, bank, rows, cols, bytes, on_chip, false});
    return static_cast<int>(tiles_.size()) - 1;
  }

  int place(const RestatedLayer& layer, int init) {
    const std::int64_t p = machine_.partition != 0 ? machine_.partition : machine_.rows;
    const std::int64_t tiles_i = ceil_div(layer.m, p);
    const std::int64_t tiles_j = ceil_div(layer.k, machine_.rows);
    const std::int64_t tiles_k = ceil_div(layer.n, machine_.cols);
    const auto m_of = [&](std::int64_t i) { return std::min<std::int64_t>(p, layer.m - i * p); };
    const auto k_of = [&](std::int64_t j) {
      return std::min<std::int64_t>(machine_.rows, layer.k - j * machine_.rows);
    };
    const auto n_of = [&](std::int64_t k) {
      return std::min<std::int64_t>(machine_.cols, layer.n - k * machine_.cols);
    };

    // 1. Banks.
    std::map<std::pair<std::int64_t, std::int64_t>, int> x, w;
    std::int64_t t = 0;
    for (std::int64_t j = 0; j < tiles_j; ++j)
      for (std::int64_t i = 0; i < tiles_i; ++i)
        x[{i, j}] = add_tile('X', static_cast<int>(t++ % machine_.pods), m_of(i), k_of(j),
                             m_of(i) * k_of(j) / layer.kernel_area, !layer.raw_input);
    t = 0;
    for (std::int64_t j = 0; j < tiles_j; ++j)
      for (std::int64_t k = 0; k < tiles_k; ++k)
        w[{j, k}] = add_tile('W', static_cast<int>(t++ % machine_.pods), k_of(j), n_of(k), k_of(j) * n_of(k), false);

    // 2. Main operations.
    int end = init;
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<int>> ops_of;  // (i, k) -> operations in order of j
    for (std::int64_t j = 0; j < tiles_j; ++j)
      for (std::int64_t i = 0; i < tiles_i; ++i)
        for (std::int64_t k = 0; k < tiles_k; ++k) {
          const int out = add_tile('P', -1, m_of(i), n_of(k), 2 * m_of(i) * n_of(k), false);
          const int op = place_main({x[{i, j}], w[{j, k}], out, -1, -1, -1}, init);
          ops_of[{i, k}].push_back(op);
          end = std::max(end, main_ops_[at(op)].round);
        }
    last_main_ = std::max(last_main_, end);

    // 3. and 4. What can be chained is; the rest is added in pairs.
    std::map<std::pair<std::int64_t, std::int64_t>, std::deque<int>> left;  // partial sums
    for (auto& [ik, ops] : ops_of) left[ik] = chain(ops);
    for (auto& [ik, sums] : left) {
      while (sums.size() > 1) {
        const int a = sums.front();
        sums.pop_front();
        const int b = sums.front();
        sums.pop_front();
        const auto& tile = tiles_[at(a)];
        const int out = add_tile('P', -1, tile.rows, tile.cols, tile.bytes, false);
        const int first = 1 + std::max(tiles_[at(a)].ready_round, tiles_[at(b)].ready_round);
        place_post({a, b, out, -1, -1}, first);
        place_post({b, a, out, -1, -1}, first);
        sums.push_back(out);
        end = std::max(end, tiles_[at(out)].ready_round);
        last_post_ = std::max(last_post_, tiles_[at(out)].ready_round);
      }
      // 6. The final operation of (i, k).
      tiles_[at(sums.front())].final_sum = true;
    }
    return end;
  }

  int place_main(MainOp op, int init) {
    for (int r = init;; ++r)
      if (fits(op, r)) break;
    main_ops_.push_back(op);
    return static_cast<int>(main_ops_.size()) - 1;
  }

  bool fits(MainOp& op, int r) {
    Table& table = round(r);
    if (table.main_ops == machine_.pods) return false;  // no pod, and as many P banks taken
    const int x_bank = tiles_[at(op.x)].bank, w_bank = tiles_[at(op.w)].bank;
    const int x_now = table.x_of_bank[at(x_bank)], w_now = table.w_of_bank[at(w_bank)];
    if (x_now != -1 && x_now != op.x) return false;
    if (w_now != -1 && w_now != op.w) return false;
    for (int pod = 0; pod < machine_.pods; ++pod) {
      if (table.op_of_pod[at(pod)] != -1) continue;
      if (!table.circuits[x_net].is_free(net_, x_bank, pod)) continue;
      if (!table.circuits[w_net].is_free(net_, w_bank, pod)) continue;
      for (int bank = 0; bank < machine_.pods; ++bank) {
        if (table.p_out_of_bank[at(bank)] != 0) continue;
        if (!table.circuits[p_out_net].is_free(net_, bank, pod)) continue;
        op.round = r;
        op.pod = pod;
        tiles_[at(op.p)].bank = bank;
        tiles_[at(op.p)].ready_round = r;
        table.op_of_pod[at(pod)] = static_cast<int>(main_ops_.size());
        table.x_of_bank[at(x_bank)] = op.x;
        table.w_of_bank[at(w_bank)] = op.w;
        table.p_out_of_bank[at(bank)] = 1;
        table.circuits[x_net].take(net_, x_bank, pod);
        table.circuits[w_net].take(net_, w_bank, pod);
        table.circuits[p_out_net].take(net_, bank, pod);
        ++table.main_ops;
        return true;
      }
    }
    return false;
  }

  /// Lets operations of one output tile take each other's partial sums; returns the sums that nobody took.
  std::deque<int> chain(const std::vector<int>& ops) {
    std::deque<int> left;
    for (const int first : ops) {
      const MainOp& op1 = main_ops_[at(first)];
      const int bank = tiles_[at(op1.p)].bank;
      bool consumed = false;
      for (const int second : ops) {
        MainOp& op2 = main_ops_[at(second)];
        if (op2.p_in != -1 || op2.round <= op1.round) continue;
        Table& table = round(op2.round);
        if (table.p_in_of_bank[at(bank)] != 0) continue;
        if (!table.circuits[p_in_net].is_free(net_, bank, op2.pod)) continue;
        table.p_in_of_bank[at(bank)] = 1;
        table.circuits[p_in_net].take(net_, bank, op2.pod);
        op2.p_in = op1.p;
        consumed = true;
        break;
      }
      if (!consumed) left.push_back(op1.p);
    }
    return left;
  }

  void place_post(PostOp op, int first) {
    for (int r = first;; ++r)
      if (fits(op, r)) return;
  }

  bool fits(PostOp& op, int r) {
    Table& table = round(r);
    const int bank1 = tiles_[at(op.in1)].bank, bank2 = tiles_[at(op.in2)].bank;
    Tile& out = tiles_[at(op.out)];
    if (table.pp_in1_of_bank[at(bank1)] != 0 || table.pp_in2_of_bank[at(bank2)] != 0) return false;
    for (int pp = 0; pp < machine_.pods; ++pp) {
      if (table.pp_busy[at(pp)] != 0) continue;
      if (!table.circuits[pp_in1_net].is_free(net_, bank1, pp)) continue;
      if (!table.circuits[pp_in2_net].is_free(net_, bank2, pp)) continue;
      for (int bank = 0; bank < machine_.pods; ++bank) {
        if (out.bank != -1 && out.bank != bank) continue;  // the twin's bank
        if (table.pp_out_of_bank[at(bank)] != 0) continue;
        if (!table.circuits[pp_out_net].is_free(net_, bank, pp)) continue;
        op.round = r;
        op.pp = pp;
        out.bank = bank;
        out.ready_round = std::max(out.ready_round, r);
        table.pp_busy[at(pp)] = 1;
        table.pp_in1_of_bank[at(bank1)] = 1;
        table.pp_in2_of_bank[at(bank2)] = 1;
        table.pp_out_of_bank[at(bank)] = 1;
        table.circuits[pp_in1_net].take(net_, bank1, pp);
        table.circuits[pp_in2_net].take(net_, bank2, pp);
        table.circuits[pp_out_net].take(net_, bank, pp);
        table.post_ops.push_back(static_cast<int>(post_ops_.size()));
        post_ops_.push_back(op);
        return true;
      }
    }
    return false;
  }

  const RestatedMachine machine_;
  const Interconnect net_;
  std::vector<Tile> tiles_;
  std::vector<MainOp> main_ops_;
  std::vector<PostOp> post_ops_;
  std::vector<Table> rounds_;
  int last_main_ = 0, last_post_ = 0;
};

}  // namespace

Schedule make_schedule(const std::vector<RestatedLayer>& layers, const RestatedMachine& machine) {
  return Scheduler(layers, machine).result();
}

}  // namespace podsim::test::restated

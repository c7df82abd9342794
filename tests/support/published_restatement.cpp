// SPDX-License-Identifier: Apache-2.0
// Where the published description leaves a choice, this file reads it as follows (published_restated_schedule.cpp has
// the readings of the scheduler).
//  1. A tile that is resident leaves the load queue before the prefetch limit is looked at.
//  2. A tile takes its room in the bank when its fetch begins and is usable when its last byte has come. Bytes of a
//     cycle are single-precision numbers. A tile of no bytes ends the fetching of its cycle.
//  3. Output tiles (also those of adds) take their room at the end of the round before, bank by bank in order, ahead of
//     the test for missing operands; what was wanted last in the round that ends may go for it. The second twin of an
//     add neither takes room again nor touches the tile. Reading a partial sum does not touch it; fetching it again
//     does.
//  4. Of evicted partial sums, the first that a pod wants is put in front of the load queue in every stalled cycle, and
//     all that adds want: first operands, second operands, and outputs that were evicted since the first twin, each in
//     the order of the post-processors.
//  5. Partial sums count as P traffic both when they are fetched again and when they are written back.
//  6. A bank whose use would become negative (activations on chip are evicted but never charged) ends the run with -1,
//     where the published tool throws.
//  7. The limit of 100 x rows stalled cycles holds between rounds. Before round 0 the tool waits without limit; what
//     can never be fetched ends the run with -1 here.
//  8. A result that is evicted, fetched again for the second twin and evicted once more is written back once: the tool
//     keeps the number of written bytes of a tile and never starts again.
// Reading 4, and that outputs are not touched again, is decided by the published runs in which banks of partial sums
// run full (five of the 84 at image size 299). The others they leave open; readings 1, 3, 7 and 8 and the orders
// of 4 follow the tool's public sources.
#include "support/published_restatement.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <list>
#include <map>
#include <numeric>
#include <utility>

#include "support/published_restated_schedule.hpp"

namespace podsim::test {
namespace {

using restated::at;
using restated::Round;
using restated::Schedule;
using restated::Tile;

// ---------------------------------------------------------------------------------------------- memory

struct NegativeUse {};  // the published tool throws "Usage cannot be negative"

class Memory {
 public:
  Memory(const Schedule& schedule, const RestatedMachine& machine)
      : schedule_(schedule),
        machine_(machine),
        bytes_per_cycle_(static_cast<float>(machine.bandwidth_gib_per_s) * (1073741824.0F / 1e9F)) {
    for (const auto& tile : schedule.tiles) states_.push_back({tile.on_chip, false, false, 0.0F});
    for (std::size_t r = 0; r < schedule.rounds.size(); ++r) {
      for (const char kind : {'W', 'X'})
        for (const int op : schedule.rounds[r].op_of_pod)
          if (op != -1) {
            const auto& main = schedule.main_ops[at(op)];
            load_queue_.push_back({kind == 'W' ? main.w : main.x, static_cast<int>(r)});
          }
    }
  }

  /// One cycle of DRAM during round `current`; false if nothing moved.
  bool cycle(int current) {
    float used = 0.0F;
    bool moved = false;
    while (used < bytes_per_cycle_) {
      if (load_queue_.empty()) return moved;
      const auto [index, target] = load_queue_.front();
      State& state = states_[at(index)];
      if (state.resident) {
        touch(index, target);
        load_queue_.pop_front();
        moved = true;
        continue;
      }
      if (target >= current + machine_.prefetch_rounds) return moved;
      if (state.arrived == 0.0F) {
        if (!make_room(index, target, current)) break;
      }
      moved = true;
      const auto size = static_cast<float>(tile(index).bytes);
      const float left = bytes_per_cycle_ - used;
      float now = left;
      if (state.arrived + left >= size) {
        now = size - state.arrived;
        state.resident = true;
        bytes_of_[tile(index).kind] += tile(index).bytes;
        state.arrived = size;
      } else {
        state.arrived += left;
      }
      if (now == 0.0F) break;
      used += now;
    }
    return write_back(used) || moved;
  }

  bool weights_resident(int r) const {
    for (const int op : schedule_.rounds[at(r)].op_of_pod)
      if (op != -1 && !states_[at(schedule_.main_ops[at(op)].w)].resident) return false;
    return true;
  }

  /// Whether every tile of round r is on chip. Evicted partial sums are asked for.
  bool ready(int r) {
    if (at(r) >= schedule_.rounds.size()) return true;
    const Round& table = schedule_.rounds[at(r)];
    bool all = true;
    std::vector<int> operands, outputs;
    for (const int index : table.op_of_pod) {
      if (index == -1) continue;
      const auto& op = schedule_.main_ops[at(index)];
      all = all && states_[at(op.w)].resident && states_[at(op.x)].resident;
      if (op.p_in != -1) operands.push_back(op.p_in);
      outputs.push_back(op.p);
    }
    for (const int index : table.post_ops) {
      const auto& op = schedule_.post_ops[at(index)];
      operands.push_back(op.in1);
      operands.push_back(op.in2);
      outputs.push_back(op.out);
    }
    // Outputs were given room by now, or there is none.
    for (const int output : outputs) all = all && states_[at(output)].resident;
    for (const int operand : operands) all = all && states_[at(operand)].resident;
    if (all) return true;
    for (const int index : table.op_of_pod) {
      if (index == -1 || schedule_.main_ops[at(index)].p_in == -1) continue;
      if (ask_for(schedule_.main_ops[at(index)].p_in, r)) break;
    }
    for (const int index : table.post_ops) ask_for(schedule_.post_ops[at(index)].in1, r);
    for (const int index : table.post_ops) ask_for(schedule_.post_ops[at(index)].in2, r);
    for (const int index : table.post_ops) ask_for(schedule_.post_ops[at(index)].out, r);
    return false;
  }

  /// Gives the output tiles of round r their room, as far as there is any.
  void make_room_for_outputs(int r) {
    if (at(r) >= schedule_.rounds.size()) return;
    std::vector<int> outputs;
    for (const int index : schedule_.rounds[at(r)].op_of_pod)
      if (index != -1) outputs.push_back(schedule_.main_ops[at(index)].p);
    for (const int index : schedule_.rounds[at(r)].post_ops) outputs.push_back(schedule_.post_ops[at(index)].out);
    std::map<int, bool> bank_is_full;
    for (const int output : outputs) {
      State& state = states_[at(output)];
      if (state.had_room || bank_is_full[tile(output).bank]) continue;
      if (make_room(output, r, r))
        state.resident = true;
      else
        bank_is_full[tile(output).bank] = true;
    }
  }

  std::int64_t bytes_of(char kind) const { return bytes_of_.count(kind) != 0 ? bytes_of_.at(kind) : 0; }
  double written_back() const { return written_back_; }

 private:
  struct State {
    bool resident, had_room, written_back;
    float arrived;  // bytes
  };
  struct Touched {
    int tile, round;
  };
  struct Bank {
    std::int64_t used = 0;
    std::list<Touched> by_last_touch;
  };

  const Tile& tile(int index) const { return schedule_.tiles[at(index)]; }
  Bank& bank_of(int index) { return banks_[{tile(index).kind, tile(index).bank}]; }

  /// Asks for an evicted partial sum; false if it is on chip or never was.
  bool ask_for(int index, int r) {
    if (states_[at(index)].resident || !states_[at(index)].had_room) return false;
    load_queue_.push_front({index, r});
    return true;
  }

  void touch(int index, int round) {
    auto& order = bank_of(index).by_last_touch;
    const auto known = place_in_order_.find(index);
    if (known != place_in_order_.end()) order.erase(known->second);
    order.push_back({index, round});
    place_in_order_[index] = std::prev(order.end());
  }

  bool make_room(int index, int wanted, int current) {
    Bank& bank = bank_of(index);
    while (bank.used + tile(index).bytes > machine_.bank_bytes) {
      if (bank.by_last_touch.empty()) return false;
      const Touched victim = bank.by_last_touch.front();
      if (victim.round >= current) return false;
      bank.by_last_touch.pop_front();
      place_in_order_.erase(victim.tile);
      states_[at(victim.tile)].resident = false;
      states_[at(victim.tile)].arrived = 0.0F;
      bank.used -= tile(victim.tile).bytes;
      if (bank.used < 0) throw NegativeUse();
      if (tile(victim.tile).final_sum && !states_[at(victim.tile)].written_back) {
        states_[at(victim.tile)].written_back = true;
        to_write_back_ += static_cast<double>(tile(victim.tile).bytes);
      }
    }
    bank.used += tile(index).bytes;
    touch(index, wanted);
    states_[at(index)].had_room = true;
    return true;
  }

  bool write_back(float used) {
    const double moved = std::min(static_cast<double>(bytes_per_cycle_ - used), to_write_back_);
    to_write_back_ -= moved;
    written_back_ += moved;
    return moved > 0;
  }

  const Schedule& schedule_;
  const RestatedMachine machine_;
  const float bytes_per_cycle_;
  std::vector<State> states_;
  std::deque<std::pair<int, int>> load_queue_;  // tile, round for which it is wanted
  std::map<std::pair<char, int>, Bank> banks_;
  std::map<int, std::list<Touched>::iterator> place_in_order_;
  std::map<char, std::int64_t> bytes_of_;  // fetched, per kind of tile
  double to_write_back_ = 0, written_back_ = 0;
};

// ---------------------------------------------------------------------------------------------- cycles

class Player {
 public:
  Player(const Schedule& schedule, const RestatedMachine& machine)
      : schedule_(schedule), machine_(machine), memory_(schedule, machine) {}

  RestatedRun run() {
    RestatedRun result{};
    result.last_main_round = schedule_.last_main_round;
    result.last_post_round = schedule_.last_post_round;
    result.tile_ops = static_cast<std::int64_t>(schedule_.main_ops.size());
    try {
      result.cycles = cycles(result);
    } catch (const NegativeUse&) {
      result.cycles = -1;
    }
    result.memory_stall_cycles = stalls_;
    result.x_bytes = memory_.bytes_of('X');
    result.w_bytes = memory_.bytes_of('W');
    result.p_bytes = memory_.bytes_of('P') + std::llround(memory_.written_back());
    return result;
  }

 private:
  std::int64_t cycles(RestatedRun& result) {
    const int last = std::max(schedule_.last_main_round, schedule_.last_post_round);
    std::int64_t total = 0;
    while (!memory_.weights_resident(0)) {
      if (!memory_.cycle(0)) return -1;
      ++total;
    }
    std::int64_t all_armed = 1;
    for (const int op : schedule_.rounds[0].op_of_pod)
      if (op != -1) all_armed = std::lcm(all_armed, tile(schedule_.main_ops[at(op)].w).rows + 1);
    for (std::int64_t c = 0; c < all_armed; ++c) memory_.cycle(0);
    total += all_armed;

    if (!wait_for_first_round(total)) return -1;
    for (int r = 0; r < last; ++r) {
      const std::int64_t length = duration(r);
      for (std::int64_t c = 0; c < length; ++c) memory_.cycle(r);
      total += length;
      count_work(r, result);
      if (!wait_for(r + 1, r, total)) return -1;
    }
    return total + schedule_.latency + 1;
  }

  /// As long as it takes: the published tool bounds the stalls of rounds only. What can never come ends the run; the
  /// tool would wait for it forever.
  bool wait_for_first_round(std::int64_t& total) {
    memory_.make_room_for_outputs(0);
    while (!memory_.ready(0)) {
      if (!memory_.cycle(0)) return false;
      ++stalls_;
      ++total;
    }
    return true;
  }

  bool wait_for(int r, int current, std::int64_t& total) {
    memory_.make_room_for_outputs(r);
    for (std::int64_t stalled = 0; !memory_.ready(r);) {
      if (++stalled > 100 * machine_.rows) return false;
      memory_.cycle(current);
      memory_.make_room_for_outputs(r);
      ++stalls_;
      ++total;
    }
    return true;
  }

  std::int64_t duration(int r) const {
    std::int64_t longest = 2 * schedule_.latency + 1;
    for (const int op : schedule_.rounds[at(r)].op_of_pod)
      if (op != -1) longest = std::max(longest, tile(schedule_.main_ops[at(op)].x).rows);
    if (at(r) + 1 < schedule_.rounds.size())
      for (const int op : schedule_.rounds[at(r) + 1].op_of_pod)
        if (op != -1) longest = std::max(longest, tile(schedule_.main_ops[at(op)].w).rows);
    for (const int op : schedule_.rounds[at(r)].post_ops)
      longest = std::max(longest, tile(schedule_.post_ops[at(op)].out).rows);
    return 1 + longest;
  }

  void count_work(int r, RestatedRun& result) const {
    for (const int index : schedule_.rounds[at(r)].op_of_pod)
      if (index != -1) {
        const auto& op = schedule_.main_ops[at(index)];
        result.ops += 2 * tile(op.x).rows * tile(op.x).cols * tile(op.w).cols;
      }
    for (const int index : schedule_.rounds[at(r)].post_ops) {
      const Tile& out = tile(schedule_.post_ops[at(index)].out);
      result.post_ops += out.rows * out.cols;
    }
  }

  const Tile& tile(int index) const { return schedule_.tiles[at(index)]; }

  const Schedule& schedule_;
  const RestatedMachine machine_;
  Memory memory_;
  std::int64_t stalls_ = 0;
};

}  // namespace

RestatedRun restate_published(const std::vector<RestatedLayer>& layers, const RestatedMachine& machine) {
  const restated::Schedule schedule = restated::make_schedule(layers, machine);
  return Player(schedule, machine).run();
}

}  // namespace podsim::test

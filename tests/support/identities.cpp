// SPDX-License-Identifier: Apache-2.0
#include "support/identities.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace podsim::test {
namespace {

class Audit {
 public:
  Audit(const Program& program, const RunResult& result)
      : program_(program), result_(result), work_(program.work), schedule_(program.schedule) {}

  std::vector<std::string> run() {
    cycles();
    shares();
    if (!result_.round_results.empty()) rounds();
    if (!result_.complete) return std::move(broken_);
    counts();
    fabrics();
    memory();
    capacity();
    return std::move(broken_);
  }

 private:
  void equal(const std::string& what, std::int64_t got, std::int64_t expected) {
    if (got != expected) {
      broken_.push_back(what + ": " + std::to_string(got) + ", expected " + std::to_string(expected));
    }
  }
  void hold(const std::string& what, bool good) {
    if (!good) broken_.push_back(what);
  }
  template <class T, std::size_t n>
  static T sum(const std::array<T, n>& values) {
    return std::accumulate(values.begin(), values.end(), T{0});
  }
  template <class Get>
  std::int64_t over_operations(Get get) const {
    std::int64_t total = 0;
    for (const OperationResult& operation : result_.operations) total += get(operation);
    return total;
  }

  void cycles() {
    const HardwareConfig& hardware = program_.machine.config;
    equal("cycle classes",
          result_.stream_cycles + result_.fill_cycles + result_.drain_cycles + result_.write_back_cycles +
              sum(result_.stalls),
          result_.cycles);
    equal("pod-cycle classes",
          result_.busy_pod_cycles + result_.barrier_pod_cycles + result_.idle_pod_cycles + result_.stalled_pod_cycles,
          hardware.pod_count() * result_.cycles);
    for (const std::int64_t part :
         {result_.stream_cycles, result_.fill_cycles, result_.drain_cycles, result_.write_back_cycles,
          result_.busy_pod_cycles, result_.barrier_pod_cycles, result_.idle_pod_cycles, result_.stalled_pod_cycles}) {
      hold("a class of cycles is negative", part >= 0);
    }
    for (const std::int64_t stall : result_.stalls) hold("a stall is negative", stall >= 0);
    hold("products are formed in more cycles than arrays are busy", result_.compute_cycles <= result_.array_cycles);
    hold("arrays are busy for longer than the run", result_.array_cycles <= result_.cycles);
    hold("arrays compute for less than they stream",
         result_.compute_cycles >= result_.stream_cycles || !result_.complete);
    std::int64_t array_cycles = 0, compute_cycles = 0;
    for (const OperationResult& operation : result_.operations) {
      hold("an operation's products take longer than its arrays are busy",
           operation.compute_cycles <= operation.array_cycles);
      hold("an operation's arrays are busy for longer than all arrays", operation.array_cycles <= result_.array_cycles);
      array_cycles += operation.array_cycles;
      compute_cycles += operation.compute_cycles;
    }
    hold("arrays are busy for no operation", result_.array_cycles <= array_cycles);
    hold("products are formed for no operation", result_.compute_cycles <= compute_cycles);
    hold("more MACs than the PEs can do", result_.macs <= hardware.peak_macs_per_cycle() * result_.cycles);
    equal("rounds", result_.rounds, schedule_.round_count());
    if (result_.complete) equal("rounds done", result_.rounds_done, schedule_.round_count());
  }

  void shares() {
    equal("operations", static_cast<std::int64_t>(result_.operations.size()),
          static_cast<std::int64_t>(work_.network.operations.size()));
    equal("sum of the operations' cycles", over_operations([](const auto& o) { return o.cycles; }), result_.cycles);
    for (std::size_t c = 0; c < kStallCauses; ++c) {
      equal(std::string("sum of the operations' stalls by ") + stall_cause_name(static_cast<StallCause>(c)),
            over_operations([c](const auto& o) { return o.stalls[c]; }), result_.stalls[c]);
    }
    equal("sum of the operations' MACs", over_operations([](const auto& o) { return o.macs; }), result_.macs);
    equal("sum of the operations' tile operations", over_operations([](const auto& o) { return o.tile_operations; }),
          result_.tile_operations);
    equal("sum of the operations' passes", over_operations([](const auto& o) { return o.passes; }), result_.passes);
    equal("sum of the operations' busy pod cycles", over_operations([](const auto& o) { return o.busy_pod_cycles; }),
          result_.busy_pod_cycles);
    for (const OperationResult& operation : result_.operations) {
      hold("an operation has a negative share of cycles", operation.cycles >= 0);
    }
  }

  /// The record of the rounds, if there is one.
  void rounds() {
    const std::vector<RoundResult>& records = result_.round_results;
    auto over_rounds = [&records](auto get) {
      std::int64_t total = 0;
      for (const RoundResult& record : records) total += get(record);
      return total;
    };
    equal("recorded rounds", static_cast<std::int64_t>(records.size()), result_.rounds_done);
    std::vector<std::int64_t> operations(records.size()), passes(records.size());
    for (const MainPlacement& place : schedule_.main) {
      if (place.round < records.size()) ++operations[place.round];
    }
    for (const PostPlacement& pass : schedule_.post) {
      if (pass.round < records.size()) ++passes[pass.round];
    }
    if (!records.empty() && result_.complete) array_cycles(records);
    std::int64_t previous = 0;
    for (std::size_t q = 0; q < records.size(); ++q) {
      const RoundResult& record = records[q];
      const std::string at = "round " + std::to_string(q) + ", ";
      equal(at + "start", record.stream_start, previous + record.fill_cycles + sum(record.stalls));
      equal(at + "tile operations", record.tile_operations, operations[q]);
      equal(at + "passes", record.passes, record.post_start < 0 ? 0 : passes[q]);
      hold(at + "ends before it starts",
           record.stream_end >= record.stream_start && record.post_end >= record.post_start);
      previous = record.stream_end;
    }
    equal("fill cycles of all rounds", over_rounds([](const auto& r) { return r.fill_cycles; }), result_.fill_cycles);
    equal("streaming of all rounds", over_rounds([](const auto& r) { return r.stream_end - r.stream_start; }),
          result_.stream_cycles);
    equal("tile operations of all rounds", over_rounds([](const auto& r) { return r.tile_operations; }),
          result_.tile_operations);
    equal("passes of all rounds", over_rounds([](const auto& r) { return r.passes; }), result_.passes);
    equal("MACs of all rounds", over_rounds([](const auto& r) { return r.macs; }), result_.macs);
    equal("busy pod cycles of all rounds", over_rounds([](const auto& r) { return r.busy_pod_cycles; }),
          result_.busy_pod_cycles);
    for (std::size_t c = 0; c < kStallCauses && result_.complete; ++c) {
      equal(std::string("stalls of all rounds by ") + stall_cause_name(static_cast<StallCause>(c)),
            over_rounds([c](const auto& r) { return r.stalls[c]; }), result_.stalls[c]);
    }
  }

  /// The part of a GEMM that a tile operation computes, and what the dataflow makes of it.
  struct Tile {
    std::int64_t m = 0, k = 0, n = 0;
    std::int64_t streamed = 0;                   ///< rows at the X port
    std::int64_t sum_rows = 0, sum_columns = 0;  ///< at the output
  };
  Tile tile_of(std::uint32_t id) const {
    const GemmTiles& gemm = work_.gemm_of_op(id);
    const OpIndex at = op_index(gemm, id);
    Tile tile{tile_rows(gemm, at.i), tile_depth(gemm, at.g, at.j), tile_columns(gemm, at.g, at.k), 0, 0, 0};
    const std::string& dataflow = program_.machine.config.pod_group(gemm.pod_group).dataflow.type;
    tile.streamed = dataflow == "output_stationary" ? tile.k : dataflow == "input_stationary" ? tile.n : tile.m;
    tile.sum_rows = dataflow == "input_stationary" ? tile.n : tile.m;
    tile.sum_columns = dataflow == "input_stationary" ? tile.m : tile.n;
    return tile;
  }

  /// In how many cycles of the run arrays are busy, cycle by cycle.
  void array_cycles(const std::vector<RoundResult>& records) {
    constexpr std::int64_t kMostCycles = 1 << 22;
    if (result_.cycles > kMostCycles) return;
    std::vector<bool> busy(static_cast<std::size_t>(result_.cycles)), computing(busy);
    for (std::uint32_t id = 0; id < schedule_.main.size(); ++id) {
      const RoundResult& record = records[schedule_.main[id].round];
      const GemmTiles& gemm = work_.gemm_of_op(id);
      const PodConfig& kind = program_.machine.config.pod_group(gemm.pod_group);
      const Tile tile = tile_of(id);
      const bool loads = kind.dataflow.type != "output_stationary";
      const std::int64_t depth = !loads ? 0 : kind.edge_folds == "full" ? kind.rows : tile.k;
      const std::int64_t rows = std::max<std::int64_t>(kind.min_stream_cycles, tile.streamed);
      // Rows and columns of PEs that products are formed in: of sums that stay, those they have.
      const bool all = loads || kind.edge_folds == "full";
      const std::int64_t rows_used = all ? kind.rows : tile.m, columns_used = all ? kind.cols : tile.n;
      const std::int64_t stages = (rows_used + kind.fan_in - 1) / kind.fan_in + (columns_used - 1) / kind.broadcast + 1;
      // Empty rows may be in the array when the last result is stored: the run is over then.
      const std::int64_t end = std::min(record.stream_start + rows + stages - 2, result_.cycles);
      for (std::int64_t t = 0; t < depth; ++t) busy.at(static_cast<std::size_t>(record.load_start + t)) = true;
      for (auto cycle = static_cast<std::size_t>(record.stream_start); cycle < static_cast<std::size_t>(end); ++cycle) {
        busy[cycle] = computing[cycle] = true;
      }
    }
    equal("array cycles", result_.array_cycles, std::count(busy.begin(), busy.end(), true));
    equal("compute cycles", result_.compute_cycles, std::count(computing.begin(), computing.end(), true));
  }

  void counts() {
    equal("MACs", result_.macs, work_.network.macs());
    equal("tile operations", result_.tile_operations, work_.op_count);
    equal("passes", result_.passes, static_cast<std::int64_t>(schedule_.post.size()));
    equal("operations of all pods",
          std::accumulate(result_.pod_operations.begin(), result_.pod_operations.end(), std::int64_t{0}),
          work_.op_count);
    equal("busy cycles of all pods",
          std::accumulate(result_.pod_busy_cycles.begin(), result_.pod_busy_cycles.end(), std::int64_t{0}),
          result_.busy_pod_cycles);
    equal("pods", static_cast<std::int64_t>(result_.pod_operations.size()), program_.machine.config.pod_count());
    // Every operation runs on pods of its group: what the pods of a group did is what its operations are.
    for (int group = 0, pod = 0; group < program_.machine.config.pod_group_count(); ++group) {
      std::int64_t of_pods = 0, of_work = 0;
      for (const int end = pod + program_.machine.config.pod_group(group).count; pod < end; ++pod) {
        of_pods += result_.pod_operations[static_cast<std::size_t>(pod)];
      }
      for (const GemmTiles& gemm : work_.gemms) of_work += gemm.pod_group == group ? gemm.op_count : 0;
      equal("operations of the pods of group " + std::to_string(group), of_pods, of_work);
    }
    for (const std::int64_t busy : result_.pod_busy_cycles) hold("a pod is busy for too long", busy <= result_.cycles);
    std::int64_t rows = 0, copies = 0, copied = 0;
    for (const PostPlacement& pass : schedule_.post) {
      rows += pass.rows;
      if (pass.kind != PostPlacement::Kind::copy) continue;
      ++copies;
      copied += pass.rows * bytes_of(pass.columns, program_.machine.config.activation_bits);
    }
    equal("copies", result_.relayout_copies, copies);
    equal("bytes of copies", result_.relayout_bytes, copied);
    equal("busy cycles of the post-processors", result_.post_processor_busy_cycles, rows);
    for (std::size_t o = 0; o < result_.operations.size(); ++o) {
      const OperationResult& operation = result_.operations[o];
      if (operation.tile_operations + operation.passes == 0) continue;
      hold("an operation's last activation row is out of place",
           operation.tile_operations == 0 ? operation.last_stream_cycle == -1
                                          : operation.last_stream_cycle >= operation.first_cycle &&
                                                operation.last_stream_cycle < operation.last_cycle);
      hold("an operation has no first or last cycle", operation.first_cycle >= 0 &&
                                                          operation.last_cycle >= operation.first_cycle &&
                                                          operation.last_cycle <= result_.cycles);
    }
  }

  /// Elements that lie side by side take whole bytes together.
  static std::int64_t bytes_of(std::int64_t elements, int bits) { return (elements * bits + 7) / 8; }

  /// Bytes and circuits of the seven fabrics, from the schedule.
  void fabrics() {
    struct Traffic {
      std::int64_t circuits = 0, bytes = 0, delivered = 0;
      std::set<std::pair<std::uint32_t, std::uint64_t>> seen;  // (round, what)
      void add(std::uint32_t round, std::uint64_t what, std::int64_t size) {
        ++circuits;
        delivered += size;
        if (seen.emplace(round, what).second) bytes += size;
      }
    };
    std::array<Traffic, kFabrics> expected;
    auto of = [&](FabricId id) -> Traffic& { return expected[static_cast<std::size_t>(id)]; };
    const std::int64_t width = program_.machine.config.partial_sum_bytes;
    std::int64_t psum_written = 0, activations = 0, weights = 0;
    for (std::uint32_t id = 0; id < schedule_.main.size(); ++id) {
      const MainPlacement& place = schedule_.main[id];
      const GemmTiles& gemm = work_.gemm_of_op(id);
      const OpIndex at = op_index(gemm, id);
      const Tile tile = tile_of(id);
      const std::string& dataflow = program_.machine.config.pod_group(gemm.pod_group).dataflow.type;
      const std::uint32_t x = gemm.activation_tile(work_.operands[gemm.activation].first_tile, at.g, at.i, at.j);
      const std::uint32_t w = gemm.stationary_tile(work_.operands[gemm.stationary].first_tile, at.g, at.j, at.k);
      const bool learned = work_.network.operations[static_cast<std::size_t>(gemm.operation)].gemm()->stationary ==
                           StationaryOperand::weights;
      const int second_bits = learned ? program_.machine.config.weight_bits : program_.machine.config.activation_bits;
      const int first_bits = program_.machine.config.activation_bits;
      const bool is_transposed = dataflow == "input_stationary";
      const bool keeps_sums = dataflow == "output_stationary";
      const std::int64_t first_bytes =
          is_transposed || keeps_sums ? tile.k * bytes_of(tile.m, first_bits) : tile.m * bytes_of(tile.k, first_bits);
      const std::int64_t second_bytes =
          is_transposed ? tile.n * bytes_of(tile.k, second_bits) : tile.k * bytes_of(tile.n, second_bits);
      of(is_transposed ? FabricId::w : FabricId::x).add(place.round, x, first_bytes);
      of(is_transposed ? FabricId::x : FabricId::w).add(place.round, w, second_bytes);
      activations += first_bytes;
      weights += second_bytes;
      const std::int64_t sums = tile.m * tile.n * width;
      if (!keeps_sums || place.p_bank != kNoBank) {
        of(FabricId::p_out).add(place.round, id, sums);
        psum_written += sums;
      }
      if (place.partial_sum_in != kNone && !keeps_sums) of(FabricId::p_in).add(place.round, place.partial_sum_in, sums);
    }
    std::array<std::int64_t, 3> post_written{};
    const std::vector<std::uint8_t> readers = reading_classes();
    const bool copied = program_.machine.config.relayout == "circuits" && !schedule_.without_finalize;
    for (const PostPlacement& pass : schedule_.post) {
      if (pass.kind == PostPlacement::Kind::copy) held_.insert(pass.in1.index);
    }
    for (std::uint32_t id = 0; id < schedule_.post.size(); ++id) {
      const PostPlacement& pass = schedule_.post[id];
      auto source = [&](const PostSource& from, FabricId fabric) {
        std::int64_t row_bytes = 0;
        switch (from.kind) {
          case PostSource::Kind::none:
            return;
          case PostSource::Kind::main_sum:
            row_bytes = pass.columns * width;
            break;
          case PostSource::Kind::post_sum:
            row_bytes = schedule_.post[from.index].writes_output
                            ? bytes_of(schedule_.post[from.index].columns, program_.machine.config.activation_bits)
                            : schedule_.post[from.index].columns * width;
            break;
          case PostSource::Kind::stored:
            row_bytes = bytes_of(work_.tiles[from.index].columns, program_.machine.config.activation_bits);
        }
        of(fabric).add(pass.round, (static_cast<std::uint64_t>(from.kind) << 32) | from.index, pass.rows * row_bytes);
      };
      source(pass.in1, FabricId::post_in1);
      source(pass.in2, FabricId::post_in2);
      const std::int64_t bytes =
          pass.rows *
          (pass.writes_output ? bytes_of(pass.columns, program_.machine.config.activation_bits) : pass.columns * width);
      of(FabricId::post_out).add(pass.round, id, bytes);
      const unsigned classes = !pass.writes_output ? 4U : copied ? classes_at_terminal(id) : readers[pass.operation];
      for (std::size_t c = 0; c < 3; ++c) {
        if ((classes >> c & 1U) != 0) post_written[c] += bytes;
      }
    }
    for (std::size_t f = 0; f < kFabrics; ++f) {
      const std::string name = std::string(fabric_name(static_cast<FabricId>(f))) + " fabric, ";
      equal(name + "circuits", result_.fabrics[f].circuits, expected[f].circuits);
      equal(name + "bytes", result_.fabrics[f].bytes, expected[f].bytes);
      equal(name + "delivered bytes", result_.fabrics[f].delivered_bytes, expected[f].delivered);
    }
    equal("activation bytes of all operations", over_operations([](const auto& o) { return o.activation_bytes; }),
          activations);
    // Whatever operations and passes move through P banks and post-processors, in both directions.
    std::int64_t moved = 0;
    for (const FabricId fabric :
         {FabricId::p_in, FabricId::p_out, FabricId::post_in1, FabricId::post_in2, FabricId::post_out}) {
      moved += of(fabric).delivered;
    }
    equal("partial-sum bytes of all operations", over_operations([](const auto& o) { return o.partial_sum_bytes; }),
          moved);
    equal("partial sums that all operations wrote",
          width * over_operations([](const auto& o) { return o.partial_sums_written; }), psum_written);
    equal("weight bytes of all operations", over_operations([](const auto& o) { return o.weight_bytes; }), weights);
    equal("bytes read from X banks", result_.banks[0].read_bytes, of(FabricId::x).bytes);
    equal("bytes read from W banks", result_.banks[1].read_bytes, of(FabricId::w).bytes);
    equal("bytes read from P banks", result_.banks[2].read_bytes,
          of(FabricId::p_in).bytes + of(FabricId::post_in1).bytes + of(FabricId::post_in2).bytes);
    equal("bytes written to X banks", result_.banks[0].written_bytes, post_written[0]);
    equal("bytes written to W banks", result_.banks[1].written_bytes, post_written[1]);
    equal("bytes written to P banks", result_.banks[2].written_bytes, post_written[2] + psum_written);
    std::int64_t read = 0, written = 0, carried = 0;
    for (const BankStatistics& bank : result_.banks) {
      read += bank.read_bytes;
      written += bank.written_bytes;
    }
    for (const FabricStatistics& fabric : result_.fabrics) carried += fabric.bytes;
    equal("bytes read from banks for all operations", over_operations([](const auto& o) { return o.bank_read_bytes; }),
          read);
    equal("bytes written to banks for all operations",
          over_operations([](const auto& o) { return o.bank_written_bytes; }), written);
    equal("bytes carried for all operations", over_operations([](const auto& o) { return o.fabric_bytes; }), carried);
    equal("rows through post-processors of all operations",
          over_operations([](const auto& o) { return o.post_processor_rows; }), result_.post_processor_busy_cycles);
  }

  /// Relayout by circuits: classes with tiles that need the output tile at the pass's terminal, P if copies follow.
  unsigned classes_at_terminal(std::uint32_t id) const {
    const PostPlacement& pass = schedule_.post[id];
    const std::uint32_t number = work_.relayout.number(pass.operation, pass.tile);
    unsigned classes = held_.count(id) != 0 ? 4U : 0U;
    for (std::uint32_t r = work_.relayout.first_reader[number]; r < work_.relayout.first_reader[number + 1]; ++r) {
      const StoredTile& tile = work_.tiles[work_.relayout.readers[r].tile];
      if (tile.bank == pass.bank) classes |= 1U << static_cast<unsigned>(tile.bank_class);
    }
    return classes == 0 ? 4U : classes;
  }

  /// Bank classes that take an operation's output: those of the tiles that need it, P for what leaves the chip.
  std::vector<std::uint8_t> reading_classes() const {
    std::vector<std::uint8_t> classes(work_.network.operations.size(), 0);
    for (const StoredTile& tile : work_.tiles) {
      const RequirementRange range = work_.requirements_of(tile);
      for (std::uint32_t r = 0; r < range.count; ++r) {
        const Requirement& need = work_.requirements[range.first + r];
        classes[need.operation] |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(tile.bank_class));
      }
    }
    for (std::uint8_t& each : classes) {
      if (each == 0) each = 4;
    }
    return classes;
  }

  void memory() {
    std::int64_t first_fetches = 0, copies = 0;
    std::vector<std::uint8_t> used(work_.tiles.size(), schedule_.without_finalize ? 0 : 1);
    for (std::uint32_t id = 0; id < schedule_.main.size(); ++id) {
      const GemmTiles& gemm = work_.gemm_of_op(id);
      const OpIndex at = op_index(gemm, id);
      used[gemm.activation_tile(work_.operands[gemm.activation].first_tile, at.g, at.i, at.j)] = 1;
      used[gemm.stationary_tile(work_.operands[gemm.stationary].first_tile, at.g, at.j, at.k)] = 1;
    }
    for (std::size_t t = 0; t < work_.tiles.size(); ++t) {
      const bool is_resident = std::binary_search(program_.memory.resident.begin(), program_.memory.resident.end(), t);
      if (used[t] != 0 && !is_resident) first_fetches += work_.tiles[t].dram_bytes;
    }
    for (const ItemId taken : program_.memory.taken) {
      copies += work_.tiles[taken].rows * bytes_of(work_.tiles[taken].columns, program_.machine.config.activation_bits);
    }
    equal("bytes fetched for the first time", result_.dram.read_bytes - result_.dram.refetched_bytes, first_fetches);
    equal("bytes fetched again", result_.dram.refetched_bytes, program_.memory.refetched_bytes);
    equal("bytes spilled", result_.dram.spilled_bytes, program_.memory.spilled_bytes);
    const std::int64_t results =
        schedule_.without_finalize
            ? 0
            : std::accumulate(work_.write_back_bytes.begin(), work_.write_back_bytes.end(), std::int64_t{0});
    equal("bytes written back", result_.dram.written_bytes, results);
    equal("weights fetched for all operations", over_operations([](const auto& o) { return o.dram_weight_bytes; }),
          result_.dram.weight_bytes);
    equal("bytes written back by all operations", over_operations([](const auto& o) { return o.dram_written_bytes; }),
          result_.dram.written_bytes);
    equal("bytes spilled of all operations", over_operations([](const auto& o) { return o.dram_spilled_bytes; }),
          result_.dram.spilled_bytes);
    equal("DRAM bytes by kind", result_.dram.weight_bytes + result_.dram.activation_bytes, result_.dram.read_bytes);
    equal("DRAM bytes of all operations", over_operations([](const auto& o) { return o.dram_bytes; }),
          result_.dram.read_bytes + result_.dram.written_bytes);
    equal("bytes filled into banks",
          result_.banks[0].filled_bytes + result_.banks[1].filled_bytes + result_.banks[2].filled_bytes,
          result_.dram.read_bytes);
    equal("bytes copied by relayout",
          result_.banks[0].copied_bytes + result_.banks[1].copied_bytes + result_.banks[2].copied_bytes, copies);
    const double moved =
        static_cast<double>(result_.dram.read_bytes + result_.dram.written_bytes + result_.dram.spilled_bytes);
    // One cycle of slack: the bandwidth is a fraction of bytes per cycle, the makespan a whole number.
    hold("DRAM moved more than its bandwidth allows",
         moved <= program_.machine.config.dram_bytes_per_cycle() * static_cast<double>(result_.cycles + 1));
  }

  void capacity() {
    const HardwareConfig& hardware = program_.machine.config;
    for (std::size_t c = 0; c < 3; ++c) {
      hold("a bank held more than its capacity", result_.peak_bank_bytes[c] <= hardware.bank_capacity().count());
      hold("the peaks of banks and class contradict each other",
           result_.peak_class_bytes[c] >= result_.peak_bank_bytes[c] &&
               result_.peak_class_bytes[c] <= result_.peak_bank_bytes[c] * hardware.bank_count());
    }
    hold("the checker saw nothing", work_.op_count == 0 || result_.checks > 0);
  }

  const Program& program_;
  const RunResult& result_;
  const TiledWorkload& work_;
  const Schedule& schedule_;
  std::set<std::uint32_t> held_;  ///< passes whose output tile is copied
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_identities(const Program& program, const RunResult& result) {
  return Audit(program, result).run();
}

std::string difference(const RunResult& a, const RunResult& b) {
  std::string found;
  auto same = [&found](const std::string& what, auto left, auto right) {
    if (found.empty() && left != right) {
      found = what + ": " + std::to_string(left) + " and " + std::to_string(right);
    }
  };
  auto all = [&](const std::string& what, const auto& left, const auto& right) {
    same(what + " (count)", left.size(), right.size());
    for (std::size_t n = 0; n < left.size() && n < right.size(); ++n) {
      same(what + " " + std::to_string(n), left[n], right[n]);
    }
  };
  same("complete", a.complete, b.complete);
  same("cycles", a.cycles, b.cycles);
  same("stream_cycles", a.stream_cycles, b.stream_cycles);
  same("fill_cycles", a.fill_cycles, b.fill_cycles);
  same("drain_cycles", a.drain_cycles, b.drain_cycles);
  same("write_back_cycles", a.write_back_cycles, b.write_back_cycles);
  all("stalls", a.stalls, b.stalls);
  same("rounds", a.rounds, b.rounds);
  same("rounds_done", a.rounds_done, b.rounds_done);
  same("tile_operations", a.tile_operations, b.tile_operations);
  same("passes", a.passes, b.passes);
  same("macs", a.macs, b.macs);
  same("relayout_copies", a.relayout_copies, b.relayout_copies);
  same("relayout_bytes", a.relayout_bytes, b.relayout_bytes);
  same("busy_pod_cycles", a.busy_pod_cycles, b.busy_pod_cycles);
  same("barrier_pod_cycles", a.barrier_pod_cycles, b.barrier_pod_cycles);
  same("idle_pod_cycles", a.idle_pod_cycles, b.idle_pod_cycles);
  same("stalled_pod_cycles", a.stalled_pod_cycles, b.stalled_pod_cycles);
  same("post_processor_busy_cycles", a.post_processor_busy_cycles, b.post_processor_busy_cycles);
  same("operations", a.operations.size(), b.operations.size());
  for (std::size_t n = 0; n < a.operations.size() && n < b.operations.size(); ++n) {
    const OperationResult& x = a.operations[n];
    const OperationResult& y = b.operations[n];
    const std::string at = "operation " + std::to_string(n) + ", ";
    same(at + "macs", x.macs, y.macs);
    same(at + "tile_operations", x.tile_operations, y.tile_operations);
    same(at + "passes", x.passes, y.passes);
    same(at + "cycles", x.cycles, y.cycles);
    same(at + "first_cycle", x.first_cycle, y.first_cycle);
    same(at + "last_cycle", x.last_cycle, y.last_cycle);
    same(at + "busy_pod_cycles", x.busy_pod_cycles, y.busy_pod_cycles);
    all(at + "stalls", x.stalls, y.stalls);
    same(at + "weight_bytes", x.weight_bytes, y.weight_bytes);
    same(at + "dram_weight_bytes", x.dram_weight_bytes, y.dram_weight_bytes);
    same(at + "dram_written_bytes", x.dram_written_bytes, y.dram_written_bytes);
    same(at + "partial_sums_written", x.partial_sums_written, y.partial_sums_written);
    same(at + "last_stream_cycle", x.last_stream_cycle, y.last_stream_cycle);
    same(at + "activation_bytes", x.activation_bytes, y.activation_bytes);
    same(at + "partial_sum_bytes", x.partial_sum_bytes, y.partial_sum_bytes);
    same(at + "dram_bytes", x.dram_bytes, y.dram_bytes);
    same(at + "dram_spilled_bytes", x.dram_spilled_bytes, y.dram_spilled_bytes);
    same(at + "bank_read_bytes", x.bank_read_bytes, y.bank_read_bytes);
    same(at + "bank_written_bytes", x.bank_written_bytes, y.bank_written_bytes);
    same(at + "fabric_bytes", x.fabric_bytes, y.fabric_bytes);
    same(at + "post_processor_rows", x.post_processor_rows, y.post_processor_rows);
  }
  all("pod_operations", a.pod_operations, b.pod_operations);
  all("pod_busy_cycles", a.pod_busy_cycles, b.pod_busy_cycles);
  for (std::size_t f = 0; f < kFabrics; ++f) {
    const std::string at = std::string(fabric_name(static_cast<FabricId>(f))) + " fabric, ";
    same(at + "circuits", a.fabrics[f].circuits, b.fabrics[f].circuits);
    same(at + "bytes", a.fabrics[f].bytes, b.fabrics[f].bytes);
    same(at + "delivered_bytes", a.fabrics[f].delivered_bytes, b.fabrics[f].delivered_bytes);
  }
  for (std::size_t c = 0; c < 3; ++c) {
    const std::string at = "bank class " + std::to_string(c) + ", ";
    same(at + "read_bytes", a.banks[c].read_bytes, b.banks[c].read_bytes);
    same(at + "written_bytes", a.banks[c].written_bytes, b.banks[c].written_bytes);
    same(at + "filled_bytes", a.banks[c].filled_bytes, b.banks[c].filled_bytes);
    same(at + "copied_bytes", a.banks[c].copied_bytes, b.banks[c].copied_bytes);
    same(at + "delayed_fill_cycles", a.banks[c].delayed_fill_cycles, b.banks[c].delayed_fill_cycles);
  }
  all("peak_bank_bytes", a.peak_bank_bytes, b.peak_bank_bytes);
  all("peak_class_bytes", a.peak_class_bytes, b.peak_class_bytes);
  same("dram.read_bytes", a.dram.read_bytes, b.dram.read_bytes);
  same("dram.weight_bytes", a.dram.weight_bytes, b.dram.weight_bytes);
  same("dram.activation_bytes", a.dram.activation_bytes, b.dram.activation_bytes);
  same("dram.written_bytes", a.dram.written_bytes, b.dram.written_bytes);
  same("dram.spilled_bytes", a.dram.spilled_bytes, b.dram.spilled_bytes);
  same("dram.refetched_bytes", a.dram.refetched_bytes, b.dram.refetched_bytes);
  same("dram.busy_until", a.dram.busy_until, b.dram.busy_until);
  same("checks", a.checks, b.checks);
  return found;
}

LayerBounds layer_bounds(const Network& network, int pods, int rows, int cols) {
  HardwareConfig hardware;
  hardware.pods.count = pods;
  hardware.pods.rows = rows;
  hardware.pods.cols = cols;
  return layer_bounds(network, hardware);
}

LayerBounds layer_bounds(const Network& network, const HardwareConfig& hardware) {
  std::vector<PodConfig> kinds = hardware.pods.groups;
  if (kinds.empty()) kinds.push_back(hardware.pods);
  std::map<std::string, Shape> shapes;
  for (const NetworkInput& input : network.inputs) shapes[input.name] = input.shape;
  for (const Layer& layer : network.layers) shapes[layer.name] = layer.shape;
  LayerBounds out;
  std::int64_t macs = 0;
  std::array<std::int64_t, 6> sums{};
  auto add = [&](std::int64_t images, std::int64_t groups, std::int64_t m, std::int64_t k, std::int64_t n) {
    macs += images * groups * m * k * n;
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    std::array<std::int64_t, 6> least{kMost, kMost, kMost, kMost, kMost, kMost};
    for (const PodConfig& kind : kinds) {
      const std::int64_t rows = kind.rows, cols = kind.cols;
      auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
      std::int64_t rows_in = 0, rows_loaded = 0, rows_out = 0;
      if (kind.dataflow.type == "output_stationary") {
        const std::int64_t arrays = images * groups * up(m, rows) * up(n, cols);
        rows_in = arrays * std::max<std::int64_t>(k, kind.min_stream_cycles);
        rows_out = images * groups * m * up(n, cols);
      } else {
        // As many small groups as fit share an array, along its diagonal.
        const bool inputs_stay = kind.dataflow.type == "input_stationary";
        const std::int64_t across = inputs_stay ? m : n, along = inputs_stay ? n : m;
        const std::int64_t fit = inputs_stay ? 1 : std::max<std::int64_t>(1, std::min({rows / k, cols / n, groups}));
        const std::int64_t arrays = fit > 1 ? up(groups, fit) : groups * up(k, rows) * up(across, cols);
        rows_in = images * arrays * std::max<std::int64_t>(along, kind.min_stream_cycles);
        rows_loaded =
            kind.edge_folds == "full" ? images * arrays * rows : images * groups * k * (fit > 1 ? 1 : up(across, cols));
      }
      const std::array<std::int64_t, 6> costs{
          rows_in, rows_loaded, rows_out, rows_in * rows * cols, rows_loaded * rows * cols, rows_out * rows * cols};
      for (std::size_t c = 0; c < costs.size(); ++c) least[c] = std::min(least[c], costs[c]);
    }
    for (std::size_t c = 0; c < least.size(); ++c) sums[c] += least[c];
  };
  for (const Layer& layer : network.layers) {
    const Shape& in = layer.inputs.empty() ? layer.shape : shapes.at(layer.inputs[0]);
    if (layer.op == Op::conv2d) {
      const auto& a = layer.as<Conv2d>();
      add(1, a.groups, network.batch * layer.shape[1] * layer.shape[2],
          a.kernel.height * a.kernel.width * a.in_channels / a.groups, a.out_channels / a.groups);
    } else if (layer.op == Op::linear) {
      const auto& a = layer.as<Linear>();
      std::int64_t m = network.batch;
      for (std::size_t axis = 0; axis + 1 < in.size(); ++axis) m *= in[axis];
      add(1, 1, m, a.in_features, a.out_features);
    } else if (layer.op == Op::matmul) {
      const auto& a = layer.as<Matmul>();
      const bool per_head = in.size() == 3;
      const std::int64_t m = per_head ? in[1] : in[0];
      const std::int64_t k = per_head ? in[2] : in[1] / a.heads;
      const std::int64_t n = a.merge_heads ? layer.shape[1] / a.heads : layer.shape[2];
      add(network.batch, a.heads, m, k, n);
    }
    out.weight_bytes += layer.op == Op::linear && !layer.as<Linear>().weights_from.empty() ? 0 : layer.weight_bytes;
  }
  std::int64_t pods = 0, pes = 0;
  for (const PodConfig& kind : kinds) {
    pods += kind.count;
    pes += std::int64_t{kind.count} * kind.rows * kind.cols;
  }
  auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  out.mac = up(macs, pes);
  out.work = std::max(up(sums[0], pods), up(sums[3], pes));
  out.load = std::max(up(sums[1], pods), up(sums[4], pes));
  out.drain = std::max(up(sums[2], pods), up(sums[5], pes));
  return out;
}

}  // namespace podsim::test

// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/run_accounts.hpp"

#include <algorithm>

namespace podsim {
namespace {

/// The operation that reads a stored tile, or whose sums or results the item holds.
std::uint32_t operation_of(const Program& program, ItemId item) {
  const auto tiles = static_cast<ItemId>(program.work.tiles.size());
  const auto mains = static_cast<ItemId>(program.schedule.main.size());
  if (item < tiles) return program.work.operands[program.work.tiles[item].operand].operation;
  if (item < tiles + mains) return static_cast<std::uint32_t>(program.work.gemm_of_op(item - tiles).operation);
  return program.schedule.post[item - tiles - mains].operation;
}

}  // namespace

const char* stall_cause_name(StallCause cause) {
  static constexpr const char* kNames[kStallCauses] = {"weights",    "network",        "bank",
                                                       "dependency", "post_processor", "memory"};
  return kNames[static_cast<int>(cause)];
}

RunAccounts::RunAccounts(const HardwareConfig& config) : config_(config) {
  for (int g = 0; g < config.pod_group_count(); ++g) timing_.emplace_back(config.pod_group(g));
}

void RunAccounts::begin(const Program& program) {
  program_ = &program;
  operations_.assign(program.work.network.operations.size(), {});
  round_ops_.assign(program.work.network.operations.size(), 0);
  rounds_.clear();
  stalls_ = {};
  stream_cycles_ = fill_cycles_ = 0;
  busy_pod_cycles_ = barrier_pod_cycles_ = idle_pod_cycles_ = 0;
  arrays_busy_ = arrays_computing_ = {};
  busy_.assign(operations_.size(), {});
  computing_.assign(operations_.size(), {});
  last_work_ = 0;
  charged_last_ = 0;
}

void RunAccounts::round(std::uint32_t q, const std::vector<RoundOperation>& operations, std::int64_t previous_end,
                        std::int64_t load_start, std::int64_t start, std::int64_t end, const StartBound& bound) {
  const Program& program = *program_;
  stream_cycles_ += end - start;
  std::int64_t reached = previous_end;
  std::array<std::int64_t, kStallCauses> waits{};
  for (int c = 0; c < kStallCauses; ++c) {
    const std::int64_t to = std::min(start, bound.at[static_cast<std::size_t>(c)]);
    if (to > reached) {
      waits[static_cast<std::size_t>(c)] = to - reached;
      reached = to;
    }
  }
  // Whatever no bound explains (none is expected) counts as a dependency.
  waits[static_cast<std::size_t>(StallCause::dependency)] += start - reached;
  if (q == 0) {
    for (int c = 0; c < kStallCauses; ++c) {
      if (static_cast<StallCause>(c) != StallCause::memory) fill_cycles_ += waits[static_cast<std::size_t>(c)];
    }
    const std::int64_t memory = waits[static_cast<std::size_t>(StallCause::memory)];
    waits = {};
    waits[static_cast<std::size_t>(StallCause::memory)] = memory;
  }
  for (int c = 0; c < kStallCauses; ++c) stalls_[static_cast<std::size_t>(c)] += waits[static_cast<std::size_t>(c)];
  if (record_rounds_) {
    RoundResult& record = rounds_.emplace_back();
    if (!operations.empty()) record.load_start = load_start;
    record.stream_start = start;
    record.stream_end = end;
    record.fill_cycles = q == 0 ? fill_cycles_ : 0;
    record.stalls = waits;
  }

  // The round's cycles and waits are shared among its layers by their tile operations, exactly; if it has none, by its
  // passes; if it has none either, they go to the layer before.
  const std::int64_t total_cycles = end - previous_end;
  std::int64_t count = 0;
  std::vector<int> present;
  auto note = [&](int operation) {
    if (round_ops_[static_cast<std::size_t>(operation)]++ == 0) present.push_back(operation);
    ++count;
  };
  for (const RoundOperation& operation : operations) note(operation.gemm->operation);
  if (count == 0) {
    for (std::uint32_t n = program.order.post_first[q]; n < program.order.post_first[q + 1]; ++n) {
      note(static_cast<int>(program.schedule.post[program.order.post_ids[n]].operation));
    }
  }
  if (count == 0) note(charged_last_);
  std::sort(present.begin(), present.end());
  charged_last_ = present.back();
  std::int64_t before = 0;
  for (const int operation : present) {
    std::uint32_t& ops = round_ops_[static_cast<std::size_t>(operation)];
    const std::int64_t after = before + ops;
    OperationResult& account = operations_[static_cast<std::size_t>(operation)];
    auto share = [&](std::int64_t total) { return total * after / count - total * before / count; };
    account.cycles += share(total_cycles);
    for (std::size_t c = 0; c < kStallCauses; ++c) account.stalls[c] += share(waits[c]);
    before = after;
    ops = 0;
  }
}

void RunAccounts::weights(const RoundOperation& operation, std::int64_t start) {
  const auto layer = static_cast<std::size_t>(operation.gemm->operation);
  const std::int64_t bytes = static_cast<std::int64_t>(operation.w->rows) * operation.w->row_bytes();
  (operation.gemm->flow.is_transposed ? operations_[layer].activation_bytes : operations_[layer].weight_bytes) += bytes;
  if (!operation.gemm->flow.preloads) return;
  const ArrayTiming& timing = timing_[static_cast<std::size_t>(operation.gemm->pod_group)];
  const std::int64_t end = start + timing.load_cycles(operation.w->rows);
  arrays_busy_.add(start, end);
  busy_[layer].add(start, end);
}

void RunAccounts::tile_operation(const RoundOperation& operation, std::int64_t start, std::int64_t longest,
                                 std::int64_t last_cycle, std::int64_t partial_sum_bytes) {
  const auto layer = static_cast<std::size_t>(operation.gemm->operation);
  OperationResult& account = operations_[layer];
  const std::int64_t rows = operation.x->rows;
  const ArrayTiming& timing = timing_[static_cast<std::size_t>(operation.gemm->pod_group)];
  const std::int64_t sums = sum_rows(*operation.gemm, operation.at);
  const std::int64_t sum_width = sum_columns(*operation.gemm, operation.at);
  const std::int64_t end = start + timing.stream_cycles(rows) + timing.drain_cycles(sums, sum_width);
  for (BusyCycles* busy : {&arrays_busy_, &arrays_computing_, &busy_[layer], &computing_[layer]}) {
    busy->add(start, end);
  }
  const std::int64_t macs = tile_macs(*operation.gemm, operation.at);
  account.macs += macs;
  ++account.tile_operations;
  account.busy_pod_cycles += rows;
  if (operation.place->p_bank != kNoBank) {
    account.partial_sums_written += sums * sum_width;
    account.bank_written_bytes += sums * sum_width * config_.partial_sum_bytes;
    account.fabric_bytes += sums * sum_width * config_.partial_sum_bytes;
  }
  account.last_stream_cycle = std::max(account.last_stream_cycle, start + rows - 1);
  if (record_rounds_) {
    RoundResult& record = rounds_.back();
    ++record.tile_operations;
    record.macs += macs;
    record.busy_pod_cycles += rows;
  }
  (operation.gemm->flow.is_transposed ? account.weight_bytes : account.activation_bytes) +=
      rows * operation.x->row_bytes();
  account.partial_sum_bytes += partial_sum_bytes;
  if (account.first_cycle < 0) account.first_cycle = start;
  account.last_cycle = std::max(account.last_cycle, last_cycle);
  last_work_ = std::max(last_work_, last_cycle);
  busy_pod_cycles_ += rows;
  barrier_pod_cycles_ += longest - rows;
}

void RunAccounts::pass(const PostPlacement& pass, std::int64_t start, std::int64_t last_cycle, std::int64_t bytes_in,
                       std::int32_t row_bytes, int classes) {
  OperationResult& account = operations_[pass.operation];
  const std::int64_t bytes_out = static_cast<std::int64_t>(pass.rows) * row_bytes;
  ++account.passes;
  account.post_processor_rows += pass.rows;
  account.partial_sum_bytes += bytes_in + bytes_out;
  account.bank_written_bytes += bytes_out * classes;
  account.fabric_bytes += bytes_out;
  if (account.first_cycle < 0) account.first_cycle = start;
  account.last_cycle = std::max(account.last_cycle, last_cycle);
  last_work_ = std::max(last_work_, last_cycle);
}

void RunAccounts::collect(RunResult& result, const Scoreboard& board, std::int64_t end,
                          std::optional<StallCause> waiting) const {
  const Program& program = *program_;
  const std::int64_t streamed = board.stream_end.empty() ? 0 : board.stream_end.back();
  result.cycles = std::max(end, streamed);
  result.rounds = static_cast<std::int64_t>(program.order.main_first.size()) - 1;
  result.rounds_done = static_cast<std::int64_t>(board.stream_end.size());
  result.stream_cycles = stream_cycles_;
  result.fill_cycles = fill_cycles_;
  result.stalls = stalls_;
  result.drain_cycles = std::max<std::int64_t>(0, std::min(result.cycles, last_work_) - streamed);
  result.write_back_cycles = result.cycles - streamed - result.drain_cycles;
  const std::int64_t stopped_waiting = waiting ? result.cycles - streamed : 0;
  if (waiting) {
    result.drain_cycles = result.write_back_cycles = 0;
    result.stalls[static_cast<std::size_t>(*waiting)] += stopped_waiting;
  }
  result.array_cycles = arrays_busy_.until(result.cycles);
  result.compute_cycles = arrays_computing_.until(result.cycles);
  result.busy_pod_cycles = busy_pod_cycles_;
  result.barrier_pod_cycles = barrier_pod_cycles_;
  result.idle_pod_cycles = idle_pod_cycles_;
  std::int64_t stalled = fill_cycles_ + result.drain_cycles + result.write_back_cycles;
  for (const std::int64_t stall : result.stalls) stalled += stall;
  result.stalled_pod_cycles = stalled * config_.pod_count();
  result.operations = operations_;
  for (std::size_t o = 0; o < operations_.size(); ++o) {
    result.operations[o].array_cycles = busy_[o].until(result.cycles);
    result.operations[o].compute_cycles = computing_[o].until(result.cycles);
  }
  for (const OperationResult& operation : operations_) {
    result.tile_operations += operation.tile_operations;
    result.passes += operation.passes;
    result.macs += operation.macs;
  }
  // Drain and write-back belong to whatever is stored last.
  std::size_t last = 0;
  for (std::size_t o = 0; o < operations_.size(); ++o) {
    if (operations_[o].last_cycle >= operations_[last].last_cycle) last = o;
  }
  std::int64_t shared = 0;
  for (const OperationResult& operation : operations_) shared += operation.cycles;
  if (!result.operations.empty()) {
    result.operations[last].cycles += result.cycles - shared;
    if (waiting) result.operations[last].stalls[static_cast<std::size_t>(*waiting)] += stopped_waiting;
  }
  result.round_results = rounds_;
  for (std::size_t q = 0; q < result.round_results.size(); ++q) {
    RoundResult& record = result.round_results[q];
    if (q >= board.post_start.size()) break;
    record.passes = program.order.post_first[q + 1] - program.order.post_first[q];
    record.post_start = board.post_start[q];
    record.post_end = board.post_end[q];
  }
  for (std::size_t f = 0; f < program.memory.fills.size(); ++f) {
    if (!board.fill_begun(static_cast<std::uint32_t>(f))) continue;
    const Fill& fill = program.memory.fills[f];
    OperationResult& account = result.operations[operation_of(program, fill.item)];
    account.dram_bytes += fill.bytes;
    if (is_weight_fill(program.work, fill)) account.dram_weight_bytes += fill.bytes;
  }
  for (std::size_t s = 0; s < static_cast<std::size_t>(board.spills_done()); ++s) {
    const Spill& spill = program.memory.spills[s];
    result.operations[operation_of(program, spill.item)].dram_spilled_bytes += spill.bytes;
  }
}

}  // namespace podsim

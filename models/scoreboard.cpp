// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/scoreboard.hpp"

#include <algorithm>

namespace podsim {
namespace {

constexpr std::int64_t kUnknown = -1;

}  // namespace

Scoreboard::Scoreboard(const Machine& machine)
    : machine_(machine),
      config_(machine.config),
      shared_ports_(machine.config.banks.p_ports == "shared"),
      uniform_latency_(machine.topology->has_uniform_latency() ? machine.topology->max_latency().count() : -1),
      links_{LinkSchedule(*machine.topology, is_write_fabric(FabricId::x)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::w), !takes_weights_together(machine.config)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::p_in)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::p_out), !launches_sums_together(machine.config)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_in1)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_in2)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_out))} {
  for (int g = 0; g < config_.pod_group_count(); ++g) {
    const PodConfig& pods = config_.pod_group(g);
    timing_.emplace_back(pods);
    group_of_pod_.insert(group_of_pod_.end(), static_cast<std::size_t>(pods.count), static_cast<std::uint8_t>(g));
  }
}

void Scoreboard::reset() {
  stream_start.clear();
  stream_end.clear();
  post_start.clear();
  post_end.clear();
  spill_done_.clear();
  for (LinkSchedule& links : links_) links.clear();
  for (auto& ports : ports_) ports.assign(static_cast<std::size_t>(config_.terminals()), 0);
}

void Scoreboard::begin(const Program& program) {
  reset();
  program_ = &program;
  const TiledWorkload& work = program.work;
  fill_ready_.assign(program.memory.fills.size(), kUnknown);
  block_ready_.assign(work.block_count, 0);
  block_queued_.assign(work.block_count, 0);
  block_missing_.assign(work.block_count, 0);
  list_ready_.assign(work.requirement_list_count(), kUnknown);
  list_queued_.assign(list_ready_.size(), 0);

  if (program.schedule.without_finalize) {
    // Every tile operation and add counts towards the blocks of its output.
    for (const GemmTiles& gemm : work.gemms) {
      for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
        const OpIndex at = op_index(gemm, op);
        for (const std::size_t block : output_blocks_of(work, gemm, at.g, at.i)) ++block_missing_[block];
      }
    }
    for (const PostPlacement& pass : program.schedule.post) {
      for (const std::size_t block : output_blocks_of(work, pass.operation, pass.tile)) ++block_missing_[block];
    }
  } else {
    for (const OutputBlocks& blocks : work.outputs) {
      std::fill_n(block_missing_.begin() + blocks.first_block, blocks.block_count, blocks.tiles_per_block);
    }
  }
  // A block is complete when all copies of its tiles are.
  is_held_.assign(program.schedule.post.size(), 0);
  for (const PostPlacement& pass : program.schedule.post) {
    if (pass.kind != PostPlacement::Kind::copy) continue;
    is_held_[pass.in1.index] = 1;
    for (const std::size_t block : output_blocks_of(work, pass.operation, pass.tile)) ++block_missing_[block];
  }

  // Which banks an operation's rows go to: those of all operands that read it.
  destination_classes_.assign(work.network.operations.size(), 0);
  for (const StoredTile& tile : work.tiles) {
    const RequirementRange range = work.requirements_of(tile);
    for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
      destination_classes_[work.requirements[r].operation] |=
          static_cast<std::uint8_t>(1U << static_cast<unsigned>(tile.bank_class));
    }
  }
  for (std::uint8_t& classes : destination_classes_) {
    // What nobody on chip reads leaves through a P bank.
    if (classes == 0) classes = static_cast<std::uint8_t>(1U << static_cast<unsigned>(BankClass::p));
  }
}

std::uint8_t Scoreboard::destination_classes(std::uint32_t pass) const {
  constexpr auto kP = static_cast<std::uint8_t>(1U << static_cast<unsigned>(BankClass::p));
  const PostPlacement& what = program_->schedule.post[pass];
  if (!what.writes_output) return kP;
  const Relayout& relayout = program_->work.relayout;
  if (!relayout.by_circuits() || program_->schedule.without_finalize) return destination_classes_[what.operation];
  const std::uint8_t classes = relayout.classes_at(relayout.number(what.operation, what.tile), what.bank);
  return is_held_[pass] != 0 || classes == 0 ? static_cast<std::uint8_t>(classes | kP) : classes;
}

bool Scoreboard::fills_ready(std::uint32_t round, Stage stage, std::int64_t& ready) const {
  const auto& first = program_->memory.fills_first;
  const std::size_t at = static_cast<std::size_t>(round) * kStages + static_cast<std::size_t>(stage);
  for (std::uint32_t f = first[at]; f < first[at + 1]; ++f) {
    if (fill_ready_[f] == kUnknown) return false;
    ready = std::max(ready, fill_ready_[f]);
  }
  return true;
}

bool Scoreboard::spills_ready(std::uint32_t round, std::int64_t& ready) const {
  const std::uint32_t needed = program_->memory.spills_before[round];
  if (needed > spill_done_.size()) return false;
  if (needed > 0) ready = std::max(ready, spill_done_[needed - 1]);
  return true;
}

bool Scoreboard::block_ready(std::uint32_t operation, std::uint32_t block, std::int64_t& ready, bool& queued) {
  const Program& program = *program_;
  const TiledWorkload& work = program.work;
  if (program.schedule.without_finalize && work.network.operations[operation].vector() != nullptr) {
    // No passes: its rows are there when those of its inputs are.
    const VectorTiles& vector = work.vectors[work.tiles_of_operation[operation]];
    for (const std::uint32_t operand : vector.inputs) {
      const std::uint32_t tile = work.operands[operand].first_tile + static_cast<std::uint32_t>(block * vector.k_count);
      if (!rows_ready(work.tiles[tile].requirements, ready, queued)) return false;
    }
    return true;
  }
  const std::size_t flat = work.outputs[operation].first_block + block;
  if (block_missing_[flat] != 0) return false;
  if (block_ready_[flat] > ready) {
    ready = block_ready_[flat];
    queued = block_queued_[flat] != 0;
  }
  return true;
}

bool Scoreboard::rows_ready(RequirementList list, std::int64_t& ready, bool& queued) {
  if (list == kNoRequirements) return true;
  std::int64_t& known = list_ready_[list];
  if (known == kUnknown) {
    const RequirementRange range = program_->work.requirements_of(list);
    std::int64_t latest = 0;
    bool latest_queued = false;
    for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
      const Requirement& need = program_->work.requirements[r];
      std::int64_t of_block = 0;
      bool of_block_queued = false;
      if (!block_ready(need.operation, need.block, of_block, of_block_queued)) return false;
      if (of_block + need.offset > latest) {
        latest = of_block + need.offset;
        latest_queued = of_block_queued;
      }
    }
    known = latest;
    list_queued_[list] = latest_queued ? 1 : 0;
  }
  if (known > ready) {
    ready = known;
    queued = list_queued_[list] != 0;
  }
  return true;
}

bool Scoreboard::sum_ready(const PostSource& source, std::int64_t& ready) const {
  const Schedule& schedule = program_->schedule;
  if (source.kind == PostSource::Kind::main_sum) {
    const MainPlacement& place = schedule.main[source.index];
    if (place.round >= stream_start.size()) return false;
    ready = sums_launch(place.pod, stream_start[place.round], stream_end[place.round]) +
            latency(place.p_bank, place.pod) + kBankWrite;
    return true;
  }
  const PostPlacement& pass = schedule.post[source.index];
  if (pass.round >= post_start.size()) return false;
  ready = post_start[pass.round] + config_.post_processors.latency_cycles + latency(pass.bank, pass.post_processor) +
          kBankWrite;
  return true;
}

void Scoreboard::write(BlockRange blocks, std::int64_t ready, bool queued) {
  for (const std::size_t block : blocks) {
    --block_missing_[block];
    if (ready > block_ready_[block]) {
      block_ready_[block] = ready;
      block_queued_[block] = queued ? 1 : 0;
    }
  }
}

std::int64_t& Scoreboard::port_free(FabricId fabric, int bank) {
  FabricId port = fabric;
  if (shared_ports_) {
    if (fabric == FabricId::post_in1 || fabric == FabricId::post_in2) port = FabricId::p_in;
    if (fabric == FabricId::post_out) port = FabricId::p_out;
  }
  return ports_[static_cast<std::size_t>(port)][static_cast<std::size_t>(bank)];
}

}  // namespace podsim

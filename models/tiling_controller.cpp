// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/tiling_controller.hpp"

#include <algorithm>

namespace podsim {
namespace {

constexpr std::int64_t kUnknown = -1;

/// Cycles to read a row out of a bank before it is launched.
constexpr std::int64_t kBankRead = 1;
/// Cycles until a row that entered a bank can be read.
constexpr std::int64_t kBankWrite = 1;

FabricId fabric_of(ReadPort port) {
  switch (port) {
    case ReadPort::post_in1:
      return FabricId::post_in1;
    case ReadPort::post_in2:
      return FabricId::post_in2;
    default:
      return FabricId::p_in;
  }
}

}  // namespace

const char* stall_cause_name(StallCause cause) {
  static constexpr const char* kNames[kStallCauses] = {"weights",    "network",        "bank",
                                                       "dependency", "post_processor", "memory"};
  return kNames[static_cast<int>(cause)];
}

TilingController::TilingController(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine,
                                   Checker& checker, Dram& memory)
    : sc_module(name),
      context_(context),
      machine_(machine),
      config_(machine.config),
      checker_(checker),
      memory_(memory),
      uniform_latency_(machine.topology->has_uniform_latency() ? machine.topology->max_latency().count() : -1),
      max_latency_(machine.topology->max_latency().count()),
      array_latency_(machine.config.array_latency().count()),
      links_{LinkSchedule(*machine.topology, is_write_fabric(FabricId::x)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::w)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::p_in)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::p_out)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_in1)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_in2)),
             LinkSchedule(*machine.topology, is_write_fabric(FabricId::post_out))},
      x_reads_(static_cast<std::size_t>(machine.config.bank_count())),
      w_reads_(x_reads_),
      p_reads_(x_reads_),
      in1_reads_(x_reads_),
      in2_reads_(x_reads_) {
  fills.bind(*this);
  spills.bind(*this);
  SC_METHOD(run_main);
  sensitive << main_wake_.event();
  dont_initialize();
  SC_METHOD(run_post);
  sensitive << post_wake_.event();
  dont_initialize();
}

void TilingController::reset() {
  main_wake_.reset();
  post_wake_.reset();
  finish_.reset();
  main_round_ = post_round_ = 0;
  loading_ = true;
  decided_main_ = decided_post_ = -1;
  done_ = false;
  finish_cycle_ = 0;
  stream_start_.clear();
  stream_end_.clear();
  post_start_.clear();
  post_end_.clear();
  post_queued_.clear();
  load_start_ = load_end_ = loading_rows_ = 0;
  spills_done_ = spills_done_cycle_ = 0;
  for (LinkSchedule& links : links_) links.clear();
  for (auto& ports : ports_) ports.assign(static_cast<std::size_t>(config_.terminals()), 0);
  stalls_ = {};
  stream_cycles_ = fill_cycles_ = 0;
  busy_pod_cycles_ = barrier_pod_cycles_ = idle_pod_cycles_ = 0;
  macs_ = last_work_ = passes_done_ = 0;
  charged_last_ = 0;
}

void TilingController::begin() {
  reset();
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  rounds_ = static_cast<std::uint32_t>(program.order.main_first.size()) - 1;
  fill_ready_.assign(program.memory.fills.size(), kUnknown);
  block_ready_.assign(work.block_count, 0);
  block_queued_.assign(work.block_count, 0);
  block_missing_.assign(work.block_count, 0);
  list_ready_.assign(work.requirements.size(), kUnknown);
  list_queued_.assign(work.requirements.size(), 0);
  operations_.assign(work.network.operations.size(), {});
  round_ops_.assign(work.network.operations.size(), 0);
  outputs_written_.assign(work.network.operations.size(), 0);

  if (program.schedule.without_finalize) {
    // Every tile operation and add counts towards the blocks of its output.
    for (const GemmTiles& gemm : work.gemms) {
      for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
        const OpIndex at = op_index(gemm, op);
        for (const std::uint32_t block : output_blocks_of(gemm, at.g, at.i)) {
          ++block_missing_[work.outputs[static_cast<std::size_t>(gemm.operation)].first_block + block];
        }
      }
    }
    for (const PostPlacement& pass : program.schedule.post) {
      const GemmTiles& gemm = work.gemms[work.tiles_of_operation[pass.operation]];
      const std::int64_t rest = (pass.tile - gemm.first_output) / gemm.k_count;
      for (const std::uint32_t block : output_blocks_of(gemm, rest / gemm.i_count, rest % gemm.i_count)) {
        ++block_missing_[work.outputs[pass.operation].first_block + block];
      }
    }
  } else {
    for (const OutputBlocks& blocks : work.outputs) {
      std::fill_n(block_missing_.begin() + blocks.first_block, blocks.block_count, blocks.tiles_per_block);
    }
  }

  // Which banks an operation's rows go to: those of all operands that read it.
  destination_classes_.assign(work.network.operations.size(), 0);
  for (const StoredTile& tile : work.tiles) {
    for (std::uint32_t r = tile.requirements.first; r < tile.requirements.first + tile.requirements.count; ++r) {
      destination_classes_[work.requirements[r].operation] |=
          static_cast<std::uint8_t>(1U << static_cast<unsigned>(tile.bank_class));
    }
  }
  for (std::uint8_t& classes : destination_classes_) {
    // What nobody on chip reads leaves through a P bank.
    if (classes == 0) classes = static_cast<std::uint8_t>(1U << static_cast<unsigned>(BankClass::p));
  }
  main_wake_.notify(context_, 0, 0);
  post_wake_.notify(context_, 0, 0);
}

// --- what others tell ------------------------------------------------------------------------------------------------

void TilingController::poke_main(std::int64_t now) {
  main_wake_.notify(context_, now, now);
}
void TilingController::poke_post(std::int64_t now) {
  post_wake_.notify(context_, now, now);
}

void TilingController::filling(std::uint32_t fill, std::int64_t cycle, std::int64_t now) {
  fill_ready_[fill] = cycle;
  checker_.filled(fill, cycle);
  const Fill& what = context_.program->memory.fills[fill];
  space->take(what.item, now);
  if (what.need_stage == Stage::post) {
    if (what.need_round <= post_round_) poke_post(now);
  } else if (what.need_round <= main_round_) {
    poke_main(now);
  }
}

void TilingController::fill_delayed(std::uint32_t fill, std::int64_t cycle) {
  // Whoever waits for it sleeps until the cycle it was promised for, and then looks again.
  fill_ready_[fill] = cycle;
  checker_.filled(fill, cycle);
}

void TilingController::spilled(std::int64_t count, std::int64_t cycle, std::int64_t now) {
  for (std::int64_t spill = spills_done_; spill < count; ++spill) {
    space->give_back(context_.program->memory.spills[static_cast<std::size_t>(spill)].item, cycle);
  }
  spills_done_ = count;
  spills_done_cycle_ = cycle;
  poke_main(now);
  poke_post(now);
}

bool TilingController::fills_ready(std::uint32_t round, Stage stage, std::int64_t& ready) const {
  const auto& first = context_.program->memory.fills_first;
  const std::size_t at = static_cast<std::size_t>(round) * kStages + static_cast<std::size_t>(stage);
  for (std::uint32_t f = first[at]; f < first[at + 1]; ++f) {
    if (fill_ready_[f] == kUnknown) return false;
    ready = std::max(ready, fill_ready_[f]);
  }
  return true;
}

// --- readiness -------------------------------------------------------------------------------------------------------

bool TilingController::block_ready(std::uint32_t operation, std::uint32_t block, std::int64_t& ready, bool& queued) {
  const Program& program = *context_.program;
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

bool TilingController::rows_ready(RequirementRange range, std::int64_t& ready, bool& queued) {
  if (range.count == 0) return true;
  std::int64_t& known = list_ready_[range.first];
  if (known == kUnknown) {
    std::int64_t latest = 0;
    bool latest_queued = false;
    for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
      const Requirement& need = context_.program->work.requirements[r];
      std::int64_t of_block = 0;
      bool of_block_queued = false;
      if (!block_ready(need.operation, need.block, of_block, of_block_queued)) return false;
      if (of_block + need.offset > latest) {
        latest = of_block + need.offset;
        latest_queued = of_block_queued;
      }
    }
    known = latest;
    list_queued_[range.first] = latest_queued ? 1 : 0;
  }
  if (known > ready) {
    ready = known;
    queued = list_queued_[range.first] != 0;
  }
  return true;
}

bool TilingController::sum_ready(const PostSource& source, std::int64_t& ready) const {
  const Schedule& schedule = context_.program->schedule;
  if (source.kind == PostSource::Kind::main_sum) {
    const MainPlacement& place = schedule.main[source.index];
    if (place.round >= stream_start_.size()) return false;
    ready = stream_start_[place.round] + array_latency_ + latency(place.p_bank, place.pod) + kBankWrite;
    return true;
  }
  const PostPlacement& pass = schedule.post[source.index];
  if (pass.round >= post_start_.size()) return false;
  ready = post_start_[pass.round] + config_.post_processors.latency_cycles + latency(pass.bank, pass.post_processor) +
          kBankWrite;
  return true;
}

void TilingController::write_block(std::uint32_t operation, std::uint32_t block, std::int64_t ready, bool queued) {
  const std::size_t flat = context_.program->work.outputs[operation].first_block + block;
  --block_missing_[flat];
  if (ready > block_ready_[flat]) {
    block_ready_[flat] = ready;
    block_queued_[flat] = queued ? 1 : 0;
  }
}

void TilingController::write_output(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t ready,
                                    bool queued) {
  const auto operation = static_cast<std::uint32_t>(gemm.operation);
  if (!gemm.output_rows_per_group) {
    write_block(operation, static_cast<std::uint32_t>(g / gemm.packed_groups_per_image * gemm.i_count + i), ready,
                queued);
    return;
  }
  for (std::int64_t q = 0; q < gemm.groups_in(g); ++q) {
    write_block(operation, static_cast<std::uint32_t>((gemm.first_group(g) + q) * gemm.i_count + i), ready, queued);
  }
}

std::int64_t& TilingController::port_free(FabricId fabric, int bank) {
  FabricId port = fabric;
  if (config_.banks.p_ports == "shared") {
    if (fabric == FabricId::post_in1 || fabric == FabricId::post_in2) port = FabricId::p_in;
    if (fabric == FabricId::post_out) port = FabricId::p_out;
  }
  return ports_[static_cast<std::size_t>(port)][static_cast<std::size_t>(bank)];
}

// --- deciding --------------------------------------------------------------------------------------------------------

TilingController::Decision TilingController::at(CycleEvent& event, std::int64_t& decided, std::int64_t start,
                                                std::int64_t lead, std::int64_t now) {
  // Orders go out a cycle before the first bank is read, and early enough that the next decision, whose circuits may
  // be longer, is not late because of this one.
  const std::int64_t when = start - lead - kBankRead - max_latency_;
  decided = start;
  if (when <= now) return Decision::commit;
  event.notify(context_, now, when);
  return Decision::sleep;
}

void TilingController::run_main() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  main_wake_.fired();
  context_.guard([this] { step_main(main_wake_.cycle()); });
}

void TilingController::run_post() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  post_wake_.fired();
  context_.guard([this] { step_post(post_wake_.cycle()); });
}

void TilingController::step_main(std::int64_t now) {
  checker_.advance(now);
  while (main_round_ < rounds_) {
    Decision decision = Decision::commit;
    if (decided_main_ >= 0) {
      // Found before; a poke may have come early.
      decision = at(main_wake_, decided_main_, decided_main_, main_lead_, now);
    } else {
      decision = loading_ ? decide_weights(now) : decide_stream(now);
    }
    if (decision != Decision::commit) return;
    if (loading_) {
      order_weights();
      loading_ = false;
    } else {
      order_stream(now);
      loading_ = true;
      ++main_round_;
      poke_post(now);
    }
    decided_main_ = -1;
  }
  maybe_finish(now);
}

TilingController::Decision TilingController::decide_weights(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t q = main_round_;
  load_bound_ = {};
  std::int64_t free_shadow = 0;
  if (q > 0) {
    free_shadow = config_.pods.weight_buffers == "double"
                      ? stream_start_[q - 1]
                      : stream_end_[q - 1] + config_.row_stages() + config_.col_stages() - 2;
  }
  load_bound_.raise(StallCause::weights, std::max(free_shadow, load_end_));
  w_reads_.next();
  loading_rows_ = 0;
  main_lead_ = 0;
  const std::uint32_t first = program.order.main_first[q];
  const std::uint32_t end = program.order.main_first[q + 1];
  std::int64_t written = 0;
  bool queued = false;
  for (std::uint32_t n = first; n < end; ++n) {
    const std::uint32_t op = program.order.main_ids[n];
    const GemmTiles& gemm = work.gemm_of_op(op);
    const OpIndex index = op_index(gemm, op);
    const std::uint32_t tile =
        gemm.stationary_tile(work.operands[gemm.stationary].first_tile, index.g, index.j, index.k);
    const StoredTile& stored = work.tiles[tile];
    const std::int64_t cycles = latency(stored.bank, program.schedule.main[op].pod);
    w_reads_.add(stored.bank, cycles);
    main_lead_ = std::max(main_lead_, cycles);
    loading_rows_ = std::max<std::int64_t>(loading_rows_, stored.rows);
    if (!rows_ready(stored.requirements, written, queued)) return Decision::wait;
  }
  if (first == end) {
    decided_main_ = load_bound_.highest();
    return Decision::commit;
  }
  if (written > 0) {
    load_bound_.raise(queued ? StallCause::post_processor : StallCause::dependency, written + kBankRead + main_lead_);
  }
  std::int64_t fetched = 0;
  if (!fills_ready(q, Stage::weights, fetched)) {
    waited_for_ = StallCause::memory;
    return Decision::wait;
  }
  if (fetched > now) {
    main_wake_.notify(context_, now, fetched);  // it may yet be delayed
    return Decision::sleep;
  }
  if (fetched > 0) load_bound_.raise(StallCause::memory, fetched + kBankRead + main_lead_);
  LinkSchedule& links = links_[static_cast<std::size_t>(FabricId::w)];
  for (std::uint32_t n = first; n < end; ++n) {
    const std::uint32_t op = program.order.main_ids[n];
    const GemmTiles& gemm = work.gemm_of_op(op);
    const OpIndex index = op_index(gemm, op);
    const int bank =
        work.tiles[gemm.stationary_tile(work.operands[gemm.stationary].first_tile, index.g, index.j, index.k)].bank;
    const std::int64_t port = port_free(FabricId::w, bank);
    if (port > 0) load_bound_.raise(StallCause::bank, port + kBankRead + w_reads_.of(bank));
    if (!links.never_conflicts()) {
      const std::int64_t launch = links.earliest_launch(bank, program.schedule.main[op].pod);
      if (launch > 0) load_bound_.raise(StallCause::network, launch + w_reads_.of(bank));
    }
  }
  // An order takes effect in the next cycle.
  const std::int64_t start = std::max(load_bound_.highest(), now + kBankRead + main_lead_);
  if (start > load_bound_.highest()) {
    load_bound_.raise(q == 0 ? StallCause::weights : waited_for_, start);
  }
  return at(main_wake_, decided_main_, start, main_lead_, now);
}

void TilingController::order_weights() {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t q = main_round_;
  load_start_ = decided_main_;
  load_end_ = load_start_ + loading_rows_;
  LinkSchedule& links = links_[static_cast<std::size_t>(FabricId::w)];
  for (std::uint32_t n = program.order.main_first[q]; n < program.order.main_first[q + 1]; ++n) {
    const std::uint32_t op = program.order.main_ids[n];
    const GemmTiles& gemm = work.gemm_of_op(op);
    const OpIndex index = op_index(gemm, op);
    const std::uint32_t tile =
        gemm.stationary_tile(work.operands[gemm.stationary].first_tile, index.g, index.j, index.k);
    const StoredTile& stored = work.tiles[tile];
    const std::uint16_t pod = program.schedule.main[op].pod;
    Transfer transfer;
    transfer.launch = load_start_ - w_reads_.of(stored.bank);
    transfer.arrival = load_start_;
    transfer.rows = stored.rows;
    transfer.row_bytes = stored.columns;
    transfer.bank = stored.bank;
    transfer.unit = pod;
    transfer.item = tile;
    transfer.id = op;
    port_free(FabricId::w, stored.bank) = transfer.launch - kBankRead + stored.rows;
    if (!links.never_conflicts()) links.reserve(stored.bank, pod, transfer.launch, stored.rows);
    w_banks[stored.bank]->read(ReadPort::main, transfer);
    operations_[static_cast<std::size_t>(gemm.operation)].weight_bytes +=
        static_cast<std::int64_t>(stored.rows) * stored.columns;
  }
}

TilingController::Decision TilingController::decide_stream(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t q = main_round_;
  const std::uint32_t first = program.order.main_first[q];
  const std::uint32_t end = program.order.main_first[q + 1];
  stream_bound_ = {};
  main_lead_ = 0;

  // Post-processors may fall behind, but not so far that results would need the space of what they still have to read.
  const std::uint32_t read_rounds = program.memory.posts_before[q];
  if (read_rounds > 0) {
    if (post_end_.size() < read_rounds) {
      waited_for_ = StallCause::post_processor;
      return Decision::wait;
    }
    stream_bound_.raise(StallCause::post_processor, post_end_[read_rounds - 1]);
  }
  const std::int64_t previous = q > 0 ? stream_end_[q - 1] : 0;
  if (first == end) {
    decided_main_ = std::max(previous, stream_bound_.highest());
    return Decision::commit;
  }

  // Loading its weights, and whatever that waited for.
  for (int c = 0; c < kStallCauses; ++c) {
    const auto cause = static_cast<StallCause>(c);
    const std::int64_t bound = load_bound_.at[static_cast<std::size_t>(c)];
    if (bound > 0 || cause == StallCause::weights) stream_bound_.raise(cause, bound + loading_rows_);
  }
  if (program.memory.spills_before[q] > spills_done_) {
    waited_for_ = StallCause::memory;
    return Decision::wait;
  }
  if (program.memory.spills_before[q] > 0) stream_bound_.raise(StallCause::memory, spills_done_cycle_);

  x_reads_.next();
  p_reads_.next();
  std::int64_t written = 0;
  std::int64_t summed = 0;
  bool queued = false;
  for (std::uint32_t n = first; n < end; ++n) {
    const std::uint32_t op = program.order.main_ids[n];
    const MainPlacement& place = program.schedule.main[op];
    const GemmTiles& gemm = work.gemm_of_op(op);
    const OpIndex index = op_index(gemm, op);
    const StoredTile& stored =
        work.tiles[gemm.activation_tile(work.operands[gemm.activation].first_tile, index.g, index.i, index.j)];
    const std::int64_t x_latency = latency(stored.bank, place.pod);
    x_reads_.add(stored.bank, x_latency);
    main_lead_ = std::max(main_lead_, x_latency);
    if (!rows_ready(stored.requirements, written, queued)) {
      waited_for_ = StallCause::post_processor;
      return Decision::wait;
    }
    if (place.partial_sum_in != kNone) {
      const MainPlacement& from = program.schedule.main[place.partial_sum_in];
      const std::int64_t p_latency = latency(from.p_bank, place.pod);
      p_reads_.add(from.p_bank, p_latency);
      main_lead_ = std::max(main_lead_, p_latency);
      std::int64_t ready = 0;
      sum_ready({PostSource::Kind::main_sum, place.partial_sum_in}, ready);
      summed = std::max(summed, ready + kBankRead + p_latency);
    }
  }
  if (summed > 0) stream_bound_.raise(StallCause::dependency, summed);
  if (written > 0) {
    stream_bound_.raise(queued ? StallCause::post_processor : StallCause::dependency, written + kBankRead + main_lead_);
  }
  std::int64_t fetched = 0;
  if (!fills_ready(q, Stage::stream, fetched)) {
    waited_for_ = StallCause::memory;
    return Decision::wait;
  }
  if (fetched > now) {
    main_wake_.notify(context_, now, fetched);
    return Decision::sleep;
  }
  if (fetched > 0) stream_bound_.raise(StallCause::memory, fetched + kBankRead + main_lead_);

  const bool watch_links = !links_[0].never_conflicts();
  const bool watch_ports = watch_links || config_.banks.p_ports == "shared";
  if (watch_ports) {
    for (std::uint32_t n = first; n < end; ++n) {
      const std::uint32_t op = program.order.main_ids[n];
      const MainPlacement& place = program.schedule.main[op];
      const GemmTiles& gemm = work.gemm_of_op(op);
      const OpIndex index = op_index(gemm, op);
      const int bank =
          work.tiles[gemm.activation_tile(work.operands[gemm.activation].first_tile, index.g, index.i, index.j)].bank;
      stream_bound_.raise(StallCause::bank, port_free(FabricId::x, bank) + kBankRead + x_reads_.of(bank));
      const std::int64_t out_latency = latency(place.p_bank, place.pod);
      stream_bound_.raise(StallCause::bank, port_free(FabricId::p_out, place.p_bank) - array_latency_ - out_latency);
      if (watch_links) {
        stream_bound_.raise(
            StallCause::network,
            links_[static_cast<std::size_t>(FabricId::x)].earliest_launch(bank, place.pod) + x_reads_.of(bank));
        stream_bound_.raise(StallCause::network,
                            links_[static_cast<std::size_t>(FabricId::p_out)].earliest_launch(place.p_bank, place.pod) -
                                array_latency_);
      }
      if (place.partial_sum_in != kNone) {
        const int from = program.schedule.main[place.partial_sum_in].p_bank;
        stream_bound_.raise(StallCause::bank, port_free(FabricId::p_in, from) + kBankRead + p_reads_.of(from));
        if (watch_links) {
          stream_bound_.raise(
              StallCause::network,
              links_[static_cast<std::size_t>(FabricId::p_in)].earliest_launch(from, place.pod) + p_reads_.of(from));
        }
      }
    }
  }
  std::int64_t start = std::max({previous, load_end_, stream_bound_.highest()});
  const std::int64_t earliest = now + kBankRead + main_lead_;
  if (earliest > start) {
    stream_bound_.raise(q == 0 ? StallCause::weights : waited_for_, earliest);
    start = earliest;
  }
  return at(main_wake_, decided_main_, start, main_lead_, now);
}

void TilingController::charge(std::int64_t start, const Bound& bound) {
  const std::uint32_t q = main_round_;
  const Program& program = *context_.program;
  std::int64_t reached = q > 0 ? stream_end_[q - 1] : 0;
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

  // The round's cycles and waits are shared among its layers by their tile operations, exactly; if it has none, by its
  // passes; if it has none either, they go to the layer before.
  const std::int64_t total_cycles = stream_end_[q] - (q > 0 ? stream_end_[q - 1] : 0);
  std::int64_t count = 0;
  std::vector<int> present;
  auto note = [&](int operation) {
    if (round_ops_[static_cast<std::size_t>(operation)]++ == 0) present.push_back(operation);
    ++count;
  };
  for (std::uint32_t n = program.order.main_first[q]; n < program.order.main_first[q + 1]; ++n) {
    note(program.work.gemm_of_op(program.order.main_ids[n]).operation);
  }
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

void TilingController::order_stream(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t q = main_round_;
  const std::uint32_t first = program.order.main_first[q];
  const std::uint32_t end = program.order.main_first[q + 1];
  const std::int64_t start = decided_main_;
  const auto tiles = static_cast<ItemId>(work.tiles.size());
  std::int64_t longest = 0;
  for (std::uint32_t n = first; n < end; ++n) {
    const GemmTiles& gemm = work.gemm_of_op(program.order.main_ids[n]);
    longest = std::max(longest, tile_rows(gemm, op_index(gemm, program.order.main_ids[n]).i));
  }
  stream_start_.push_back(start);
  stream_end_.push_back(start + longest);
  stream_cycles_ += longest;
  charge(start, stream_bound_);

  const bool watch_links = !links_[0].never_conflicts();
  for (std::uint32_t n = first; n < end; ++n) {
    const std::uint32_t op = program.order.main_ids[n];
    const MainPlacement& place = program.schedule.main[op];
    const GemmTiles& gemm = work.gemm_of_op(op);
    const OpIndex index = op_index(gemm, op);
    const std::uint32_t x_tile =
        gemm.activation_tile(work.operands[gemm.activation].first_tile, index.g, index.i, index.j);
    const StoredTile& x = work.tiles[x_tile];
    const auto columns = static_cast<std::int32_t>(tile_columns(gemm, index.g, index.k));

    PodCommand command;
    command.op = op;
    command.issued = now;
    command.start = start;
    command.rows = x.rows;
    command.depth = x.columns;
    command.columns = columns;
    command.p_bank = place.p_bank;
    command.write_arrival = start + array_latency_ + latency(place.p_bank, place.pod);
    command.takes_partial_sums = place.partial_sum_in != kNone;

    Transfer transfer;
    transfer.launch = start - x_reads_.of(x.bank);
    transfer.arrival = start;
    transfer.rows = x.rows;
    transfer.row_bytes = x.columns;
    transfer.bank = x.bank;
    transfer.unit = place.pod;
    transfer.item = x_tile;
    transfer.id = op;
    x_banks[x.bank]->read(ReadPort::main, transfer);
    port_free(FabricId::x, x.bank) = transfer.launch - kBankRead + x.rows;
    if (watch_links) links_[static_cast<std::size_t>(FabricId::x)].reserve(x.bank, place.pod, transfer.launch, x.rows);

    OperationResult& account = operations_[static_cast<std::size_t>(gemm.operation)];
    if (command.takes_partial_sums) {
      const MainPlacement& from = program.schedule.main[place.partial_sum_in];
      transfer.launch = start - p_reads_.of(from.p_bank);
      transfer.row_bytes = columns * config_.partial_sum_bytes;
      transfer.bank = from.p_bank;
      transfer.item = tiles + place.partial_sum_in;
      p_banks[from.p_bank]->read(ReadPort::main, transfer);
      port_free(FabricId::p_in, from.p_bank) = transfer.launch - kBankRead + x.rows;
      if (watch_links) {
        links_[static_cast<std::size_t>(FabricId::p_in)].reserve(from.p_bank, place.pod, transfer.launch, x.rows);
      }
      account.partial_sum_bytes += static_cast<std::int64_t>(x.rows) * transfer.row_bytes;
    }
    port_free(FabricId::p_out, place.p_bank) = command.write_arrival + x.rows;
    if (watch_links) {
      links_[static_cast<std::size_t>(FabricId::p_out)].reserve(place.p_bank, place.pod, start + array_latency_,
                                                                x.rows);
    }
    pods[place.pod]->execute(command);

    const std::int64_t macs = tile_macs(gemm, index);
    macs_ += macs;
    account.macs += macs;
    ++account.tile_operations;
    account.busy_pod_cycles += x.rows;
    account.activation_bytes += static_cast<std::int64_t>(x.rows) * x.columns;
    account.partial_sum_bytes += static_cast<std::int64_t>(x.rows) * columns * config_.partial_sum_bytes;
    if (account.first_cycle < 0) account.first_cycle = start;
    const std::int64_t stored = command.write_arrival + kBankWrite;
    account.last_cycle = std::max(account.last_cycle, stored + x.rows - 1);
    last_work_ = std::max(last_work_, stored + x.rows - 1);
    busy_pod_cycles_ += x.rows;
    barrier_pod_cycles_ += longest - x.rows;
    if (program.schedule.without_finalize) write_output(gemm, index.g, index.i, stored, false);
  }
  idle_pod_cycles_ += (config_.pods.count - static_cast<std::int64_t>(end - first)) * longest;

  const MemoryPlan& plan = program.memory;
  for (std::uint32_t n = plan.released_main_first[q]; n < plan.released_main_first[q + 1]; ++n) {
    space->give_back(plan.released_main[n].item, stream_end_[q]);
  }
  dram->round_ends({q, false}, stream_end_[q], now);
}

void TilingController::step_post(std::int64_t now) {
  while (post_round_ < rounds_) {
    Decision decision = Decision::commit;
    if (decided_post_ >= 0) {
      decision = at(post_wake_, decided_post_, decided_post_, post_lead_, now);
    } else {
      decision = decide_post(now);
    }
    if (decision != Decision::commit) return;
    order_post(now);
    decided_post_ = -1;
    ++post_round_;
    poke_main(now);
  }
  maybe_finish(now);
}

TilingController::Decision TilingController::decide_post(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t b = post_round_;
  if (stream_start_.size() <= b) return Decision::wait;
  const std::uint32_t first = program.order.post_first[b];
  const std::uint32_t end = program.order.post_first[b + 1];
  const std::int64_t previous = b > 0 ? post_end_[b - 1] : 0;
  post_lead_ = 0;
  post_queued_.push_back(0);
  if (first == end) {
    decided_post_ = std::max(previous, stream_start_[b]);
    return Decision::commit;
  }
  post_queued_.pop_back();
  std::int64_t start = stream_start_[b];
  in1_reads_.next();
  in2_reads_.next();
  if (program.memory.spills_before[b] > spills_done_) return Decision::wait;
  if (program.memory.spills_before[b] > 0) start = std::max(start, spills_done_cycle_);
  std::int64_t fetched = 0;
  if (!fills_ready(b, Stage::post, fetched)) return Decision::wait;
  if (fetched > now) {
    post_wake_.notify(context_, now, fetched);
    return Decision::sleep;
  }

  auto bank_of = [&](const PostSource& source) -> int {
    switch (source.kind) {
      case PostSource::Kind::main_sum:
        return program.schedule.main[source.index].p_bank;
      case PostSource::Kind::post_sum:
        return program.schedule.post[source.index].bank;
      default:
        return work.tiles[source.index].bank;
    }
  };
  const bool watch_links = !links_[0].never_conflicts();
  for (std::uint32_t n = first; n < end; ++n) {
    const PostPlacement& pass = program.schedule.post[program.order.post_ids[n]];
    auto look = [&](const PostSource& source, Reads& reads) {
      if (source.kind == PostSource::Kind::none) return true;
      const std::int64_t cycles = latency(bank_of(source), pass.post_processor);
      reads.add(bank_of(source), cycles);
      post_lead_ = std::max(post_lead_, cycles);
      std::int64_t ready = 0;
      bool queued = false;
      if (source.kind == PostSource::Kind::stored) {
        if (!rows_ready(work.tiles[source.index].requirements, ready, queued)) return false;
      } else if (!sum_ready(source, ready)) {
        return false;
      }
      if (ready > 0) start = std::max(start, ready + kBankRead + cycles);
      return true;
    };
    if (!look(pass.in1, in1_reads_) || !look(pass.in2, in2_reads_)) return Decision::wait;
  }
  if (fetched > 0) start = std::max(start, fetched + kBankRead + post_lead_);
  if (watch_links || config_.banks.p_ports == "shared") {
    for (std::uint32_t n = first; n < end; ++n) {
      const PostPlacement& pass = program.schedule.post[program.order.post_ids[n]];
      auto look = [&](const PostSource& source, FabricId fabric, Reads& reads) {
        if (source.kind == PostSource::Kind::none) return;
        const int bank = bank_of(source);
        start = std::max(start, port_free(fabric, bank) + kBankRead + reads.of(bank));
        if (watch_links) {
          start = std::max(start, links_[static_cast<std::size_t>(fabric)].earliest_launch(bank, pass.post_processor) +
                                      reads.of(bank));
        }
      };
      look(pass.in1, FabricId::post_in1, in1_reads_);
      look(pass.in2, FabricId::post_in2, in2_reads_);
      const std::int64_t out = config_.post_processors.latency_cycles;
      start = std::max(start, port_free(FabricId::post_out, pass.bank) - out - latency(pass.bank, pass.post_processor));
      if (watch_links) {
        start = std::max(
            start,
            links_[static_cast<std::size_t>(FabricId::post_out)].earliest_launch(pass.bank, pass.post_processor) - out);
      }
    }
  }
  post_queued_.push_back(previous > start ? 1 : 0);
  start = std::max({start, previous, now + kBankRead + post_lead_});
  return at(post_wake_, decided_post_, start, post_lead_, now);
}

void TilingController::order_post(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t b = post_round_;
  const std::int64_t start = decided_post_;
  const auto tiles = static_cast<ItemId>(work.tiles.size());
  const auto mains = static_cast<ItemId>(program.schedule.main.size());
  const bool watch_links = !links_[0].never_conflicts();
  std::int64_t longest = 0;
  for (std::uint32_t n = program.order.post_first[b]; n < program.order.post_first[b + 1]; ++n) {
    const std::uint32_t id = program.order.post_ids[n];
    const PostPlacement& pass = program.schedule.post[id];
    longest = std::max<std::int64_t>(longest, pass.rows);
    OperationResult& account = operations_[pass.operation];
    auto read = [&](const PostSource& source, ReadPort port, const Reads& reads) {
      if (source.kind == PostSource::Kind::none) return;
      Transfer transfer;
      transfer.arrival = start;
      transfer.rows = pass.rows;
      transfer.unit = pass.post_processor;
      transfer.id = id;
      switch (source.kind) {
        case PostSource::Kind::main_sum:
          transfer.bank = program.schedule.main[source.index].p_bank;
          transfer.item = tiles + source.index;
          transfer.row_bytes = pass.columns * config_.partial_sum_bytes;
          break;
        case PostSource::Kind::post_sum:
          transfer.bank = program.schedule.post[source.index].bank;
          transfer.item = tiles + mains + source.index;
          transfer.row_bytes = program.schedule.post[source.index].columns * config_.partial_sum_bytes;
          break;
        default:
          transfer.bank = work.tiles[source.index].bank;
          transfer.item = source.index;
          transfer.row_bytes = work.tiles[source.index].columns;
      }
      transfer.launch = start - reads.of(transfer.bank);
      p_banks[transfer.bank]->read(port, transfer);
      const FabricId fabric = fabric_of(port);
      port_free(fabric, transfer.bank) = transfer.launch - kBankRead + pass.rows;
      if (watch_links) {
        links_[static_cast<std::size_t>(fabric)].reserve(transfer.bank, pass.post_processor, transfer.launch,
                                                         pass.rows);
      }
      account.partial_sum_bytes += static_cast<std::int64_t>(pass.rows) * transfer.row_bytes;
    };
    read(pass.in1, ReadPort::post_in1, in1_reads_);
    read(pass.in2, ReadPort::post_in2, in2_reads_);

    PostCommand command;
    command.pass = id;
    command.issued = now;
    command.start = start;
    command.write_arrival = start + config_.post_processors.latency_cycles + latency(pass.bank, pass.post_processor);
    command.rows = pass.rows;
    command.row_bytes = pass.columns * (pass.writes_output ? 1 : config_.partial_sum_bytes);
    command.bank = pass.bank;
    command.classes = pass.writes_output ? destination_classes_[pass.operation]
                                         : static_cast<std::uint8_t>(1U << static_cast<unsigned>(BankClass::p));
    command.has_second_input = pass.in2.kind != PostSource::Kind::none;
    post_processors[pass.post_processor]->execute(command);
    port_free(FabricId::post_out, pass.bank) = command.write_arrival + pass.rows;
    if (watch_links) {
      links_[static_cast<std::size_t>(FabricId::post_out)].reserve(
          pass.bank, pass.post_processor, start + config_.post_processors.latency_cycles, pass.rows);
    }

    const std::int64_t ready = command.write_arrival + kBankWrite;
    const std::int64_t stored = ready + pass.rows - 1;
    account.partial_sum_bytes += static_cast<std::int64_t>(pass.rows) * command.row_bytes;
    ++account.passes;
    ++passes_done_;
    if (account.first_cycle < 0) account.first_cycle = start;
    account.last_cycle = std::max(account.last_cycle, stored);
    last_work_ = std::max(last_work_, stored);

    const std::uint32_t place = work.tiles_of_operation[pass.operation];
    const bool is_gemm = work.network.operations[pass.operation].gemm() != nullptr;
    if (is_gemm && (pass.writes_output || program.schedule.without_finalize)) {
      const GemmTiles& gemm = work.gemms[place];
      const std::int64_t rest = (pass.tile - gemm.first_output) / gemm.k_count;
      write_output(gemm, rest / gemm.i_count, rest % gemm.i_count, ready, post_queued_[b] != 0);
    } else if (pass.writes_output) {
      write_block(pass.operation, static_cast<std::uint32_t>(pass.tile / work.vectors[place].k_count), ready,
                  post_queued_[b] != 0);
    }
    const std::int64_t write_back = work.write_back_bytes[pass.operation];
    if (write_back > 0 && pass.writes_output && !program.schedule.without_finalize) {
      const std::int64_t count =
          is_gemm ? work.gemms[place].output_count : work.vectors[place].i_count * work.vectors[place].k_count;
      const std::int64_t done = outputs_written_[pass.operation]++;
      const std::int64_t bytes = write_back * (done + 1) / count - write_back * done / count;
      if (bytes > 0) dram->write_back(bytes, stored + 1, now);
      account.dram_bytes += bytes;
    }
  }
  post_start_.push_back(start);
  post_end_.push_back(start + longest);

  const MemoryPlan& plan = program.memory;
  for (std::uint32_t n = plan.taken_first[b]; n < plan.taken_first[b + 1]; ++n) {
    const ItemId item = plan.taken[n].item;
    space->take(item, start + config_.post_processors.latency_cycles);
    const StoredTile& tile = work.tiles[item];
    const std::int64_t copies = static_cast<std::int64_t>(tile.rows) * tile.columns;
    switch (tile.bank_class) {
      case BankClass::x:
        x_banks[tile.bank]->copy_in(copies);
        break;
      case BankClass::w:
        w_banks[tile.bank]->copy_in(copies);
        break;
      case BankClass::p:
        p_banks[tile.bank]->copy_in(copies);
        break;
    }
  }
  for (std::uint32_t n = plan.released_post_first[b]; n < plan.released_post_first[b + 1]; ++n) {
    space->give_back(plan.released_post[n].item, post_end_[b]);
  }
  dram->round_ends({b, true}, post_end_[b], now);
}

// --- end -------------------------------------------------------------------------------------------------------------

void TilingController::maybe_finish(std::int64_t now) {
  if (done_ || main_round_ < rounds_ || post_round_ < rounds_) return;
  if (!memory_.is_idle()) return;
  done_ = true;
  finish_cycle_ = std::max(last_work_, memory_.statistics().busy_until);
  finish_.notify(context_, now, std::max(now, finish_cycle_));
}

void TilingController::collect(RunResult& result, std::optional<std::int64_t> stopped_at) const {
  const Program& program = *context_.program;
  result.complete = done_ && !stopped_at;
  const std::int64_t end = stopped_at.value_or(finish_cycle_);
  const std::int64_t streamed = stream_end_.empty() ? 0 : stream_end_.back();
  result.cycles = std::max(end, streamed);
  result.rounds = rounds_;
  result.rounds_done = main_round_;
  result.stream_cycles = stream_cycles_;
  result.fill_cycles = fill_cycles_;
  result.stalls = stalls_;
  result.drain_cycles = std::max<std::int64_t>(0, std::min(result.cycles, last_work_) - streamed);
  result.write_back_cycles = result.cycles - streamed - result.drain_cycles;
  result.macs = macs_;
  result.passes = passes_done_;
  result.busy_pod_cycles = busy_pod_cycles_;
  result.barrier_pod_cycles = barrier_pod_cycles_;
  result.idle_pod_cycles = idle_pod_cycles_;
  std::int64_t waiting = fill_cycles_ + result.drain_cycles + result.write_back_cycles;
  for (const std::int64_t stall : stalls_) waiting += stall;
  result.stalled_pod_cycles = waiting * config_.pods.count;
  result.operations = operations_;
  for (const OperationResult& operation : operations_) result.tile_operations += operation.tile_operations;
  // Drain and write-back belong to whatever is stored last.
  std::size_t last = 0;
  for (std::size_t o = 0; o < operations_.size(); ++o) {
    if (operations_[o].last_cycle >= operations_[last].last_cycle) last = o;
  }
  std::int64_t shared = 0;
  for (const OperationResult& operation : operations_) shared += operation.cycles;
  if (!result.operations.empty()) result.operations[last].cycles += result.cycles - shared;
  for (std::size_t f = 0; f < program.memory.fills.size(); ++f) {
    if (fill_ready_[f] == kUnknown) continue;
    const Fill& fill = program.memory.fills[f];
    std::uint32_t operation = 0;
    const auto tiles = static_cast<ItemId>(program.work.tiles.size());
    const auto mains = static_cast<ItemId>(program.schedule.main.size());
    if (fill.item < tiles) {
      operation = program.work.operands[program.work.tiles[fill.item].operand].operation;
    } else if (fill.item < tiles + mains) {
      operation = static_cast<std::uint32_t>(program.work.gemm_of_op(fill.item - tiles).operation);
    } else {
      operation = program.schedule.post[fill.item - tiles - mains].operation;
    }
    result.operations[operation].dram_bytes += fill.bytes;
  }
}

std::string TilingController::waiting_for() const {
  const Program& program = *context_.program;
  std::string text = "round " + std::to_string(main_round_) + " of " + std::to_string(rounds_) +
                     (loading_ ? " waits to load weights" : " waits to stream") + ", passes are at round " +
                     std::to_string(post_round_);
  const auto& first = program.memory.fills_first;
  if (main_round_ < rounds_) {
    const std::size_t at = static_cast<std::size_t>(main_round_) * kStages + (loading_ ? 0 : 1);
    for (std::uint32_t f = first[at]; f < first[at + 1]; ++f) {
      if (fill_ready_[f] == kUnknown) {
        text += "; fill " + std::to_string(f) + " has not begun";
        break;
      }
    }
  }
  return text + "; DRAM waits for " + memory_.waiting_for();
}

}  // namespace podsim

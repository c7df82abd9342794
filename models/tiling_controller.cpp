// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/tiling_controller.hpp"

#include <algorithm>

#include "podsim/models/values/value_plane.hpp"

namespace podsim {
namespace {

/// Of a post-processor's port.
FabricId fabric_of(ReadPort port) {
  return port == ReadPort::post_in1 ? FabricId::post_in1 : FabricId::post_in2;
}

/// Bytes of a row of what a pass writes.
std::int32_t row_bytes_of(const PostPlacement& pass, const HardwareConfig& hardware) {
  if (!pass.writes_output) return pass.columns * hardware.partial_sum_bytes;
  return static_cast<std::int32_t>(bytes_for_bits(std::int64_t{pass.columns} * hardware.activation_bits));
}

}  // namespace

TilingController::TilingController(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine)
    : sc_module(name),
      context_(context),
      config_(machine.config),
      shared_ports_(machine.config.banks.p_ports == "shared"),
      transposes_(machine.config.banks.column_reads == "buffered"),
      board_(machine),
      accounts_(machine.config),
      max_latency_(machine.topology->max_latency().count()),
      x_reads_(static_cast<std::size_t>(machine.config.bank_count())),
      w_reads_(x_reads_),
      p_reads_(x_reads_),
      in1_reads_(x_reads_),
      in2_reads_(x_reads_) {
  for (int g = 0; g < config_.pod_group_count(); ++g) {
    timing_.emplace_back(config_.pod_group(g));
    if (transposes_)
      longest_ahead_ = std::max<std::int64_t>({longest_ahead_, config_.pod_group(g).rows, config_.pod_group(g).cols});
  }
  fills.bind(*this);
  spills.bind(*this);
  SC_METHOD(run);
  sensitive << wake_.event();
  dont_initialize();
}

void TilingController::reset() {
  wake_.reset();
  main_ = post_ = Sequence{};
  finish_.reset();
  main_round_ = post_round_ = 0;
  loading_ = true;
  done_ = false;
  finish_cycle_ = 0;
  load_start_ = load_end_ = loading_cycles_ = 0;
  outputs_left_ = 0;
  outputs_read_.assign(timing_.size(), 0);
  board_.reset();
}

void TilingController::begin() {
  reset();
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  rounds_ = static_cast<std::uint32_t>(program.order.main_first.size()) - 1;
  board_.begin(program);
  accounts_.begin(program);
  operations_.clear();
  outputs_written_.assign(work.network.operations.size(), 0);
  copies_ = copied_bytes_ = 0;
  poke(main_, 0);
  poke(post_, 0);
}

// --- what others tell ------------------------------------------------------------------------------------------------

void TilingController::poke(Sequence& sequence, std::int64_t now) {
  sequence.poked = true;
  wake_.notify(context_, now, now);
}

void TilingController::filling(std::uint32_t fill, std::int64_t cycle, std::int64_t now) {
  board_.note_fill(fill, cycle);
  monitor->filled(fill, cycle);
  if (context_.values != nullptr) context_.values->filled(fill, cycle, now);
  const Fill& what = context_.program->memory.fills[fill];
  monitor->take(what.item, now);
  if (what.need_stage == Stage::post) {
    if (what.need_round <= post_round_) poke(post_, now);
  } else if (what.need_round <= main_round_) {
    poke(main_, now);
  }
}

void TilingController::fill_delayed(std::uint32_t fill, std::int64_t cycle) {
  // Whoever waits for it sleeps until the cycle it was promised for, and then looks again.
  board_.note_fill(fill, cycle);
  monitor->filled(fill, cycle);
  if (context_.values != nullptr) context_.values->delayed(fill, cycle);
}

void TilingController::spilled(std::int64_t count, std::int64_t cycle, std::int64_t now) {
  for (std::int64_t spill = board_.spills_done(); spill < count; ++spill) {
    const ItemId item = context_.program->memory.spills[static_cast<std::size_t>(spill)].item;
    monitor->give_back(item, cycle);
    if (context_.values != nullptr) context_.values->leave(item, cycle, true);
  }
  board_.note_spills(count, cycle);
  poke(main_, now);
  poke(post_, now);
}

// --- deciding --------------------------------------------------------------------------------------------------------

TilingController::Decision TilingController::sleep(Sequence& sequence, std::int64_t cycle) {
  sequence.wake = cycle;
  return Decision::wait;
}

TilingController::Decision TilingController::at(Sequence& sequence, std::int64_t start, std::int64_t now) const {
  // Orders go out a cycle before the first bank is read, and early enough that the next decision, whose circuits may
  // be longer, is not late because of this one.
  const std::int64_t when = start - sequence.lead - kBankRead - max_latency_ - longest_ahead_;
  sequence.start = start;
  if (when <= now) return Decision::commit;
  sequence.wake = when;
  sequence.is_decided = !shared_ports_;  // others may take a shared port before this one is ordered: look again then
  return Decision::wait;
}

StallCause TilingController::late_because(std::int64_t fetched, std::int64_t now) {
  // A decision comes late only if something that it needs became known just now. Looking at the cycle alone makes the
  // answer independent of how often the decision was tried.
  return fetched == now ? StallCause::memory : StallCause::post_processor;
}

void TilingController::run() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  wake_.fired();
  context_.guard([this] { step(wake_.cycle()); });
}

void TilingController::give_back(ItemId item, std::int64_t cycle) {
  monitor->give_back(item, cycle);
  if (context_.values != nullptr) context_.values->leave(item, cycle, false);
}

void TilingController::step(std::int64_t now) {
  monitor->advance(now);
  if (context_.values != nullptr) context_.values->advance(now);
  // One process for both, pods first, so that the order in which the kernel runs processes cannot matter.
  while (main_.is_due(now) || post_.is_due(now)) {
    if (main_.is_due(now)) step_main(now);
    if (post_.is_due(now)) step_post(now);
  }
  for (const Sequence* sequence : {&main_, &post_}) {
    if (sequence->wake >= 0) wake_.notify(context_, now, sequence->wake);
  }
  maybe_finish(now);
}

void TilingController::step_main(std::int64_t now) {
  main_.begin_step();
  while (main_round_ < rounds_) {
    const Decision decision = main_.is_decided ? at(main_, main_.start, now)
                              : loading_       ? decide_weights(now)
                                               : decide_stream(now);
    if (decision == Decision::wait) return;
    main_.is_decided = false;
    if (loading_) {
      order_weights();
      loading_ = false;
    } else {
      order_stream(now);
      loading_ = true;
      ++main_round_;
      post_.poked = true;
    }
  }
}

std::int64_t TilingController::shadow_free(std::uint32_t before, const ArrayTiming& timing) const {
  return timing.double_buffered ? board_.stream_start[before] : board_.stream_end[before] + timing.weights_drain;
}

TilingController::Decision TilingController::decide_weights(std::int64_t now) {
  const std::uint32_t q = main_round_;
  load_bound_ = {};
  load_bound_.raise(StallCause::weights, load_end_);
  w_reads_.next();
  loading_cycles_ = 0;
  main_.lead = 0;
  const std::vector<RoundOperation>& operations = operations_.of(*context_.program, q);
  std::int64_t written = 0;
  bool queued = false;
  bool is_loading = false;
  for (const RoundOperation& operation : operations) {
    const ArrayTiming& timing = timing_of(*operation.gemm);
    if (!timing.flow.preloads) continue;
    is_loading = true;
    if (q > 0) load_bound_.raise(StallCause::weights, shadow_free(q - 1, timing));
    const StoredTile& stored = *operation.w;
    const std::int64_t cycles = board_.latency(stored.bank, operation.place->pod);
    w_reads_.add(stored.bank, cycles);
    main_.lead = std::max(main_.lead, cycles + ahead_of(stored));
    loading_cycles_ = std::max(loading_cycles_, timing.load_cycles(stored.rows));
    if (!board_.rows_ready(stored.requirements, written, queued)) {
      return Decision::wait;
    }
  }
  if (!is_loading) {
    main_.start = load_bound_.highest();
    return Decision::commit;
  }
  if (written > 0) {
    load_bound_.raise(queued ? StallCause::post_processor : StallCause::dependency, written + kBankRead + main_.lead);
  }
  std::int64_t fetched = 0;
  if (!board_.fills_ready(q, Stage::weights, fetched)) {
    return Decision::wait;
  }
  if (fetched > now) {
    return sleep(main_, fetched);  // it may yet be delayed
  }
  if (fetched > 0) load_bound_.raise(StallCause::memory, fetched + kBankRead + main_.lead);
  LinkSchedule& links = board_.links(FabricId::w);
  for (const RoundOperation& operation : operations) {
    if (!operation.gemm->flow.preloads) continue;
    const int bank = operation.w->bank;
    const std::int64_t port = board_.port_free(FabricId::w, bank);
    if (port > 0) load_bound_.raise(StallCause::bank, port + kBankRead + ahead_of(*operation.w) + w_reads_.of(bank));
    if (!links.never_conflicts()) {
      const std::int64_t launch = links.earliest_launch(bank, operation.place->pod);
      if (launch > 0) load_bound_.raise(StallCause::network, launch + w_reads_.of(bank));
    }
  }
  if (const std::int64_t stall = context_.random_stall("weights", q); stall > 0) {
    load_bound_.raise(StallCause::bank, load_bound_.highest() + stall);
  }
  // An order takes effect in the next cycle.
  const std::int64_t start = std::max(load_bound_.highest(), now + kBankRead + main_.lead);
  if (start > load_bound_.highest()) {
    load_bound_.raise(q == 0 ? StallCause::weights : late_because(fetched, now), start);
  }
  return at(main_, start, now);
}

void TilingController::order_weights() {
  load_start_ = main_.start;
  load_end_ = load_start_ + loading_cycles_;
  for (const RoundOperation& operation : operations_.of(*context_.program, main_round_)) {
    if (operation.gemm->flow.preloads) order_weights(operation, load_start_);
  }
}

void TilingController::order_weights(const RoundOperation& operation, std::int64_t start) {
  const StoredTile& stored = *operation.w;
  const std::uint16_t pod = operation.place->pod;
  Transfer transfer;
  transfer.launch = start - w_reads_.of(stored.bank);
  transfer.arrival = start;
  transfer.rows = stored.rows;
  transfer.row_bytes = stored.row_bytes();
  transfer.bank = stored.bank;
  transfer.unit = pod;
  transfer.item = operation.w_tile;
  transfer.id = operation.op;
  transfer.ahead = static_cast<std::int32_t>(ahead_of(stored));
  board_.port_free(FabricId::w, stored.bank) = port_free_after(transfer);
  LinkSchedule& links = board_.links(FabricId::w);
  if (!links.never_conflicts()) links.reserve(stored.bank, pod, transfer.launch, stored.rows);
  accounts_.bank_read(operation.gemm->operation, w_banks[stored.bank]->read(ReadPort::main, transfer));
  accounts_.weights(operation, start);
}

std::int64_t TilingController::longest_stream(const std::vector<RoundOperation>& operations) const {
  std::int64_t longest = 0;
  for (const RoundOperation& operation : operations) {
    longest = std::max(longest, timing_of(*operation.gemm).stream_cycles(operation.x->rows));
  }
  return longest;
}

void TilingController::wait_for_outputs(const std::vector<RoundOperation>& operations, std::int64_t length) {
  for (const RoundOperation& operation : operations) {
    if (!operation.gemm->flow.keeps_sums) continue;
    if (!sums_stay(operation)) stream_bound_.raise(StallCause::bank, outputs_left_ - length);
    if (operation.place->partial_sum_in == kNone) {
      stream_bound_.raise(StallCause::weights, outputs_read_[static_cast<std::size_t>(operation.gemm->pod_group)]);
    }
  }
}

TilingController::Decision TilingController::decide_stream(std::int64_t now) {
  const Program& program = *context_.program;
  const std::uint32_t q = main_round_;
  const std::vector<RoundOperation>& operations = operations_.of(program, q);
  stream_bound_ = {};
  main_.lead = 0;

  // Post-processors may fall behind, but not so far that results would need the space of what they still have to read.
  const std::uint32_t read_rounds = program.memory.posts_before[q];
  if (read_rounds > 0) {
    if (board_.post_end.size() < read_rounds) {
      return Decision::wait;
    }
    stream_bound_.raise(StallCause::post_processor, board_.post_end[read_rounds - 1]);
  }
  const std::int64_t previous = q > 0 ? board_.stream_end[q - 1] : 0;
  if (operations.empty()) {
    main_.start = std::max(previous, stream_bound_.highest());
    return Decision::commit;
  }

  // Loading its weights, and whatever that waited for.
  for (int c = 0; c < kStallCauses; ++c) {
    const auto cause = static_cast<StallCause>(c);
    const std::int64_t bound = load_bound_.at[static_cast<std::size_t>(c)];
    if (bound > 0 || cause == StallCause::weights) stream_bound_.raise(cause, bound + loading_cycles_);
  }
  std::int64_t spilled_cycle = 0;
  if (!board_.spills_ready(q, spilled_cycle)) {
    return Decision::wait;
  }
  stream_bound_.raise(StallCause::memory, spilled_cycle);

  const std::int64_t length = longest_stream(operations);
  wait_for_outputs(operations, length);

  x_reads_.next();
  p_reads_.next();
  w_reads_.next();
  std::int64_t written = 0;
  std::int64_t summed = 0;
  bool queued = false;
  for (const RoundOperation& operation : operations) {
    const MainPlacement& place = *operation.place;
    const StoredTile& stored = *operation.x;
    const std::int64_t x_latency = board_.latency(stored.bank, place.pod);
    x_reads_.add(stored.bank, x_latency);
    main_.lead = std::max(main_.lead, x_latency + ahead_of(stored));
    if (!board_.rows_ready(stored.requirements, written, queued)) {
      return Decision::wait;
    }
    if (operation.gemm->flow.keeps_sums) {
      const std::int64_t w_latency = board_.latency(operation.w->bank, place.pod);
      w_reads_.add(operation.w->bank, w_latency);
      main_.lead = std::max(main_.lead, w_latency + ahead_of(*operation.w));
      if (!board_.rows_ready(operation.w->requirements, written, queued)) return Decision::wait;
    } else if (place.partial_sum_in != kNone) {
      const MainPlacement& from = program.schedule.main[place.partial_sum_in];
      const std::int64_t p_latency = board_.latency(from.p_bank, place.pod);
      p_reads_.add(from.p_bank, p_latency);
      main_.lead = std::max(main_.lead, p_latency);
      std::int64_t ready = 0;
      board_.sum_ready({PostSource::Kind::main_sum, place.partial_sum_in}, ready);
      summed = std::max(summed, ready + kBankRead + p_latency);
    }
  }
  if (summed > 0) stream_bound_.raise(StallCause::dependency, summed);
  if (written > 0) {
    stream_bound_.raise(queued ? StallCause::post_processor : StallCause::dependency, written + kBankRead + main_.lead);
  }
  std::int64_t fetched = 0;
  if (!board_.fills_ready(q, Stage::stream, fetched)) {
    return Decision::wait;
  }
  if (fetched > now) {
    return sleep(main_, fetched);
  }
  if (fetched > 0) stream_bound_.raise(StallCause::memory, fetched + kBankRead + main_.lead);

  const bool watch_links = board_.links_can_conflict();
  const bool watch_sums = board_.sums_can_conflict();
  const bool watch_weights = board_.weights_can_conflict();
  if (watch_sums || watch_weights || shared_ports_ || transposes_) {
    for (const RoundOperation& operation : operations) {
      const MainPlacement& place = *operation.place;
      const int bank = operation.x->bank;
      stream_bound_.raise(StallCause::bank,
                          board_.port_free(FabricId::x, bank) + kBankRead + ahead_of(*operation.x) + x_reads_.of(bank));
      if (!sums_stay(operation)) {
        const std::int64_t out_launch = board_.sums_launch(place.pod, 0, length);
        const std::int64_t out_latency = board_.latency(place.p_bank, place.pod);
        stream_bound_.raise(StallCause::bank,
                            board_.port_free(FabricId::p_out, place.p_bank) - out_launch - out_latency);
        if (watch_sums) {
          stream_bound_.raise(StallCause::network,
                              board_.links(FabricId::p_out).earliest_launch(place.p_bank, place.pod) - out_launch);
        }
      }
      if (operation.gemm->flow.keeps_sums && watch_weights) {
        const int from = operation.w->bank;
        stream_bound_.raise(StallCause::bank, board_.port_free(FabricId::w, from) + kBankRead + ahead_of(*operation.w) +
                                                  w_reads_.of(from));
        stream_bound_.raise(StallCause::network,
                            board_.links(FabricId::w).earliest_launch(from, place.pod) + w_reads_.of(from));
      }
      if (watch_links) {
        stream_bound_.raise(StallCause::network,
                            board_.links(FabricId::x).earliest_launch(bank, place.pod) + x_reads_.of(bank));
      }
      if (place.partial_sum_in != kNone && !operation.gemm->flow.keeps_sums) {
        const int from = program.schedule.main[place.partial_sum_in].p_bank;
        stream_bound_.raise(StallCause::bank, board_.port_free(FabricId::p_in, from) + kBankRead + p_reads_.of(from));
        if (watch_links) {
          stream_bound_.raise(StallCause::network,
                              board_.links(FabricId::p_in).earliest_launch(from, place.pod) + p_reads_.of(from));
        }
      }
    }
  }
  std::int64_t start = std::max({previous, load_end_, stream_bound_.highest()});
  if (const std::int64_t stall = context_.random_stall("stream", q); stall > 0) {
    start += stall;
    stream_bound_.raise(StallCause::bank, start);
  }
  const std::int64_t earliest = now + kBankRead + main_.lead;
  if (earliest > start) {
    stream_bound_.raise(q == 0 ? StallCause::weights : late_because(fetched, now), earliest);
    start = earliest;
  }
  return at(main_, start, now);
}

void TilingController::order_stream(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t q = main_round_;
  const std::vector<RoundOperation>& operations = operations_.of(program, q);
  const std::int64_t start = main_.start;
  const auto tiles = static_cast<ItemId>(work.tiles.size());
  const std::int64_t longest = longest_stream(operations);
  const std::int64_t end = start + longest;
  board_.stream_start.push_back(start);
  board_.stream_end.push_back(end);
  accounts_.round(q, operations, q > 0 ? board_.stream_end[q - 1] : 0, load_start_, start, end, stream_bound_);

  const bool watch_links = board_.links_can_conflict();
  const bool watch_sums = board_.sums_can_conflict();
  for (const RoundOperation& operation : operations) {
    const std::uint32_t op = operation.op;
    const MainPlacement& place = *operation.place;
    const GemmTiles& gemm = *operation.gemm;
    const OpIndex& index = operation.at;
    const StoredTile& x = *operation.x;
    const auto sums = static_cast<std::int32_t>(sum_rows(gemm, index));
    const std::int64_t launch = board_.sums_launch(place.pod, start, end);

    PodCommand command;
    command.op = op;
    command.issued = now;
    command.start = start;
    command.rows = x.rows;
    command.w_rows = operation.w->rows;
    command.sum_rows = sums;
    command.sum_columns = static_cast<std::int32_t>(sum_columns(gemm, index));
    command.p_bank = place.p_bank;
    command.partial_sum_in = place.partial_sum_in;
    command.drain = end;
    if (!sums_stay(operation)) command.write_arrival = launch + board_.latency(place.p_bank, place.pod);

    Transfer transfer;
    transfer.launch = start - x_reads_.of(x.bank);
    transfer.arrival = start;
    transfer.rows = x.rows;
    transfer.row_bytes = x.row_bytes();
    transfer.bank = x.bank;
    transfer.unit = place.pod;
    transfer.item = operation.x_tile;
    transfer.id = op;
    transfer.ahead = static_cast<std::int32_t>(ahead_of(x));
    accounts_.bank_read(gemm.operation, x_banks[x.bank]->read(ReadPort::main, transfer));
    board_.port_free(FabricId::x, x.bank) = port_free_after(transfer);
    transfer.ahead = 0;
    if (watch_links) board_.links(FabricId::x).reserve(x.bank, place.pod, transfer.launch, x.rows);

    const std::int64_t sum_bytes = static_cast<std::int64_t>(sums) * command.sum_columns * config_.partial_sum_bytes;
    std::int64_t partial_sum_bytes = 0;
    if (gemm.flow.keeps_sums) {
      order_weights(operation, start);
    } else if (place.partial_sum_in != kNone) {
      const MainPlacement& from = program.schedule.main[place.partial_sum_in];
      transfer.launch = start - p_reads_.of(from.p_bank);
      transfer.row_bytes = command.sum_columns * config_.partial_sum_bytes;
      transfer.bank = from.p_bank;
      transfer.item = tiles + place.partial_sum_in;
      accounts_.bank_read(gemm.operation, p_banks[from.p_bank]->read(ReadPort::main, transfer));
      board_.port_free(FabricId::p_in, from.p_bank) = port_free_after(transfer);
      if (watch_links) {
        board_.links(FabricId::p_in).reserve(from.p_bank, place.pod, transfer.launch, x.rows);
      }
      partial_sum_bytes += sum_bytes;
    }
    const std::int64_t stored = command.write_arrival + kBankWrite;
    std::int64_t last_cycle = end;
    if (!sums_stay(operation)) {
      partial_sum_bytes += sum_bytes;
      board_.port_free(FabricId::p_out, place.p_bank) = command.write_arrival + sums;
      if (watch_sums) board_.links(FabricId::p_out).reserve(place.p_bank, place.pod, launch, sums);
      last_cycle = stored + sums - 1;
      if (gemm.flow.keeps_sums) {
        outputs_left_ = std::max(outputs_left_, end + sums);
        std::int64_t& read = outputs_read_[static_cast<std::size_t>(gemm.pod_group)];
        read = std::max(read, end + timing_of(gemm).sums_held(sums, command.sum_columns));
      }
    }
    pods[place.pod]->execute(command);
    accounts_.tile_operation(operation, start, longest, last_cycle, partial_sum_bytes);
    if (program.schedule.without_finalize) board_.write(output_blocks_of(work, gemm, index.g, index.i), stored, false);
  }
  accounts_.idle(config_.pod_count() - static_cast<std::int64_t>(operations.size()), longest);

  // Without finalise passes the tile operations themselves write them; passes may be far behind.
  if (program.schedule.without_finalize) take_outputs(q, start);
  const MemoryPlan& plan = program.memory;
  for (std::uint32_t n = plan.released_main_first[q]; n < plan.released_main_first[q + 1]; ++n) {
    give_back(plan.released_main[n], board_.stream_end[q]);
  }
  dram->round_ends({q, false}, board_.stream_end[q], now);
}

void TilingController::take_outputs(std::uint32_t round, std::int64_t cycle) {
  const TiledWorkload& work = context_.program->work;
  const MemoryPlan& plan = context_.program->memory;
  for (std::uint32_t n = plan.taken_first[round]; n < plan.taken_first[round + 1]; ++n) {
    const ItemId item = plan.taken[n];
    monitor->take(item, cycle);
    const StoredTile& tile = work.tiles[item];
    const std::int64_t copies = static_cast<std::int64_t>(tile.rows) * tile.row_bytes();
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
}

void TilingController::step_post(std::int64_t now) {
  post_.begin_step();
  while (post_round_ < rounds_) {
    const Decision decision = post_.is_decided ? at(post_, post_.start, now) : decide_post(now);
    if (decision == Decision::wait) return;
    post_.is_decided = false;
    order_post(now);
    ++post_round_;
    main_.poked = true;
  }
}

TilingController::Decision TilingController::decide_post(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t b = post_round_;
  if (board_.stream_start.size() <= b) return Decision::wait;
  const std::uint32_t first = program.order.post_first[b];
  const std::uint32_t end = program.order.post_first[b + 1];
  const std::int64_t previous = b > 0 ? board_.post_end[b - 1] : 0;
  post_.lead = 0;
  post_was_queued_ = false;
  if (first == end) {
    post_.start = std::max(previous, board_.stream_start[b]);
    return Decision::commit;
  }
  std::int64_t start = board_.stream_start[b];
  in1_reads_.next();
  in2_reads_.next();
  if (!board_.spills_ready(b, start)) return Decision::wait;
  std::int64_t fetched = 0;
  if (!board_.fills_ready(b, Stage::post, fetched)) return Decision::wait;
  if (fetched > now) {
    return sleep(post_, fetched);
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
  const bool watch_links = board_.links_can_conflict();
  auto ahead_of_source = [&](const PostSource& source) {
    return source.kind == PostSource::Kind::stored ? ahead_of(work.tiles[source.index]) : 0;
  };
  for (std::uint32_t n = first; n < end; ++n) {
    const PostPlacement& pass = program.schedule.post[program.order.post_ids[n]];
    auto look = [&](const PostSource& source, Reads& reads) {
      if (source.kind == PostSource::Kind::none) return true;
      const std::int64_t cycles = board_.latency(bank_of(source), pass.post_processor);
      reads.add(bank_of(source), cycles);
      const std::int64_t ahead = ahead_of_source(source);
      post_.lead = std::max(post_.lead, cycles + ahead);
      std::int64_t ready = 0;
      bool queued = false;
      if (source.kind == PostSource::Kind::stored) {
        if (!board_.rows_ready(work.tiles[source.index].requirements, ready, queued)) return false;
      } else if (!board_.sum_ready(source, ready)) {
        return false;
      }
      if (ready > 0) start = std::max(start, ready + kBankRead + ahead + cycles);
      return true;
    };
    if (!look(pass.in1, in1_reads_) || !look(pass.in2, in2_reads_)) return Decision::wait;
  }
  if (fetched > 0) start = std::max(start, fetched + kBankRead + post_.lead);
  if (watch_links || shared_ports_ || transposes_) {
    for (std::uint32_t n = first; n < end; ++n) {
      const PostPlacement& pass = program.schedule.post[program.order.post_ids[n]];
      auto look = [&](const PostSource& source, FabricId fabric, Reads& reads) {
        if (source.kind == PostSource::Kind::none) return;
        const int bank = bank_of(source);
        start = std::max(start, board_.port_free(fabric, bank) + kBankRead + ahead_of_source(source) + reads.of(bank));
        if (watch_links) {
          start = std::max(start, board_.links(fabric).earliest_launch(bank, pass.post_processor) + reads.of(bank));
        }
      };
      look(pass.in1, FabricId::post_in1, in1_reads_);
      look(pass.in2, FabricId::post_in2, in2_reads_);
      const std::int64_t out = config_.post_processors.latency_cycles;
      start = std::max(start, board_.port_free(FabricId::post_out, pass.bank) - out -
                                  board_.latency(pass.bank, pass.post_processor));
      if (watch_links) {
        start = std::max(start, board_.links(FabricId::post_out).earliest_launch(pass.bank, pass.post_processor) - out);
      }
    }
  }
  post_was_queued_ = previous > start;
  start = std::max({start + context_.random_stall("post", b), previous, now + kBankRead + post_.lead});
  return at(post_, start, now);
}

void TilingController::order_post(std::int64_t now) {
  const Program& program = *context_.program;
  const TiledWorkload& work = program.work;
  const std::uint32_t b = post_round_;
  const std::int64_t start = post_.start;
  const auto tiles = static_cast<ItemId>(work.tiles.size());
  const auto mains = static_cast<ItemId>(program.schedule.main.size());
  const bool watch_links = board_.links_can_conflict();
  std::int64_t longest = 0;
  for (std::uint32_t n = program.order.post_first[b]; n < program.order.post_first[b + 1]; ++n) {
    const std::uint32_t id = program.order.post_ids[n];
    const PostPlacement& pass = program.schedule.post[id];
    longest = std::max<std::int64_t>(longest, pass.rows);
    std::int64_t bytes_in = 0;
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
          transfer.row_bytes = row_bytes_of(program.schedule.post[source.index], config_);
          break;
        default:
          transfer.bank = work.tiles[source.index].bank;
          transfer.item = source.index;
          transfer.row_bytes = work.tiles[source.index].row_bytes();
          transfer.ahead = static_cast<std::int32_t>(ahead_of(work.tiles[source.index]));
      }
      transfer.launch = start - reads.of(transfer.bank);
      accounts_.bank_read(static_cast<int>(pass.operation), p_banks[transfer.bank]->read(port, transfer));
      const FabricId fabric = fabric_of(port);
      board_.port_free(fabric, transfer.bank) = port_free_after(transfer);
      if (watch_links) {
        board_.links(fabric).reserve(transfer.bank, pass.post_processor, transfer.launch, pass.rows);
      }
      bytes_in += static_cast<std::int64_t>(pass.rows) * transfer.row_bytes;
    };
    read(pass.in1, ReadPort::post_in1, in1_reads_);
    read(pass.in2, ReadPort::post_in2, in2_reads_);

    PostCommand command;
    command.pass = id;
    command.issued = now;
    command.start = start;
    command.write_arrival =
        start + config_.post_processors.latency_cycles + board_.latency(pass.bank, pass.post_processor);
    command.rows = pass.rows;
    command.row_bytes = row_bytes_of(pass, config_);
    command.bank = pass.bank;
    command.classes = board_.destination_classes(id);
    command.has_second_input = pass.in2.kind != PostSource::Kind::none;
    post_processors[pass.post_processor]->execute(command);
    board_.port_free(FabricId::post_out, pass.bank) = command.write_arrival + pass.rows;
    if (watch_links) {
      board_.links(FabricId::post_out)
          .reserve(pass.bank, pass.post_processor, start + config_.post_processors.latency_cycles, pass.rows);
    }

    const std::int64_t ready = command.write_arrival + kBankWrite;
    const std::int64_t stored = ready + pass.rows - 1;
    const int classes = (command.classes & 1) + (command.classes >> 1 & 1) + (command.classes >> 2 & 1);
    accounts_.pass(pass, start, stored, bytes_in, command.row_bytes, classes);

    const std::uint32_t place = work.tiles_of_operation[pass.operation];
    const bool is_gemm = work.network.operations[pass.operation].gemm() != nullptr;
    if (pass.writes_output || program.schedule.without_finalize) {
      // Columns of a transposed tile arrive one by one: its rows are whole with the last.
      const std::int64_t rows_ready = work.outputs[pass.operation].is_transposed ? stored : ready;
      board_.write(output_blocks_of(work, pass.operation, pass.tile), rows_ready, post_was_queued_);
    }
    const std::int64_t write_back = work.write_back_bytes[pass.operation];
    const bool is_copy = pass.kind == PostPlacement::Kind::copy;
    if (is_copy) {
      ++copies_;
      copied_bytes_ += static_cast<std::int64_t>(pass.rows) * command.row_bytes;
    }
    if (write_back > 0 && pass.writes_output && !is_copy && !program.schedule.without_finalize) {
      const std::int64_t count =
          is_gemm ? work.gemms[place].output_count : work.vectors[place].i_count * work.vectors[place].k_count;
      const std::int64_t done = outputs_written_[pass.operation]++;
      const std::int64_t bytes = write_back * (done + 1) / count - write_back * done / count;
      if (bytes > 0) dram->write_back(bytes, stored + 1, now);
      accounts_.write_back(pass.operation, bytes);
    }
  }
  board_.post_start.push_back(start);
  board_.post_end.push_back(start + longest);

  if (!program.schedule.without_finalize) take_outputs(b, start + config_.post_processors.latency_cycles);
  const MemoryPlan& plan = program.memory;
  for (std::uint32_t n = plan.released_post_first[b]; n < plan.released_post_first[b + 1]; ++n) {
    give_back(plan.released_post[n], board_.post_end[b]);
  }
  dram->round_ends({b, true}, board_.post_end[b], now);
}

// --- end -------------------------------------------------------------------------------------------------------------

void TilingController::maybe_finish(std::int64_t now) {
  if (done_ || main_round_ < rounds_ || post_round_ < rounds_) return;
  if (!dram->is_idle()) return;
  done_ = true;
  finish_cycle_ = std::max(accounts_.last_work(), dram->busy_until());
  finish_.notify(context_, now, std::max(now, finish_cycle_));
}

void TilingController::collect(RunResult& result, std::optional<std::int64_t> stopped_at) const {
  result.complete = done_ && !stopped_at;
  result.relayout_copies = copies_;
  result.relayout_bytes = copied_bytes_;
  const std::int64_t end = stopped_at.value_or(finish_cycle_);
  std::optional<StallCause> waiting;
  if (!result.complete && main_round_ < rounds_) {
    std::int64_t ready = 0;
    const bool is_coming = board_.fills_ready(main_round_, loading_ ? Stage::weights : Stage::stream, ready) &&
                           board_.spills_ready(main_round_, ready);
    waiting = is_coming && ready <= end ? StallCause::post_processor : StallCause::memory;
  }
  accounts_.collect(result, board_, end, waiting);
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
      if (!board_.fill_begun(f)) {
        text += "; fill " + std::to_string(f) + " has not begun";
        break;
      }
    }
  }
  return text + "; DRAM waits for " + dram->waiting_for();
}

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/checker.hpp"

#include <algorithm>

namespace podsim {
namespace {

constexpr std::int64_t kNever = CycleTable::kNever;

}  // namespace

Checker::Checker(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine)
    : sc_module(name),
      context_(context),
      machine_(machine),
      shared_ports_(machine.config.banks.p_ports == "shared"),
      capacity_(machine.config.bank_capacity().count()) {
  for (auto& ports : ports_) ports.resize(static_cast<std::size_t>(machine.config.terminals()));
  for (auto& used : used_) used.resize(static_cast<std::size_t>(machine.config.bank_count()));
}

void Checker::begin() {
  const Program& program = *context_.program;
  for (Links& links : links_) {
    links.uses.assign(static_cast<std::size_t>(machine_.topology->link_count()), {});
    links.base = 0;
    links.streams.clear();
    links.first = 1;
    links.last_of_bank.assign(static_cast<std::size_t>(machine_.config.terminals()), 0);
  }
  longest_path_ = 0;
  for (auto& launched : launched_) launched.clear();
  for (auto& ports : ports_) std::fill(ports.begin(), ports.end(), Port{});
  for (auto& used : used_) std::fill(used.begin(), used.end(), 0);
  const std::size_t tiles = program.work.tiles.size();
  const std::size_t sums = program.schedule.main.size() + program.schedule.post.size();
  from_.assign(tiles + sums, kNever);
  is_read_.assign(sums, 0);
  for (const MainPlacement& place : program.schedule.main) {
    // Sums that stay in a pod are never written.
    if (place.partial_sum_in != kNone) is_read_[place.partial_sum_in] = 1;
  }
  for (const PostPlacement& pass : program.schedule.post) {
    for (const PostSource& source : {pass.in1, pass.in2}) {
      if (source.kind == PostSource::Kind::main_sum) is_read_[source.index] = 1;
      if (source.kind == PostSource::Kind::post_sum) is_read_[program.schedule.main.size() + source.index] = 1;
    }
  }
  for (std::size_t t = 0; t < tiles; ++t) {
    if (program.work.tiles[t].dram_bytes == 0) from_.set(t, 0);
  }
  block_from_.assign(program.work.block_count, 0);
  block_missing_.assign(program.work.block_count, 0);
  for (const OutputBlocks& blocks : program.work.outputs) {
    for (std::uint32_t b = 0; b < blocks.block_count; ++b)
      block_missing_[blocks.first_block + b] = blocks.tiles_per_block;
  }
  list_from_.assign(program.work.requirement_list_count(), kNever);
  tile_from_.clear();
  tile_missing_.clear();
  if (program.work.relayout.by_circuits() && !program.schedule.without_finalize) {
    tile_from_.assign(program.work.tiles.size(), 0);
    tile_missing_.assign(program.work.tiles.size(), 0);
    for (const TileReader& reader : program.work.relayout.readers) ++tile_missing_[reader.tile];
  }
  space_events_.clear();
  early_reads_ = {};
  class_used_ = peak_bank_ = peak_class_ = {};
  held_.clear();
  for (const ItemId item : program.memory.resident) {
    from_.set(item, 0);
    take(item, 0);
  }
  checks_ = 0;
}

void Checker::fail(const std::string& text) const {
  throw Error::internal(name(), text);
}

void Checker::circuit(FabricId fabric, const Transfer& transfer) {
  ++checks_;
  check_links(fabric, transfer);
  check_port(fabric, transfer);
  if (!is_write_fabric(fabric)) check_read(fabric, transfer, false);
}

void Checker::check_links(FabricId fabric, const Transfer& transfer) {
  if (machine_.topology->has_fixed_routes()) {
    machine_.topology->route(transfer.bank, transfer.unit, path_);
    check_path(fabric, transfer, path_.data(), path_.size());
    return;
  }
  std::vector<Transfer>& launched = launched_[static_cast<std::size_t>(fabric)];
  if (!launched.empty() && launched.front().launch != transfer.launch) settle(fabric);
  launched.push_back(transfer);
}

void Checker::settle(FabricId fabric) {
  std::vector<Transfer>& launched = launched_[static_cast<std::size_t>(fabric)];
  std::vector<Circuit> circuits;
  for (const Transfer& transfer : launched) circuits.push_back({transfer.bank, transfer.unit});
  if (const auto excluded = machine_.topology->settle(circuits, paths_)) {
    const Transfer& transfer = launched[*excluded];
    fail("the " + std::string(fabric_name(fabric)) + " fabric has no settings for the circuits launched in cycle " +
         std::to_string(transfer.launch) + ": that of bank " + std::to_string(transfer.bank) + " and unit " +
         std::to_string(transfer.unit) + " (item " + std::to_string(transfer.item) + ") excludes another");
  }
  for (std::size_t n = 0; n < launched.size(); ++n) {
    check_path(fabric, launched[n], paths_.links.data() + paths_.first[n], paths_.first[n + 1] - paths_.first[n]);
  }
  launched.clear();
}

void Checker::check_path(FabricId fabric, const Transfer& transfer, const int* path, std::size_t hops) {
  Links& links = links_[static_cast<std::size_t>(fabric)];
  longest_path_ = std::max(longest_path_, hops);
  const bool backwards = is_write_fabric(fabric);
  // Branches of one multicast share a link; everything else must not meet.
  std::uint32_t& last = links.last_of_bank[transfer.bank];
  std::uint32_t stream = last;
  if (backwards || stream < links.first || !links.at(stream).is_same(transfer)) {
    stream = last = links.next();
    links.streams.push_back({transfer.launch, transfer.rows, transfer.item, transfer.bank});
  }
  auto from = static_cast<std::uint32_t>(transfer.launch - links.base);
  const auto rows = static_cast<std::uint32_t>(transfer.rows);
  for (std::size_t hop = 0; hop < hops; ++hop, ++from) {
    Links::Use& use = links.uses[static_cast<std::size_t>(path[backwards ? hops - 1 - hop : hop])];
    if (use.until > from && use.stream != stream) {
      const Stream& other = links.at(use.stream);
      if (backwards || !other.is_same(transfer)) {
        fail("two sources on one link of the " + std::string(fabric_name(fabric)) + " fabric in cycle " +
             std::to_string(links.base + from) + ": bank " + std::to_string(other.bank) + " (item " +
             std::to_string(other.item) + ") and bank " + std::to_string(transfer.bank) + " (item " +
             std::to_string(transfer.item) + ")");
      }
    }
    use = {from + rows, stream};
  }
}

void Checker::Links::count_from(std::int64_t cycle) {
  const std::int64_t passed = cycle - base;
  for (Use& use : uses) use.until = use.until > passed ? use.until - static_cast<std::uint32_t>(passed) : 0;
  base = cycle;
}

void Checker::forget_streams(std::int64_t cycle) {
  constexpr std::size_t kMany = 4096;
  constexpr std::int64_t kLong = std::int64_t{1} << 30;
  for (Links& links : links_) {
    if (cycle - links.base > kLong) links.count_from(cycle);
    if (links.streams.size() < kMany) continue;
    const auto kept = std::find_if(links.streams.begin(), links.streams.end(), [&](const Stream& stream) {
      return stream.launch + stream.rows + static_cast<std::int64_t>(longest_path_) > cycle;
    });
    links.first += static_cast<std::uint32_t>(kept - links.streams.begin());
    links.streams.erase(links.streams.begin(), kept);
  }
}

void Checker::check_port(FabricId fabric, const Transfer& transfer) {
  Port& port = ports_[static_cast<std::size_t>(fabric)][transfer.bank];
  const std::int64_t from = is_write_fabric(fabric) ? transfer.arrival : transfer.launch - transfer.ahead;
  const bool same = !is_write_fabric(fabric) && port.launch == from && port.item == transfer.item;
  if (!same && port.busy_until > from) {
    fail("two tiles on the " + std::string(fabric_name(fabric)) + " port of bank " + std::to_string(transfer.bank) +
         " in cycle " + std::to_string(from) + ": items " + std::to_string(port.item) + " and " +
         std::to_string(transfer.item));
  }
  port = {from + transfer.port_cycles(), from, transfer.item};
  if (shared_ports_ && fabric != FabricId::x && fabric != FabricId::w) {
    // One read and one write port: the others of the same direction must be quiet.
    for (int other = 0; other < kFabrics; ++other) {
      const auto id = static_cast<FabricId>(other);
      if (id == fabric || id == FabricId::x || id == FabricId::w || is_write_fabric(id) != is_write_fabric(fabric))
        continue;
      const Port& busy = ports_[static_cast<std::size_t>(other)][transfer.bank];
      if (busy.busy_until > from && busy.launch < from + transfer.port_cycles()) {
        fail("the shared port of P bank " + std::to_string(transfer.bank) + " is used by " + fabric_name(fabric) +
             " and " + fabric_name(id) + " in cycle " + std::to_string(from));
      }
    }
  }
}

void Checker::check_read(FabricId fabric, const Transfer& transfer, bool now_or_never) {
  const std::int64_t from = readable_from(transfer.item);
  if (from == kNever && !now_or_never) {
    // Orders go out ahead of time, possibly before the operation that produces the tile starts. A later row of the tile
    // may even come from an operation that starts after the first row is read, but not after the last one is.
    early_reads_.push({transfer.launch - 1 - transfer.ahead + transfer.port_cycles(), fabric, transfer});
    return;
  }
  // A row is read in the cycle before it is launched, or before the transposing buffer takes it.
  const std::int64_t read = transfer.launch - 1 - transfer.ahead;
  if (read < from) {
    fail("bank " + std::to_string(transfer.bank) + ", " + fabric_name(fabric) + ": item " +
         std::to_string(transfer.item) + " is read in cycle " + std::to_string(read) +
         " but its row is there from cycle " + (from >= kNever ? "(never)" : std::to_string(from)) + " on");
  }
}

std::int64_t Checker::readable_from(ItemId item) {
  const Program& program = *context_.program;
  const auto tiles = static_cast<ItemId>(program.work.tiles.size());
  const std::int64_t from = from_.at(item);
  if (item >= tiles || program.schedule.without_finalize) return from;
  if (!tile_missing_.empty()) return tile_missing_[item] != 0 ? kNever : std::max(from, tile_from_[item]);
  const RequirementList list = program.work.tiles[item].requirements;
  if (list == kNoRequirements) return from;
  std::int64_t& known = list_from_[list];
  if (known == kNever) {
    const RequirementRange range = program.work.requirements_of(list);
    std::int64_t latest = 0;
    for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
      const Requirement& need = program.work.requirements[r];
      const std::size_t block = program.work.outputs[need.operation].first_block + need.block;
      if (block_missing_[block] != 0) return kNever;
      latest = std::max(latest, block_from_[block] + need.offset);
    }
    known = latest;
  }
  return std::max(from, known);
}

void Checker::output_copied(const PostPlacement& pass, BankClass bank_class, int bank, std::int64_t from) {
  const TiledWorkload& work = context_.program->work;
  const std::uint32_t number = work.relayout.number(pass.operation, pass.tile);
  for (std::uint32_t r = work.relayout.first_reader[number]; r < work.relayout.first_reader[number + 1]; ++r) {
    const TileReader& reader = work.relayout.readers[r];
    const StoredTile& tile = work.tiles[reader.tile];
    if (tile.bank != bank || tile.bank_class != bank_class) continue;
    std::uint32_t& missing = tile_missing_[reader.tile];
    if (missing == 0) fail("item " + std::to_string(reader.tile) + " gets an output tile that it has already");
    --missing;
    tile_from_[reader.tile] = std::max(tile_from_[reader.tile], from + reader.offset);
  }
}

void Checker::written(BankClass bank_class, int bank, const Transfer& transfer) {
  ++checks_;
  const Program& program = *context_.program;
  const auto tiles = static_cast<ItemId>(program.work.tiles.size());
  const std::uint32_t sum = transfer.item - tiles;
  const auto mains = static_cast<std::uint32_t>(program.schedule.main.size());
  // Written in its cycle, readable in the next.
  const std::int64_t from = transfer.arrival + 1;
  if (sum < mains) {
    from_.set(transfer.item, from);
    if (is_read_[sum] != 0) take(transfer);
    return;
  }
  const PostPlacement& pass = program.schedule.post[sum - mains];
  if (!pass.writes_output) {
    from_.set(transfer.item, from);
    if (is_read_[sum] != 0) take(transfer);
    return;
  }
  if (program.schedule.without_finalize) return;
  // Columns of a transposed tile arrive one by one: its rows are whole with the last.
  const std::int64_t from_rows = program.work.outputs[pass.operation].is_transposed ? from + transfer.rows - 1 : from;
  if (!tile_missing_.empty()) {
    if (bank_class == BankClass::p && is_read_[sum] != 0) {
      // Held for the copies that follow.
      from_.set(transfer.item, from);
      take(transfer);
    }
    output_copied(pass, bank_class, bank, from_rows);
    return;
  }
  // An output may go to several classes of banks; it counts once.
  const unsigned lowest = transfer.classes & (~transfer.classes + 1U);
  if (lowest != 1U << static_cast<unsigned>(bank_class)) return;
  for (const std::size_t block : output_blocks_of(program.work, pass.operation, pass.tile)) {
    if (block_missing_[block] == 0) {
      fail("pass " + std::to_string(transfer.id) + " writes an output block that is complete");
    }
    --block_missing_[block];
    block_from_[block] = std::max(block_from_[block], from_rows);
  }
}

void Checker::filled(std::uint32_t fill, std::int64_t cycle) {
  const Fill& what = context_.program->memory.fills[fill];
  from_.set(what.item, cycle);
}

BankClass Checker::class_of(ItemId item) const {
  const auto& tiles = context_.program->work.tiles;
  return item < tiles.size() ? tiles[item].bank_class : BankClass::p;
}

int Checker::bank_of(ItemId item) const {
  const Program& program = *context_.program;
  const auto tiles = static_cast<ItemId>(program.work.tiles.size());
  const auto mains = static_cast<ItemId>(program.schedule.main.size());
  if (item < tiles) return program.work.tiles[item].bank;
  if (item < tiles + mains) return program.schedule.main[item - tiles].p_bank;
  return program.schedule.post[item - tiles - mains].bank;
}

void Checker::take(ItemId item, std::int64_t cycle) {
  space_events_.add({cycle, item, item_bytes(context_.program->work, context_.program->schedule, machine_, item)});
}

void Checker::take(const Transfer& transfer) {
  space_events_.add({transfer.arrival, transfer.item, static_cast<std::uint32_t>(transfer.rows * transfer.row_bytes)});
}

void Checker::advance(std::int64_t cycle) {
  for (std::size_t f = 0; f < launched_.size(); ++f) {
    if (!launched_[f].empty() && launched_[f].front().launch < cycle) settle(static_cast<FabricId>(f));
  }
  while (!early_reads_.empty() && early_reads_.top().cycle < cycle) {
    const EarlyRead read = early_reads_.top();
    early_reads_.pop();
    check_read(read.fabric, read.transfer, true);
  }
  space_events_.take_before(cycle, [this](std::vector<SpaceEvent>& events) {
    // Space that is given back can be taken in the same cycle.
    for (const SpaceEvent& event : events) {
      if (!event.is_taken()) apply(event);
    }
    for (const SpaceEvent& event : events) {
      if (event.is_taken()) apply(event);
    }
  });
  forget_streams(cycle);
  // Reads that are still to be checked ask for cycles that lie behind.
  if (early_reads_.empty()) from_.forget_before(cycle);
}

void Checker::apply(const SpaceEvent& event) {
  ++checks_;
  // A tile that is partly fetched and partly produced takes its space once, and gives it back once.
  if (event.is_taken() && held_.holds(event.item)) return;
  const std::optional<std::uint32_t> held = event.is_taken() ? event.bytes : held_.take(event.item);
  if (!held) {
    fail("space of item " + std::to_string(event.item) + " is given back in cycle " + std::to_string(event.cycle) +
         ", but it holds none: given back twice, or never taken");
  }
  const std::int64_t bytes = *held;
  const auto c = static_cast<std::size_t>(class_of(event.item));
  const int bank = bank_of(event.item);
  std::int64_t& used = used_[c][static_cast<std::size_t>(bank)];
  if (event.is_taken()) {
    held_.add(event.item, event.bytes);
    used += bytes;
    class_used_[c] += bytes;
    peak_bank_[c] = std::max(peak_bank_[c], used);
    peak_class_[c] = std::max(peak_class_[c], class_used_[c]);
    if (used > capacity_) {
      fail(std::string(1, "XWP"[c]) + " bank " + std::to_string(bank) + " holds " + std::to_string(used) +
           " bytes in cycle " + std::to_string(event.cycle) + ", more than its " + std::to_string(capacity_) +
           "; the last is item " + std::to_string(event.item));
    }
  } else {
    used -= bytes;
    class_used_[c] -= bytes;
  }
}

}  // namespace podsim

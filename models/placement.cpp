// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/placement.hpp"

#include <algorithm>
#include <utility>

namespace podsim {
namespace {

/// So many routes are looked up one by one before all are looked up at once: mostly one of the first is free.
constexpr int kOneByOne = 4;

}  // namespace

Round::Round(const Machine& machine)
    : free_pods(machine.config.pod_count(), true),
      free_p_out(machine.config.bank_count(), true),
      x_tile(static_cast<std::size_t>(machine.config.bank_count()), kNone),
      w_tile(x_tile),
      free_p_in(free_p_out),
      free_post_processors(machine.config.post_processor_count(), true),
      free_pp_out(free_p_out),
      pp_in1(static_cast<std::size_t>(machine.config.bank_count()), kNoSource),
      pp_in2(pp_in1),
      main_failures(static_cast<std::size_t>(machine.config.pod_group_count()), 0),
      x(machine.topology->make_route_table()),
      w(machine.topology->make_route_table()),
      p_out(machine.topology->make_route_table()),
      p_in(machine.topology->make_route_table()),
      post_in1(machine.topology->make_route_table()),
      post_in2(machine.topology->make_route_table()),
      post_out(machine.topology->make_route_table()) {}

void Round::clear() {
  free_pods.fill(true);
  free_p_out.fill(true);
  std::fill(x_tile.begin(), x_tile.end(), kNone);
  std::fill(w_tile.begin(), w_tile.end(), kNone);
  free_p_in.fill(true);
  free_post_processors.fill(true);
  free_pp_out.fill(true);
  std::fill(pp_in1.begin(), pp_in1.end(), kNoSource);
  std::fill(pp_in2.begin(), pp_in2.end(), kNoSource);
  std::fill(main_failures.begin(), main_failures.end(), 0);
  post_failures = 0;
  for (RouteTable* table :
       {x.get(), w.get(), p_out.get(), p_in.get(), post_in1.get(), post_in2.get(), post_out.get()}) {
    table->clear();
  }
}

RoundTable::RoundTable(const Machine& machine)
    : machine_(machine),
      main_(static_cast<std::size_t>(machine.config.pod_group_count())),
      writes_(machine.config.relayout == "circuits" ? static_cast<std::size_t>(machine.config.bank_count()) : 0) {}

std::uint32_t RoundTable::next_for_write(std::uint32_t from, int bank) {
  std::uint32_t round = post_.next(from);
  if (writes_.empty()) return round;
  for (;;) {
    const std::uint32_t unwritten = writes_[static_cast<std::size_t>(bank)].next(round);
    if (unwritten == round) return round;
    round = post_.next(unwritten);
  }
}

void RoundTable::OpenRounds::grow(std::uint32_t round) {
  while (parent_.size() <= round) parent_.push_back(static_cast<std::uint32_t>(parent_.size()));
}

std::uint32_t RoundTable::OpenRounds::next(std::uint32_t from) {
  grow(from);
  std::uint32_t root = from;
  while (parent_[root] != root) {
    root = parent_[root];
    grow(root);
  }
  while (parent_[from] != root) from = std::exchange(parent_[from], root);
  return root;
}

void RoundTable::OpenRounds::remove(std::uint32_t round) {
  grow(round + 1);
  if (parent_[round] == round) parent_[round] = round + 1;
}

Round& RoundTable::at(std::uint32_t round) {
  if (round < first_) throw Error::internal("round table", "round " + std::to_string(round) + " is closed");
  while (first_ + rounds_.size() <= round) {
    if (spare_.empty()) {
      rounds_.push_back(std::make_unique<Round>(machine_));
    } else {
      rounds_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
  return *rounds_[round - first_];
}

void RoundTable::close_below(std::uint32_t round) {
  while (first_ < round && !rounds_.empty()) {
    rounds_.front()->clear();
    spare_.push_back(std::move(rounds_.front()));
    rounds_.pop_front();
    ++first_;
  }
  first_ = std::max(first_, round);
}

Placer::Placer(const TiledWorkload& work, const Machine& machine, std::int64_t round_failures)
    : work_(work),
      machine_(machine),
      round_failures_(round_failures),
      shared_ports_(machine.config.banks.p_ports == "shared"),
      rounds_(machine),
      pods_(machine.config.terminals()),
      banks_(machine.config.terminals()),
      reachable_(machine.config.terminals()) {
  schedule_.main.resize(work.op_count);
  const HardwareConfig& hardware = machine.config;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    BitSet& pods = group_pods_.emplace_back(hardware.pod_count());
    for (int pod = 0; pod < hardware.pod_group(g).count; ++pod) pods.set(hardware.first_pod(g) + pod);
  }
}

void Placer::take(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round_number, int pod,
                  std::uint16_t p_bank) {
  Round& round = rounds_.at(round_number);
  const int x_bank = work_.tiles[x_tile].bank;
  const int w_bank = work_.tiles[w_tile].bank;
  round.x->reserve(x_bank, pod);
  round.w->reserve(w_bank, pod);
  round.x_tile[static_cast<std::size_t>(x_bank)] = x_tile;
  round.w_tile[static_cast<std::size_t>(w_bank)] = w_tile;
  round.free_pods.reset(pod);
  if (p_bank != kNoBank) {
    round.p_out->reserve(p_bank, pod);
    round.free_p_out.reset(p_bank);
  }
  schedule_.main[op] = {round_number, static_cast<std::uint16_t>(pod), p_bank, kNone};
}

void Placer::mark_if_full(std::uint32_t round_number, int group) {
  const Round& round = rounds_.at(round_number);
  const bool no_bank = round.free_p_out.none();
  for (int g = 0; g < static_cast<int>(group_pods_.size()); ++g) {
    if (no_bank || (g == group && !has_free_pod(round, g))) rounds_.mark_full_for_main(round_number, g);
  }
}

bool Placer::is_free(std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round_number, int pod) {
  const Round& round = rounds_.at(round_number);
  const auto x_bank = static_cast<std::size_t>(work_.tiles[x_tile].bank);
  const auto w_bank = static_cast<std::size_t>(work_.tiles[w_tile].bank);
  if (!round.free_pods.test(pod)) return false;
  if (round.x_tile[x_bank] != kNone && round.x_tile[x_bank] != x_tile) return false;
  if (round.w_tile[w_bank] != kNone && round.w_tile[w_bank] != w_tile) return false;
  return round.x->is_free(static_cast<int>(x_bank), pod) && round.w->is_free(static_cast<int>(w_bank), pod);
}

bool Placer::try_on_pod(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round_number,
                        int pod, bool drains) {
  if (!is_free(x_tile, w_tile, round_number, pod)) return false;
  int p_bank = kNoBank;
  if (drains) {
    const Round& round = rounds_.at(round_number);
    p_bank = first_source(*round.p_out, round.free_p_out, pod, -1);
    if (p_bank < 0) return false;
  }
  take(op, x_tile, w_tile, round_number, pod, static_cast<std::uint16_t>(p_bank));
  return true;
}

bool Placer::try_main(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round_number,
                      int preferred_pod, int group) {
  Round& round = rounds_.at(round_number);
  const int x_bank = work_.tiles[x_tile].bank;
  const int w_bank = work_.tiles[w_tile].bank;
  const std::uint32_t x_of_bank = round.x_tile[static_cast<std::size_t>(x_bank)];
  const std::uint32_t w_of_bank = round.w_tile[static_cast<std::size_t>(w_bank)];
  if ((x_of_bank != kNone && x_of_bank != x_tile) || (w_of_bank != kNone && w_of_bank != w_tile)) return false;

  auto try_pod = [&](int pod) {
    const int p_bank = first_source(*round.p_out, round.free_p_out, pod, -1);
    if (p_bank < 0) return false;
    take(op, x_tile, w_tile, round_number, pod, static_cast<std::uint16_t>(p_bank));
    mark_if_full(round_number, group);
    return true;
  };

  const BitSet& group_pods = group_pods_[static_cast<std::size_t>(group)];
  if (preferred_pod >= 0 && round.free_pods.test(preferred_pod) && group_pods.test(preferred_pod) &&
      round.x->is_free(x_bank, preferred_pod) && round.w->is_free(w_bank, preferred_pod) && try_pod(preferred_pod)) {
    return true;
  }
  pods_ = round.free_pods;
  if (group_pods_.size() > 1) pods_ &= group_pods;
  return try_in_order(
      pods_, [&](int pod) { return round.x->is_free(x_bank, pod) && round.w->is_free(w_bank, pod); },
      [&] {
        round.x->restrict_destinations(x_bank, pods_);
        if (!pods_.none()) round.w->restrict_destinations(w_bank, pods_);
      },
      try_pod);
}

template <class IsFree, class Restrict, class Try>
bool Placer::try_in_order(const BitSet& candidates, IsFree is_free, Restrict restrict, Try attempt) {
  int unit = candidates.next();
  for (int tried = 0; unit >= 0 && tried < kOneByOne; ++tried, unit = candidates.next(unit + 1)) {
    if (is_free(unit) && attempt(unit)) return true;
  }
  if (unit < 0) return false;
  restrict();
  for (unit = candidates.next(unit); unit >= 0; unit = candidates.next(unit + 1)) {
    if (attempt(unit)) return true;
  }
  return false;
}

int Placer::first_source(const RouteTable& routes, const BitSet& sources, int destination, int but) {
  banks_ = sources;
  if (but >= 0) banks_.reset(but);
  int found = -1;
  try_in_order(
      banks_, [&](int source) { return routes.is_free(source, destination); },
      [&] { routes.restrict_sources(destination, banks_); },
      [&found](int source) {
        found = source;
        return true;
      });
  return found;
}

std::uint32_t Placer::place_main(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t earliest,
                                 int preferred_pod) {
  const int group = group_of(op);
  std::uint32_t round = rounds_.next_for_main(earliest, group);
  while (!try_main(op, x_tile, w_tile, round, preferred_pod, group)) {
    std::int64_t& failures = rounds_.at(round).main_failures[static_cast<std::size_t>(group)];
    if (++failures == round_failures_) rounds_.mark_full_for_main(round, group);
    round = rounds_.next_for_main(round + 1, group);
  }
  return round;
}

bool Placer::try_chain(std::uint32_t producer, std::uint32_t consumer) {
  const MainPlacement& from = schedule_.main[producer];
  MainPlacement& to = schedule_.main[consumer];
  if (to.partial_sum_in != kNone || to.round <= from.round) return false;
  if (!machine_.config.pod_group(group_of(consumer)).partial_sum_input) return false;
  Round& round = rounds_.at(to.round);
  if (!round.free_p_in.test(from.p_bank) || !round.p_in->is_free(from.p_bank, to.pod)) return false;
  round.free_p_in.reset(from.p_bank);
  round.p_in->reserve(from.p_bank, to.pod);
  to.partial_sum_in = producer;
  return true;
}

int Placer::bank_of(const PostSource& source) const {
  switch (source.kind) {
    case PostSource::Kind::main_sum:
      return schedule_.main[source.index].p_bank;
    case PostSource::Kind::post_sum:
      return schedule_.post[source.index].bank;
    case PostSource::Kind::stored:
      return work_.tiles[source.index].bank;
    case PostSource::Kind::none:
      break;
  }
  return -1;
}

std::uint32_t Placer::round_of(const PostSource& source) const {
  switch (source.kind) {
    case PostSource::Kind::main_sum:
      return schedule_.main[source.index].round;
    case PostSource::Kind::post_sum:
      return post_round_[source.index];
    default:
      return 0;
  }
}

void Placer::set_twin(std::uint32_t id, std::uint32_t twin) {
  post_round_[id] = post_round_[twin] = std::max(schedule_.post[id].round, schedule_.post[twin].round);
}

bool Placer::try_post(PostPlacement& pass, Round& round, int bank, int avoid_bank) {
  const int bank1 = bank_of(pass.in1);
  const int bank2 = bank_of(pass.in2);
  if (bank >= 0 && !round.free_pp_out.test(bank)) return false;
  auto port_free = [](std::vector<std::uint64_t>& ports, int at, const PostSource& source) {
    const std::uint64_t carried = ports[static_cast<std::size_t>(at)];
    return carried == Round::kNoSource || carried == Round::key(source);
  };
  if (!port_free(round.pp_in1, bank1, pass.in1)) return false;
  if (bank2 >= 0 && !port_free(round.pp_in2, bank2, pass.in2)) return false;
  if (shared_ports_) {
    // All passes of a round read in the same cycles, so that a bank can serve one of the two inputs only.
    if (round.pp_in2[static_cast<std::size_t>(bank1)] != Round::kNoSource) return false;
    if (bank2 >= 0 && round.pp_in1[static_cast<std::size_t>(bank2)] != Round::kNoSource) return false;
  }

  auto restrict_to_inputs = [&] {
    round.post_in1->restrict_destinations(bank1, pods_);
    if (bank2 >= 0) round.post_in2->restrict_destinations(bank2, pods_);
  };
  auto take = [&](int pp, int out) {
    round.post_in1->reserve(bank1, pp);
    round.pp_in1[static_cast<std::size_t>(bank1)] = Round::key(pass.in1);
    if (bank2 >= 0) {
      round.post_in2->reserve(bank2, pp);
      round.pp_in2[static_cast<std::size_t>(bank2)] = Round::key(pass.in2);
    }
    round.post_out->reserve(out, pp);
    round.free_post_processors.reset(pp);
    round.free_pp_out.reset(out);
    pass.post_processor = static_cast<std::uint16_t>(pp);
    pass.bank = static_cast<std::uint16_t>(out);
    return true;
  };
  if (bank < 0 && pass.writes_output && copies_outputs()) {
    // Written where it is needed, a tile takes one copy less.
    pods_ = round.free_post_processors;
    restrict_to_inputs();
    const Relayout& relayout = work_.relayout;
    const std::uint32_t number = relayout.number(pass.operation, pass.tile);
    for (std::uint32_t t = relayout.first_target[number]; t < relayout.first_target[number + 1]; ++t) {
      const int out = relayout.targets[t].bank;
      if (!round.free_pp_out.test(out)) continue;
      reachable_ = pods_;
      round.post_out->restrict_destinations(out, reachable_);
      const int pp = reachable_.next();
      if (pp >= 0) return take(pp, out);
    }
  }
  auto try_processor = [&](int pp) {
    if (bank >= 0) return round.post_out->is_free(bank, pp) && take(pp, bank);
    const int out = first_source(*round.post_out, round.free_pp_out, pp, avoid_bank);
    return out >= 0 && take(pp, out);
  };
  pods_ = round.free_post_processors;
  return try_in_order(
      pods_,
      [&](int pp) { return round.post_in1->is_free(bank1, pp) && (bank2 < 0 || round.post_in2->is_free(bank2, pp)); },
      restrict_to_inputs, try_processor);
}

std::uint32_t Placer::place_post(PostPlacement pass, std::uint32_t earliest, int bank) {
  if (shared_ports_ && pass.in2.kind != PostSource::Kind::none && bank_of(pass.in1) == bank_of(pass.in2)) {
    if (machine_.config.bank_count() < 2) {
      throw Error(ErrorKind::run_failed,
                  {Issue{{},
                         "/hardware/banks/p_ports",
                         "with shared ports a single P bank cannot deliver the two operands of an add",
                         "use at least 2 banks, or \"independent\""}});
    }
    PostPlacement move = pass;
    move.kind = PostPlacement::Kind::move;
    move.in2 = {};
    move.writes_output = false;
    const std::uint32_t moved = first_fit_post(move, earliest, -1, bank_of(pass.in1));
    pass.in1 = {PostSource::Kind::post_sum, moved};
    earliest = std::max(earliest, schedule_.post[moved].round + 1);
  }
  return first_fit_post(pass, earliest, bank, -1);
}

std::uint32_t Placer::first_fit_post(PostPlacement pass, std::uint32_t earliest, int bank, int avoid_bank) {
  auto next = [&](std::uint32_t from) {
    return pass.kind == PostPlacement::Kind::copy ? rounds_.next_for_write(from, bank) : rounds_.next_for_post(from);
  };
  std::uint32_t number = next(earliest);
  while (!try_post(pass, rounds_.at(number), bank, avoid_bank)) {
    if (++rounds_.at(number).post_failures == round_failures_) rounds_.mark_full_for_post(number);
    number = next(number + 1);
  }
  pass.round = number;
  if (copies_outputs()) rounds_.mark_written(number, pass.bank);
  Round& round = rounds_.at(number);
  if (round.free_post_processors.none() || round.free_pp_out.none()) rounds_.mark_full_for_post(number);
  schedule_.post.push_back(pass);
  post_round_.push_back(number);
  return static_cast<std::uint32_t>(schedule_.post.size() - 1);
}

std::uint32_t Placer::place_copies(std::uint32_t id) {
  const PostPlacement pass = schedule_.post[id];
  std::uint32_t last = pass.round;
  if (!copies_outputs()) return last;
  PostPlacement copy = pass;
  copy.kind = PostPlacement::Kind::copy;
  copy.in1 = {PostSource::Kind::post_sum, id};
  copy.in2 = {};
  const Relayout& relayout = work_.relayout;
  const std::uint32_t number = relayout.number(pass.operation, pass.tile);
  for (std::uint32_t t = relayout.first_target[number]; t < relayout.first_target[number + 1]; ++t) {
    if (relayout.targets[t].bank == pass.bank) continue;
    const std::uint32_t placed = first_fit_post(copy, pass.round + 1, relayout.targets[t].bank, -1);
    last = std::max(last, schedule_.post[placed].round);
  }
  return last;
}

std::uint32_t PostChain::reduce(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t k,
                                const std::vector<PostSource>& sums, bool finalize) {
  const std::uint32_t output = gemm.output(g, i, k);
  const bool has_residual = finalize && gemm.residual >= 0;
  const std::size_t keep = finalize && !has_residual ? 2 : 1;
  PostPlacement pass;
  pass.operation = static_cast<std::uint32_t>(gemm.operation);
  pass.rows = static_cast<std::int32_t>(sum_rows(gemm, {g, i, 0, k}));
  pass.columns = static_cast<std::int32_t>(sum_columns(gemm, {g, i, 0, k}));
  pass.tile = output;

  std::uint32_t last = 0;
  std::vector<PostSource>& queue = queue_;
  queue = sums;
  std::size_t head = 0;
  while (queue.size() - head > keep) {
    pass.kind = PostPlacement::Kind::add;
    pass.in1 = queue[head++];
    pass.in2 = queue[head++];
    pass.writes_output = !finalize && head == queue.size();
    const std::uint32_t earliest = 1 + std::max(placer_.round_of(pass.in1), placer_.round_of(pass.in2));
    const std::uint32_t id = placer_.place_post(pass, earliest);
    last = std::max(last, placer_.schedule().post[id].round);
    if (twins_) {
      std::swap(pass.in1, pass.in2);
      const std::uint32_t twin = placer_.place_post(pass, earliest, placer_.schedule().post[id].bank);
      last = std::max(last, placer_.schedule().post[twin].round);
      placer_.set_twin(id, twin);
    }
    queue.push_back({PostSource::Kind::post_sum, id});
  }
  if (!finalize) return last;

  pass.kind = PostPlacement::Kind::finalize;
  pass.writes_output = true;
  pass.in1 = queue[head++];
  pass.in2 = {};
  if (has_residual) {
    const std::uint32_t first = work_.operands[static_cast<std::size_t>(gemm.residual)].first_tile;
    pass.in2 = {PostSource::Kind::stored, first + (output - gemm.first_output)};
  } else if (head < queue.size()) {
    pass.in2 = queue[head];
  }
  const std::uint32_t earliest = 1 + std::max(placer_.round_of(pass.in1), placer_.round_of(pass.in2));
  const std::uint32_t id = placer_.place_post(pass, earliest);
  return std::max(last, placer_.place_copies(id));
}

std::uint32_t PostChain::vector(const VectorTiles& tiles, std::uint32_t earliest) {
  const auto& operation = work_.network.operations[static_cast<std::size_t>(tiles.operation)];
  const bool row_wise = operation.vector()->kind == VectorOperation::Kind::row_wise;
  std::uint32_t last = earliest;
  auto place = [&](const PostPlacement& pass) {
    const std::uint32_t from = std::max(earliest, 1 + std::max(placer_.round_of(pass.in1), placer_.round_of(pass.in2)));
    const bool reads_sums = pass.in1.kind == PostSource::Kind::post_sum || pass.in2.kind == PostSource::Kind::post_sum;
    const std::uint32_t id = placer_.place_post(pass, reads_sums ? from : earliest);
    last = std::max(last, pass.writes_output ? placer_.place_copies(id) : placer_.schedule().post[id].round);
    return id;
  };
  auto input = [&](std::size_t n, std::int64_t i, std::int64_t k) {
    const std::uint32_t first = work_.operands[tiles.inputs[n]].first_tile;
    return PostSource{PostSource::Kind::stored, first + static_cast<std::uint32_t>(i * tiles.k_count + k)};
  };
  for (std::int64_t i = 0; i < tiles.i_count; ++i) {
    PostPlacement pass;
    pass.operation = static_cast<std::uint32_t>(tiles.operation);
    auto size_from = [&](const PostSource& source) {
      pass.rows = work_.tiles[source.index].rows;
      pass.columns = work_.tiles[source.index].columns;
    };
    if (row_wise) {
      std::vector<PostSource> queue;
      for (std::int64_t k = 0; k < tiles.k_count; ++k) {
        pass.kind = PostPlacement::Kind::statistics;
        pass.in1 = input(0, i, k);
        size_from(pass.in1);
        pass.columns = 2;  // e.g. maximum and sum of exponentials, or sum and sum of squares
        pass.tile = static_cast<std::uint32_t>(i * tiles.k_count + k);
        queue.push_back({PostSource::Kind::post_sum, place(pass)});
      }
      std::size_t head = 0;
      while (queue.size() - head > 1) {
        pass.kind = PostPlacement::Kind::combine;
        pass.in1 = queue[head++];
        pass.in2 = queue[head++];
        queue.push_back({PostSource::Kind::post_sum, place(pass)});
      }
      for (std::int64_t k = 0; k < tiles.k_count; ++k) {
        pass.kind = PostPlacement::Kind::normalize;
        pass.writes_output = true;
        pass.in1 = input(0, i, k);
        pass.in2 = queue[head];
        size_from(pass.in1);
        pass.tile = static_cast<std::uint32_t>(i * tiles.k_count + k);
        place(pass);
      }
      continue;
    }
    for (std::int64_t k = 0; k < tiles.k_count; ++k) {
      pass.kind = PostPlacement::Kind::vector;
      pass.tile = static_cast<std::uint32_t>(i * tiles.k_count + k);
      PostSource left = input(0, i, k);
      size_from(left);
      std::size_t next = 1;
      do {
        pass.in1 = left;
        pass.in2 = next < tiles.inputs.size() ? input(next, i, k) : PostSource{};
        ++next;
        pass.writes_output = next >= tiles.inputs.size();
        left = {PostSource::Kind::post_sum, place(pass)};
      } while (!pass.writes_output);
    }
  }
  return last;
}

template <class Body>
void LayerBarriers::for_each_dependency(int operation, bool with_residual, Body body) const {
  const GemmOperation* work = work_.network.operations[static_cast<std::size_t>(operation)].gemm();
  if (with_residual || work == nullptr || work->residual.parts.empty()) {
    for (const int dependency : work_.dependencies[static_cast<std::size_t>(operation)]) body(dependency);
    return;
  }
  for (const View* view : {&work->activation, &work->stationary_view}) {
    for (const ViewPart& part : view->parts) {
      const int producer = work_.network.tensors[static_cast<std::size_t>(part.tensor)].operation;
      if (producer >= 0) body(producer);
    }
  }
}

std::uint32_t LayerBarriers::init(int operation, bool with_residual) const {
  std::uint32_t first = 0;
  for_each_dependency(operation, with_residual,
                      [&](int dependency) { first = std::max(first, end_[static_cast<std::size_t>(dependency)] + 1); });
  if (work_.releases.empty()) return first;
  const Release& release = work_.releases[static_cast<std::size_t>(operation)];
  return std::max({first, release.earliest_round, release.slice > slice_ ? slices_end_ : slice_begin_});
}

void LayerBarriers::done(int operation, std::uint32_t last_round) {
  end_[static_cast<std::size_t>(operation)] = last_round;
  if (work_.releases.empty()) return;
  const std::uint32_t slice = work_.releases[static_cast<std::size_t>(operation)].slice;
  if (slice > slice_) slice_begin_ = slices_end_;
  slice_ = slice;
  slices_end_ = std::max(slices_end_, last_round + 1);
}

std::uint32_t LayerBarriers::floor(int next, bool with_residual) const {
  std::vector<std::uint32_t> bound(end_.size(), 0);
  std::uint32_t lowest = std::numeric_limits<std::uint32_t>::max();
  for (auto o = static_cast<std::size_t>(next); o < end_.size(); ++o) {
    auto wait_for = [&](int dependency) {
      const auto d = static_cast<std::size_t>(dependency);
      // An operation that is not placed yet ends no earlier than it can start.
      bound[o] = std::max(bound[o], dependency < next ? end_[d] + 1 : bound[d]);
    };
    for_each_dependency(static_cast<int>(o), with_residual, wait_for);
    lowest = std::min(lowest, bound[o]);
  }
  return std::max(slice_begin_, lowest == std::numeric_limits<std::uint32_t>::max() ? 0 : lowest);
}

}  // namespace podsim

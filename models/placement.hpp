#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The round table that schedulers fill: units, ports and circuits of every open round.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "podsim/interconnect/bit_set.hpp"
#include "podsim/interconnect/route_table.hpp"
#include "podsim/models/schedule.hpp"

namespace podsim {

/// What is taken in one round.
class Round {
 public:
  Round(const Machine& machine);
  void clear();

  BitSet free_pods;
  BitSet free_p_out;                          ///< P banks without a partial-sum write
  std::vector<std::uint32_t> x_tile, w_tile;  ///< per bank: the tile it delivers, or kNone
  BitSet free_p_in;                           ///< P banks without a partial-sum read
  BitSet free_post_processors;
  BitSet free_pp_out;                         ///< terminals without a post-processor write
  std::vector<std::uint64_t> pp_in1, pp_in2;  ///< per bank: what it delivers (see key()), or kNoSource
  std::vector<std::int64_t> main_failures;    ///< per group of pods: attempts to place an operation here that failed
  std::int64_t post_failures = 0;             ///< likewise for passes
  std::unique_ptr<RouteTable> x, w, p_out, p_in, post_in1, post_in2, post_out;

  static constexpr std::uint64_t kNoSource = ~std::uint64_t{0};
  static std::uint64_t key(const PostSource& source) {
    return (static_cast<std::uint64_t>(source.kind) << 32) | source.index;
  }
};

/// The open rounds. Rounds below a floor are closed for good and their memory is used again.
class RoundTable {
 public:
  explicit RoundTable(const Machine& machine);

  Round& at(std::uint32_t round);
  /// No one will place anything below this round any more.
  void close_below(std::uint32_t round);
  /// The first round from `from` on that is not marked full for tile operations of a group of pods.
  std::uint32_t next_for_main(std::uint32_t from, int group = 0) {
    return main_[static_cast<std::size_t>(group)].next(from);
  }
  void mark_full_for_main(std::uint32_t round, int group = 0) { main_[static_cast<std::size_t>(group)].remove(round); }
  /// Likewise for passes.
  std::uint32_t next_for_post(std::uint32_t from) { return post_.next(from); }
  void mark_full_for_post(std::uint32_t round) { post_.remove(round); }
  /// The first round from `from` on that is open for passes and in which no pass writes to the terminal.
  std::uint32_t next_for_write(std::uint32_t from, int bank);
  void mark_written(std::uint32_t round, int bank) { writes_[static_cast<std::size_t>(bank)].remove(round); }

 private:
  /// Union-find over round numbers, all present at first: finds the next one that was not removed.
  class OpenRounds {
   public:
    std::uint32_t next(std::uint32_t from);
    void remove(std::uint32_t round);

   private:
    void grow(std::uint32_t round);
    std::vector<std::uint32_t> parent_;
  };

  const Machine& machine_;
  std::uint32_t first_ = 0;
  std::deque<std::unique_ptr<Round>> rounds_;
  std::vector<std::unique_ptr<Round>> spare_;
  std::vector<OpenRounds> main_;  ///< per group of pods
  OpenRounds post_;
  std::vector<OpenRounds> writes_;  ///< per terminal of PP-out, if copies look for them
};

/// Places single operations into rounds. Shared by schedulers.
class Placer {
 public:
  /// \param round_failures failed attempts after which a round is not tried any more; 0: never given up
  Placer(const TiledWorkload& work, const Machine& machine, std::int64_t round_failures);

  /// Puts a tile operation into the first round from `earliest` on that takes it, on a pod of its group, on
  /// `preferred_pod` if that is possible and not negative; returns the round.
  std::uint32_t place_main(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t earliest,
                           int preferred_pod = -1);
  /// Tries to put a tile operation into the round on this pod.
  /// \param drains its sums leave for a P bank; if not, they stay in the pod
  bool try_on_pod(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round, int pod,
                  bool drains);
  /// Could a tile operation run there, as far as the pod and the X and W circuits go?
  bool is_free(std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round, int pod);
  /// Tries to let `consumer` take the partial sums of `producer`.
  bool try_chain(std::uint32_t producer, std::uint32_t consumer);
  /// Puts a pass into the earliest round from `earliest` on that has room, and stores it.
  /// \param bank the terminal to write to, or -1 for the first free one
  /// \return its id
  /// With shared P bank ports a pass cannot read both operands from one bank: one of them is moved to another first.
  std::uint32_t place_post(PostPlacement pass, std::uint32_t earliest, int bank = -1);
  /// Places a copy of the output tile of pass `id` for every further terminal that needs it (relayout "circuits").
  /// \return the last round used, at least that of the pass
  std::uint32_t place_copies(std::uint32_t id);

  Schedule& schedule() { return schedule_; }
  RoundTable& rounds() { return rounds_; }
  /// The pass `id` has a twin: what reads its result has to wait for both.
  void set_twin(std::uint32_t id, std::uint32_t twin);
  /// Bank that holds what a pass reads.
  int bank_of(const PostSource& source) const;
  /// The last round in which a source is written; 0 for stored tiles.
  std::uint32_t round_of(const PostSource& source) const;

 private:
  int group_of(std::uint32_t op) const { return group_pods_.size() == 1 ? 0 : work_.gemm_of_op(op).pod_group; }
  /// The group still has a free pod in the round.
  bool has_free_pod(const Round& round, int group) const {
    const int first = machine_.config.first_pod(group);
    const int pod = round.free_pods.next(first);
    return pod >= 0 && pod < first + machine_.config.pod_group(group).count;
  }
  /// Tries to put a tile operation into the round. On success the placement is stored.
  bool try_main(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round, int preferred_pod,
                int group);
  /// Attempts `attempt` with each of the candidates that has free routes, in order, until it succeeds.
  /// \param is_free    whether one has
  /// \param restrict   removes from the candidates all that have not
  template <class IsFree, class Restrict, class Try>
  static bool try_in_order(const BitSet& candidates, IsFree is_free, Restrict restrict, Try attempt);
  /// The first of `sources` but one that has a free route to the destination, or -1.
  int first_source(const RouteTable& routes, const BitSet& sources, int destination, int but);
  /// Reserves everything for a tile operation; it has been found free.
  void take(std::uint32_t op, std::uint32_t x_tile, std::uint32_t w_tile, std::uint32_t round, int pod,
            std::uint16_t p_bank);
  /// No more operations for a group without free pods, nor for any without free P banks.
  void mark_if_full(std::uint32_t round, int group);
  bool try_post(PostPlacement& pass, Round& round, int bank, int avoid_bank);
  bool copies_outputs() const { return work_.relayout.by_circuits() && !schedule_.without_finalize; }
  std::uint32_t first_fit_post(PostPlacement pass, std::uint32_t earliest, int bank, int avoid_bank);

  const TiledWorkload& work_;
  const Machine& machine_;
  std::int64_t round_failures_;
  bool shared_ports_;  ///< P banks have one read port for all
  RoundTable rounds_;
  Schedule schedule_;
  std::vector<std::uint32_t> post_round_;  ///< per pass: its round or its twin's, the later
  std::vector<BitSet> group_pods_;         ///< per group of pods: its pods
  BitSet pods_, banks_, reachable_;        ///< scratch
};

/// Places what follows the tile operations: adds, finalise passes and the passes of vector operations.
class PostChain {
 public:
  /// \param twin_adds issue every add twice, as published
  PostChain(const TiledWorkload& work, Placer& placer, bool twin_adds)
      : work_(work), placer_(placer), twins_(twin_adds) {}
  /// Reduces the partial sums of one output tile by a FIFO tree of pairwise adds and, if asked to, finalises it; the
  /// finalise pass takes over the last add, or adds the residual.
  /// \return the last round used, 0 if there was nothing to do
  std::uint32_t reduce(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t k,
                       const std::vector<PostSource>& sums, bool finalize);
  /// All passes of a vector operation, from round `earliest` on.
  /// \return the last round used
  std::uint32_t vector(const VectorTiles& tiles, std::uint32_t earliest);

 private:
  const TiledWorkload& work_;
  Placer& placer_;
  bool twins_;
  std::vector<PostSource> queue_;  ///< scratch
};

/// First round for each operation under layer barriers: one after the last round of all it depends on.
/// `init = max over dependencies of (end + 1)`; 0 without dependencies.
class LayerBarriers {
 public:
  explicit LayerBarriers(const TiledWorkload& work) : work_(work), end_(work.network.operations.size(), 0) {}
  /// \param with_residual also wait for the residual operand of a fused add
  std::uint32_t init(int operation, bool with_residual = true) const;
  void done(int operation, std::uint32_t last_round);
  /// No operation from `next` on can start below this round, if those before it are done.
  std::uint32_t floor(int next, bool with_residual = true) const;

 private:
  template <class Body>
  void for_each_dependency(int operation, bool with_residual, Body body) const;

  const TiledWorkload& work_;
  std::vector<std::uint32_t> end_;
  std::uint32_t slice_ = 0;        ///< of the last operation that is done
  std::uint32_t slice_begin_ = 0;  ///< first round behind the slices before
  std::uint32_t slices_end_ = 0;   ///< behind all that is done
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The switches of a Benes network and of the copy network in front of it, and how they are set.

#include <vector>

namespace podsim {

/// One circuit of a permutation: the wire on which it enters and the wire on which it leaves.
struct WirePair {
  int in = 0;
  int out = 0;
};

/// Wires of a stack of stages of 2 x 2 switches. A wire is numbered by the stage that drives it and its place behind
/// that stage; a path lists the places behind stage 0, 1, …
///
/// The Benes network (V. E. Benes, "Mathematical Theory of Connecting Networks and Telephone Traffic", 1965) of
/// P = 2^n wires has 2n - 1 stages, built recursively: a stage of P / 2 switches whose upper outputs lead to one
/// network of half the size and whose lower outputs lead to another, and a stage that joins the two. It realises every
/// permutation.
class BenesNetwork {
 public:
  /// \param log2_size n, at least 1
  explicit BenesNetwork(int log2_size) : log2_size_(log2_size), size_(1 << log2_size) {}

  int size() const { return size_; }
  int stages() const { return 2 * log2_size_ - 1; }
  /// Sets the switches by the looping algorithm (D. C. Opferman, N. T. Tsao-Wu, "On a class of rearrangeable switching
  /// networks", Bell System Technical Journal 50(5), 1971).
  /// \param pairs a partial permutation: no two share an in or an out
  /// \return stages() places per pair, pair after pair
  std::vector<int> set_up(const std::vector<WirePair>& pairs) const;
  /// The places behind the switch of stage `stage` that the wire `place` leads to: `place` is a place behind the stage
  /// before, or a wire in front of stage 0.
  void outputs_of(int stage, int place, int& upper, int& lower) const;

 private:
  int log2_size_;
  int size_;
};

/// A nonblocking copy network after T. T. Lee ("Nonblocking copy networks for multicast packet switching", IEEE JSAC
/// 6(9), 1988): n stages gather the active sources on the lowest wires in their order, n stages copy the one of rank r
/// to as many neighbouring wires as it has destinations, by Boolean interval splitting. Since ranks and intervals are
/// monotone and without gaps, no two sources ever meet.
class CopyNetwork {
 public:
  explicit CopyNetwork(int log2_size) : log2_size_(log2_size) {}

  int stages() const { return 2 * log2_size_; }
  /// Appends the places of the branch that enters on wire `source`, is gathered on wire `rank` and leaves as `copy`.
  void append_path(int source, int rank, int copy, std::vector<int>& places) const;
  /// As BenesNetwork::outputs_of. Switches of the second half may send one input to both outputs.
  void outputs_of(int stage, int place, int& upper, int& lower) const;

 private:
  int log2_size_;
};

}  // namespace podsim

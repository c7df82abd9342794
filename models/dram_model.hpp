#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a kind of external memory does with requests, one after the other: a plug-in of the DRAM module.

#include <cstdint>
#include <memory>
#include <vector>

#include "podsim/sim/core/registry.hpp"

namespace podsim {

/// Clock and peak bandwidth, in whole units, so that times are exact.
struct DramTiming {
  std::int64_t hz = 0;
  std::int64_t bytes_per_second = 0;  ///< of all channels together
};

/// The transfer of one tile, or of some result rows.
struct DramRequest {
  std::int64_t bytes = 0;
  std::int64_t item = 0;     ///< number of the tile or sum; results are numbered in the order of their write-back
  std::int64_t address = 0;  ///< of its first byte in DRAM
};

/// When the data of a request pass: rows may enter banks from `begin` on, the last byte has passed in `end`.
struct DramService {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// What one channel has done.
struct DramChannelStatistics {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;         ///< whole bursts
  std::int64_t queue_cycles = 0;  ///< sum over requests: from the time an idle channel would have begun
};

/// Times requests. The DRAM module says which request comes next; the model says from when on it takes it, and when its
/// data pass. Must depend on nothing but the calls: equal calls, equal answers.
class DramModel {
 public:
  virtual ~DramModel() = default;
  /// The state before the first request.
  virtual void reset() = 0;
  /// The first cycle in which the request can be issued, from what has been issued so far.
  virtual std::int64_t issue_from(const DramRequest& request) const = 0;
  /// Issues the request in cycle `now`, at least issue_from(request) and never less than in the call before.
  virtual DramService issue(const DramRequest& request, std::int64_t now) = 0;
  /// One entry per channel; none if the model has no channels.
  virtual std::vector<DramChannelStatistics> channels() const { return {}; }
};

using DramModelRegistry = Registry<DramModel, const DramTiming&>;
/// The kinds of external memory; models register themselves in models/dram_models/.
DramModelRegistry& dram_model_registry();

/// A bus that moves a fixed number of bytes per cycle, exactly: its position is a cycle and a fraction of one.
class DramBus {
 public:
  /// \param share the bus has 1 / share of the bandwidth
  explicit DramBus(const DramTiming& timing, std::int64_t share = 1)
      : numerator_(timing.hz * share), denominator_(timing.bytes_per_second) {}

  /// The cycle in which it becomes free, perhaps somewhere in the middle.
  std::int64_t free_from() const { return cycle_; }
  /// Moves `bytes`, from cycle `earliest` or later on.
  DramService move(std::int64_t bytes, std::int64_t earliest);

 private:
  std::int64_t numerator_;  ///< bytes x numerator / denominator = cycles
  std::int64_t denominator_;
  std::int64_t cycle_ = 0;
  std::int64_t part_ = 0;  ///< busy until cycle_ + part_ / denominator_
};

}  // namespace podsim

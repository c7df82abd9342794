#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Worker processes: several `podsim serve` that answer requests side by side.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// How a request ended.
struct WorkerAnswer {
  enum class Kind { answered, crashed, timeout };
  Kind kind = Kind::answered;
  Json answer;          ///< if it was answered
  std::string message;  ///< otherwise why it was not
};

/// Hands requests to worker processes, one at a time to each. SystemC runs one simulation per process, so that parallel
/// runs need processes. A worker that dies or takes too long is replaced; the others go on.
class WorkerPool {
 public:
  struct Options {
    std::size_t workers = 1;
    std::optional<std::chrono::milliseconds> timeout;  ///< per request
    std::function<bool()> stop;                        ///< asked often: true ends `run` without further answers
    std::function<void()> tick;                        ///< called often, e.g. to draw progress
  };
  using Request = std::function<std::string(std::size_t number)>;
  using Done = std::function<void(std::size_t number, const WorkerAnswer& answer)>;

  explicit WorkerPool(Options options);
  /// Ends the workers.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Answers all requests. A request whose worker dies is tried once more: its death may have come from outside.
  /// \param numbers of the requests, in the order in which they are begun
  /// \param request makes the request's line, without line break
  /// \param done called once per request, in the order in which they end
  /// \throws Error (run_failed) if no worker can be started, and what `done` throws
  void run(const std::vector<std::size_t>& numbers, const Request& request, const Done& done);

 private:
  class Worker;
  Options options_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace podsim

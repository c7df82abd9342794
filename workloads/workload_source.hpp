#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Where networks come from: files in several formats, standard input, and the built-in zoo.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "podsim/sim/core/registry.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim {

struct LoadOptions {
  /// Keep operations podsim does not know, if they state their "output_shape".
  bool allow_unmodelled = false;
  /// Replaces the batch size that the source states.
  std::optional<std::int64_t> batch;
};

/// A kind of workload file; an implementation registers itself in workloads/formats/.
class WorkloadFormat {
 public:
  virtual ~WorkloadFormat() = default;

  /// True if a file of this name that begins with these bytes looks like this format. A recognised content counts
  /// more than a name: do not claim a file by its extension if its content says otherwise.
  virtual bool probe(const std::string& path, std::string_view first_bytes) const = 0;
  /// Reads a whole file. The result need not be inferred.
  /// \param text the content
  /// \param file what errors call it
  /// \throws Error (bad_input) with all mistakes
  virtual Network read(const std::string& text, const std::string& file, const LoadOptions& options) const = 0;
};

/// A network built by podsim itself; an implementation registers itself in workloads/zoo/.
class ZooNetwork {
 public:
  virtual ~ZooNetwork() = default;
  /// \throws Error (bad_input) if the parameters make no network
  virtual Network build() const = 0;
};

Registry<WorkloadFormat>& workload_format_registry();
Registry<ZooNetwork>& zoo_registry();

/// True for `zoo:NAME…`.
bool is_zoo_source(const std::string& source);
/// The network and its parameters, complete with defaults, that `zoo:NAME[:key=value,…]` names.
/// \throws Error (bad_input) with all mistakes
PluginConfig read_zoo_source(const std::string& source);
/// The source that names this network with these parameters.
std::string zoo_source(const PluginConfig& network);

/// Reads or builds a network; its shapes are inferred.
/// \param source the path of a file, "-" for standard input, or `zoo:NAME[:key=value,key=value…]`
/// \throws Error (bad_input) with all mistakes
Network load_network(const std::string& source, const LoadOptions& options = {});

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Studies: what `podsim reproduce NAME` does.

#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/registry.hpp"

namespace podsim {

/// Repeats published or otherwise known results. One file in sim/studies/ each, which registers itself.
class Study {
 public:
  virtual ~Study() = default;
  /// The lines of the help below "Usage".
  virtual const char* about() const = 0;
  /// Declares options of its own.
  virtual void declare(OptionParser& parser) const = 0;
  /// \return the exit code; 0 only if all that is known is met
  /// \throws Error
  virtual int run(const Arguments& arguments) const = 0;
};

using StudyRegistry = Registry<Study>;
StudyRegistry& study_registry();

}  // namespace podsim

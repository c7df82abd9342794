#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A part of the page about one run: one plug-in per part, drawn by the script of the same name.

#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/report_page/page_input.hpp"

namespace podsim {

/// Prepares the data of one part. Implementations register themselves in sim/report_page/sections/; the script that
/// draws it is sim/report_page/page/section_NAME.js.
class RunSection {
 public:
  virtual ~RunSection() = default;
  /// What the script needs, as small as a page wants it: what grows with the run is binned here. Null if the run has
  /// nothing to show. Members that a report lacks are left out, not made up.
  virtual Json data(const RunFile& run) const = 0;
};

Registry<RunSection>& run_section_registry();

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Reports in the form of other simulators, for scripts that were written for them.

#include <string>
#include <vector>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/report.hpp"

namespace podsim {

/// The report files of another simulator; an implementation registers itself in sim/compatible_reports/ under its name.
class CompatibleReports {
 public:
  virtual ~CompatibleReports() = default;
  /// The names of the files, without folder.
  virtual std::vector<std::string> file_names() const = 0;
  /// The contents, in the order of the names. Equal runs give equal bytes.
  virtual std::vector<std::string> contents(const Report& report) const = 0;
  /// \throws Error (bad_input) if runs of such a machine cannot be told in these files
  virtual void check(const HardwareConfig&) const {}
};

Registry<CompatibleReports>& compatible_reports_registry();

/// What `--compat NAME` or `--compat NAME=FOLDER` asks for.
struct CompatibleOutput {
  std::string name;
  std::vector<std::string> paths;  ///< one per file
};

/// \param argument "scalesim" for the working directory, or "scalesim=FOLDER"
/// \throws Error (bad_input) if the name is unknown or a file could not be written
CompatibleOutput compatible_output(const std::string& argument);

/// \throws Error (bad_input) if runs of the machine cannot be told in the files of the set
void check_compatible(const CompatibleOutput& output, const HardwareConfig& hardware);

/// Writes all files of the set, or none (write_files).
/// \throws Error (run_failed)
void write_compatible(const CompatibleOutput& output, const Report& report);

}  // namespace podsim

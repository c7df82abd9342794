#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Reading reports back: one plug-in per format, found by content.

#include <string>
#include <string_view>

#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/core/registry.hpp"

namespace podsim {

/// A form in which reports are stored; an implementation registers itself in sim/report_formats/.
class ReportFormat {
 public:
  virtual ~ReportFormat() = default;
  /// True if a file that begins with these bytes looks like this format.
  virtual bool probe(std::string_view first_bytes) const = 0;
  /// The report in the form of to_json(); what the format does not hold is left out.
  /// \param content the whole file
  /// \param file what errors call it
  /// \throws Error (bad_input)
  virtual JsonDocument read(std::string content, const std::string& file) const = 0;
};

Registry<ReportFormat>& report_format_registry();

/// Reads a report in any format; what no format recognises is read as JSON, whose reader says what is wrong.
/// \param path a file, or "-" for standard input
/// \throws Error (bad_input)
JsonDocument read_report(const std::string& path);

/// Adds what makes a document no report.
void check_report(const JsonDocument& document, IssueList& issues);

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Reports as files: one plug-in per format, chosen by extension; written whole or not at all.

#include <string>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/report.hpp"

namespace podsim {

/// A file format for reports. Its name in the registry is the extension without the dot. Implementations register
/// themselves in sim/writers/.
class Writer {
 public:
  virtual ~Writer() = default;
  /// The content of the file. Depends on the report only, host cost excluded: equal runs give equal bytes.
  virtual std::string content(const Report& report) const = 0;
  /// True if the format has a use for RunResult::round_results, which are collected only then.
  virtual bool wants_rounds() const { return false; }
};

using WriterRegistry = Registry<Writer>;
WriterRegistry& writer_registry();

/// The format a path asks for.
/// \param path a file, or "-" for standard output
/// \param otherwise format of "-" and of files without extension; may be empty: then "-" is json
/// \throws Error (bad_input) if the extension is no known format, listing those there are
std::string output_format(const std::string& path, const std::string& otherwise);

}  // namespace podsim

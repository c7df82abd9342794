#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Files are written whole or not at all.

#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"

namespace podsim {

/// True if both names lead to one regular file, or would once it is written; links are followed.
bool is_same_file(const std::string& a, const std::string& b);

/// Checks that a file could be written, and leaves no trace.
/// \throws Error (bad_input) naming the path and the reason
void check_writable(const std::string& path);

/// Writes a file: into a temporary file beside the target, which takes the target's place once it is safely stored. On
/// failure the target is as it was and no file is left. Devices and pipes are written directly.
///
/// The temporary is named `.NAME.PID.tmp` and locked (flock) while it is written. What a killed process left behind is
/// not locked; it is removed when the same target is checked or written again.
/// \throws Error (run_failed) naming the path and the reason
void write_file(const std::string& path, const std::string& content);

/// A file to write.
struct NamedContent {
  std::string path;
  std::string content;
};

/// Writes several files: all are stored as temporaries before the first one takes its place, so that whatever may fail
/// for want of space or rights leaves all targets as they were.
/// \throws Error (run_failed) naming the path and the reason
void write_files(const std::vector<NamedContent>& files);

}  // namespace podsim

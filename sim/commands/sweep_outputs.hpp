#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The files that a sweep or a merge writes, and what it says about the points.

#include <string>
#include <vector>

#include "podsim/sim/sweep/sweep_result.hpp"

namespace podsim {

struct SweepOutput {
  std::string path;
  bool is_csv = false;
};

/// A file that is read, and what it is: "is the spec of the sweep".
struct SweepInput {
  std::string path;
  std::string what;
};

/// The extension of a file's name with its dot; empty without one.
std::string extension_of(const std::string& path);

/// Tells formats by extensions and tries whether the files can be written.
/// \param also a further file that will be written beside the first output, by its suffix; none if empty
/// \throws Error (bad_input) with all that is wrong with them
std::vector<SweepOutput> checked_sweep_outputs(const std::vector<std::string>& paths,
                                               const std::vector<SweepInput>& inputs, const std::string& also = {});

/// Writes all files or none. \throws Error (run_failed)
void write_sweep(const std::vector<SweepOutput>& outputs, const SweepResult& sweep);

/// Names the first points that are not good, on standard error.
void report_bad_points(const SweepResult& sweep);

/// "23 of 24 points ok, a.h5, a.csv" on standard output.
void report_outputs(const SweepResult& sweep, const std::vector<SweepOutput>& outputs);

}  // namespace podsim

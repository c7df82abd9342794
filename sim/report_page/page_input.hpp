#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What `podsim report` shows: reports of runs and files of sweeps, read and checked.

#include <string>
#include <vector>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// A run. Tables are empty if the file does not hold them.
struct RunFile {
  std::string file;
  Json report;       ///< layers as in the JSON form, whatever the file was
  Hdf5Table rounds;  ///< columns as in docs/formats.md
  Hdf5Table pods;
};

/// A sweep, or a shard of one.
struct SweepFile {
  std::string file;
  Json about;  ///< the attributes of the file
  Hdf5Table points;
};

struct PageFiles {
  std::vector<RunFile> runs;
  std::vector<SweepFile> sweeps;
};

/// Reads files in the order given; all are read before any is complained about.
/// \throws Error (bad_input)
PageFiles read_page_files(const std::vector<std::string>& files);

/// The member of an object, or null if there is none or the value is no object.
const Json& member_of(const Json& object, const std::string& key);
/// A number of a member, or `otherwise`.
double number_of(const Json& object, const std::string& key, double otherwise = 0);
/// A text of a member, or "".
std::string text_of(const Json& object, const std::string& key);

}  // namespace podsim

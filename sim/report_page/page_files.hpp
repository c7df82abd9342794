#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The files of the page (sim/report_page/page/), which CMake puts into the library.

#include <string>
#include <vector>

namespace podsim {

struct PageFile {
  std::string name;  ///< e.g. "chart.js"
  std::string content;
};

/// All of them, by name.
const std::vector<PageFile>& page_files();

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
// Feeds the corpus to the fuzz targets: podsim_fuzz_replay CORPUS TARGET. What once was a finding stays mended.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "target.hpp"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 3) {
    std::cerr << "Usage: podsim_fuzz_replay CORPUS TARGET\n";
    return 2;
  }
  const std::string name = argv[2];
  for (const podsim::fuzz::Target& target : podsim::fuzz::targets()) {
    if (target.name != name) continue;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(argv[1]) / name)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      std::cout << file.filename().string() << std::endl;  // flushed: it names the input if the target does not return
      std::ostringstream text;
      text << std::ifstream(file, std::ios::binary).rdbuf();
      target.run(text.str());
    }
    std::cout << files.size() << " inputs\n";
    return files.empty() ? 1 : 0;
  }
  std::cerr << "podsim_fuzz_replay: no target \"" << name << "\"\n";
  return 2;
}

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/writer.hpp"

#include <filesystem>
#include <system_error>

#include "podsim/sim/core/text.hpp"

namespace podsim {

WriterRegistry& writer_registry() {
  static WriterRegistry registry("output format");
  return registry;
}

std::string output_format(const std::string& path, const std::string& otherwise) {
  const std::vector<std::string> known = writer_registry().names();
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    throw Error(ErrorKind::bad_input, {{path, {}, "is a directory; the name of a file is expected", {}}});
  }
  if (path == "-") return otherwise.empty() ? "json" : otherwise;
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  std::string extension = dot == std::string::npos ? "" : name.substr(dot + 1);
  if (writer_registry().find(extension) != nullptr) return extension;
  std::vector<std::string> dotted;
  dotted.reserve(known.size());
  for (const std::string& format : known) dotted.push_back("." + format);
  if (extension.empty()) {
    if (!otherwise.empty()) return otherwise;
    throw Error(ErrorKind::bad_input, {{path,
                                        {},
                                        "has no extension to tell its format (known: " + join(dotted) + ")",
                                        "or name the format with --format"}});
  }
  throw Error(ErrorKind::bad_input, {{path,
                                      {},
                                      "unknown output format \"." + extension + "\" (known: " + join(dotted) + ")",
                                      did_you_mean("." + extension, dotted)}});
}

}  // namespace podsim

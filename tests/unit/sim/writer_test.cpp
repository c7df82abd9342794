// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/writer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "podsim/sim/core/hdf5_file.hpp"
#include "support/catch.hpp"

using namespace podsim;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "podsim-writer-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator{}));
  }

 private:
  fs::path path_;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string content(const std::string& format, const Report& report) {
  return writer_registry().make({format, Json::object()})->content(report);
}

}  // namespace

TEST_CASE("writer: the format follows from the extension", "[sim]") {
  CHECK(output_format("a.json", "") == "json");
  CHECK(output_format("dir.json/a.csv", "json") == "csv");
  CHECK(output_format("-", "") == "json");
  CHECK(output_format("-", "csv") == "csv");
  CHECK(output_format("plain", "csv") == "csv");
  for (const char* wrong : {"plain", "a.jsn", "dir.json/plain"}) {
    INFO(wrong);
    try {
      output_format(wrong, "");
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_input);
      CHECK(std::string(error.what()).find(".csv, .h5, .hdf5, .json") != std::string::npos);
    }
  }
}

TEST_CASE("writer: a file is replaced as a whole and keeps its mode", "[sim]") {
  const Folder folder;
  const std::string path = folder / "a.json";
  check_writable(path);
  CHECK(folder.count() == 0);
  write_file(path, "first");
  CHECK(read(path) == "first");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  write_file(path, "second");
  CHECK(read(path) == "second");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(folder.count() == 1);
}

TEST_CASE("writer: a symbolic link stays a link", "[sim]") {
  const Folder folder;
  write_file(folder / "target.json", "old");
  fs::create_symlink(folder / "target.json", folder / "link.json");
  write_file(folder / "link.json", "new");
  CHECK(fs::is_symlink(folder / "link.json"));
  CHECK(read(folder / "target.json") == "new");
}

TEST_CASE("writer: what cannot be written is an error and leaves nothing", "[sim]") {
  const Folder folder;
  for (const std::string& path : {folder / "none/a.json", folder / ".", std::string{}}) {
    INFO(path);
    try {
      check_writable(path);
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_input);
      CHECK(error.issues().front().file == path);
    }
  }
  try {
    write_file("/dev/full", "x");
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::run_failed);
    CHECK(std::string(error.what()).find("No space left") != std::string::npos);
  }
  CHECK_THROWS_AS(write_file(folder / "none/a.json", "x"), Error);
  CHECK(folder.count() == 0);
}

TEST_CASE("writer: every format is deterministic and knows what made it", "[sim]") {
  Report report;
  report.version = "9.8.7";
  report.commit = "abcdef";
  report.config_hash = "0123456789abcdef";
  report.seed = 77;
  report.experiment = Json{{"workload", "net \"one\", two"}};
  LayerReport layer;
  layer.name = "a, \"b\"";
  report.layers = {layer};
  for (const std::string& format : writer_registry().names()) {
    const std::string text = content(format, report);
    INFO(format << ": " << (is_hdf5(text) ? "(binary)" : text));
    for (const char* part : {"9.8.7", "abcdef", "0123456789abcdef", "two"}) {
      CHECK(text.find(part) != std::string::npos);
    }
    if (!is_hdf5(text)) CHECK(text.find("77") != std::string::npos);
    // The host's cost must not get in.
    Report slower = report;
    slower.host.total_seconds = 12;
    slower.host.peak_memory_bytes = 345;
    CHECK((content(format, slower) == text));
  }
  // RFC 4180: cells with commas or quotes are quoted, quotes doubled.
  CHECK(content("csv", report).find("\n\"a, \"\"b\"\"\",") != std::string::npos);
}

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/catch.hpp"

using namespace podsim;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "podsim-output-XXXXXX").string();
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

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("output file: what a killed process left is removed, and nothing else", "[core]") {
  const Folder folder;
  const std::string own_pid = std::to_string(::getpid());
  const std::vector<std::string> kept{".b.h5.123.tmp", ".a.h5.tmp", ".a.h5.12x.tmp", "a.h5.123.tmp", ".a.h5.123.tmp2"};
  for (const bool check_only : {true, false}) {
    // One of them has this process's number, as happens in containers.
    for (const std::string& name : {std::string(".a.h5.123.tmp"), ".a.h5." + own_pid + ".tmp"}) put(folder / name, "x");
    for (const std::string& name : kept) put(folder / name, "x");
    if (check_only) {
      check_writable(folder / "a.h5");
      CHECK(folder.count() == kept.size());
    } else {
      write_file(folder / "a.h5", "new");
      CHECK(folder.count() == kept.size() + 1);
      CHECK(read(folder / "a.h5") == "new");
    }
    for (const std::string& name : kept) CHECK(fs::exists(folder / name));
  }
}

TEST_CASE("output file: a temporary that another process is writing stays", "[core]") {
  const Folder folder;
  const std::string busy = folder / ".a.h5.123.tmp";
  const int writer = ::open(busy.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(writer >= 0);
  REQUIRE(::flock(writer, LOCK_EX) == 0);
  write_file(folder / "a.h5", "new");
  CHECK(fs::exists(busy));
  ::close(writer);
  write_file(folder / "a.h5", "newer");
  CHECK_FALSE(fs::exists(busy));
  CHECK(read(folder / "a.h5") == "newer");
}

TEST_CASE("output file: of several files all are written or none", "[core]") {
  const Folder folder;
  put(folder / "a", "old");
  CHECK_THROWS_AS(write_files({{folder / "a", "new"}, {folder / "b", "new"}, {folder / "none/c", "new"}}), Error);
  CHECK(read(folder / "a") == "old");
  CHECK(folder.count() == 1);
  CHECK_THROWS_AS(write_files({{folder / "a", "new"}, {"/dev/full", "new"}}), Error);
  CHECK(read(folder / "a") == "old");
  CHECK(folder.count() == 1);
  write_files({{folder / "a", "new"}, {folder / "b", "other"}});
  CHECK(read(folder / "a") == "new");
  CHECK(read(folder / "b") == "other");
  CHECK(folder.count() == 2);
}

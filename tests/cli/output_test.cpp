// SPDX-License-Identifier: Apache-2.0
// Result files that are not JSON or CSV, and what is left when podsim is killed while it writes.
#include <algorithm>
#include <chrono>
#include <random>

#include "process.hpp"
#include "support/catch.hpp"

using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using podsim::test::tiny_network;

namespace {

std::vector<std::string> run_tiny(std::vector<std::string> more) {
  more.insert(more.begin(), {"run", "-w", tiny_network(), "-q"});
  return more;
}

std::vector<std::string> temporaries(const Folder& folder) {
  std::vector<std::string> names = folder.files();
  names.erase(std::remove_if(names.begin(), names.end(), [](const auto& name) { return name.front() != '.'; }),
              names.end());
  return names;
}

}  // namespace

TEST_CASE("outputs: HDF5 by both extensions, on standard output, and the same bytes each time", "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-o", "a.h5", "-o", "a.hdf5"})).code == 0);
  const std::string bytes = folder.read("a.h5");
  CHECK(bytes.compare(1, 3, "HDF") == 0);
  CHECK((folder.read("a.hdf5") == bytes));
  CHECK((folder.podsim(run_tiny({"-o", "-", "--format", "h5"})).out == bytes));
  CHECK(folder.files() == std::vector<std::string>{"a.h5", "a.hdf5"});
}

TEST_CASE("outputs: HDF5 that cannot be written leaves the old file, with JSON's exit codes", "[cli]") {
  const Folder folder;
  folder.write("old.h5", "precious");
  for (const char* format : {"json", "h5"}) {
    const Outcome full = folder.podsim(run_tiny({"-o", "/dev/full", "--format", format}));
    CHECK(full.code == 1);
    CHECK(contains(full.err, "/dev/full: cannot be written: No space left on device"));
  }
  CHECK(folder.podsim(run_tiny({"-o", "old.h5", "-o", "none/x.h5"})).code == 2);
  CHECK(folder.podsim(run_tiny({"-o", "old.h5", "-o", "."})).code == 2);
  CHECK(folder.read("old.h5") == "precious");
  CHECK(folder.files() == std::vector<std::string>{"old.h5"});
}

TEST_CASE("outputs: compare reads JSON and HDF5, mixed too", "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-o", "a.json", "-o", "a.h5"})).code == 0);
  REQUIRE(folder.podsim(run_tiny({"-o", "b.json", "-o", "b.h5", "--set", "/hardware/clock_mhz=500"})).code == 0);
  auto table = [&](const std::string& a, const std::string& b) {
    const Outcome outcome = folder.podsim({"compare", a, b, "--layers"});
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(contains(outcome.out, "/hardware/clock_mhz"));
    return outcome.out.substr(outcome.out.find("Configuration"));
  };
  const std::string json = table("a.json", "b.json");
  CHECK(table("a.h5", "b.h5") == json);
  CHECK(table("a.json", "b.h5") == json);
  CHECK(table("a.h5", "b.json") == json);
  // From a pipe, and cut short.
  CHECK(folder.podsim({"compare", "a.json", "-"}, folder.read("a.h5")).code == 0);
  folder.write("cut.h5", folder.read("a.h5").substr(0, 3000));
  const Outcome cut = folder.podsim({"compare", "a.json", "cut.h5"});
  CHECK(cut.code == 2);
  CHECK(contains(cut.err, "cut.h5: cannot be read as HDF5: truncated file"));
  CHECK(std::count(cut.err.begin(), cut.err.end(), '\n') == 1);
  std::string damaged = folder.read("a.h5");
  damaged[damaged.size() / 2] ^= 1;
  folder.write("damaged.h5", damaged);
  CHECK(contains(folder.podsim({"compare", "a.json", "damaged.h5"}).err, "damaged.h5: is damaged"));
}

TEST_CASE("outputs: SCALE-Sim's reports are written beside the others, all or none", "[cli]") {
  const Folder folder;
  const std::vector<std::string> names{"BANDWIDTH_REPORT.csv", "COMPUTE_REPORT.csv", "DETAILED_ACCESS_REPORT.csv"};
  const Outcome outcome = folder.podsim({"run", "-w", tiny_network(), "--compat", "scalesim"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "Cycles"));  // the summary stays
  CHECK(folder.files() == names);
  const std::string compute = folder.read("COMPUTE_REPORT.csv");
  CHECK(std::count(compute.begin(), compute.end(), '\n') == 3);  // two linear layers

  const Folder other;
  CHECK(other.podsim(run_tiny({"--compat", "scalesim=" + folder.path() + "/"})).code == 0);
  CHECK(folder.read("COMPUTE_REPORT.csv") == compute);
  CHECK(other.files().empty());

  // The third file does not fit: the first two stay as they were.
  for (const std::string& name : names) folder.write(name, "old");
  const std::size_t size = compute.size();
  const Outcome killed = folder.killed_at_size(run_tiny({"--compat", "scalesim"}), size + 20);
  CHECK(killed.code > 128);
  for (const std::string& name : names) CHECK(folder.read(name) == "old");
  CHECK(folder.podsim(run_tiny({"--compat", "scalesim"})).code == 0);
  CHECK(folder.files() == names);
}

TEST_CASE("outputs: killed while it writes, podsim leaves the old file and one temporary, which goes next time",
          "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-o", "new.h5"})).code == 0);
  const std::string whole = folder.read("new.h5");
  folder.write("out.h5", "precious");
  // The kernel kills it in the middle of the file, at its first and at its last byte.
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    const Outcome outcome = folder.killed_at_size(run_tiny({"-o", "out.h5"}), bytes);
    INFO("killed at " << bytes << " bytes: " << outcome.err);
    CHECK(outcome.code > 128);
    CHECK(folder.read("out.h5") == "precious");
    const std::vector<std::string> left = temporaries(folder);
    REQUIRE(left.size() == 1);
    CHECK(left[0].compare(0, 8, ".out.h5.") == 0);
    CHECK(left[0].compare(left[0].size() - 4, 4, ".tmp") == 0);
  }
  CHECK(folder.killed_at_size(run_tiny({"-o", "out.h5"}), whole.size()).code == 0);
  CHECK((folder.read("out.h5") == whole));
  CHECK(temporaries(folder).empty());
}

TEST_CASE("outputs: killed at any moment, podsim leaves the old file or the new one", "[cli]") {
  const Folder folder;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  REQUIRE(folder.podsim(run_tiny({"-o", "new.h5"})).code == 0);
  const auto whole_run = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
  const std::string whole = folder.read("new.h5");
  const std::string old = "precious";
  std::mt19937 random(1);
  std::uniform_int_distribution<unsigned> delay(0, static_cast<unsigned>(whole_run));
  for (int n = 0; n < 30; ++n) {
    folder.write("out.h5", old);
    const Outcome outcome = folder.killed_after(run_tiny({"-o", "out.h5"}), delay(random));
    const std::string found = folder.read("out.h5");
    CHECK((found == old || found == whole));
    if (outcome.code == 0) CHECK((found == whole));
    CHECK(temporaries(folder).size() <= 1);
  }
  REQUIRE(folder.podsim(run_tiny({"-o", "out.h5"})).code == 0);
  CHECK(folder.files() == std::vector<std::string>{"new.h5", "out.h5"});
}

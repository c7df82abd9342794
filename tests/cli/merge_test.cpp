// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <random>

#include "bad_input_case.hpp"
#include "process.hpp"
#include "support/catch.hpp"
#include "sweep_cases.hpp"

using podsim::test::contains;
using podsim::test::Csv;
using podsim::test::Folder;
using podsim::test::interrupted_with;
using podsim::test::journal_lines;
using podsim::test::microseconds_of;
using podsim::test::Outcome;
using podsim::test::spec_text;
using podsim::test::spec_with_endless_point;

namespace {

std::string name_of(int shard, int shards) {
  return "s-" + std::to_string(shard) + "-of-" + std::to_string(shards) + ".h5";
}

std::vector<std::string> shard_words(int shard, int shards) {
  return {"sweep", "s.json", "-q", "--workers", "2", "--shard", std::to_string(shard) + "/" + std::to_string(shards)};
}

std::vector<std::string> merge_words(std::vector<std::string> shards,
                                     const std::vector<std::string>& outputs = {"m.h5"},
                                     const std::vector<std::string>& options = {}) {
  shards.insert(shards.begin(), {"merge", "-q"});
  for (const std::string& output : outputs) shards.insert(shards.end(), {"-o", output});
  shards.insert(shards.end(), options.begin(), options.end());
  return shards;
}

/// Eight points, some of which fail for want of space.
std::string failing_spec() {
  return R"({"base": {"hardware": {"pods": {"count": 4}, "banks": {"count": 4}}},
             "workloads": ["zoo:resnet20:image=8"],
             "axes": {"/hardware/banks/capacity_kib": [1, 256], "/hardware/pods/rows": [8, 16, 32, 64]},
             "derived": {"/hardware/pods/cols": "{/hardware/pods/rows}"}})";
}

void run_shards(const Folder& folder, int shards, int code) {
  for (int shard = 1; shard <= shards; ++shard) CHECK(folder.podsim(shard_words(shard, shards)).code == code);
}

}  // namespace

TEST_CASE("merge: shards give the files of the whole sweep, byte for byte, in any order and number", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5", "-o", "whole.csv"}).code == 0);
  for (const int shards : {1, 2, 5, 26}) {  // the last two of 26 have none of the 24 points
    run_shards(folder, shards, 0);
    std::vector<std::string> files;
    for (int shard = shards; shard >= 1; --shard) files.push_back(name_of(shard, shards));
    std::rotate(files.begin(), files.begin() + shards / 2, files.end());
    const Outcome outcome = folder.podsim(merge_words(files, {"m.h5", "m.csv"}));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(folder.read("m.h5") == folder.read("whole.h5"));
    CHECK(folder.read("m.csv") == folder.read("whole.csv"));
  }
  // Point p is in shard p mod n + 1; n need not be the same for all.
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "--shard", "2/5", "-o", "b.csv", "-o", "b.h5"}).code == 0);
  const Csv csv(folder.read("b.csv"));
  REQUIRE(csv.size() == 5);
  for (std::size_t n = 0; n < csv.size(); ++n) CHECK(csv.at(n, "point") == std::to_string(5 * n + 1));
  for (const int shard : {2, 4}) REQUIRE(folder.podsim(shard_words(shard, 4)).code == 0);
  REQUIRE(folder.podsim(merge_words({name_of(4, 4), name_of(1, 2), name_of(2, 4)})).code == 0);
  CHECK(folder.read("m.h5") == folder.read("whole.h5"));
  // Without spec and networks, also with points that two files have.
  ::unlink((folder.path() + "/s.json").c_str());
  REQUIRE(folder.podsim(merge_words({"b.h5", name_of(2, 2), name_of(1, 2), "b.h5"})).code == 0);
  CHECK(folder.read("m.h5") == folder.read("whole.h5"));
}

TEST_CASE("merge: failing points come through as they are, and count in the exit code", "[cli]") {
  const Folder folder;
  folder.write("s.json", failing_spec());
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5", "-o", "whole.csv"}).code == 1);
  for (int shard = 1; shard <= 3; ++shard) (void)folder.podsim(shard_words(shard, 3));
  const Outcome outcome =
      folder.podsim({"merge", name_of(2, 3), name_of(3, 3), name_of(1, 3), "-o", "m.h5", "-o", "m.csv"});
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "/hardware/banks/capacity_kib=1, /hardware/pods/rows=64"));
  CHECK(contains(outcome.err, "run_failed: "));
  CHECK(contains(outcome.out, " of 8 points ok, m.h5, m.csv"));
  CHECK(folder.read("m.h5") == folder.read("whole.h5"));
  CHECK(folder.read("m.csv") == folder.read("whole.csv"));
}

TEST_CASE("merge: shards that are killed at any moment and resumed end as if nothing had been", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  const unsigned whole = microseconds_of([&] {
    REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  });
  std::mt19937 random(11);
  std::uniform_int_distribution<unsigned> delay(whole / 16, whole / 2);  // a shard has half of the points
  int resumed = 0;
  for (int turn = 0; turn < 3; ++turn) {
    for (int shard = 1; shard <= 2; ++shard) {
      std::vector<std::string> again = shard_words(shard, 2);
      again.emplace_back("--resume");
      for (int kills = 0; kills < 3; ++kills) {
        (void)folder.killed_after(again, delay(random));
        if (journal_lines(folder, name_of(shard, 2) + ".journal") > 1) ++resumed;
      }
      const Outcome outcome = folder.podsim(again);
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
      again.erase(std::find(again.begin(), again.end(), "-q"));
      CHECK(contains(folder.podsim(again).out, "holds all points already"));
    }
    REQUIRE(folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)})).code == 0);
    CHECK(folder.read("m.h5") == folder.read("whole.h5"));
    for (int shard = 1; shard <= 2; ++shard) ::unlink((folder.path() + "/" + name_of(shard, 2)).c_str());
  }
  CHECK(resumed > 0);
}

TEST_CASE("merge: what is missing or not finished is named; --partial writes it as not_run", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_with_endless_point(4));  // point 4 of 6: in shard 1 of 2
  std::vector<std::string> first = shard_words(1, 2);
  REQUIRE(folder.podsim(shard_words(2, 2)).code == 0);
  first[4] = "1";
  (void)interrupted_with(folder, first, name_of(1, 2) + ".journal", 3);

  Outcome outcome = folder.podsim(merge_words({name_of(2, 2)}));
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "shard 1/2 is missing, with points 0, 2, 4 (3 points)"));
  outcome = folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)}));
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, name_of(1, 2) + ": is not finished: not run are points 4 (1 point)"));
  CHECK_FALSE(folder.has("m.h5"));

  // The same as an interrupted sweep would have left, also in what is known of the open point.
  outcome = folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)}, {"m.h5", "m.csv"}, {"--partial"}));
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "1 point of 6 not run"));
  const Csv csv(folder.read("m.csv"));
  REQUIRE(csv.size() == 6);
  for (std::size_t n = 0; n < 6; ++n) {
    CHECK(csv.at(n, "status") == (n == 4 ? "not_run" : "ok"));
    CHECK(csv.at(n, "/decode_steps") == (n == 4 ? "1000" : "0"));
  }
  outcome = folder.podsim(merge_words({name_of(2, 2)}, {"m.h5", "m.csv"}, {"--partial"}));
  CHECK(outcome.code == 1);
  const Csv half(folder.read("m.csv"));
  REQUIRE(half.size() == 6);
  for (std::size_t n = 0; n < 6; ++n) {
    CHECK(half.at(n, "status") == (n % 2 == 0 ? "not_run" : "ok"));
    CHECK(half.at(n, "/decode_steps") == (n % 2 == 0 ? "" : "0"));
    CHECK(half.at(n, "point") == std::to_string(n));
  }
  // What was merged is no shard.
  outcome = folder.podsim(merge_words({"m.h5"}, {"n.h5"}));
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "m.h5: holds no shard"));
}

TEST_CASE("merge: a point that never ends is given up in its shard, and killed workers are replaced", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_with_endless_point(1));
  for (int shard = 1; shard <= 2; ++shard) {
    std::vector<std::string> words = shard_words(shard, 2);
    words.insert(words.end(), {"--timeout", "3"});
    CHECK(folder.podsim(words).code == (shard == 2 ? 1 : 0));
  }
  CHECK(folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)}, {"m.csv"})).code == 1);
  const Csv csv(folder.read("m.csv"));
  for (std::size_t n = 0; n < 3; ++n) CHECK(csv.at(n, "status") == (n == 1 ? "timeout" : "ok"));

  folder.write("s.json", R"({"workloads": ["zoo:resnet152:image=299"], "axes": {"/hardware/pods/count": [32, 64]}})");
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  REQUIRE(folder.podsim(shard_words(1, 2)).code == 0);
  int killed = 0;
  for (unsigned milliseconds = 400; killed == 0 && milliseconds > 10; milliseconds /= 2) {
    CHECK(folder.children_killed_after(shard_words(2, 2), milliseconds * 1000, killed).code == 0);
  }
  CHECK(killed > 0);
  REQUIRE(folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)})).code == 0);
  CHECK(folder.read("m.h5") == folder.read("whole.h5"));
}

TEST_CASE("merge: files that do not belong together are refused by name, and nothing is written", "[cli]") {
  const Folder folder;
  folder.write("s.json", R"({"workloads": ["zoo:resnet20:image=8"], "axes": {"/repeat": [1, 2]}})");
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  run_shards(folder, 2, 0);
  std::vector<std::string> words = shard_words(2, 2);
  words.insert(words.end(), {"--max-memory", "1GiB", "-o", "memory.h5"});
  REQUIRE(folder.podsim(words).code == 0);
  folder.write("s.json", R"({"workloads": ["zoo:resnet20:image=8"], "axes": {"/repeat": [1, 3]}})");
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "--shard", "2/2", "-o", "other.h5"}).code == 0);
  REQUIRE(folder.podsim({"run", "-w", "zoo:resnet20:image=8", "-q", "-o", "run.h5"}).code == 0);
  folder.write("text.h5", "no HDF5");
  const std::string good = folder.read(name_of(2, 2));
  std::mt19937 random(3);
  const std::vector<std::string> before = folder.files();
  auto refused = [&](const std::string& file, const std::string& fragment) {
    const Outcome outcome = folder.podsim(merge_words({name_of(1, 2), file}));
    INFO(file << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "podsim: error: " + file + ": "));
    CHECK(contains(outcome.err, fragment));
    CHECK_FALSE(folder.has("m.h5"));
  };
  refused("nope.h5", "cannot be read");
  refused("text.h5", "is no HDF5 file");
  refused("run.h5", "is no result of podsim sweep");
  refused("whole.h5", "holds no shard, but a whole sweep");
  refused("other.h5", "belongs to another sweep than " + name_of(1, 2) + ": its sweep_hash is ");
  refused("memory.h5", "its max_memory_bytes is 1073741824, not 4294967296");
  // HDF5 itself would not miss the last bytes, nor notice other ones.
  folder.write("bad.h5", good.substr(0, good.size() - 5));
  refused("bad.h5", "does not end in a checksum");
  for (int turn = 0; turn < 40; ++turn) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    folder.write("bad.h5", bad);
    refused("bad.h5", "");
    folder.write("bad.h5", good.substr(0, random() % good.size()));
    refused("bad.h5", "");
  }
  ::unlink((folder.path() + "/bad.h5").c_str());

  auto wrong = [&](const std::vector<std::string>& arguments, const std::string& fragment) {
    const Outcome outcome = folder.podsim(arguments);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, fragment));
  };
  wrong({"merge"}, "merge needs the files of shards");
  wrong({"merge", name_of(1, 2), name_of(2, 2)}, "merge needs an output");
  wrong(merge_words({name_of(1, 2), name_of(2, 2)}, {"./" + name_of(2, 2)}), "is one of the shards");
  wrong(merge_words({name_of(1, 2), name_of(2, 2)}, {"m.txt"}), ".csv, .h5, .hdf5");
  wrong(merge_words({name_of(1, 2), name_of(2, 2)}, {"no/folder/m.h5"}), "no/folder/m.h5");
  CHECK(folder.files() == before);
  CHECK(folder.read(name_of(2, 2)) == good);
}

TEST_CASE("merge: a point with two contents is refused", "[cli]") {
  const Folder folder;
  // The same points; only the time that is allowed differs, which no file holds.
  folder.write("s.json", spec_with_endless_point(1));
  std::vector<std::string> words{"sweep", "s.json", "-q", "--shard", "2/3", "--timeout", "1", "-o", "a.h5"};
  CHECK(folder.podsim(words).code == 1);
  words[6] = "2";
  words[8] = "b.h5";
  CHECK(folder.podsim(words).code == 1);
  const Outcome outcome = folder.podsim(merge_words({"a.h5", "b.h5"}));
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "b.h5: has point 1 with another content than a.h5 (status timeout and timeout)"));
}

TEST_CASE("merge: killed while it writes, it leaves the shards and what was there before", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  run_shards(folder, 2, 0);
  folder.write("m.h5", "precious");
  const Outcome outcome = folder.killed_at_size(merge_words({name_of(1, 2), name_of(2, 2)}), 4096);
  CHECK(outcome.code > 128);
  CHECK(folder.read("m.h5") == "precious");
  REQUIRE(folder.podsim(merge_words({name_of(1, 2), name_of(2, 2)})).code == 0);
  CHECK(folder.files() == std::vector<std::string>{"m.h5", name_of(1, 2), name_of(2, 2), "s.json"});
}

TEST_CASE("merge: a full disk costs nothing that is finished, in shards and in merging", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  REQUIRE(folder.podsim(shard_words(2, 2)).code == 0);
  std::vector<std::string> words = shard_words(1, 2);
  words.emplace_back("--resume");
  // The journal of all 12 points is shorter than the file that holds them, which is about as long as the other shard's.
  const std::string journal = name_of(1, 2) + ".journal";
  const std::size_t bytes = folder.read(name_of(2, 2)).size();
  const std::size_t limit = bytes * 9 / 10;
  Outcome outcome = folder.failing_at_size(words, bytes / 4);
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, journal + ": cannot be written: File too large; what is finished is safe in it"));
  const std::string some = folder.read(journal);
  CHECK(journal_lines(folder, journal) > 2);
  CHECK(some.size() <= bytes / 4);
  CHECK(some.back() == '\n');  // what was written in part has been taken back
  outcome = folder.failing_at_size(words, limit);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, name_of(1, 2) + ": cannot be written: File too large; what is finished is safe in "));
  CHECK(folder.read(journal).substr(0, some.size()) == some);
  CHECK(journal_lines(folder, journal) == 13);
  CHECK_FALSE(folder.has(name_of(1, 2)));
  CHECK(folder.failing_at_size(words, limit).code == 1);
  CHECK(journal_lines(folder, journal) == 13);  // nothing was run again
  REQUIRE(folder.podsim(words).code == 0);

  folder.write("m.h5", "precious");
  const std::vector<std::string> merge = merge_words({name_of(1, 2), name_of(2, 2)}, {"m.csv", "m.h5"});
  outcome = folder.failing_at_size(merge, 10000);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "m.csv: cannot be written: File too large"));
  CHECK(folder.read("m.h5") == "precious");
  CHECK_FALSE(folder.has("m.csv"));
  REQUIRE(folder.podsim(merge).code == 0);
  CHECK(folder.read("m.h5") == folder.read("whole.h5"));
}

TEST_CASE("sweep: bad shards are one clear error", "[cli]") {
  for (const std::string shard : {"0/3", "4/3", "3", "1/0", "", "a/b", "1/2/3", "-1/2", "1/1000001", "1/ 2"}) {
    podsim::test::check({"shard",
                         {"sweep", "s.json", "--shard", shard},
                         {"--shard must be i/n", "\"" + shard + "\""},
                         R"({"workloads": ["zoo:resnet20:image=8"]})",
                         "s.json"});
  }
  podsim::test::check({"CSV",
                       {"sweep", "s.json", "--shard", "1/2", "-o", "a.csv"},
                       {"cannot be merged"},
                       R"({"workloads": ["zoo:resnet20:image=8"]})",
                       "s.json"});

  const Folder folder;
  folder.write("s.json", spec_with_endless_point(4));
  std::vector<std::string> words{"sweep", "s.json", "--workers", "1", "--shard", "1/2", "-o", "a.h5"};
  (void)interrupted_with(folder, words, "a.h5.journal", 3);
  for (const std::string other : {"2/2", "1/3", ""}) {
    std::vector<std::string> resumed{"sweep", "s.json", "--resume", "-o", "a.h5"};
    if (!other.empty()) resumed.insert(resumed.end(), {"--shard", other});
    const Outcome outcome = folder.podsim(resumed);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "a.h5.journal: belongs to another sweep: its shard is \"1/2\""));
  }
}

TEST_CASE("sweep: resuming a finished sweep runs nothing again, whatever its files, and says the same", "[cli]") {
  const Folder folder;
  folder.write("s.json", failing_spec());
  const std::vector<std::vector<std::string>> all{{"a.h5"}, {"a.csv"}, {"a.csv", "a.h5"}};
  for (const std::vector<std::string>& files : all) {
    std::vector<std::string> words{"sweep", "s.json", "--resume"};
    for (const std::string& file : files) words.insert(words.end(), {"-o", file});
    CHECK(folder.podsim(words).code == 1);  // some points fail
    const std::string before = folder.read(files[0]);
    const Outcome outcome = folder.podsim(words);
    CHECK(outcome.code == 1);
    CHECK(contains(outcome.out, files[0] + " holds all points already"));
    CHECK(folder.read(files[0]) == before);
  }
  // Anything else than all points of this sweep is run: a row less, a row twice, a row of another status or sweep.
  const std::string csv = folder.read("a.csv");
  const std::size_t second = csv.find('\n', csv.find('\n') + 1) + 1;
  std::string other_hash = csv;
  other_hash[csv.size() - 2] = csv[csv.size() - 2] == '0' ? '1' : '0';
  std::string open = csv;
  open.replace(csv.rfind(",ok,"), 4, ",not_run,");
  for (const std::string& text :
       {csv.substr(0, csv.rfind('\n', csv.size() - 2) + 1), csv.substr(0, csv.size() - 1), csv + csv.substr(second),
        csv.substr(0, second) + csv.substr(csv.find('\n') + 1), other_hash, open, std::string("mine")}) {
    folder.write("a.csv", text);
    const Outcome outcome = folder.podsim({"sweep", "s.json", "--resume", "-o", "a.csv"});
    CHECK(contains(outcome.out, "8 points ok"));
    CHECK(folder.read("a.csv") == csv);
  }
}

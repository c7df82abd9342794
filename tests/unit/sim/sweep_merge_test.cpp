// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_merge.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "podsim-merge-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path + "/";
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + name; }

 private:
  std::string path_;
};

/// Values that are easily changed on the way through a file.
const std::vector<Json>& awkward_values() {
  static const std::vector<Json> values{0,
                                        -1,
                                        std::numeric_limits<std::int64_t>::max(),
                                        std::numeric_limits<std::int64_t>::min(),
                                        (std::int64_t{1} << 53) + 1,
                                        0.1,
                                        1.0,
                                        -0.0,
                                        5e-324,
                                        1.7976931348623157e308,
                                        1.0 / 3,
                                        1e20,
                                        "",
                                        "a,\"b\"\r\n",
                                        "gr\u00fc\u00df",
                                        "NaN",
                                        "-1",
                                        std::string("nul\0in", 6),
                                        nullptr,
                                        true,
                                        Json::array({1, 2.0, nullptr}),
                                        Json{{"type", "mesh"}, {"b", 1}, {"a", 2}}};
  return values;
}

/// A sweep whose points hold all of it, with figures that not every point has, in an order that differs.
struct Example {
  SweepPlan plan;
  std::vector<PointResult> results;

  explicit Example(std::size_t points, unsigned seed) {
    std::mt19937 random(seed);
    const auto value = [&]() -> const Json& { return awkward_values()[random() % awkward_values().size()]; };
    plan.parameters = {"/workload", "/hardware/pods/rows", "/hardware/~0x~1y"};
    plan.spec = {{"z", 1.0}, {"a", {0.1, nullptr, "\u00fc\n"}}};
    plan.hash = "0123456789abcdef";
    plan.points.resize(points);
    results.resize(points);
    for (std::size_t n = 0; n < points; ++n) {
      SweepPoint& point = plan.points[n];
      point.values = {"zoo:x", value(), value()};
      point.configuration = Json{{"n", value()}}.dump();
      point.workload = "zoo:x";
      point.config_hash = random() % 4 == 0 ? "" : "c" + std::to_string(n);
      point.workload_hash = random() % 4 == 0 ? "" : "w";
      const std::array<const char*, 3> statuses{"ok", "run_failed", "timeout"};
      results[n] = {statuses[random() % 3], random() % 2 == 0 ? "" : "why, \"so\"\n", Json::object()};
      std::vector<int> names{0, 1, 2, 3, 4, 5};
      std::shuffle(names.begin(), names.end(), random);
      names.resize(random() % names.size());
      for (const int name : names) {
        const Json figures = name == 0   ? Json(static_cast<std::int64_t>(random()))
                             : name == 1 ? Json(static_cast<double>(random()) / 7)
                                         : value();
        if (!figures.is_structured() && !figures.is_boolean()) results[n].figures["f" + std::to_string(name)] = figures;
      }
    }
  }
  SweepResult whole() const { return {plan, results}; }
  SweepResult shard(std::int64_t number, std::int64_t count) const {
    return {plan, results, SweepShard{number, count}, 1000};
  }
};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sweep shard: i/n is read, and shards deal points out in turn", "[sweep]") {
  CHECK(parse_shard("1/1") == SweepShard{1, 1});
  CHECK(parse_shard("7/1000000") == SweepShard{7, 1000000});
  for (const char* text : {"", "/", "1/", "/1", "0/1", "2/1", "1/1000001", "+1/2", " 1/2", "1/2 ", "1.0/2", "1/2/2",
                           "99999999999999999999/99999999999999999999"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_shard(text), Error);
  }
  for (std::int64_t count = 1; count <= 5; ++count) {
    for (std::size_t point = 0; point < 12; ++point) {
      std::int64_t owner = 0;
      for (std::int64_t number = 1; number <= count; ++number) {
        if (SweepShard{number, count}.has(point)) owner = owner == 0 ? number : -1;
      }
      CHECK(owner == static_cast<std::int64_t>(point) % count + 1);
    }
  }
}

TEST_CASE("sweep shard: its table has its own rows and figures, its attributes its own counts", "[sweep]") {
  const Folder folder;
  Example example(5, 3);
  for (std::size_t n = 0; n < 5; ++n) {
    example.results[n] = {n == 3 ? "timeout" : "ok", "", Json{{n == 2 ? "even" : "both", 10 * n}}};
  }
  const Hdf5Reader reader(sweep_hdf5(example.shard(2, 2)), "a.h5");
  std::map<std::string, Hdf5Scalar> found;
  for (const auto& [name, value] : reader.attributes("/")) found[name] = value;
  CHECK(found["points"] == Hdf5Scalar(std::int64_t{2}));
  CHECK(found["points_ok"] == Hdf5Scalar(std::int64_t{1}));
  CHECK(found["sweep_points"] == Hdf5Scalar(std::int64_t{5}));
  CHECK(found["complete"] == Hdf5Scalar(true));
  const Hdf5Table table = reader.table("/points");
  CHECK(std::get<std::vector<std::int64_t>>(table.find("point")->values) == std::vector<std::int64_t>{1, 3});
  CHECK(std::get<std::vector<std::int64_t>>(table.find("both")->values) == std::vector<std::int64_t>{10, 30});
  CHECK(table.find("even") == nullptr);
  // Points of other shards are none of its business, also if they are open.
  example.results[4] = {};
  CHECK(example.shard(2, 2).is_complete());
  CHECK_FALSE(example.shard(1, 2).is_complete());
}

TEST_CASE("sweep merge: any cut into shards, in any order, gives the bytes of the whole", "[sweep]") {
  const Folder folder;
  std::mt19937 random(5);
  for (unsigned turn = 0; turn < 40; ++turn) {
    const std::size_t points = 1 + random() % 40;
    const Example example(points, turn);
    const auto count = static_cast<std::int64_t>(1 + random() % (points + 2));
    std::vector<std::int64_t> numbers;
    for (std::int64_t n = 1; n <= count; ++n) numbers.push_back(n);
    std::shuffle(numbers.begin(), numbers.end(), random);
    SweepMerge merge;
    for (const std::int64_t n : numbers) {
      const std::string file = folder / (std::to_string(n) + ".h5");
      write_file(file, sweep_hdf5(example.shard(n, count)));
      merge.add(file);
    }
    const MergedSweep merged = merge.finish(false);
    const SweepResult result{merged.plan, merged.results};
    CHECK(sweep_csv(result) == sweep_csv(example.whole()));
    CHECK((sweep_hdf5(result) == sweep_hdf5(example.whole())));
    for (std::size_t n = 0; n < points; ++n) {
      // Equal as text: a number keeps its kind.
      CHECK(Json(merged.plan.points[n].values).dump() == Json(example.plan.points[n].values).dump());
      CHECK(merged.results[n].figures.dump() == example.results[n].figures.dump());
    }
  }
}

TEST_CASE("sweep merge: an unfinished point gives way to a finished one, whichever comes first", "[sweep]") {
  const Folder folder;
  const Example example(6, 1);
  Example open = example;
  open.results[2] = {};
  write_file(folder / "open.h5", sweep_hdf5(open.shard(1, 1)));
  write_file(folder / "done.h5", sweep_hdf5(example.shard(3, 3)));
  for (const bool is_open_first : {true, false}) {
    SweepMerge merge;
    merge.add(folder / (is_open_first ? "open.h5" : "done.h5"));
    merge.add(folder / (is_open_first ? "done.h5" : "open.h5"));
    const MergedSweep merged = merge.finish(false);
    CHECK(sweep_csv({merged.plan, merged.results}) == sweep_csv(example.whole()));
  }
  SweepMerge alone;
  alone.add(folder / "open.h5");
  CHECK(contains(message_of([&] { alone.finish(false); }), "open.h5: is not finished: not run are points 2 (1 point)"));
  // Shards of different cuts: no shard can be named, but points can.
  SweepMerge few;
  write_file(folder / "first.h5", sweep_hdf5(example.shard(1, 2)));
  few.add(folder / "first.h5");
  few.add(folder / "done.h5");
  CHECK(contains(message_of([&] { few.finish(false); }), "no file has points 1, 3 (2 points)"));
}

TEST_CASE("sweep merge: a file that is well-formed but wrong is refused by name", "[sweep]") {
  const Folder folder;
  const Example example(6, 2);
  write_file(folder / "1.h5", sweep_hdf5(example.shard(1, 2)));
  const auto refused = [&](const std::string& what, const std::function<std::string()>& bytes,
                           const std::string& fragment) {
    write_file(folder / "2.h5", bytes());
    SweepMerge merge;
    merge.add(folder / "1.h5");
    const std::string message = message_of([&] { merge.add(folder / "2.h5"); });
    INFO(what << ": " << message);
    CHECK(contains(message, "2.h5: "));
    CHECK(contains(message, fragment));
  };
  // A shard from scratch, with one thing changed.
  const auto built = [&](const std::string& changed, const Hdf5Scalar& value, std::vector<std::string> entries) {
    Hdf5Builder builder;
    const std::vector<std::pair<std::string, Hdf5Scalar>> attributes{
        {"format", std::string("podsim-sweep")},
        {"schema", std::int64_t{1}},
        {"version", std::string(version())},
        {"commit", std::string(commit())},
        {"sweep_hash", example.plan.hash},
        {"sweep_points", std::int64_t{6}},
        {"max_memory_bytes", std::int64_t{1000}},
        {"spec", example.plan.spec.dump()},
        {"parameters", Json(example.plan.parameters).dump()},
        {"shard", std::int64_t{2}},
        {"shards", std::int64_t{2}}};
    for (const auto& [name, of_shard] : attributes) builder.attribute("/", name, name == changed ? value : of_shard);
    builder.table("/entries", {{{"entry", std::move(entries)}}});
    return builder.finish();
  };
  const auto entry = [](int point, const std::string& more = {}) {
    return R"({"point":)" + std::to_string(point) +
           R"(,"status":"ok","message":"","figures":{},"values":[1,2,3],"workload":"","config_hash":"",)" +
           R"("workload_hash":"","configuration":"")" + more + "}";
  };
  const std::vector<std::string> good{entry(1), entry(3), entry(5)};
  {
    write_file(folder / "2.h5", built("", 0.0, good));
    SweepMerge merge;
    merge.add(folder / "2.h5");
    merge.add(folder / "1.h5");
    CHECK(merge.finish(false).results.size() == 6);
  }
  refused(
      "version", [&] { return built("version", std::string("9.9"), good); }, "was written by podsim 9.9");
  refused(
      "commit", [&] { return built("commit", std::string("abc"), good); }, "(abc), and this is podsim");
  refused(
      "schema", [&] { return built("schema", std::int64_t{2}, good); }, "schema");
  refused(
      "hash", [&] { return built("sweep_hash", std::string("f"), good); }, "its sweep_hash is f, not 0123456789abcdef");
  refused(
      "points", [&] { return built("sweep_points", std::int64_t{7}, good); }, "its sweep_points is 7, not 6");
  refused(
      "spec", [&] { return built("spec", std::string("{}"), good); }, "its spec is {}");
  refused(
      "memory", [&] { return built("max_memory_bytes", std::int64_t{1}, good); }, "max_memory_bytes");
  refused(
      "type", [&] { return built("shard", std::string("2"), good); }, "\"shard\" is missing");
  refused(
      "shard 0", [&] { return built("shard", std::int64_t{0}, good); }, "there is no shard 0/2");
  refused(
      "shard 3", [&] { return built("shard", std::int64_t{3}, good); }, "there is no shard 3/2");
  refused(
      "too few",
      [&] {
        return built("", 0.0, {entry(1), entry(3)});
      },
      "point 5 of its shard is missing");
  refused(
      "too many",
      [&] {
        return built("", 0.0, {entry(1), entry(3), entry(5), entry(7)});
      },
      "points are others");
  refused(
      "another",
      [&] {
        return built("", 0.0, {entry(1), entry(2), entry(5)});
      },
      "points are others");
  refused(
      "no JSON",
      [&] {
        return built("", 0.0, {entry(1), "{", entry(5)});
      },
      "point 3 cannot be read");
  refused(
      "no object",
      [&] {
        return built("", 0.0, {entry(1), "[3]", entry(5)});
      },
      "point 3 cannot be read");
  refused(
      "status",
      [&] {
        return built("", 0.0, {entry(1), entry(3, R"(,"status":7)"), entry(5)});
      },
      "point 3");
  refused(
      "figures",
      [&] {
        return built("", 0.0, {entry(1, R"(,"figures":7)"), entry(3), entry(5)});
      },
      "point 1");
  refused(
      "values",
      [&] {
        return built("", 0.0, {entry(1, R"(,"values":[])"), entry(3), entry(5)});
      },
      "point 1");
}

// SPDX-License-Identifier: Apache-2.0
// The long form of the comparison of pod and RTL: a million random operations over all geometries that are linked in.
// Progress is kept in a file, so that a run that was killed goes on where it was; see --help.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/version.hpp"
#include "rtl/pod_testbench.hpp"

namespace podsim::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOperationsPerSimulation = 200;

const char* const kUsage =
    "Usage: podsim_rtl_long [--operations N] [--seed N] [--state FILE] [--log FILE]\n"
    "\n"
    "Compares podsim's pod with the pod in SystemVerilog over random tile operations, on every geometry.\n"
    "\n"
    "  --operations N  in all (default 1000000)\n"
    "  --seed N        of the operations (default 1)\n"
    "  --state FILE    progress, kept every few seconds (default rtl_long.json). A run with the same operations and\n"
    "                  seed, at the same commit with nothing changed, goes on from there\n"
    "  --log FILE      the result, once all are done (default rtl_long.txt)\n"
    "\n"
    "Ends with 0 if every row of every operation was equal, with 1 if one was not.\n";

struct Options {
  std::int64_t operations = 1000000;
  std::int64_t seed = 1;
  std::string state = "rtl_long.json";
  std::string log = "rtl_long.txt";
};

struct Progress {
  std::string name;
  std::int64_t target = 0;  ///< operations
  std::int64_t operations = 0, rows = 0, cycles = 0;
  double seconds = 0;
};

/// What an operation costs, about: the PEs that are stepped times the cycles that it takes.
double cost(const PeGeometry& g) {
  return static_cast<double>(g.rows * g.cols) * (3 * g.rows + g.cols);
}

/// Shares the operations out evenly, but for the largest arrays, which get fewer: 64x64 about half.
std::vector<Progress> shared_out(const std::vector<RtlPodKind>& kinds, std::int64_t operations) {
  constexpr double kAffordableCost = 5e5;
  std::vector<double> shares;
  double all = 0;
  for (const RtlPodKind& kind : kinds) {
    shares.push_back(std::min(1.0, kAffordableCost / cost(kind.geometry)));
    all += shares.back();
  }
  std::vector<Progress> plan;
  std::int64_t left = operations;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    Progress progress;
    progress.name = kinds[i].name();
    const double simulations = static_cast<double>(operations) * shares[i] / all / kOperationsPerSimulation;
    progress.target = static_cast<std::int64_t>(simulations) * kOperationsPerSimulation;
    left -= progress.target;
    plan.push_back(progress);
  }
  plan.front().target += left;  // the smallest array
  return plan;
}

Json to_json(const Options& options, const std::vector<Progress>& plan) {
  Json geometries = Json::array();
  for (const Progress& p : plan) {
    geometries.push_back({{"name", p.name},
                          {"target", p.target},
                          {"operations", p.operations},
                          {"rows", p.rows},
                          {"cycles", p.cycles},
                          {"seconds", p.seconds}});
  }
  return {{"commit", commit()}, {"seed", options.seed}, {"geometries", geometries}};
}

/// Takes over what an earlier run has done, if it was this one.
/// \return true if there was something to take over
bool resume(const Options& options, std::vector<Progress>& plan) {
  if (!std::filesystem::exists(options.state)) return false;
  const Json state = read_json_file(options.state).root;
  const std::string now = commit();
  if (state.value("commit", "") != now || state.value("seed", std::int64_t{-1}) != options.seed) return false;
  if (now.find("-dirty") != std::string::npos || now == "unknown") return false;  // may be other sources
  const Json& geometries = state.at("geometries");
  if (geometries.size() != plan.size()) return false;
  std::vector<Progress> found = plan;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Json& one = geometries[i];
    if (one.at("name") != plan[i].name || one.at("target") != plan[i].target) return false;
    found[i].operations = one.at("operations");
    found[i].rows = one.at("rows");
    found[i].cycles = one.at("cycles");
    found[i].seconds = one.at("seconds");
  }
  plan = std::move(found);
  return true;
}

template <class... Values>
std::string line(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

Progress total_of(const std::vector<Progress>& plan) {
  Progress total;
  total.name = "all";
  for (const Progress& p : plan) {
    total.target += p.target;
    total.operations += p.operations;
    total.rows += p.rows;
    total.cycles += p.cycles;
    total.seconds += p.seconds;
  }
  return total;
}

std::string summary(const Options& options, const std::vector<Progress>& plan) {
  std::string text =
      line("pod against RTL, commit %s, seed %lld: no row differs\n", commit(), static_cast<long long>(options.seed));
  text += line("%-60s %12s %12s %12s %9s\n", "geometry", "operations", "rows", "cycles", "seconds");
  std::vector<Progress> rows = plan;
  rows.push_back(total_of(plan));
  for (const Progress& p : rows) {
    text += line("%-60s %12lld %12lld %12lld %9.0f\n", p.name.c_str(), static_cast<long long>(p.operations),
                 static_cast<long long>(p.rows), static_cast<long long>(p.cycles), p.seconds);
  }
  return text;
}

std::int64_t number_of(const char* text, const char* option) {
  char* end = nullptr;
  const long long value = std::strtoll(text, &end, 10);
  if (end == text || *end != '\0' || value < 0) {
    throw Error(ErrorKind::bad_input, {Issue{option, "", std::string("needs a number, got \"") + text + "\"", ""}});
  }
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw Error(ErrorKind::bad_input, {Issue{name, "", "needs a value", ""}});
    if (name == "--operations") {
      options.operations = number_of(argv[i + 1], "--operations");
    } else if (name == "--seed") {
      options.seed = number_of(argv[i + 1], "--seed");
    } else if (name == "--state") {
      options.state = argv[i + 1];
    } else if (name == "--log") {
      options.log = argv[i + 1];
    } else {
      throw Error(ErrorKind::bad_input, {Issue{name, "", "unknown option", "see --help"}});
    }
  }
  return options;
}

int run(const Options& options) {
  const std::vector<RtlPodKind> kinds = rtl_pods();
  std::vector<Progress> plan = shared_out(kinds, options.operations);
  if (resume(options, plan)) {
    std::fprintf(stderr, "going on after %lld operations (%s)\n", static_cast<long long>(total_of(plan).operations),
                 options.state.c_str());
  }
  Clock::time_point saved = Clock::now();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    Progress& p = plan[i];
    while (p.operations < p.target) {
      const Clock::time_point start = Clock::now();
      const auto count = static_cast<int>(std::min<std::int64_t>(kOperationsPerSimulation, p.target - p.operations));
      const Campaign done = run_random_batch(kinds[i], static_cast<std::uint64_t>(options.seed),
                                             p.operations / kOperationsPerSimulation, count);
      if (!done.difference.empty()) {
        std::fprintf(stderr, "seed %lld: %s\n", static_cast<long long>(options.seed), done.difference.c_str());
        return 1;
      }
      p.operations += done.operations;
      p.rows += done.rows;
      p.cycles += done.cycles;
      const Clock::time_point now = Clock::now();
      p.seconds += std::chrono::duration<double>(now - start).count();
      if (now - saved < std::chrono::seconds(5)) continue;
      saved = now;
      write_file(options.state, to_json(options, plan).dump(1) + "\n");
      std::fprintf(stderr, "%s: %lld of %lld operations; in all %lld of %lld\n", p.name.c_str(),
                   static_cast<long long>(p.operations), static_cast<long long>(p.target),
                   static_cast<long long>(total_of(plan).operations), static_cast<long long>(options.operations));
    }
  }
  write_file(options.state, to_json(options, plan).dump(1) + "\n");
  const std::string text = summary(options, plan);
  write_file(options.log, text);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace podsim::test

extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    std::fputs(podsim::test::kUsage, stdout);
    return 0;
  }
  try {
    return podsim::test::run(podsim::test::parse(argc, argv));
  } catch (const podsim::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.kind() == podsim::ErrorKind::bad_input ? 2 : 1;
  } catch (const podsim::Json::exception& error) {
    std::fprintf(stderr, "the file of --state is not one of this program: %s\n", error.what());
    return 2;
  }
}

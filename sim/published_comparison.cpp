// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/published_comparison.hpp"

#include <array>

#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/table.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

using published::RawResult;

/// A figure that both sides report.
struct Figure {
  const char* name;
  std::int64_t RawResult::*published;
  std::int64_t published::RunResult::*ours;
};

constexpr std::array<Figure, 9> kFigures{{
    {"last_main_round", &RawResult::last_main_round, &published::RunResult::last_main_round},
    {"last_post_round", &RawResult::last_post_round, &published::RunResult::last_post_round},
    {"cycles", &RawResult::cycles, &published::RunResult::cycles},
    {"ops", &RawResult::ops, &published::RunResult::ops},
    {"post_ops", &RawResult::post_ops, &published::RunResult::post_ops},
    {"memory_stall_cycles", &RawResult::memory_stall_cycles, &published::RunResult::memory_stall_cycles},
    {"tile_operations", &RawResult::tile_operations, &published::RunResult::tile_operations},
    {"x_bytes", &RawResult::x_bytes, &published::RunResult::x_bytes},
    {"w_bytes", &RawResult::w_bytes, &published::RunResult::w_bytes},
}};

}  // namespace

std::vector<std::string> differences(const RawResult& raw, const published::RunResult& ours) {
  std::vector<std::string> out;
  for (const Figure& figure : kFigures) {
    if (raw.*figure.published != ours.*figure.ours) out.emplace_back(figure.name);
  }
  return out;
}

std::optional<double> PublishedComparison::machine_ratio() const {
  if (!machine_cycles) return {};
  return static_cast<double>(*machine_cycles) / static_cast<double>(raw.cycles);
}

Experiment machine_experiment(const published::RawResult& raw) {
  Json topology = raw.topology().parameters;
  topology["type"] = raw.topology().type;
  return read_experiment(
      {"published runs", Json{{"workload", raw.network_source()},
                              {"hardware", {{"pods", {{"count", raw.pods}}}, {"interconnect", topology}}}}});
}

PublishedComparison compare_with_published(const published::RawResult& raw, bool with_machine,
                                           const RunOptions& options) {
  auto check_stop = [&options] {
    if (options.stop && options.stop()) throw Error::run_failed("interrupted");
  };
  PublishedComparison out;
  out.raw = raw;
  {
    const PollScope interruptible(check_stop);
    const auto progress = [&](std::int64_t placed, std::int64_t total) {
      check_stop();
      if (options.progress) options.progress({RunProgress::Phase::scheduling, placed, total, 0});
    };
    out.ours = published::run(published::workload_of(load_network(raw.network_source())), raw.machine(), progress);
  }
  if (!with_machine) return out;
  const Report report = run_experiment(machine_experiment(raw), options);
  if (!report.result.complete) throw Error::run_failed(report.result.stopped_because);
  out.machine_cycles = report.result.cycles;
  return out;
}

std::string published_table(const std::vector<PublishedComparison>& rows) {
  using Align = Table::Align;
  Table table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
               Align::right, Align::right, Align::left, Align::right, Align::right});
  table.row({"network", "interconnect", "pods", "last main round", "published", "last post round", "published",
             "cycles", "published", "equal", "podsim's machine", "ratio"});
  for (const PublishedComparison& row : rows) {
    const std::vector<std::string> differences = row.differences();
    table.row({row.raw.network, row.raw.interconnect, std::to_string(row.raw.pods),
               std::to_string(row.ours.last_main_round), std::to_string(row.raw.last_main_round),
               std::to_string(row.ours.last_post_round), std::to_string(row.raw.last_post_round),
               std::to_string(row.ours.cycles), std::to_string(row.raw.cycles),
               differences.empty() ? "yes" : "NO: " + join(differences),
               row.machine_cycles ? std::to_string(*row.machine_cycles) : "",
               row.machine_cycles ? fixed(*row.machine_ratio(), 3) : ""});
  }
  return table.text();
}

std::string published_csv(const std::vector<PublishedComparison>& rows) {
  std::string out = "network,interconnect,pods,equal";
  for (const Figure& figure : kFigures) {
    out += std::string(",") + figure.name + ",published_" + figure.name;
  }
  out += ",machine_cycles,machine_ratio,version,commit\n";
  for (const PublishedComparison& row : rows) {
    out += row.raw.network + "," + row.raw.interconnect + "," + std::to_string(row.raw.pods) + "," +
           (row.differences().empty() ? "1" : "0");
    for (const Figure& figure : kFigures) {
      out += "," + std::to_string(row.ours.*figure.ours) + "," + std::to_string(row.raw.*figure.published);
    }
    out += "," + (row.machine_cycles ? std::to_string(*row.machine_cycles) : "");
    out += "," + (row.machine_cycles ? number_text(*row.machine_ratio()) : "");
    out += "," + std::string(version()) + "," + std::string(commit()) + "\n";
  }
  return out;
}

Json runs_header(const char* format, std::size_t done, const RunsWanted& wanted) {
  Json out{{"format", format}, {"schema", 1}, {"version", version()}, {"commit", commit()}};
  out["complete"] = done == wanted.count;
  if (done < wanted.count) out["stopped_because"] = wanted.stopped_because;
  out["runs_wanted"] = wanted.count;
  return out;
}

std::string published_json(const std::vector<PublishedComparison>& rows, const RunsWanted& wanted) {
  Json list = Json::array();
  for (const PublishedComparison& row : rows) {
    Json ours, published;
    for (const Figure& figure : kFigures) {
      ours[figure.name] = row.ours.*figure.ours;
      published[figure.name] = row.raw.*figure.published;
    }
    Json entry{{"network", row.raw.network},
               {"interconnect", row.raw.interconnect},
               {"pods", row.raw.pods},
               {"equal", row.differences().empty()},
               {"ours", ours},
               {"published", published}};
    if (!row.ours.failure.empty()) entry["failure"] = row.ours.failure;
    if (row.machine_cycles) {
      entry["machine"] = {{"cycles", *row.machine_cycles}, {"ratio", *row.machine_ratio()}};
    }
    list.push_back(entry);
  }
  Json out = runs_header("podsim-published-runs", rows.size(), wanted);
  out["runs"] = list;
  return out.dump(2) + "\n";
}

}  // namespace podsim

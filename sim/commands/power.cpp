// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <string>
#include <utility>

#include "podsim/models/energy/power.hpp"
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/experiment_input.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

constexpr const char* kUsage =
    "Usage: podsim power [EXPERIMENT.json] [-c CONFIG] [options]\n"
    "\n"
    "Peak power of a machine by component, its area if the technology gives areas, and how many of its pods fit a "
    "power\n"
    "budget. Nothing is simulated. Formulas and constants: docs/energy.md.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  podsim power\n"
    "  podsim power -c preset:sosa-512x16x16-butterfly2 --technology physical28\n"
    "  podsim power --set /hardware/pods/rows=64 --set /hardware/pods/cols=64 --tdp 300\n"
    "  podsim power --tops 206.46                  what a run's throughput becomes at the budget\n"
    "\n"
    "Exit codes: 0 good, 2 bad input.\n";

/// A positive number given as an option.
std::optional<double> positive(const Arguments& arguments, const char* option) {
  const auto text = arguments.value(option);
  if (!text) return std::nullopt;
  const Json value = Json::parse(*text, nullptr, false);
  if (value.is_number() && value.get<double>() > 0 && value.get<double>() <= 1e9) return value.get<double>();
  throw Error(ErrorKind::bad_input,
              {{"--" + std::string(option), {}, "must be a number above 0 and up to 1e9, got \"" + *text + "\"", {}}});
}

/// What the command found; everything it shows.
struct Findings {
  const HardwareConfig* hardware;
  const Technology* technology;
  std::string topology;
  Power peak;
  std::optional<Area> area;
  std::optional<IsoPower> iso;  ///< not if pods are of several kinds
  double tdp_watts;
  std::optional<double> tops;  ///< throughput of a run

  double peak_tops() const { return podsim::peak_tops(*hardware); }
  double at_tdp(double tops_now) const { return tops_at_tdp(tops_now, peak.total(), tdp_watts); }
};

std::string watts(double value) {
  return fixed(value, 2) + " W";
}

std::string text(const Findings& found) {
  const HardwareConfig& hardware = *found.hardware;
  std::string out = hardware.describe_pods() + " PEs at " + number_text(hardware.clock_mhz) + " MHz; " +
                    found.topology + "\ntechnology " + printable(found.technology->name) +
                    (found.technology->summary.empty() ? "" : ": " + printable(found.technology->summary)) + "\n\n";
  Table table({Table::Align::left, Table::Align::right, Table::Align::left});
  const double total = found.peak.total();
  for (const Power::Part& part : found.peak.parts()) {
    if (part.watts > 0) table.row({part.description, watts(part.watts), percent(part.watts / total)});
  }
  table.row({"peak power", watts(total), ""});
  out += table.text() + "\n";

  Table rates({Table::Align::left, Table::Align::right, Table::Align::left});
  const std::string budget = number_text(found.tdp_watts) + " W";
  rates.row({"peak throughput", fixed(found.peak_tops(), 1) + " TOPS",
             fixed(found.peak_tops() / total, 2) + " TOPS/W; scaled to " + budget + ": " +
                 fixed(found.at_tdp(found.peak_tops()), 1) + " TOPS"});
  if (found.tops) {
    rates.row({"effective throughput", fixed(*found.tops, 1) + " TOPS",
               fixed(*found.tops / total, 2) + " TOPS/W; scaled to " + budget + ": " +
                   fixed(found.at_tdp(*found.tops), 1) + " TOPS"});
  }
  if (found.iso && found.iso->pods == 0) {
    rates.row({"pods within " + budget, "0", "not even one"});
  } else if (found.iso) {
    rates.row({"pods within " + budget, with_thousands(found.iso->pods), watts(found.iso->watts)});
    if (found.iso->power_of_two > 0) {
      rates.row({"power of two", with_thousands(found.iso->power_of_two), watts(found.iso->power_of_two_watts)});
    }
  }
  if (found.area) {
    rates.row({"area", fixed(found.area->total(), 1) + " mm2",
               "pods " + fixed(found.area->pods, 1) + ", banks " + fixed(found.area->sram, 1) + ", fabrics " +
                   fixed(found.area->interconnect, 1)});
  } else {
    rates.row({"area", "-", "the technology gives none"});
  }
  return out + rates.text();
}

Json json(const Findings& found) {
  Json out{{"format", "podsim-power"}, {"schema", 1}, {"technology", found.technology->name}};
  HardwareConfig hardware = *found.hardware;
  out["hardware"] = to_json(hardware);
  Json& parts = out["peak_power_watts"];
  for (const Power::Part& part : found.peak.parts()) parts[part.name] = part.watts;
  parts["total"] = found.peak.total();
  out["peak_tops"] = found.peak_tops();
  out["peak_tops_per_watt"] = found.peak_tops() / found.peak.total();
  if (found.area) {
    out["area_mm2"] = {{"pods", found.area->pods},
                       {"sram", found.area->sram},
                       {"interconnect", found.area->interconnect},
                       {"total", found.area->total()}};
  }
  Json& tdp = out["at_tdp"];
  tdp["watts"] = found.tdp_watts;
  tdp["peak_tops"] = found.at_tdp(found.peak_tops());
  if (found.tops) tdp["effective_tops"] = found.at_tdp(*found.tops);
  if (found.iso) {
    tdp["pods"] = found.iso->pods;
    tdp["pods_watts"] = found.iso->watts;
    tdp["pods_power_of_two"] = found.iso->power_of_two;
    tdp["pods_power_of_two_watts"] = found.iso->power_of_two_watts;
  }
  Json& constants = out["constants"] = Json::array();
  for (const TechnologyEntry& entry : found.technology->entries) {
    constants.push_back({{"key", entry.key}, {"value", entry.value}, {"unit", entry.unit}, {"source", entry.source}});
  }
  return out;
}

}  // namespace

int power_command(const std::vector<std::string>& arguments) {
  OptionParser parser(kUsage, kExamples, 1);
  add_experiment_options(parser);
  parser.value("tops", "TOPS", "throughput of a run of this machine, to be scaled to the budget");
  parser.value("output,o", "FILE", "write the figures as JSON; - is standard output");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const auto tops = positive(*parsed, "tops");
  const std::string path = parsed->value("output").value_or("");
  if (!path.empty() && path != "-") check_writable(path);
  const Experiment experiment = experiment_input(*parsed);
  const HardwareConfig& hardware = experiment.hardware;
  const Technology technology = load_technology(experiment.power.technology);
  const double tdp = experiment.power.tdp_watts;
  const Machine machine(hardware);

  Findings found{&hardware, &technology, machine.topology->describe(), peak_power(machine, technology), {}, {},
                 tdp,       tops};
  found.area = area(machine, technology);
  if (hardware.pods.groups.empty()) found.iso = iso_power(hardware, technology, tdp);
  if (path != "-") std::cout << text(found);
  if (path.empty()) return kExitGood;
  const std::string content = json(found).dump(2) + "\n";
  if (path == "-") {
    std::cout << content;
  } else {
    write_file(path, content);
  }
  return kExitGood;
}

}  // namespace podsim

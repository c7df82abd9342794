// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_plan.hpp"

#include <map>
#include <optional>
#include <utility>

#include "podsim/models/energy/power.hpp"
#include "podsim/sim/core/json_pointer.hpp"
#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/network_cache.hpp"

namespace podsim {
namespace {

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Error& error) {
  std::vector<std::string> texts;
  for (const Issue& issue : error.issues()) texts.push_back(printable(issue.text()));
  return join(texts, " | ");
}

void add_pointers(const Json& value, const std::string& pointer, std::vector<std::string>& out) {
  if (!value.is_object()) {
    out.push_back(pointer);
    return;
  }
  for (const auto& [key, member] : value.items()) add_pointers(member, pointer_append(pointer, key), out);
}

/// The parameters of a point while it is put together.
class Parameters {
 public:
  explicit Parameters(const Json& experiment) : experiment_(experiment) {}

  /// What the point gives, otherwise what it would have by default. A plug-in counts by its type.
  Json operator()(const std::string& pointer) const {
    const auto keys = pointer_keys(pointer);
    const Json* found = find_value(experiment_, *keys);
    std::optional<Json> defaults;
    if (found == nullptr) {
      defaults = complete();
      found = find_value(*defaults, *keys);
    }
    if (found == nullptr) {
      std::vector<std::string> known;
      add_pointers(*defaults, {}, known);
      throw Error::bad_input("there is no parameter \"" + pointer + "\"", did_you_mean(pointer, known));
    }
    if (found->is_object() && found->contains("type")) return (*found)["type"];
    return *found;
  }

 private:
  Json complete() const {
    try {
      return to_json(read_experiment({{}, experiment_}));
    } catch (const Error&) {
      // Not valid yet, or never: the defaults of its preset.
      Json preset = Json::object();
      if (const Json* name = find_value(experiment_, {"hardware", "preset"})) preset["hardware"]["preset"] = *name;
      try {
        return to_json(read_experiment({{}, preset}));
      } catch (const Error&) {
        return to_json(Experiment{});
      }
    }
  }

  const Json& experiment_;
};

/// Why a point cannot be run; others can.
struct PointProblem {
  std::string text;
};

/// What expressions ask of the machine of a point. Machines are looked at once.
class MachineFunctions {
 public:
  /// \throws Error (bad_input) if there is no such technology
  const Technology& technology(const std::string& name) {
    auto known = technologies_.find(name);
    if (known == technologies_.end()) known = technologies_.emplace(name, load_technology(name)).first;
    return known->second;
  }

  /// \param raw the point as far as it is put together
  /// \throws PointProblem if it makes no machine, or the function has no value
  double operator()(const Json& raw, const std::string& name, double argument) {
    try {
      const Experiment experiment = read_experiment({{}, raw});
      const std::string key = name + " " + number_text(argument) + " " + experiment.power.technology + " " +
                              json_text(to_json<HardwareConfig>(experiment.hardware));
      auto known = values_.find(key);
      if (known == values_.end()) {
        known =
            values_.emplace(key, value(experiment.hardware, technology(experiment.power.technology), name, argument))
                .first;
      }
      return known->second;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw;
      throw PointProblem{name + ": " + text_of(error)};
    }
  }

 private:
  static double value(const HardwareConfig& hardware, const Technology& technology, const std::string& name,
                      double argument) {
    if (name == "peak_power_watts") return peak_power(Machine(hardware), technology).total();
    if (name == "area_mm2") {
      const auto found = area(Machine(hardware), technology);
      if (!found) throw Error::bad_input("the technology \"" + technology.name + "\" has no areas");
      return found->total();
    }
    const IsoPower iso = iso_power(hardware, technology, argument);
    const int pods = name == "pods_within" ? iso.pods : iso.power_of_two;
    if (pods == 0) throw Error::bad_input("not even one pod fits " + number_text(argument) + " W");
    return pods;
  }

  std::map<std::string, Technology> technologies_;
  std::map<std::string, double> values_;
};

class Planner {
 public:
  explicit Planner(const SweepSpec& spec) : spec_(spec) {
    for (const SweepAxis& axis : spec.axes) {
      for (const std::string& pointer : axis.pointers) plan_.parameters.push_back(pointer);
      tallies_.emplace_back(axis.size());
    }
    for (const DerivedValue& derived : spec.derived) plan_.parameters.push_back(derived.pointer);
    plan_.max_cycles = spec.max_cycles;
    plan_.spec = spec.document;
  }

  SweepPlan plan() {
    check_size();
    std::vector<std::size_t> index(spec_.axes.size(), 0);
    for (bool more = true; more; more = advance(index)) {
      poll();
      add_point(index);
    }
    if (plan_.points.empty()) throw fail("/filters", "no point is left: no combination of values holds all of them");
    check_tallies();
    std::string all = std::to_string(plan_.max_cycles);
    for (const SweepPoint& point : plan_.points) {
      all += "\n" + point.configuration + " " + point.workload_hash + " " + point.technology_hash + " " + point.problem;
    }
    plan_.hash = hash_text(all);
    return std::move(plan_);
  }

 private:
  /// What became of the points with one value of an axis.
  struct Tally {
    std::size_t points = 0, valid = 0;
    std::string first_problem;
  };

  Error fail(const std::string& pointer, const std::string& message, const std::string& hint = {}) const {
    return Error(ErrorKind::bad_input, {{spec_.file, pointer, message, hint}});
  }

  void check_size() const {
    std::int64_t count = 1;
    for (const SweepAxis& axis : spec_.axes) {
      if (static_cast<std::int64_t>(axis.size()) > kMostSweepPoints / count) {
        throw fail({}, "has more than " + with_thousands(kMostSweepPoints) + " combinations of values",
                   "split it into several sweeps");
      }
      count *= static_cast<std::int64_t>(axis.size());
    }
  }

  /// Counts on; the last axis varies fastest.
  bool advance(std::vector<std::size_t>& index) const {
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < spec_.axes[axis].size()) return true;
      index[axis] = 0;
    }
    return false;
  }

  void add_point(const std::vector<std::size_t>& index) {
    SweepPoint point;
    Json experiment = spec_.base;
    for (std::size_t a = 0; a < index.size(); ++a) {
      const SweepAxis& axis = spec_.axes[a];
      for (std::size_t n = 0; n < axis.pointers.size(); ++n) {
        const Json& value = axis.values[n][index[a]];
        set(experiment, axis.pointers[n], value, pointer_append(axis.places[n], std::to_string(index[a])));
        point.values.push_back(value);
      }
    }
    try {
      derive(point, experiment);
      if (!is_kept(point, experiment)) return;
      complete(point, experiment);
    } catch (const PointProblem& problem) {
      point.values.resize(plan_.parameters.size());
      note(point, experiment);
      point.problem = problem.text;
    }
    for (std::size_t a = 0; a < index.size(); ++a) {
      Tally& tally = tallies_[a][index[a]];
      ++tally.points;
      if (point.problem.empty()) ++tally.valid;
      if (!point.problem.empty() && tally.first_problem.empty()) tally.first_problem = point.problem;
    }
    plan_.points.push_back(std::move(point));
  }

  void derive(SweepPoint& point, Json& experiment) {
    for (const DerivedValue& derived : spec_.derived) {
      const std::string place = pointer_append("/derived", derived.pointer);
      const Json value = evaluate(derived.expression, experiment, place, point);
      set(experiment, derived.pointer, value, place);
      point.values.push_back(value);
    }
  }

  bool is_kept(const SweepPoint& point, const Json& experiment) {
    for (std::size_t n = 0; n < spec_.filters.size(); ++n) {
      const std::string place = "/filters/" + std::to_string(n);
      const Json holds = evaluate(spec_.filters[n], experiment, place, point);
      if (!holds.is_boolean()) {
        throw fail(place,
                   "must be a condition, but \"" + spec_.filters[n].text() + "\" gives " + JsonReader::describe(holds));
      }
      if (!holds.get<bool>()) return false;
    }
    return true;
  }

  void set(Json& experiment, const std::string& pointer, const Json& value, const std::string& place) const {
    const std::string problem = set_value(experiment, *pointer_keys(pointer), value);
    if (!problem.empty()) throw fail(place, problem, "a plug-in with parameters is an object with \"type\"");
  }

  Json evaluate(const Expression& expression, const Json& experiment, const std::string& place,
                const SweepPoint& point) {
    try {
      return expression.evaluate(Parameters(experiment), [&](const std::string& name, double argument) {
        return machines_(experiment, name, argument);
      });
    } catch (const Error& error) {
      const Issue& issue = error.issues().front();
      const std::string where = label(plan_, point);
      throw fail(place, issue.message + (where.empty() ? "" : ", at " + where), issue.hint);
    }
  }

  /// Configuration and workload as they were asked for.
  static void note(SweepPoint& point, const Json& raw) {
    point.configuration = json_text(raw);
    if (const auto workload = raw.find("workload"); workload != raw.end()) {
      point.workload = workload->is_string() ? workload->get<std::string>() : json_text(*workload);
    }
  }

  /// Reads the experiment, its technology and its network as a run would.
  void complete(SweepPoint& point, const Json& raw) {
    note(point, raw);
    try {
      const Experiment experiment = read_experiment({{}, raw});
      if (experiment.workloads().empty() || experiment.workload == "-") {
        throw Error(ErrorKind::bad_input,
                    {{{}, "/workload", "names no network: give \"workloads\", or \"workload\" in \"base\"", {}}});
      }
      point.workload = join(experiment.workloads(), " + ");
      Json echo = to_json(experiment);
      echo.erase("outputs");
      point.configuration = json_text(echo);
      std::vector<std::string> hashes;
      for (const std::string& workload : experiment.workloads()) {
        hashes.push_back(workload_hash(workload, experiment.allow_unmodelled));
      }
      point.workload_hash = hashes.size() == 1 ? hashes.front() : hash_text(join(hashes, ""));
      point.technology_hash = machines_.technology(experiment.power.technology).hash;
      point.config_hash = config_hash(echo);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw;
      point.problem = text_of(error);
    }
  }

  /// Every network is read once.
  std::string workload_hash(const std::string& workload, bool allow_unmodelled) {
    const auto key = std::make_pair(workload, allow_unmodelled);
    auto known = networks_.find(key);
    if (known == networks_.end()) {
      Network network;
      try {
        network.hash = load_hashed(workload, allow_unmodelled).hash;
      } catch (const Error& error) {
        network.error = error;
      }
      known = networks_.emplace(key, network).first;
    }
    if (known->second.error) throw *known->second.error;
    return known->second.hash;
  }

  void check_tallies() const {
    std::size_t valid = 0;
    for (const SweepPoint& point : plan_.points) valid += point.problem.empty() ? 1 : 0;
    if (valid == 0) throw fail({}, "no point is valid; the first one: " + plan_.points.front().problem);
    IssueList issues;
    for (std::size_t a = 0; a < tallies_.size(); ++a) {
      for (std::size_t n = 0; n < tallies_[a].size(); ++n) {
        const Tally& tally = tallies_[a][n];
        if (tally.points == 0 || tally.valid > 0) continue;
        issues.add({spec_.file,
                    pointer_append(spec_.axes[a].places.front(), std::to_string(n)),
                    "no point with this value is valid: " + tally.first_problem,
                    {}});
      }
    }
    issues.throw_if_any();
  }

  struct Network {
    std::string hash;
    std::optional<Error> error;
  };

  const SweepSpec& spec_;
  SweepPlan plan_;
  std::vector<std::vector<Tally>> tallies_;  ///< by axis and value
  std::map<std::pair<std::string, bool>, Network> networks_;
  MachineFunctions machines_;
};

}  // namespace

SweepPlan make_sweep_plan(const SweepSpec& spec) {
  return Planner(spec).plan();
}

std::string label(const SweepPlan& plan, const SweepPoint& point) {
  std::vector<std::string> parts;
  for (std::size_t n = 0; n < point.values.size(); ++n) {
    if (point.values[n].is_null()) continue;  // could not be derived
    parts.push_back(plan.parameters[n] + "=" + json_text(point.values[n]));
  }
  return join(parts);
}

}  // namespace podsim

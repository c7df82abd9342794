// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_spec.hpp"

#include <algorithm>
#include <limits>

#include "podsim/sim/core/json_pointer.hpp"

namespace podsim {
namespace {

constexpr std::int64_t kSchema = 1;

class SpecReader {
 public:
  explicit SpecReader(const JsonDocument& document) : reader_(document, issues_), document_(document) {}

  SweepSpec read() {
    SweepSpec out;
    out.file = document_.file;
    out.document = document_.root;
    if (!reader_.expect_object()) issues_.throw_if_any();
    reader_.optional_integer("schema", kSchema, {kSchema, kSchema});
    out.base = Json::object();
    if (auto base = reader_.optional_member("base")) {
      if (base->expect_object()) out.base = base->value();
      if (base->value().is_object() && base->has("outputs")) {
        base->fail_at("outputs", "must be left out: a sweep writes one file for all points, named by -o");
      }
    }
    out.has_workloads = reader_.has("workloads");
    if (auto workloads = reader_.optional_member("workloads")) read_workloads(*workloads, out);
    if (auto axes = reader_.optional_member("axes")) {
      if (axes->expect_object()) {
        for (const auto& [pointer, values] : axes->value().items()) {
          SweepAxis axis;
          read_values(*axes, pointer, values, axis);
          if (!axis.values.empty()) out.axes.push_back(std::move(axis));
        }
      }
    }
    if (auto zip = reader_.optional_member("zip")) {
      for (JsonReader& group : zip->elements()) read_zip(group, out);
    }
    if (auto derived = reader_.optional_member("derived")) read_derived(*derived, out);
    if (auto filters = reader_.optional_member("filters")) {
      for (JsonReader& filter : filters->elements()) {
        if (auto expression = read_expression(filter)) out.filters.push_back(std::move(*expression));
      }
    }
    out.max_cycles = reader_.optional_integer("max_cycles", 0, {0, std::numeric_limits<std::int64_t>::max()});
    reader_.finish();
    issues_.throw_if_any();
    return out;
  }

 private:
  /// A pointer that may be set, once.
  bool check_pointer(const JsonReader& owner, const std::string& pointer) {
    const auto keys = pointer_keys(pointer);
    if (!keys) {
      std::string slashed = "/" + pointer;
      std::replace(slashed.begin(), slashed.end(), '.', '/');
      const bool is_close = !pointer.empty() && pointer[0] != '/';
      owner.fail_at(pointer, "\"" + pointer + "\" is not a JSON pointer (/key/key)",
                    is_close ? "did you mean \"" + slashed + "\"?" : "write for example /hardware/pods/rows");
      return false;
    }
    if (keys->front() == "outputs") {
      owner.fail_at(pointer, "cannot be varied: a sweep writes one file for all points, named by -o");
      return false;
    }
    if (std::find(pointers_.begin(), pointers_.end(), pointer) != pointers_.end()) {
      owner.fail_at(pointer, "\"" + pointer + "\" is set twice: by axes, zip, derived or workloads");
      return false;
    }
    pointers_.push_back(pointer);
    return true;
  }

  void read_values(const JsonReader& owner, const std::string& pointer, const Json& values, SweepAxis& axis) {
    if (!check_pointer(owner, pointer)) return;
    const std::string place = pointer_append(owner.pointer(), pointer);
    JsonReader reader(values, owner.file(), place, issues_);
    if (!reader.expect_array()) return;
    if (values.empty()) {
      reader.fail("must be a list of one value at least, got an empty list");
      return;
    }
    axis.pointers.push_back(pointer);
    axis.places.push_back(place);
    axis.values.emplace_back(values.begin(), values.end());
  }

  void read_workloads(JsonReader& reader, SweepSpec& out) {
    pointers_.emplace_back("/workload");
    SweepAxis axis{{"/workload"}, {reader.pointer()}, {{}}};
    for (JsonReader& element : reader.elements()) {
      if (!element.value().is_string() && !element.value().is_object()) {
        element.fail("must be a file, \"zoo:NAME\" or an object with \"source\", got " +
                     JsonReader::describe(element.value()));
      }
      axis.values.front().push_back(element.value());
    }
    if (reader.value().is_array() && reader.value().empty()) reader.fail("must name one workload at least");
    if (axis.size() > 0) out.axes.push_back(std::move(axis));
  }

  void read_zip(JsonReader& group, SweepSpec& out) {
    if (!group.expect_object()) return;
    SweepAxis axis;
    for (const auto& [pointer, values] : group.value().items()) read_values(group, pointer, values, axis);
    if (axis.values.empty()) {
      if (group.value().empty()) group.fail("must hold one list at least");
      return;
    }
    for (std::size_t n = 1; n < axis.values.size(); ++n) {
      if (axis.values[n].size() == axis.size()) continue;
      group.fail_at(axis.pointers[n], "has " + std::to_string(axis.values[n].size()) + " values, but \"" +
                                          axis.pointers[0] + "\", with which it is zipped, has " +
                                          std::to_string(axis.size()));
      return;
    }
    out.axes.push_back(std::move(axis));
  }

  std::optional<Expression> read_expression(JsonReader& reader) {
    const auto text = reader.string();
    if (!text) return std::nullopt;
    try {
      return Expression::parse(*text);
    } catch (const Error& error) {
      reader.fail(error.issues().front().message, error.issues().front().hint);
      return std::nullopt;
    }
  }

  void read_derived(JsonReader& reader, SweepSpec& out) {
    if (!reader.expect_object()) return;
    for (const auto& [pointer, value] : reader.value().items()) {
      if (!check_pointer(reader, pointer)) continue;
      JsonReader text(value, reader.file(), pointer_append(reader.pointer(), pointer), issues_);
      if (auto expression = read_expression(text)) out.derived.push_back({pointer, std::move(*expression)});
    }
  }

  IssueList issues_;
  JsonReader reader_;
  const JsonDocument& document_;
  std::vector<std::string> pointers_;  ///< that are set
};

}  // namespace

SweepSpec read_sweep_spec(const JsonDocument& document) {
  return SpecReader(document).read();
}

}  // namespace podsim

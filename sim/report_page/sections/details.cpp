// SPDX-License-Identifier: Apache-2.0
// Everything else a report holds, as tables: parts of reports that have no picture are shown without further code.
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

/// Lists longer than this are left to the file.
constexpr std::size_t kLongest = 1000;

class Details final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    Json out = Json::object();
    for (const auto& [name, value] : run.report.items()) {
      if (name == "layers" || name == "statistics" || name == "assumptions" || !value.is_structured()) continue;
      out[name] = value;
      if (!value.is_object()) {
        shorten(out[name]);
        continue;
      }
      for (auto& [inner, held] : out[name].items()) shorten(held);
    }
    return out;
  }

 private:
  static void shorten(Json& value) {
    if (value.is_array() && value.size() > kLongest) {
      value = "a list of " + std::to_string(value.size()) + "; see the file";
    }
  }
};

const Registered<NoParameters> entry{run_section_registry(), "details", "all other members of the report",
                                     [](const NoParameters&) { return std::make_unique<Details>(); }};

}  // namespace
}  // namespace podsim

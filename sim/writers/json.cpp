// SPDX-License-Identifier: Apache-2.0
// The complete report as one JSON object; `podsim compare` and `podsim serve` use the same form.
#include "podsim/sim/report_json.hpp"
#include "podsim/sim/writer.hpp"

namespace podsim {
namespace {

class JsonWriter final : public Writer {
 public:
  std::string content(const Report& report) const override {
    return to_json(report).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
};

const Registered<NoParameters> entry{writer_registry(), "json", "the complete report",
                                     [](const NoParameters&) { return std::make_unique<JsonWriter>(); }};

}  // namespace
}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
// What `podsim run -o FILE.json` writes.
#include "podsim/sim/report_source.hpp"

namespace podsim {
namespace {

class JsonReport final : public ReportFormat {
 public:
  bool probe(std::string_view first_bytes) const override {
    const std::size_t first = first_bytes.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && first_bytes[first] == '{';
  }
  JsonDocument read(std::string content, const std::string& file) const override { return parse_json(content, file); }
};

const Registered<NoParameters> entry{report_format_registry(), "json", "reports as JSON",
                                     [](const NoParameters&) { return std::make_unique<JsonReport>(); }};

}  // namespace
}  // namespace podsim

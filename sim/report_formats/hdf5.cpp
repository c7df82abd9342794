// SPDX-License-Identifier: Apache-2.0
// What `podsim run -o FILE.h5` writes.
#include <utility>

#include "podsim/sim/core/trial.hpp"
#include "podsim/sim/report_hdf5.hpp"
#include "podsim/sim/report_source.hpp"

namespace podsim {
namespace {

class Hdf5Report final : public ReportFormat {
 public:
  bool probe(std::string_view first_bytes) const override { return is_hdf5(first_bytes); }
  JsonDocument read(std::string content, const std::string& file) const override {
    // HDF5 1.10 dies of some damaged files.
    if (!survives([&] { (void)report_document(Hdf5Reader(content, file)); })) {
      throw Error(ErrorKind::bad_input, {{file, {}, "is damaged: the HDF5 library cannot read it", {}}});
    }
    return report_document(Hdf5Reader(std::move(content), file));
  }
};

const Registered<NoParameters> entry{report_format_registry(), "hdf5", "reports as HDF5",
                                     [](const NoParameters&) { return std::make_unique<Hdf5Report>(); }};

}  // namespace
}  // namespace podsim

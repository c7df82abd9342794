// SPDX-License-Identifier: Apache-2.0
// The complete report, the rounds and the pods as HDF5, for h5py and pandas. Both extensions are usual.
#include "podsim/sim/report_hdf5.hpp"
#include "podsim/sim/writer.hpp"

namespace podsim {
namespace {

class Hdf5Writer final : public Writer {
 public:
  std::string content(const Report& report) const override { return to_hdf5(report); }
  bool wants_rounds() const override { return true; }
};

constexpr const char* kSummary = "the complete report, every round and every pod as HDF5 tables";
const Registered<NoParameters> entry{writer_registry(), "hdf5", kSummary,
                                     [](const NoParameters&) { return std::make_unique<Hdf5Writer>(); }};
const Registered<NoParameters> short_entry{writer_registry(), "h5", kSummary,
                                           [](const NoParameters&) { return std::make_unique<Hdf5Writer>(); }};

}  // namespace
}  // namespace podsim

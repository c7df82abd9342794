#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The HDF5 form of a report (layout: docs/formats.md).

#include <string>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/report.hpp"

namespace podsim {

/// The complete report as the bytes of an HDF5 file: what the JSON form holds, and a table of the rounds and of the
/// pods. Equal runs give equal bytes.
std::string to_hdf5(const Report& report);

/// What an HDF5 report shares with the JSON form, in that form. Statistics, rounds and pods are left out.
/// \throws Error (bad_input) if the file is damaged or no report
JsonDocument report_document(const Hdf5Reader& reader);

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file 128-bit integers, for products of two 64-bit counts.

namespace podsim {

/// Both g++ and clang++ have it; ISO C++ does not, hence the marker.
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using): an alias cannot carry the marker

}  // namespace podsim

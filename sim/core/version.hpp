#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What this build is.

namespace podsim {

/// "0.1.0"
const char* version();
/// The first 12 digits of the git commit, with "-dirty" if the sources were changed; "unknown" outside a checkout.
const char* commit();

}  // namespace podsim

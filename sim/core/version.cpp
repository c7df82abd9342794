// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/version.hpp"

#include "podsim_version.hpp"

namespace podsim {

const char* version() {
  return PODSIM_VERSION;
}
const char* commit() {
  return PODSIM_COMMIT;
}

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Tries something that a library of others may not survive.

#include <functional>

namespace podsim {

/// Runs `body` in a copy of the process and waits for it.
/// \return false if that died: of a signal, or of a sanitizer. True if the body returned or threw, or if no copy could
///         be made.
/// \pre no other thread holds what the body needs: only the calling thread is copied
bool survives(const std::function<void()>& body);

}  // namespace podsim

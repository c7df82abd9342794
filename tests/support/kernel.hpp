#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A SystemC context of its own for a test, so that one program can simulate many testbenches.

#include <systemc>

namespace podsim::test {

/// The kernel keeps its state in one global, and a context that has run cannot take new modules. Modules must be
/// destroyed before this is.
class Kernel {
 public:
  Kernel() : outer_(sc_core::sc_get_curr_simcontext()) {
    sc_core::sc_curr_simcontext = new sc_core::sc_simcontext;
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  }
  ~Kernel() {
    delete sc_core::sc_curr_simcontext;
    sc_core::sc_curr_simcontext = outer_;
  }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

 private:
  sc_core::sc_simcontext* outer_;
};

}  // namespace podsim::test

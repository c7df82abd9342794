#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Small expressions over the parameters of a point: `{/hardware/pods/rows} * {/hardware/pods/cols} <= 4096`.

#include <functional>
#include <memory>
#include <string>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// A parsed expression. Values are numbers (double), strings and booleans, without conversions between them.
///
///     or      ||                      and     &&
///     compare == != < <= > >=         sum     + -
///     term    * / % (of the sign of the first)
///     unary   - !
///     primary 12.5  'text'  true  false  {/json/pointer}  ( )  name(a, b)
///     name    min max floor ceil round abs sqrt log2 pow, and functions of the machine: peak_power_watts() area_mm2()
///             pods_within(watts) power_of_two_pods_within(watts)
class Expression {
 public:
  /// The value behind a JSON pointer; throws Error (bad_input) if there is none.
  using Lookup = std::function<Json(const std::string& pointer)>;
  /// A function of the machine by its name; the argument is 0 if it takes none.
  using OfMachine = std::function<double(const std::string& name, double argument)>;
  struct Node;

  /// \throws Error (bad_input) that shows where the text stops making sense
  static Expression parse(const std::string& text);

  /// A number, a string or a boolean. A number without fraction is an integer.
  /// \throws Error (bad_input) for operands of the wrong type and numbers that are not finite
  Json evaluate(const Lookup& lookup, const OfMachine& of_machine) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Plain text for terminals: aligned tables and numbers with a sensible number of digits.

#include <cstdint>
#include <string>
#include <vector>

namespace podsim {

/// Cells in columns; each column is as wide as its widest cell.
class Table {
 public:
  enum class Align { left, right };
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  /// Missing cells are empty. Control characters, as names may have, are shown as codes.
  void row(std::vector<std::string> cells);
  /// Every line starts with `indent` and ends without blanks.
  std::string text(const std::string& indent = {}) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// With a fixed number of decimals and '.', independent of the locale.
std::string fixed(double value, int decimals);
/// 0.4321 -> "43.2 %"
std::string percent(double fraction);
/// 7212345678 -> "7.21 G"; three significant digits, powers of 1000. The unit goes directly behind.
std::string si(double value);
/// The same before a word: "25.6 M parameters".
std::string count_text(double value, const std::string& word);
/// Breaks a text into lines of at most `width` characters.
std::vector<std::string> wrap(const std::string& text, std::size_t width);

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Small text helpers: spelling suggestions, lists, numbers for people.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podsim {

/// The candidate closest to `word` in edit distance, if it is close enough to be a likely slip; otherwise "".
std::string closest_match(std::string_view word, const std::vector<std::string>& candidates);

/// `did you mean "x"?`; if nothing is close but some contain the word, up to three of those; otherwise "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b, c"
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

/// 1234567 -> "1,234,567"
std::string with_thousands(std::int64_t value);

/// Where the text stops being valid UTF-8 (RFC 3629), or npos.
std::size_t utf8_fault(std::string_view text);

/// The text as it can be shown and stored: bytes that are no UTF-8 become U+FFFD, control characters "\\x1b".
std::string printable(std::string_view text);

/// "1 round", "1,070 rounds"
std::string counted(std::int64_t count, const std::string& singular);

/// Shortest text that reads back as the same double; always with '.', independent of the locale.
std::string number_text(double value);

}  // namespace podsim

// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>

namespace podsim {
namespace {

/// Damerau–Levenshtein distance (optimal string alignment), case-insensitive.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string closest_match(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = closest_match(word, candidates);
  if (!best.empty()) return "did you mean \"" + best + "\"?";
  constexpr std::size_t kShortest = 3;
  constexpr std::size_t kShown = 3;
  std::vector<std::string> containing;
  for (const std::string& candidate : candidates) {
    if (word.size() < kShortest || candidate.find(word) == std::string::npos) continue;
    if (containing.size() < kShown) containing.push_back("\"" + candidate + "\"");
  }
  if (containing.empty()) return {};
  return (containing.size() == 1 ? "did you mean " : "did you mean one of ") + join(containing) + "?";
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

std::string with_thousands(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::size_t utf8_fault(std::string_view text) {
  auto byte = [text](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned first = byte(at);
    std::size_t length = 1;
    unsigned lowest = 0x80;
    unsigned highest = 0xbf;
    if (first >= 0x80) {
      if (first < 0xc2 || first > 0xf4) return at;
      length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      // Overlong forms, surrogates and what lies beyond U+10FFFF.
      if (first == 0xe0) lowest = 0xa0;
      if (first == 0xed) highest = 0x9f;
      if (first == 0xf0) lowest = 0x90;
      if (first == 0xf4) highest = 0x8f;
      if (byte(at + 1) < lowest || byte(at + 1) > highest) return at;
      for (std::size_t n = 2; n < length; ++n) {
        if ((byte(at + n) & 0xc0U) != 0x80U) return at;
      }
    }
    at += length;
  }
  return std::string_view::npos;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t fault = std::min(utf8_fault(text), text.size());
    for (const char c : text.substr(0, fault)) {
      const auto value = static_cast<unsigned char>(c);
      if (value >= 0x20 && value != 0x7f) {
        out += c;
        continue;
      }
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
    }
    if (fault < text.size()) out += "\xef\xbf\xbd";
    text.remove_prefix(std::min(text.size(), fault + 1));
  }
  return out;
}

std::string counted(std::int64_t count, const std::string& singular) {
  return with_thousands(count) + " " + singular + (count == 1 ? "" : "s");
}

std::string number_text(double value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end.ptr);
}

}  // namespace podsim

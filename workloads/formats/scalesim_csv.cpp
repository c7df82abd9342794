// SPDX-License-Identifier: Apache-2.0
// SCALE-Sim topology files: one convolution or one GEMM a line; docs/formats.md.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

const std::vector<std::string> kConvolutionColumns{"Layer name",   "IFMAP Height", "IFMAP Width", "Filter Height",
                                                   "Filter Width", "Channels",     "Num Filter",  "Strides"};
const std::vector<std::string> kGemmColumns{"Layer", "M", "N", "K"};

std::string trimmed(std::string_view text) {
  const char* blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

/// The cells of a line; one trailing comma does not make a cell.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  if (cells.size() > 1 && cells.back().empty()) cells.pop_back();
  return cells;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Lower case letters only, so that headers compare whatever their spelling.
std::string folded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

bool is_header(const std::vector<std::string>& cells) {
  return cells.size() >= 4 && !integer_of(cells[1]) && folded(cells[0]).compare(0, 5, "layer") == 0;
}

/// The columns a header announces, or nullptr.
const std::vector<std::string>* columns_of_header(const std::vector<std::string>& cells) {
  std::vector<std::string> names;
  for (const std::string& cell : cells) names.push_back(folded(cell));
  const auto matches = [&](const std::vector<std::string>& columns) {
    if (names.size() != columns.size()) return false;
    for (std::size_t i = 1; i < columns.size(); ++i) {
      // "Stride" and "Num Filters" occur as well.
      const std::string expected = folded(columns[i]);
      if (names[i] != expected && names[i] + "s" != expected && names[i] != expected + "s") return false;
    }
    return true;
  };
  if (matches(kConvolutionColumns)) return &kConvolutionColumns;
  return matches(kGemmColumns) ? &kGemmColumns : nullptr;
}

class ScalesimCsv final : public WorkloadFormat {
 public:
  bool probe(const std::string& path, std::string_view first_bytes) const override {
    for (const std::string_view line : lines_of(first_bytes)) {
      if (trimmed(line).empty()) continue;
      const std::vector<std::string> cells = cells_of(line);
      if (is_header(cells)) return true;
      break;
    }
    const std::string_view extension = ".csv";
    return path.size() >= extension.size() &&
           path.compare(path.size() - extension.size(), extension.size(), extension) == 0;
  }

  Network read(const std::string& text, const std::string& file, const LoadOptions&) const override {
    Network network;
    network.file = file;
    network.name = printable(stem(file));
    network.description = "SCALE-Sim topology; every row is a layer with an input of its own";
    IssueList issues;
    const std::vector<std::string>* columns = nullptr;
    std::set<std::string> taken;
    bool first = true;
    std::int64_t number = 0;
    for (const std::string_view line : lines_of(text)) {
      ++number;
      if (trimmed(line).empty()) continue;
      const std::vector<std::string> cells = cells_of(line);
      const std::string place = "line " + std::to_string(number);
      if (const std::size_t fault = utf8_fault(line); fault != std::string_view::npos) {
        issues.add({file, place, "is not valid UTF-8 from byte " + std::to_string(fault + 1) + " on",
                    "save the file as UTF-8"});
        break;
      }
      if (first && is_header(cells)) {
        columns = columns_of_header(cells);
        if (columns == nullptr) {
          issues.add({file,
                      place,
                      "unknown columns \"" + join(cells) + "\" (allowed: \"" + join(kConvolutionColumns) + "\" or \"" +
                          join(kGemmColumns) + "\")",
                      {}});
          break;
        }
        first = false;
        continue;
      }
      first = false;
      // Without a header, the first row says by its length what the file is.
      if (columns == nullptr) columns = cells.size() <= kGemmColumns.size() ? &kGemmColumns : &kConvolutionColumns;
      read_row(cells, *columns, place, taken, network, issues);
    }
    if (network.layers.empty() && issues.empty()) issues.add({file, {}, "the file has no layers", {}});
    issues.throw_if_any();
    network.infer(issues);
    issues.throw_if_any();
    return network;
  }

 private:
  static std::string stem(const std::string& file) {
    const std::size_t slash = file.find_last_of('/');
    const std::string base = slash == std::string::npos ? file : file.substr(slash + 1);
    const std::size_t dot = base.find_last_of('.');
    return dot == std::string::npos || dot == 0 ? base : base.substr(0, dot);
  }

  static void read_row(const std::vector<std::string>& cells, const std::vector<std::string>& columns,
                       const std::string& place, std::set<std::string>& taken, Network& network, IssueList& issues) {
    const auto fail = [&](const std::string& message) { issues.add({network.file, place, message, {}}); };
    if (cells.size() != columns.size()) {
      fail("a row has " + std::to_string(columns.size()) + " cells (" + join(columns) + "), got " +
           std::to_string(cells.size()));
      return;
    }
    std::vector<std::int64_t> values{0};
    bool good = true;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const auto value = integer_of(cells[i]);
      const std::int64_t highest = &columns == &kConvolutionColumns ? kMaximumWindow : kMaximumElements;
      if (!value || *value < 1 || *value > highest) {
        fail(columns[i] + " must be an integer in [1, " + std::to_string(highest) + "], got \"" + cells[i] + "\"");
        good = false;
      }
      values.push_back(value.value_or(1));
    }
    if (cells[0].empty()) {
      fail(columns[0] + " is empty");
      good = false;
    }
    if (!good) return;
    Layer layer;
    layer.name = unique_name(cells[0], taken);
    layer.place = place;
    layer.inputs = {layer.name + "_input"};
    NetworkInput input;
    input.name = layer.inputs[0];
    if (&columns == &kConvolutionColumns) {
      Conv2d conv;
      conv.kernel = {values[3], values[4]};
      conv.in_channels = values[5];
      conv.out_channels = values[6];
      conv.stride = {values[7], values[7]};
      input.shape = {values[5], values[1], values[2]};
      layer.op = Op::conv2d;
      layer.attributes = conv;
    } else {
      // The columns are M, N, K in this order.
      Linear linear;
      linear.in_features = values[3];
      linear.out_features = values[2];
      input.shape = {values[1], values[3]};
      layer.op = Op::linear;
      layer.attributes = linear;
    }
    network.outputs.push_back(layer.name);
    network.inputs.push_back(std::move(input));
    network.layers.push_back(std::move(layer));
  }

  /// Topology files repeat names; the second "Conv1" becomes "Conv1_2".
  static std::string unique_name(const std::string& name, std::set<std::string>& taken) {
    std::string candidate = name;
    for (int i = 2; taken.count(candidate) != 0 || taken.count(candidate + "_input") != 0; ++i) {
      candidate = name + "_" + std::to_string(i);
    }
    taken.insert(candidate);
    taken.insert(candidate + "_input");
    return candidate;
  }
};

const Registered<NoParameters> entry{workload_format_registry(), "scalesim_csv",
                                     "SCALE-Sim topology CSV, convolutions or GEMMs (columns M, N, K)",
                                     [](const NoParameters&) { return std::make_unique<ScalesimCsv>(); }};

}  // namespace
}  // namespace podsim

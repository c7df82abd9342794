#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What an action costs in silicon: energies, leakage and areas of one technology, each with unit and source.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/registry.hpp"

namespace podsim {

/// A quantity of an SRAM bank by its capacity.
class SramTable {
 public:
  struct Point {
    double kib = 0;
    double value = 0;
  };
  SramTable() = default;
  /// \param points at least one, by rising capacity, all values positive
  explicit SramTable(std::vector<Point> points) : points_(std::move(points)) {}

  bool empty() const { return points_.empty(); }
  const std::vector<Point>& points() const { return points_; }
  /// Of one access: a straight line in logarithms between two points. A bank below the smallest costs as much as that
  /// one; a bank above the largest is made of several of that size, of which an access meets one. 0 if empty.
  double of_access(double kib) const;
  /// Of the whole bank (leakage, area): the same between points, in proportion to capacity outside. 0 if empty.
  double of_bank(double kib) const;

 private:
  double between(double kib) const;
  std::vector<Point> points_;
};

/// One line of a technology file, for people.
struct TechnologyEntry {
  std::string key;
  std::string value;  ///< as written; of tables "64: 1.1, 128: 1.6"
  std::string unit;
  std::string source;
};

/// The costs of one technology. What its file leaves out is 0, areas are unknown then.
struct Technology {
  std::string name;
  std::string summary;
  double mac_pj = 0;  ///< of an int8 MAC; other widths cost in proportion to the product of their bits
  SramTable sram_read_pj_per_byte;
  SramTable sram_write_pj_per_byte;
  SramTable sram_leakage_mw;
  SramTable sram_area_mm2;
  /// Capacity in KiB at which banks are charged for accesses if the machine leaves theirs to the default.
  std::optional<double> automatic_bank_kib;
  double switch_port_pj_per_byte = 0;  ///< a byte passing one port of one switch
  double switch_port_um2_per_byte = 0;
  double wire_pj_per_byte_mm = 0;  ///< every bit toggling
  double wire_activity = 0;        ///< share of bits that toggle
  double wire_route = 0;           ///< mean length of a route over the side of a square die
  double post_processor_pj = 0;    ///< per element
  double dram_pj_per_byte = 0;
  double pe_leakage_uw = 0;
  double pe_area_um2 = 0;        ///< cells
  double placement_density = 1;  ///< cell area over placed area
  std::vector<TechnologyEntry> entries;
  std::string hash;  ///< 16 hexadecimal digits over the file's content

  bool has_area() const { return pe_area_um2 > 0 && !sram_area_mm2.empty() && switch_port_um2_per_byte > 0; }
};

/// What is taken if nobody says otherwise.
inline constexpr const char* kDefaultTechnology = "sosa28";

/// Technologies of the build, one per file in models/technology/.
using TechnologyRegistry = Registry<Technology>;
TechnologyRegistry& technology_registry();

/// Reads a technology file: docs/energy.md.
/// \param name by which reports call it
/// \throws Error (bad_input) with all mistakes: missing or unknown keys, units of the wrong kind, no source
Technology read_technology(const JsonDocument& document, const std::string& name);

/// The text is the path of a file, not a name: it has a '/' or ends in ".json".
bool is_technology_file(const std::string& name_or_path);

/// A technology by name, or by the path of a file: is_technology_file.
/// \throws Error (bad_input) if there is none
Technology load_technology(const std::string& name_or_path);

}  // namespace podsim

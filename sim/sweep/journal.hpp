#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a sweep has finished, safe from crashes: lines that are only ever appended.

#include <map>
#include <string>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// A file of lines `CHECKSUM JSON`; the first one says which sweep it belongs to. A line is on the disk before `append`
/// returns. A line that a crash cut short, or that was damaged, is passed over when the file is read. The file is
/// locked (flock) while it is open, so that two sweeps cannot share one.
class SweepJournal {
 public:
  enum class Mode { fresh, resume };

  /// Opens the journal, or begins it if there is none.
  /// \param header what the first line holds; a journal to resume must have the same
  /// \throws Error (bad_input) if it cannot be opened, is in use, belongs to something else, or (fresh) holds finished
  ///         points
  SweepJournal(std::string path, const Json& header, Mode mode);
  ~SweepJournal();
  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;

  /// The entries that were there when it was opened, by their member "point".
  const std::map<std::int64_t, Json>& entries() const { return entries_; }
  /// \param entry an object with the member "point"
  /// \throws Error (run_failed); the journal is as it was before then
  void append(const Json& entry);
  /// Removes the file: its content has been stored elsewhere.
  void remove();

 private:
  void read(const Json& header, Mode mode);
  void append_line(const Json& value);
  Error failed(const std::string& what) const;

  std::string path_;
  int file_ = -1;
  std::map<std::int64_t, Json> entries_;
};

}  // namespace podsim

#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Runs the podsim program in a folder of its own.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace podsim::test {

struct Outcome {
  int code = -1;  ///< exit code; 128 + number if a signal ended it
  std::string out, err;
  std::int64_t peak_memory_bytes = 0;
  double cpu_seconds = 0;  ///< unlike wall time independent of what else the machine does
};

/// An empty folder that is the program's working directory; removed with all its files at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;
  bool has(const std::string& name) const;
  /// Names of all files, hidden ones too, sorted.
  std::vector<std::string> files() const;
  /// Runs podsim to its end.
  Outcome podsim(const std::vector<std::string>& arguments, const std::string& input = {}) const;
  /// Starts podsim in the folder, sends SIGINT as soon as it has written `file`, and waits for its end.
  Outcome interrupted(const std::vector<std::string>& arguments, const std::string& file) const;
  /// Starts podsim and sends SIGINT after so many microseconds, unless it has ended before.
  Outcome interrupted_after(const std::vector<std::string>& arguments, unsigned microseconds) const;
  /// Starts podsim and sends SIGKILL after so many microseconds, unless it has ended before.
  Outcome killed_after(const std::vector<std::string>& arguments, unsigned microseconds) const;
  /// Starts podsim and kills the processes that it has started, after so many microseconds; then waits for its end.
  /// \param killed how many there were
  Outcome children_killed_after(const std::vector<std::string>& arguments, unsigned microseconds, int& killed) const;
  /// Runs podsim so that a signal kills it when it writes a file beyond so many bytes.
  Outcome killed_at_size(const std::vector<std::string>& arguments, std::uint64_t bytes) const;
  /// Runs podsim so that writing a file beyond so many bytes fails, as on a full disk.
  Outcome failing_at_size(const std::vector<std::string>& arguments, std::uint64_t bytes) const;

 private:
  struct Disturbance {
    std::string interrupt_at;
    std::optional<unsigned> kill_after_microseconds;
    std::optional<unsigned> interrupt_after_microseconds;
    std::optional<std::uint64_t> largest_file_bytes;
    bool is_killed_at_size = true;
    std::optional<unsigned> kill_children_after_microseconds;
    int* killed_children = nullptr;
  };
  Outcome run(const std::vector<std::string>& arguments, const std::string& input,
              const Disturbance& disturbance) const;
  std::string path_;
};

/// The networks of tests/data, by path.
std::string tiny_network();
bool contains(const std::string& text, const std::string& part);

}  // namespace podsim::test

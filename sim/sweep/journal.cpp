// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

Error refused(const std::string& path, const std::string& message, const std::string& hint = {}) {
  return Error(ErrorKind::bad_input, {{path, {}, message, hint}});
}

std::string line_of(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return hash_text(text) + " " + text + "\n";
}

/// The JSON of an undamaged line; null for any other.
Json value_of(const std::string& line) {
  constexpr std::size_t kDigits = 16;
  if (line.size() <= kDigits || line[kDigits] != ' ') return nullptr;
  const std::string text = line.substr(kDigits + 1);
  if (line.compare(0, kDigits, hash_text(text)) != 0) return nullptr;
  return Json::parse(text, nullptr, false);
}

/// The name of a new file is safe once its folder is.
void sync_folder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

SweepJournal::SweepJournal(std::string path, const Json& header, Mode mode) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) throw refused(path_, std::string("cannot be written: ") + std::strerror(errno));
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) throw refused(path_, "is in use by another sweep");
    read(header, mode);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

SweepJournal::~SweepJournal() {
  ::close(file_);
}

void SweepJournal::read(const Json& header, Mode mode) {
  const std::string text = read_text_file(path_);
  Json found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    Json value = value_of(text.substr(begin, end - begin));
    begin = end + 1;
    if (!value.is_object()) continue;
    if (found.is_null()) {
      found = std::move(value);
    } else if (const auto point = value.find("point"); point != value.end() && point->is_number_integer()) {
      const auto number = point->get<std::int64_t>();
      entries_[number] = std::move(value);
    }
  }
  if (found.is_null()) {
    // Empty, or killed before the first line was written. Anything longer is not ours to overwrite.
    if (text.find('\n') != std::string::npos || text.size() > line_of(header).size()) {
      throw refused(path_, "is no journal of a sweep", "move it away");
    }
    if (::ftruncate(file_, 0) != 0) throw failed("cannot be emptied");
    append_line(header);
    sync_folder(path_);
    return;
  }
  if (mode == Mode::fresh && !entries_.empty()) {
    throw refused(
        path_,
        "holds " + counted(static_cast<std::int64_t>(entries_.size()), "point") + " of a sweep that was not finished",
        "--resume goes on with it; remove the file to begin again");
  }
  for (const auto& [key, value] : header.items()) {
    const Json of_file = found.value(key, Json());
    if (of_file == value) continue;
    if (mode == Mode::fresh) {  // holds nothing that could be lost
      if (::ftruncate(file_, 0) != 0) throw failed("cannot be emptied");
      append_line(header);
      return;
    }
    throw refused(path_, "belongs to another sweep: its " + key + " is " + of_file.dump() + ", not " + value.dump(),
                  "resume with the spec, the workload files, the options and the podsim it was begun with, or remove "
                  "the file to begin again");
  }
  // What a crash cut short becomes a line of its own.
  if (text.back() != '\n' && ::write(file_, "\n", 1) != 1) throw failed("cannot be written");
}

void SweepJournal::append(const Json& entry) {
  append_line(entry);
}

void SweepJournal::append_line(const Json& value) {
  struct stat before {};
  if (::fstat(file_, &before) != 0) throw failed("cannot be written");
  const std::string line = line_of(value);
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = ::write(file_, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    done += static_cast<std::size_t>(written);
  }
  if (done == line.size() && ::fsync(file_) == 0) return;
  const Error error = failed("cannot be written");
  if (::ftruncate(file_, before.st_size) != 0) throw failed("cannot be written, and its last line is incomplete");
  throw error;
}

void SweepJournal::remove() {
  ::unlink(path_.c_str());
}

Error SweepJournal::failed(const std::string& what) const {
  return Error(ErrorKind::run_failed,
               {{path_, {}, what + ": " + std::strerror(errno), "what is finished is safe in it; --resume goes on"}});
}

}  // namespace podsim

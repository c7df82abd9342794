// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

/// What a failing system call tells.
std::string reason() {
  return std::strerror(errno);
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  bool close() { return ::close(std::exchange(descriptor_, -1)) == 0; }

 private:
  int descriptor_;
};

/// Removes a file unless told to keep it.
class Remover {
 public:
  explicit Remover(std::string path) : path_(std::move(path)) {}
  ~Remover() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Remover(const Remover&) = delete;
  Remover& operator=(const Remover&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

bool write_all(int descriptor, const std::string& content) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t written = ::write(descriptor, content.data() + done, content.size() - done);
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    done += static_cast<std::size_t>(written);
  }
  return true;
}

/// Where a path leads: symbolic links are followed, so that they stay in place when their target is replaced.
struct Target {
  std::string path;
  bool exists = false;
  bool is_regular = true;
  bool is_directory = false;
  mode_t mode = 0;
};

Target resolve(const std::string& path) {
  Target out;
  out.path = path;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return out;
  out.exists = true;
  out.is_regular = S_ISREG(status.st_mode);
  out.is_directory = S_ISDIR(status.st_mode);
  out.mode = status.st_mode & 07777;
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    out.path = real;
    std::free(real);  // NOLINT(cppcoreguidelines-no-malloc): realpath allocates with malloc
  }
  return out;
}

std::string temporary_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return folder + "." + name + "." + std::to_string(::getpid()) + ".tmp";
}

Descriptor create_temporary(const std::string& name) {
  return Descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
}

}  // namespace

WriterRegistry& writer_registry() {
  static WriterRegistry registry("output format");
  return registry;
}

std::string output_format(const std::string& path, const std::string& otherwise) {
  const std::vector<std::string> known = writer_registry().names();
  if (path == "-") return otherwise.empty() ? "json" : otherwise;
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  std::string extension = dot == std::string::npos ? "" : name.substr(dot + 1);
  if (writer_registry().find(extension) != nullptr) return extension;
  std::vector<std::string> dotted;
  dotted.reserve(known.size());
  for (const std::string& format : known) dotted.push_back("." + format);
  if (extension.empty()) {
    if (!otherwise.empty()) return otherwise;
    throw Error(ErrorKind::bad_input, {{path,
                                        {},
                                        "has no extension to tell its format (known: " + join(dotted) + ")",
                                        "or name the format with --format"}});
  }
  throw Error(ErrorKind::bad_input, {{path,
                                      {},
                                      "unknown output format \"." + extension + "\" (known: " + join(dotted) + ")",
                                      did_you_mean("." + extension, dotted)}});
}

void check_writable(const std::string& path) {
  auto fail = [&path](const std::string& message) {
    return Error(ErrorKind::bad_input, {Issue{path, {}, message, {}}});
  };
  if (path.empty()) throw fail("the name of an output file is empty");
  const Target target = resolve(path);
  if (target.is_directory) throw fail("is a directory; the name of a file is expected");
  if (target.exists && ::access(target.path.c_str(), W_OK) != 0) throw fail("cannot be written: " + reason());
  if (!target.is_regular) return;
  const std::string temporary = temporary_name(target.path);
  const Descriptor descriptor = create_temporary(temporary);
  if (!descriptor.is_open()) throw fail("cannot be written: " + reason());
  ::unlink(temporary.c_str());
}

void write_file(const std::string& path, const std::string& content) {
  auto fail = [&path](const std::string& why) {
    return Error(ErrorKind::run_failed, {Issue{path, {}, "cannot be written: " + why, {}}});
  };
  const Target target = resolve(path);
  if (!target.is_regular) {
    Descriptor descriptor(::open(target.path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!descriptor.is_open() || !write_all(descriptor.get(), content) || !descriptor.close()) throw fail(reason());
    return;
  }
  const std::string temporary = temporary_name(target.path);
  Descriptor descriptor = create_temporary(temporary);
  if (!descriptor.is_open()) throw fail(reason());
  Remover remover(temporary);
  if (target.exists && ::fchmod(descriptor.get(), target.mode) != 0) throw fail(reason());
  // Without the fsync a full disk may show only after the rename.
  if (!write_all(descriptor.get(), content) || ::fsync(descriptor.get()) != 0 || !descriptor.close()) {
    throw fail(reason());
  }
  if (std::rename(temporary.c_str(), target.path.c_str()) != 0) throw fail(reason());
  remover.keep();
}

}  // namespace podsim

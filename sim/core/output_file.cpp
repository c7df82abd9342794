// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/output_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace podsim {
namespace {

/// What a failing system call tells.
std::string reason() {
  return std::strerror(errno);
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  bool close() { return ::close(std::exchange(descriptor_, -1)) == 0; }

 private:
  int descriptor_;
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

/// What a link leads to that does not exist yet; any other path as it is.
std::string behind_dangling_link(std::string path) {
  constexpr int kMostLinks = 40;  // as many as the kernel follows
  for (int n = 0; n < kMostLinks; ++n) {
    std::error_code none;
    const std::filesystem::path target = std::filesystem::read_symlink(path, none);
    if (none) break;
    path = (std::filesystem::path(path).parent_path() / target).string();  // an absolute target stays what it is
  }
  return path;
}

Target resolve(const std::string& path) {
  Target out;
  out.path = path;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) out.path = behind_dangling_link(path);
    return out;
  }
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

/// The folder of a path, "" or ending in '/', and the name in it.
std::pair<std::string, std::string> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

bool is_same_inode(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Removes the file if it is a temporary whose writer is gone: a writer holds the lock as long as it lives.
void remove_if_abandoned(const std::string& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor.is_open() || ::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) return;
  struct stat locked {};
  struct stat named {};
  if (::fstat(descriptor.get(), &locked) != 0 || !S_ISREG(locked.st_mode)) return;
  if (::lstat(path.c_str(), &named) == 0 && is_same_inode(locked, named)) ::unlink(path.c_str());
}

/// Removes what killed processes left beside a target: `.NAME.PID.tmp`.
void remove_abandoned(const std::string& target) {
  const auto [folder, name] = split(target);
  const std::string prefix = "." + name + ".";
  const std::string suffix = ".tmp";
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.empty() ? "." : folder.c_str()), ::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string found = entry->d_name;
    if (found.size() <= prefix.size() + suffix.size() || found.compare(0, prefix.size(), prefix) != 0 ||
        found.compare(found.size() - suffix.size(), suffix.size(), suffix) != 0) {
      continue;
    }
    const std::string number = found.substr(prefix.size(), found.size() - prefix.size() - suffix.size());
    const bool is_number = std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); });
    if (is_number) remove_if_abandoned(folder + found);
  }
}

/// A locked file beside its target, removed unless it takes the target's place.
class Temporary {
 public:
  /// Not open afterwards, with errno set, if it cannot be made.
  explicit Temporary(const std::string& target) : target_(target) {
    const auto [folder, name] = split(target);
    path_ = folder + "." + name + "." + std::to_string(::getpid()) + ".tmp";
    // Somebody who cleans up may take the file away between its creation and the lock; then it is made again.
    for (int tries = 0; tries < 16; ++tries) {
      descriptor_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (!descriptor_.is_open()) return;
      struct stat status {};
      // Where locks are not supported, nobody can lock the file to remove it either.
      (void)::flock(descriptor_.get(), LOCK_EX);
      if (::fstat(descriptor_.get(), &status) == 0 && status.st_nlink > 0) {
        made_ = true;
        return;
      }
    }
    descriptor_ = Descriptor();
    errno = EAGAIN;
  }
  ~Temporary() {
    if (made_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  bool is_open() const { return descriptor_.is_open(); }
  /// Stores the content; false with errno set if that fails.
  bool store(const std::string& content, const Target& target) {
    if (target.exists && ::fchmod(descriptor_.get(), target.mode) != 0) return false;
    // Without the fsync a full disk may show only after the rename.
    return write_all(descriptor_.get(), content) && ::fsync(descriptor_.get()) == 0;
  }
  /// Takes the target's place; false with errno set if that fails. The lock is kept until then.
  bool commit() {
    if (std::rename(path_.c_str(), target_.c_str()) != 0) return false;
    made_ = false;
    return descriptor_.close();
  }

 private:
  std::string target_;
  std::string path_;
  Descriptor descriptor_;
  bool made_ = false;
};

Error cannot_write(const std::string& path, const std::string& why) {
  return Error(ErrorKind::run_failed, {Issue{path, {}, "cannot be written: " + why, {}}});
}

}  // namespace

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  if (::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0) {
    return S_ISREG(first.st_mode) && is_same_inode(first, second);
  }
  // What does not exist yet is told by its name.
  std::error_code none;
  const auto where = [&none](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(behind_dangling_link(path), none), none);
  };
  return where(a) == where(b);
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
  remove_abandoned(target.path);
  const Temporary temporary(target.path);
  if (!temporary.is_open()) throw fail("cannot be written: " + reason());
}

void write_file(const std::string& path, const std::string& content) {
  write_files({{path, content}});
}

void write_files(const std::vector<NamedContent>& files) {
  struct Pending {
    const NamedContent* file;
    std::unique_ptr<Temporary> temporary;
  };
  std::vector<Pending> pending;
  std::vector<const NamedContent*> direct;
  for (const NamedContent& file : files) {
    const Target target = resolve(file.path);
    if (!target.is_regular) {
      direct.push_back(&file);
      continue;
    }
    remove_abandoned(target.path);
    auto temporary = std::make_unique<Temporary>(target.path);
    if (!temporary->is_open() || !temporary->store(file.content, target)) throw cannot_write(file.path, reason());
    pending.push_back({&file, std::move(temporary)});
  }
  for (const NamedContent* file : direct) {
    Descriptor descriptor(::open(file->path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!descriptor.is_open() || !write_all(descriptor.get(), file->content) || !descriptor.close()) {
      throw cannot_write(file->path, reason());
    }
  }
  for (Pending& each : pending) {
    if (!each.temporary->commit()) throw cannot_write(each.file->path, reason());
  }
}

}  // namespace podsim

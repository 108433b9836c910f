#include "tarn/os/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace tarn {

int create_file(const char* path) noexcept {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

int open_file(const char* path) noexcept { return open(path, O_RDONLY | O_CLOEXEC); }

const char* temporary_folder() noexcept {
  const char* const folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/var/tmp" : folder;
}

// Not O_TMPFILE, which some file systems do not have.
int create_unnamed_file(const char* folder) noexcept {
  char path[PATH_MAX];
  const int path_bytes = std::snprintf(path, sizeof path, "%s/tarn-XXXXXX", folder);
  if (path_bytes < 0 || static_cast<std::size_t>(path_bytes) >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int descriptor = mkostemp(path, O_CLOEXEC);
  if (descriptor >= 0) unlink(path);
  return descriptor;
}

bool write_file(int descriptor, const void* bytes, std::size_t count) noexcept {
  const char* position = static_cast<const char*>(bytes);
  while (count != 0) {
    const ssize_t written = write(descriptor, position, count);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = EIO;
    if (written <= 0) return false;
    position += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

bool write_file_at(int descriptor, std::uint64_t offset, const void* bytes,
                   std::size_t count) noexcept {
  const char* position = static_cast<const char*>(bytes);
  while (count != 0) {
    const ssize_t written = pwrite(descriptor, position, count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = EIO;
    if (written <= 0) return false;
    position += written;
    offset += static_cast<std::uint64_t>(written);
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

// Not fdatasync(), which on a journaling file system may wait for what others write.
bool settle_file(int descriptor) noexcept {
  constexpr unsigned all =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return sync_file_range(descriptor, 0, 0, all) == 0 || errno == ENOSYS || errno == EPERM;
}

bool read_file(int descriptor, std::uint64_t offset, void* bytes, std::size_t count) noexcept {
  char* position = static_cast<char*>(bytes);
  while (count != 0) {
    errno = 0;
    const ssize_t got = pread(descriptor, position, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    position += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

bool is_terminal(int descriptor) noexcept { return isatty(descriptor) == 1; }

std::int64_t file_bytes(int descriptor) noexcept { return lseek(descriptor, 0, SEEK_END); }

bool close_file(int descriptor) noexcept { return close(descriptor) == 0; }

bool delete_file(const char* path) noexcept { return unlink(path) == 0 || errno == ENOENT; }

}  // namespace tarn

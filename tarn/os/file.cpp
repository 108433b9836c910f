#include "tarn/os/file.hpp"

#include <unistd.h>

#include <cerrno>

namespace tarn {

bool close_file(int descriptor) noexcept { return close(descriptor) == 0; }

bool delete_file(const char* path) noexcept { return unlink(path) == 0 || errno == ENOENT; }

}  // namespace tarn

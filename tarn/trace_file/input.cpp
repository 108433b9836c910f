#include "tarn/trace_file/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tarn/os/file.hpp"

namespace tarn::trace {

FileInput::FileInput(std::string path)
    : path_(std::move(path)),
      descriptor_(open_file(path_.c_str())),
      open_error_(descriptor_ < 0 ? errno : 0) {}

FileInput::~FileInput() {
  if (descriptor_ >= 0) close_file(descriptor_);
}

Error FileInput::error_of(const char* doing, int system_error) const {
  return Error::make(ErrorCode::malformed, "can not %s %s: %s", doing, path_.c_str(),
                     std::strerror(system_error));
}

Result<std::uint64_t> FileInput::bytes() {
  if (descriptor_ < 0) return error_of("open", open_error_);
  const std::int64_t count = file_bytes(descriptor_);
  if (count < 0) return error_of("seek in", errno);
  return static_cast<std::uint64_t>(count);
}

Result<void> FileInput::read(std::uint64_t offset, std::span<std::uint8_t> bytes) {
  if (read_file(descriptor_, offset, bytes.data(), bytes.size())) return {};
  if (errno != 0) return error_of("read", errno);
  return Error::make(ErrorCode::incomplete, "%s became shorter while it was read", path_.c_str());
}

Result<void> MemoryInput::read(std::uint64_t offset, std::span<std::uint8_t> bytes) {
  std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), bytes.begin());
  return {};
}

}  // namespace tarn::trace

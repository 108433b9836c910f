#include "tarn/record/preload/module_log.hpp"

#include <cerrno>
#include <cstring>

#include "tarn/record/raw_record.hpp"

namespace tarn::record {
namespace {

bool write_module(ThreadLog& log, const CodeRange& range) noexcept {
  const std::size_t path_bytes = std::strlen(range.path);
  const std::size_t word_count = ModuleWords::fixed_count + (path_bytes + 7) / 8;
  const auto room = static_cast<std::size_t>(log.buffer->words + Buffer::capacity - log.cursor);
  if (room < 2 + word_count) return false;
  std::uint64_t* const words = log.cursor;
  ModuleWords module{range.end - range.begin,
                     range.file_offset,
                     range.build_id_bytes,
                     static_cast<std::uint32_t>(path_bytes),
                     {}};
  std::memcpy(module.build_id, range.build_id, sizeof range.build_id);
  words[0] = log.before() << stamp_shift | static_cast<std::uint64_t>(RawKind::module);
  words[1] = range.begin | std::uint64_t{word_count} << upper_shift;
  words[2 + word_count - 1] = 0;  // behind the path
  std::memcpy(words + 2, &module, sizeof module);
  std::memcpy(words + 2 + ModuleWords::fixed_count, range.path, path_bytes);
  log.cursor += 2 + word_count;
  log.publish();
  return true;
}

}  // namespace

void read_modules(ProcessLog& process) noexcept {
  const int saved_errno = errno;
  process.modules.read();
  errno = saved_errno;
  process.unwritten_module = 0;
  if (this_thread.log != nullptr) this_thread.log->limit = nullptr;
}

bool has_modules_to_write(ProcessLog& process) noexcept {
  if (process.session->stacks == Stacks::none) return false;
  const ModulesLock lock(process);
  if (process.modules.count == 0) read_modules(process);
  return process.unwritten_module < process.modules.count;
}

bool write_modules(ProcessLog& process, ThreadLog& log) noexcept {
  const ModulesLock lock(process);
  for (; process.unwritten_module < process.modules.count; ++process.unwritten_module) {
    const CodeRange& range = process.modules.ranges[process.unwritten_module];
    if (range.path[0] != '\0' && !write_module(log, range)) return false;
  }
  return true;
}

}  // namespace tarn::record

#include "tarn/os/call_stack.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace tarn {

CallStack call_stack() noexcept {
  void* returns[CallStack::depth_max + 1];  // the first is of this function
  const int count = backtrace(returns, static_cast<int>(CallStack::depth_max + 1));
  CallStack stack;
  // The byte before a return address is of the call.
  for (int index = 1; index < count; ++index) {
    stack.calls[index - 1] = static_cast<const char*>(returns[index]) - 1;
  }
  return stack;
}

std::size_t describe(const CallStack& stack, char* text, std::size_t text_bytes) noexcept {
  std::size_t length = 0;
  const auto add = [&](const char* format, auto value) {
    const int wanted = std::snprintf(text + length, text_bytes - length, format, value);
    length = std::min(length + static_cast<std::size_t>(std::max(wanted, 0)), text_bytes - 1);
  };
  add("%s", "");
  const void* module = nullptr;
  for (const void* const call : stack.calls) {
    Dl_info info{};
    if (call == nullptr || dladdr(call, &info) == 0 || info.dli_fname == nullptr) break;
    const char* const slash = std::strrchr(info.dli_fname, '/');
    if (info.dli_fbase != module) add(" %s", slash != nullptr ? slash + 1 : info.dli_fname);
    module = info.dli_fbase;
    add(" 0x%zx",
        reinterpret_cast<std::uintptr_t>(call) - reinterpret_cast<std::uintptr_t>(module));
  }
  return length;
}

}  // namespace tarn

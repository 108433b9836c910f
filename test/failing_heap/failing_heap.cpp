#include "test/failing_heap/failing_heap.hpp"

#include "tarn/source/heap_source.hpp"

namespace tarn {
namespace {

Source* replacement = nullptr;

}  // namespace

// The linker's names for the library's function and for what stands in its place.
Source& library_heap_source() noexcept asm("__real__ZN4tarn11heap_sourceEv");
Source& replaceable_heap_source() noexcept asm("__wrap__ZN4tarn11heap_sourceEv");

Source& replaceable_heap_source() noexcept {
  return replacement != nullptr ? *replacement : library_heap_source();
}

HeapReplacement::HeapReplacement(Source& heap) noexcept { replacement = &heap; }

HeapReplacement::~HeapReplacement() { replacement = nullptr; }

}  // namespace tarn

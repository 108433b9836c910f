// examples/recorded_pool/recorded_pool.cpp - what does a program do with its pools, and would it do
// better with others? Each request's region is recorded; then
//
//     example_recorded_pool pools.tarn
//     tarn stat pools.tarn        # how many blocks, how large, what a reset takes with it
//     tarn convert pools.tarn     # create, allocate, reset, destroy: one line each
//
// Code that takes any pool runs on a Region and on a Recorded<Region> alike: recording is a
// decision of main().

#include <cstdio>
#include <cstring>

#include "tarn/record/recorded.hpp"
#include "tarn/region/region.hpp"
#include "tarn/trace_file/output.hpp"

namespace {

template <tarn::Pool P>
bool answer(P& request, const char* path) {
  const std::size_t bytes = std::strlen(path) + 1;
  auto* const copy = static_cast<char*>(request.try_allocate(bytes, 1));
  void* const page = request.try_allocate(4096, 16);
  if (copy == nullptr || page == nullptr) return false;
  std::memcpy(copy, path, bytes);
  return std::strcmp(copy, path) == 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) return 2;
  tarn::trace::FileOutput file(arguments[1]);
  tarn::record::PoolRecorder recorder(file);
  bool is_right = true;
  {
    tarn::record::Recorded<tarn::Region> connection(recorder);
    for (const char* const path : {"/", "/style.css", "/picture.png"}) {
      tarn::record::Recorded<tarn::Region> request(connection);
      is_right = answer(request, path) && is_right;
    }
    tarn::Region unrecorded;
    is_right = answer(unrecorded, "/") && is_right;
  }
  const tarn::Result<void> closed = recorder.close();
  if (!closed) std::fprintf(stderr, "%s\n", closed.error().message);
  return is_right && closed ? 0 : 1;
}

// testing/fuzz_main.cpp - the main() of a fuzzer in builds without libFuzzer: runs the stored
// corpus, so that every compiler and sanitizer sees every input that was once interesting.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count);

int main(int argument_count, char** arguments) {
  int inputs = 0;
  for (int index = 1; index < argument_count; ++index) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(arguments[index], missing)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> input{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", entry.path().filename().c_str());
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
      ++inputs;
    }
  }
  if (inputs != 0) return 0;
  std::fprintf(stderr, "no inputs; give a folder of them, such as test/corpus/region\n");
  return 1;
}

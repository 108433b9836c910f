// test/record/recorded.hpp - runs a program under the recorder and reads what was written.

#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/process.hpp"
#include "tarn/record/recorder.hpp"
#include "tarn/trace/ledger.hpp"
#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"

namespace tarn::record {

/// What one process did.
struct RecordedProcess {
  Recording recording;
  trace::Program operations;
  std::vector<std::vector<std::uint64_t>> stacks;  // of each operation, the innermost call first
  std::vector<trace::Module> modules;
  trace::Definitions names;

  [[nodiscard]] std::uint64_t count(trace::Kind kind, std::uint64_t bytes = UINT64_MAX) const {
    std::uint64_t count = 0;
    for (const trace::Operation& operation : operations) {
      count += operation.kind == kind && (bytes == UINT64_MAX || operation.bytes == bytes) ? 1 : 0;
    }
    return count;
  }
};

struct Recorded {
  std::vector<RecordedProcess> processes;  // in the order of their end
  ProgramEnd end;
  RecorderStats stats;
  std::string output;  // of the program

  [[nodiscard]] std::uint64_t count(trace::Kind kind, std::uint64_t bytes) const {
    std::uint64_t count = 0;
    for (const RecordedProcess& process : processes) count += process.count(kind, bytes);
    return count;
  }
};

inline void read(const std::string& path, RecordedProcess& process, bool with_stacks) {
  trace::FileInput input(path);
  trace::TraceReader reader(input);
  const Result<void> opened = reader.open();
  ASSERT_TRUE(opened) << opened.error().message;
  process.modules = reader.definitions().modules;
  process.names = reader.definitions();
  const trace::StackTable& stacks = reader.definitions().stacks;
  while (true) {
    const auto section = reader.next();
    ASSERT_TRUE(section) << section.error().message;
    if (section->empty()) break;
    for (const trace::Operation& operation : *section) {
      process.operations.push_back(operation);
      if (!with_stacks) continue;
      std::vector<std::uint64_t>& stack = process.stacks.emplace_back();
      for (std::uint32_t at = operation.stack; at != 0; at = stacks[at].caller) {
        stack.push_back(stacks[at].address);
      }
    }
  }
}

/// A trace says nothing that the language does not allow: no block ends twice, none is two.
inline void expect_sense(const trace::Program& program) {
  trace::Ledger ledger;
  for (const trace::Operation& operation : program) {
    const Result<void> checked = ledger.check(operation);
    ASSERT_TRUE(checked) << checked.error().message;
    ledger.commit(operation);
  }
}

/// Runs `arguments`, whose output goes to a file, to its end.
inline Recorded record(std::vector<std::string> arguments, Stacks stacks,
                       RecorderOptions options = {}) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tarn_record_test." + std::to_string(process_id()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  options.stacks = stacks;
  options.path = folder / "trace.tarn";
  options.library = TARN_RECORD_LIBRARY;
  const std::string output = folder / "output";
  options.arguments = {"sh", "-c", "exec \"$@\" > " + output, "sh"};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  Recorder recorder(options);
  const Result<void> started = recorder.start();
  EXPECT_TRUE(started) << started.error().message;
  while (started && recorder.step()) continue;
  recorder.stop();
  Recorded recorded;
  recorded.end = recorder.end();
  recorded.stats = recorder.stats();
  for (const Recording& recording : recorder.recordings()) {
    EXPECT_TRUE(recording.result) << recording.result.error().message;
    RecordedProcess& process = recorded.processes.emplace_back();
    process.recording = recording;
    read(recording.path, process, stacks != Stacks::none);
    expect_sense(process.operations);
  }
  std::stringstream text;
  text << std::ifstream(output).rdbuf();
  recorded.output = text.str();
  std::filesystem::remove_all(folder);
  return recorded;
}

}  // namespace tarn::record

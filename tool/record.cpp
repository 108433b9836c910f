// tool/record.cpp - `tarn record`: runs a program and writes what it does with memory.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tarn/os/heap.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/timestamp.hpp"
#include "tarn/record/program_check.hpp"
#include "tarn/record/recorder.hpp"
#include "tool/amounts.hpp"
#include "tool/command.hpp"
#include "tool/option_values.hpp"
#include "tool/printable.hpp"
#include "tool/progress.hpp"
#include "tool/record_library.hpp"

namespace tarn::tool {
namespace {

using record::ProgramCheck;
using record::Recordable;
using record::Recorder;
using record::RecorderOptions;
using record::Stacks;

constexpr const char* record_examples =
    "  tarn record -- ./server --port 80              # writes server.tarn\n"
    "  tarn record --duration 10 -- ./server          # ten seconds of it; the server goes on\n"
    "  tarn record --stacks none -o run.tarn -- make  # each process that make starts: run.*.tarn\n"
    "\n"
    "Exit code: the program's, or 128 and the number of the signal that killed it.";

struct Arguments {
  RecorderOptions options;
  double duration_s = 0;
};

void check_program(const std::string& program) {
  const ProgramCheck check = record::check_program(program);
  if (check.answer == Recordable::no_other_word_size) {
    throw CommandError(program +
                       " is no program of 64 bits, and the library is one: build it for " +
                       "this machine (without -m32)");
  }
  if (check.answer == Recordable::no_statically_linked) {
    throw CommandError(program + " is statically linked: nothing can be put in front of its " +
                       "malloc(); link it dynamically (without -static)");
  }
  if (check.has_rights_of_owner) {
    std::fprintf(stderr,
                 "tarn: %s runs with the rights of its owner: it is recorded only if these are "
                 "yours already\n",
                 program.c_str());
  }
  if (check.answer == Recordable::no_own_allocator) {
    std::fprintf(
        stderr,
        "tarn: %s has an allocator of its own (%s): its calls of it are not seen; build it "
        "with the system's, or link the allocator as a shared library\n",
        program.c_str(), check.symbol.c_str());
  }
}

// Before the program has run for hours.
void check_output(const std::string& path) {
  const bool is_there = std::filesystem::exists(path);
  if (is_there && !std::filesystem::is_regular_file(path) && !std::filesystem::is_directory(path)) {
    return;
  }
  const bool is_writable = std::ofstream(path, std::ios::app).is_open();
  if (!is_writable) {
    throw CommandError("can not create " + path + ": " + std::strerror(errno) +
                       "; name another file with -o");
  }
  if (!is_there) std::filesystem::remove(path);
}

// Of 79 columns at most: where a line is broken, the next one can not be written over it.
std::string progress_of(const Recorder& recorder, std::uint64_t elapsed_ns) {
  const record::RecorderStats stats = recorder.stats();
  const std::uint64_t count = stats.collected.event_count;
  const double seconds = static_cast<double>(elapsed_ns) / 1e9;
  const auto per_second = static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
  return time_text(elapsed_ns) + ", " + count_text(count) + " events, " + count_text(per_second) +
         "/s, " + bytes_text(stats.live_bytes) + " in " + count_text(stats.live_count) +
         " blocks, " + bytes_text(stats.file_bytes) + " written";
}

// Once each: a disk may be full long before the program ends.
void tell_failures(const Recorder& recorder, std::size_t& told_count) {
  for (; told_count < recorder.recordings().size(); ++told_count) {
    const Result<void>& result = recorder.recordings()[told_count].result;
    if (result) continue;
    std::fprintf(stderr, "tarn: %s\n", printable(result.error().message).c_str());
  }
}

void run(Recorder& recorder) {
  constexpr std::uint64_t progress_ns = 250'000'000;
  const std::uint64_t begin_ns = monotonic_ns();
  const bool is_seen = is_progress_seen();
  std::uint64_t shown_ns = begin_ns;
  bool has_stopped = false;
  std::size_t told_count = 0;
  while (recorder.step()) {
    const std::uint64_t now_ns = monotonic_ns();
    if (is_seen && recorder.is_recording() && now_ns - shown_ns >= progress_ns) {
      show_progress(progress_of(recorder, now_ns - begin_ns));
      shown_ns = now_ns;
    }
    if (!recorder.is_recording()) tell_failures(recorder, told_count);
    // The first one is the program's. What the program has left behind may not have been told.
    const bool is_left_behind = recorder.end().has_ended && interrupt_count() > 0;
    if (!has_stopped && (is_left_behind || interrupt_count() > 1)) {
      recorder.stop();
      has_stopped = true;
    }
  }
  recorder.stop();
  clear_progress();
  tell_failures(recorder, told_count);
}

// Those that say most: a build starts thousands of processes.
std::vector<record::Recording> largest_first(const Recorder& recorder) {
  std::vector<record::Recording> recordings = recorder.recordings();
  std::sort(recordings.begin(), recordings.end(), [](const auto& left, const auto& right) {
    return std::pair(right.stats.operation_count, left.path) <
           std::pair(left.stats.operation_count, right.path);
  });
  return recordings;
}

// Returns whether all have been written; tell_failures() has told why not.
bool print_recordings(const Recorder& recorder) {
  constexpr std::size_t shown_max = 20;
  std::size_t written_count = 0;
  for (const record::Recording& recording : largest_first(recorder)) {
    if (!recording.result || ++written_count > shown_max) continue;
    const std::uint64_t count = recording.stats.operation_count;
    std::fprintf(stderr, "tarn: %s: process %d (%s), %llu %s, %s\n",
                 printable(recording.path).c_str(), recording.process_id,
                 printable(recording.program).c_str(), static_cast<unsigned long long>(count),
                 noun(count, "operation", "operations"),
                 bytes_text(recording.stats.file_bytes).c_str());
  }
  if (written_count > shown_max) {
    const std::size_t more_count = written_count - shown_max;
    std::fprintf(stderr, "tarn: and %zu smaller %s\n", more_count,
                 noun(more_count, "file", "files"));
  }
  return written_count == recorder.recordings().size();
}

void print_what_is_missing(const Recorder& recorder) {
  const record::CollectorStats collected = recorder.stats().collected;
  if (collected.process_count == 0) {
    std::fprintf(stderr,
                 "tarn: nothing was recorded: the program allocates nothing, has not loaded "
                 "libtarn_record.so, as programs with more rights than their user do not, or can "
                 "not open this process's memory, as after a chroot\n");
  }
  if (recorder.unrecorded_process_count() != 0) {
    std::fprintf(stderr,
                 "tarn: %u %s too few addresses to be recorded: allow 520 MiB more (ulimit -v)\n",
                 recorder.unrecorded_process_count(),
                 noun(recorder.unrecorded_process_count(), "process had", "processes had"));
  }
  if (recorder.unrecorded_thread_count() != 0) {
    std::fprintf(stderr, "tarn: %u %s missing: more than 8192 were alive, or no addresses left\n",
                 recorder.unrecorded_thread_count(),
                 noun(recorder.unrecorded_thread_count(), "thread is", "threads are"));
  }
  if (collected.nested_count != 0) {
    std::fprintf(stderr,
                 "tarn: %llu %s missing: made by the allocator itself, or by handlers of signals\n",
                 static_cast<unsigned long long>(collected.nested_count),
                 noun(collected.nested_count, "call is", "calls are"));
  }
  if (collected.damaged_count != 0) {
    std::fprintf(stderr,
                 "tarn: the program has written over the records of %llu %s, of which some are "
                 "missing: look for writes outside of its blocks (valgrind, -fsanitize=address)\n",
                 static_cast<unsigned long long>(collected.damaged_count),
                 noun(collected.damaged_count, "thread", "threads"));
  }
}

int record_program(Arguments& arguments) {
  RecorderOptions& options = arguments.options;
  options.library = find_record_library();
  check_program(options.arguments.front());
  if (options.path.empty()) {
    options.path = std::filesystem::path(options.arguments.front()).filename().string() + ".tarn";
  }
  // From here on neither ends this process with a file half made.
  count_interrupts();
  outlive_readers();
  check_output(options.path);
  if (interrupt_count() > 0) throw CommandError("interrupted");
  if (arguments.duration_s > 0) {
    options.duration_ns_max = static_cast<std::uint64_t>(arguments.duration_s * 1e9);
  }
  // Each section of a file takes a MiB and frees it. New pages in its place would cost up to 12 us
  // each, and two threads that are recorded an eighth of their time.
  keep_freed_memory();
  Recorder recorder(options);
  if (const Result<void> started = recorder.start(); !started) {
    throw CommandError(started.error().message);
  }
  // A program that is ahead waits for the recorder: its threads shall not take the processor from
  // it. With two of them on two processors, recording takes a sixth less time so.
  take_precedence();
  run(recorder);
  const bool are_written = print_recordings(recorder);
  print_what_is_missing(recorder);
  if (!are_written) return 1;
  constexpr int killed = 128;
  const ProgramEnd& end = recorder.end();
  return end.signal != 0 ? killed + end.signal : end.exit_code;
}

}  // namespace

void add_record(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  RecorderOptions& options = arguments->options;
  CLI::App* const command =
      app.add_subcommand("record", "run a program and write down what it does with memory");
  command->footer(record_examples);
  command->add_option("-o,--output", options.path, "the file to write (default: PROGRAM.tarn)");
  const std::map<std::string, Stacks> stacks = {
      {"none", Stacks::none}, {"caller", Stacks::caller}, {"full", Stacks::full}};
  command
      ->add_option("--stacks", options.stacks,
                   "who allocates: none, its caller, or the full call stack (default)")
      ->transform(choice_of(stacks))
      ->type_name("STACKS");
  command
      ->add_option("--sample-objects", options.sampling,
                   "of N objects record one, with all that happens to it")
      ->transform(one_in())
      ->type_name("1/N");
  command
      ->add_option("--max-events", options.operation_count_max,
                   "stop recording after so many operations")
      ->check(whole_number(1, 999'999'999'999))
      ->type_name("N");
  command
      ->add_option("--max-bytes", options.file_bytes_max,
                   "stop when the files are so long, as 100mb")
      ->transform(size_in_bytes())
      ->type_name("SIZE");
  command->add_option("--duration", arguments->duration_s, "stop after so many seconds")
      ->check(seconds())
      ->type_name("SECONDS");
  command->add_option("program", options.arguments, "the program and its arguments, behind --")
      ->required();
  command->callback([arguments, &exit_code] { exit_code = record_program(*arguments); });
}

}  // namespace tarn::tool

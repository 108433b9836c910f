#include "tarn/record/recorder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "tarn/os/futex.hpp"

namespace tarn::record {
namespace {

constexpr std::uint64_t step_ns = 5'000'000;
// A thread that has ended keeps its buffer until the next sweep, which asks the system about each.
constexpr std::uint64_t sweep_ns = 50'000'000;

}  // namespace

struct Recorder::FileSink final : ProcessSink {
  FileSink(Recorder& its_recorder, Recording its_recording)
      : recorder(its_recorder),
        recording(std::move(its_recording)),
        sink(recording.path, recorder.options_.stacks, recorder.scale_,
             recorder.options_.sampling) {
    recorder.sinks_.push_back(this);
    std::string command;
    for (const std::string& argument : recorder.options_.arguments) {
      command.append(command.empty() ? "" : " ").append(argument);
    }
    sink.add_note("command", command);
    sink.add_note("process", std::to_string(recording.process_id));
  }

  ~FileSink() override {
    recording.result = sink.close();
    recording.program = sink.program_name();
    recording.stats = sink.stats();
    std::erase(recorder.sinks_, this);
    recorder.recordings_.push_back(std::move(recording));
  }

  // An event is an operation at most, or two if it is a thread's first. What comes in a slice when
  // none are left is dropped.
  void add(std::span<const RawEvent> events) override {
    while (!events.empty() && recorder.left_count_ != 0) {
      const std::size_t count = events.size() < recorder.left_count_ ? events.size() : 1;
      const std::uint64_t count_before = sink.operation_count();
      sink.add(events.first(count));
      events = events.subspan(count);
      const std::uint64_t added_count = sink.operation_count() - count_before;
      recorder.left_count_ -= std::min(added_count, recorder.left_count_);
    }
  }
  void expect(std::span<const RawEvent> events) noexcept override { sink.expect(events); }
  void end_thread(std::uint32_t thread) override { sink.end_thread(thread); }

  Recorder& recorder;
  Recording recording;
  TraceSink sink;
};

Recorder::Recorder(RecorderOptions options)
    : options_(std::move(options)),
      session_(begin_session(best_stamp_clock(), options_.stacks)),
      scale_(StampClock::system),
      left_count_(options_.operation_count_max) {}

Recorder::~Recorder() { stop(); }

Result<void> Recorder::start() {
  if (session_.session == nullptr) {
    return Error::make(ErrorCode::incomplete,
                       "no memory to share with the program (memfd_create or mmap: %s)",
                       std::strerror(errno));
  }
  if (options_.stacks == Stacks::full && !has_full_stacks) {
    return Error::make(ErrorCode::incomplete,
                       "full call stacks are recorded on x86-64 only; use --stacks caller");
  }
  collector_ =
      std::make_unique<Collector>(*session_.session, static_cast<ProcessSinkFactory&>(*this));
  begin_ns_ = monotonic_ns();
  const std::vector<std::string> variables = environment();
  process_ = start_program(with_null_behind(options_.arguments).data(),
                           with_null_behind(variables).data());
  // Measured while the program runs: what it does until then waits in buffers.
  if (process_ > 0) scale_ = StampScale(session_.session->clock);
  if (process_ > 0) return {};
  stop();
  return Error::make(ErrorCode::incomplete, "can not run %s: %s", options_.arguments[0].c_str(),
                     std::strerror(-process_));
}

std::vector<std::string> Recorder::environment() const {
  constexpr std::string_view preload = "LD_PRELOAD=";
  const std::string session = std::string(session_variable) + "=";
  std::string libraries = options_.library;
  std::vector<std::string> variables;
  for (const char* const* entry = environment_of_this_process(); *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    if (variable.starts_with(preload)) {
      libraries.append(":").append(variable.substr(preload.size()));
    } else if (!variable.starts_with(session)) {
      variables.emplace_back(variable);
    }
  }
  variables.push_back(std::string(preload) + libraries);
  variables.push_back(session + session_.path.text);
  return variables;
}

std::string Recorder::new_path(std::int32_t process_id) {
  std::string path = options_.path;
  std::string_view extension = ".tarn";
  std::string stem = options_.path;
  if (stem.size() > extension.size() &&
      stem.compare(stem.size() - extension.size(), extension.size(), extension) == 0) {
    stem.resize(stem.size() - extension.size());
  } else {
    extension = "";
  }
  // An exec makes another process of the same number.
  for (int image = 1; std::find(paths_.begin(), paths_.end(), path) != paths_.end(); ++image) {
    path = stem + "." + std::to_string(process_id);
    if (image > 1) path.append(".").append(std::to_string(image));
    path += extension;
  }
  paths_.push_back(path);
  return path;
}

std::unique_ptr<ProcessSink> Recorder::begin_process(std::int32_t process_id) {
  Recording recording;
  recording.path = new_path(process_id);
  recording.process_id = process_id;
  return std::make_unique<FileSink>(*this, std::move(recording));
}

bool Recorder::is_enough() noexcept {
  // What the programs are ahead by is too much then, but was in time.
  if (stats().file_bytes >= options_.file_bytes_max) left_count_ = 0;
  return left_count_ == 0 || monotonic_ns() - begin_ns_ >= options_.duration_ns_max;
}

bool Recorder::has_failed() const {
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [](const FileSink* file) { return !file->sink.status(); });
}

bool Recorder::step() {
  const bool are_any_left = ask_programs(process_, end_);
  if (collector_ == nullptr) {
    sleep_while(session_.session->full_count, session_.session->full_count.load(), step_ns);
    return !end_.has_ended;
  }
  const std::uint32_t full_count = session_.session->full_count.load(std::memory_order_relaxed);
  const bool has_work = has_more_ || has_full_buffers(*session_.session, full_count_to_wake);
  if (!has_work && are_any_left) sleep_while(session_.session->full_count, full_count, step_ns);
  has_more_ = collector_->collect_slice();
  if (!has_more_ && (!are_any_left || monotonic_ns() - swept_ns_ >= sweep_ns)) {
    collector_->sweep();
    swept_ns_ = monotonic_ns();
  }
  if (is_enough() || has_failed()) stop();
  return are_any_left || (collector_ != nullptr && collector_->has_processes());
}

void Recorder::stop() {
  if (collector_ == nullptr) return;
  end_session(*session_.session);
  collector_->collect();
  stats_ = collector_->stats();
  collector_.reset();
}

RecorderStats Recorder::stats() const noexcept {
  RecorderStats stats;
  stats.collected = collector_ != nullptr ? collector_->stats() : stats_;
  for (const Recording& recording : recordings_) stats.file_bytes += recording.stats.file_bytes;
  for (const FileSink* const file : sinks_) {
    const TraceSinkStats now = file->sink.stats();
    stats.file_bytes += now.file_bytes;
    stats.live_count += now.live_count;
    stats.live_bytes += now.live_bytes;
  }
  return stats;
}

}  // namespace tarn::record

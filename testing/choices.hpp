// testing/choices.hpp - who decides, when a test case is built from decisions.
//
// A generator asks `choose(count)` wherever it could go several ways. Answered at random it draws
// random cases, from bytes it decodes a fuzzer's input, from all answers in turn it enumerates
// every case there is.
//
//     AllChoices:  0 0 0 | 0 0 1 | 0 1 0 | 0 1 1 | 1 0 0 ...      one case after the other

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace tarn {

class Choices {
 public:
  Choices() = default;
  Choices(const Choices&) = delete;
  Choices& operator=(const Choices&) = delete;

  /// Returns a number below `count`, which is not 0.
  [[nodiscard]] virtual std::size_t choose(std::size_t count) = 0;

  /// As choose(), of things that are listed newest first and of which the newest matter most.
  [[nodiscard]] virtual std::size_t choose_recent(std::size_t count) { return choose(count); }

  /// Returns true if the case has another step, which the next choices are for.
  [[nodiscard]] virtual bool begin_step() { return true; }

 protected:
  ~Choices() = default;
};

class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(std::uint64_t seed, std::size_t step_count = SIZE_MAX)
      : random_(seed), steps_left_(step_count) {}

  [[nodiscard]] std::size_t choose(std::size_t count) override {
    return static_cast<std::size_t>(random_() % count);
  }

  // Every second time the newest.
  [[nodiscard]] std::size_t choose_recent(std::size_t count) override {
    return choose(2) == 0 ? 0 : choose(count);
  }

  [[nodiscard]] bool begin_step() override { return steps_left_ != 0 && steps_left_-- != 0; }

 private:
  std::mt19937_64 random_;
  std::size_t steps_left_;
};

class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  // One byte each; 0 when there are none left.
  [[nodiscard]] std::size_t choose(std::size_t count) override {
    if (bytes_.empty()) return 0;
    const std::size_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte % count;
  }

  [[nodiscard]] bool begin_step() override { return !bytes_.empty(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

class AllChoices final : public Choices {
 public:
  explicit AllChoices(std::size_t step_count = SIZE_MAX) noexcept
      : step_count_(step_count), steps_left_(step_count) {}

  [[nodiscard]] std::size_t choose(std::size_t count) override {
    if (depth_ == answers_.size()) answers_.push_back({0, count});
    return answers_[depth_++].answer;
  }

  [[nodiscard]] bool begin_step() override { return steps_left_ != 0 && steps_left_-- != 0; }

  /// Goes to the next case; returns false when all were seen.
  [[nodiscard]] bool next() {
    depth_ = 0;
    steps_left_ = step_count_;
    while (!answers_.empty() && ++answers_.back().answer == answers_.back().count) {
      answers_.pop_back();
    }
    return !answers_.empty();
  }

 private:
  struct Answer {
    std::size_t answer;
    std::size_t count;
  };

  std::size_t step_count_;
  std::size_t steps_left_;
  std::vector<Answer> answers_;
  std::size_t depth_ = 0;
};

}  // namespace tarn

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

 protected:
  ~Choices() = default;
};

class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::size_t choose(std::size_t count) override {
    return static_cast<std::size_t>(random_() % count);
  }

  // Every second time the newest.
  [[nodiscard]] std::size_t choose_recent(std::size_t count) override {
    return choose(2) == 0 ? 0 : choose(count);
  }

 private:
  std::mt19937_64 random_;
};

class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool is_exhausted() const noexcept { return bytes_.empty(); }

  // One byte each; 0 when there are none left.
  [[nodiscard]] std::size_t choose(std::size_t count) override {
    if (bytes_.empty()) return 0;
    const std::size_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte % count;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class AllChoices final : public Choices {
 public:
  [[nodiscard]] std::size_t choose(std::size_t count) override {
    if (depth_ == answers_.size()) answers_.push_back({0, count});
    return answers_[depth_++].answer;
  }

  /// Goes to the next case; returns false when all were seen.
  [[nodiscard]] bool next() {
    depth_ = 0;
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

  std::vector<Answer> answers_;
  std::size_t depth_ = 0;
};

}  // namespace tarn

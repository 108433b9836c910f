#include "testing/steps.hpp"

#include <charconv>
#include <functional>
#include <sstream>
#include <utility>

#include "testing/failing_case.hpp"

namespace tarn {
namespace {

using Rows = decltype(StepCase::rows);

constexpr const char* first_line = "tarn steps 1";

// Chooses as others do, and writes it down.
class NotedChoices final : public Choices {
 public:
  NotedChoices(Choices& choices, StepCase& steps) : choices_(choices), rows_(steps.rows) {
    rows_.emplace_back();
  }

  [[nodiscard]] std::size_t choose(std::size_t count) override {
    return note(choices_.choose(count));
  }
  [[nodiscard]] std::size_t choose_recent(std::size_t count) override {
    return note(choices_.choose_recent(count));
  }
  [[nodiscard]] bool begin_step() override {
    const bool has_begun = choices_.begin_step();
    if (has_begun) rows_.emplace_back();
    return has_begun;
  }

 private:
  std::size_t note(std::size_t answer) {
    rows_.back().push_back(answer);
    return answer;
  }

  Choices& choices_;
  Rows& rows_;
};

std::string run_written(const StepCase& steps, const StepRun& run) {
  WrittenChoices choices(steps);
  return run(choices);
}

StepCase smallest_case(const StepCase& steps, const StepRun& run) {
  const auto with_beginning = [&](Rows rows) {
    rows.insert(rows.begin(), steps.rows.front());
    return StepCase{steps.model, std::move(rows)};
  };
  const auto fails = [&](const Rows& rows) {
    return fails_in_child([&] { return run_written(with_beginning(rows), run); });
  };
  const Rows after_beginning(steps.rows.begin() + 1, steps.rows.end());
  return with_beginning(smallest_failing(after_beginning, std::identity(), fails));
}

}  // namespace

std::string to_text(const StepCase& steps) {
  std::string text = std::string(first_line) + "\n" + steps.model;
  for (const std::vector<std::size_t>& row : steps.rows) {
    if (&row != &steps.rows.front()) text += '\n';
    for (const std::size_t answer : row) {
      if (text.back() != '\n') text += ' ';
      text += std::to_string(answer);
    }
  }
  return text + "\n";
}

StepCase parse_steps(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != first_line) return {};
  StepCase steps;
  while (std::getline(lines, line)) {
    std::istringstream words(line.substr(0, line.find('#')));
    if (steps.model.empty()) words >> steps.model;
    std::vector<std::size_t> row;
    for (std::string word; words >> word;) {
      const char* const end = word.data() + word.size();
      const auto read = std::from_chars(word.data(), end, row.emplace_back());
      if (read.ptr != end) return {};
    }
    if (!row.empty() || (steps.rows.empty() && !steps.model.empty())) steps.rows.push_back(row);
  }
  return steps;
}

std::size_t WrittenChoices::choose(std::size_t count) {
  if (row_ >= steps_.rows.size() || column_ >= steps_.rows[row_].size()) return 0;
  return steps_.rows[row_][column_++] % count;
}

bool WrittenChoices::begin_step() {
  column_ = 0;
  return ++row_ < steps_.rows.size();
}

std::string check_steps(const std::string& model, Choices& choices, const StepRun& run) {
  const std::string file_name = model + ".steps";
  StepCase steps{model, {}};
  NotedChoices noted(choices, steps);
  const auto tell = [&] {
    save_failing(file_name, to_text(steps));
    return save_smallest(file_name, to_text(smallest_case(steps, run)));
  };
  return check_case([&] { return run(noted); }, tell);
}

}  // namespace tarn

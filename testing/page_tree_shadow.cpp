#include "testing/page_tree_shadow.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "tarn/parts/page_tree.hpp"
#include "tarn/trace/ledger.hpp"

namespace tarn {
namespace {

class PageTreeShadow {
 public:
  explicit PageTreeShadow(unsigned order)
      : depths_(PageTree::memory_bytes(order), 0xFF),
        tree_(depths_.data(), order),
        is_taken_(std::size_t{1} << order) {}

  void apply(const trace::Operation& operation) {
    const std::uint64_t page_count = std::min<std::uint64_t>(operation.bytes, is_taken_.size() + 1);
    if (operation.kind == trace::Kind::allocate && page_count != 0) {
      allocate(operation.block, static_cast<std::uint32_t>(page_count));
    }
    for (const std::uint64_t block : ledger_.commit(operation).blocks) deallocate(block);
  }

  void end() {
    while (!runs_.empty()) deallocate(runs_.begin()->first);
    if (tree_.allocate(static_cast<std::uint32_t>(is_taken_.size())) != 0) {
      wrong_ = "a tree of free pages is not whole";
    }
  }

  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  struct Run {
    std::uint32_t first;
    std::uint32_t page_count;
  };

  void allocate(std::uint64_t block, std::uint32_t page_count) {
    const std::uint32_t expected = leftmost(std::bit_ceil(page_count));
    const std::uint32_t first = tree_.allocate(page_count);
    if (first != expected) {
      wrong_ = std::to_string(page_count) + " pages begin at " + std::to_string(first) +
               ", expected " + std::to_string(expected);
    } else if (first != PageTree::no_page) {
      runs_[block] = {first, page_count};
      mark(runs_[block], true);
    }
  }

  // Of a run that was refused, nothing.
  void deallocate(std::uint64_t block) {
    const auto run = runs_.find(block);
    if (run == runs_.end()) return;
    mark(run->second, false);
    tree_.deallocate(run->second.first, run->second.page_count);
    runs_.erase(run);
  }

  [[nodiscard]] std::uint32_t leftmost(std::size_t span) const {
    for (std::size_t page = 0; page + span <= is_taken_.size(); page += span) {
      const auto first = is_taken_.begin() + static_cast<std::ptrdiff_t>(page);
      const auto end = first + static_cast<std::ptrdiff_t>(span);
      if (std::find(first, end, true) == end) return static_cast<std::uint32_t>(page);
    }
    return PageTree::no_page;
  }

  void mark(const Run& run, bool taken) {
    std::fill_n(is_taken_.begin() + run.first, run.page_count, taken);
  }

  std::vector<std::uint8_t> depths_;
  PageTree tree_;
  std::vector<bool> is_taken_;
  trace::Ledger ledger_;
  std::map<std::uint64_t, Run> runs_;
  std::string wrong_;
};

Alphabet alphabet_of_runs(unsigned order) {
  Alphabet alphabet;
  alphabet.kinds = {trace::Kind::allocate, trace::Kind::deallocate};
  alphabet.alignment_shifts = {0};
  alphabet.blocks_max = (std::size_t{1} << order) + 1;
  return alphabet;
}

}  // namespace

Alphabet page_tree_alphabet(unsigned order) {
  Alphabet alphabet = alphabet_of_runs(order);
  for (std::uint64_t pages = 1; pages <= (1u << order) + 1; ++pages) {
    alphabet.block_bytes.push_back(pages);
  }
  return alphabet;
}

Alphabet short_runs_alphabet(unsigned order) {
  Alphabet alphabet = alphabet_of_runs(order);
  for (std::uint64_t power = 1; power <= 1u << order; power *= 2) {
    for (const std::uint64_t pages : {power - 1, power, power + 1}) {
      const std::size_t times = pages <= 4 ? 8 : 1;
      if (pages != 0) alphabet.block_bytes.insert(alphabet.block_bytes.end(), times, pages);
    }
  }
  return alphabet;
}

std::string run_in_page_tree_shadow(const trace::Program& program, unsigned order) {
  PageTreeShadow shadow(order);
  for (const trace::Operation& operation : program) {
    shadow.apply(operation);
    if (!shadow.wrong().empty()) return shadow.wrong();
  }
  shadow.end();
  return shadow.wrong();
}

}  // namespace tarn

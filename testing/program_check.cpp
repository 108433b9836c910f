#include "testing/program_check.hpp"

#include <utility>

#include "tarn/trace/operation_text.hpp"
#include "testing/failing_case.hpp"
#include "testing/operation_program.hpp"

namespace tarn {

std::string check_program(const trace::Program& program, const ProgramRun& run,
                          const std::string& name) {
  const std::string file_name = name + ".trace";
  const auto tell = [&] {
    save_failing(file_name, trace::to_text(program));
    const trace::Program smallest = minimise(program, [&](const trace::Program& smaller) {
      return fails_in_child([&] { return run(smaller); });
    });
    return save_smallest(file_name, trace::to_text(smallest));
  };
  return check_case([&] { return run(program); }, tell);
}

trace::Program minimise(trace::Program program,
                        const std::function<bool(const trace::Program&)>& fails) {
  return smallest_failing(std::move(program), valid_part, fails);
}

}  // namespace tarn

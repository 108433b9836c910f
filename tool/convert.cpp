// tool/convert.cpp - `tarn convert`: text into the binary form, and that into text or a profile.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>

#include "tarn/os/file.hpp"
#include "tarn/trace_file/trace_text.hpp"
#include "tool/command.hpp"
#include "tool/open_trace.hpp"
#include "tool/option_values.hpp"
#include "tool/pprof.hpp"
#include "tool/whole_file.hpp"

namespace tarn::tool {
namespace {

enum class Form { other, text, binary, pprof };

struct ConvertOptions {
  std::string from;
  std::string to = "/dev/stdout";
  Form form = Form::other;
};

constexpr const char* convert_examples =
    "  tarn convert server.tarn | head                  # look into a recording\n"
    "  tarn convert by_hand.txt by_hand.tarn            # a trace written by a person\n"
    "  tarn convert --to=pprof server.tarn server.pb    # then: pprof -http=: server.pb";

void require(const Result<void>& result) {
  if (!result) throw CommandError(result.error().message);
}

void refuse_what_can_not_be(bool is_binary, const ConvertOptions& options) {
  if (is_binary && options.form == Form::binary) {
    throw CommandError(options.from + " is in the binary form already");
  }
  if (!is_binary && options.form == Form::text) {
    throw CommandError(options.from + " is text already");
  }
  const bool gives_text = options.form == Form::text || (is_binary && options.form == Form::other);
  if (!gives_text && is_terminal(standard_output) && options.to == "/dev/stdout") {
    throw CommandError("the result is no text: name a file to write it to");
  }
  std::error_code error;  // a file that is not there is no other one
  if (std::filesystem::equivalent(options.from, options.to, error)) {
    throw CommandError(options.to + " is the trace itself: name another file to write to");
  }
}

void convert_text(trace::Input& input, WholeFile& output, const ConvertOptions& options) {
  const Result<void> done = trace::read_text(input, output);
  require(output.status());
  if (!done) throw CommandError(options.from + ": " + done.error().message);
}

void convert_binary(WholeFile& output, const ConvertOptions& options) {
  OpenTrace trace(options.from);
  const Result<void> done = trace::write_text(trace.reader(), output);
  require(output.status());
  if (!done && done.error().code != ErrorCode::incomplete && output.is_apart()) {
    throw CommandError(options.from + ": " + done.error().message + "; " + options.to +
                       " is not written: standard output, without that name, gets what is in "
                       "front of the damage");
  }
  trace.take(done);
}

void convert_to_pprof(WholeFile& output, const ConvertOptions& options) {
  OpenTrace trace(options.from);
  write_pprof(trace, output);
}

void convert(const ConvertOptions& options) {
  trace::FileInput input(options.from);
  const Result<bool> is_binary = trace::is_trace_file(input);
  if (!is_binary) throw CommandError(is_binary.error().message);
  refuse_what_can_not_be(*is_binary, options);
  WholeFile output(options.to);
  if (options.form == Form::pprof) {
    convert_to_pprof(output, options);
  } else if (*is_binary) {
    convert_binary(output, options);
  } else {
    convert_text(input, output, options);
  }
  require(output.finish());
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("convert", "turn a trace into text, and text into a trace");
  const auto options = std::make_shared<ConvertOptions>();
  command->footer(convert_examples);
  command->add_option("FROM", options->from, "the trace, in either form")->required();
  command->add_option("TO", options->to, "the file to write; standard output if left out");
  const std::map<std::string, Form> forms{
      {"text", Form::text}, {"binary", Form::binary}, {"pprof", Form::pprof}};
  command->add_option("--to", options->form, "text, binary or pprof; the other one if left out")
      ->transform(choice_of(forms))
      ->type_name("FORM");
  command->callback([options] { convert(*options); });
}

}  // namespace tarn::tool

// tool/main.cpp - the program `tarn`: finds the sub-command and prints what went wrong.

#include <cstdio>
#include <exception>
#include <string>

#include "tarn/trial/child.hpp"
#include "tool/command.hpp"
#include "tool/printable.hpp"

namespace {

constexpr const char* introduction =
    "Says what a program does with memory, from a recording of it.\n\n"
    "  tarn record -- ./server --port 80         # run it, and write server.tarn\n"
    "  tarn stat server.tarn                     # the numbers: sizes, lifetimes, who allocates\n"
    "  tarn stat server.tarn --json | jq .blocks # the same for programs\n"
    "  tarn replay server.tarn                   # the same program with other allocators\n"
    "  tarn convert server.tarn server.txt       # one line for each operation\n"
    "  tarn convert by_hand.txt by_hand.tarn     # and back\n"
    "  tarn doctor                               # can programs be recorded here?\n";

constexpr const char* closing =
    "Exit codes: 0 done, 1 not done, 2 the command line is wrong; of record, the program's.\n"
    "Colours are for terminals; NO_COLOR=1 turns them off.";

constexpr int not_done = 1;
constexpr int wrong_usage = 2;

// The parser alone would say that a command is missing.
void refuse_unknown_command(const CLI::App& app, const char* name) {
  if (name == nullptr || *name == '-') return;
  std::string names;
  for (const CLI::App* const command : app.get_subcommands(nullptr)) {
    if (command->get_name() == name) return;
    names.append(names.empty() ? "" : ", ").append(command->get_name());
  }
  throw CLI::ArgumentMismatch("'" + std::string(name) + "' is none of the commands " + names);
}

std::string message_for(const CLI::App* app, const CLI::Error& error) {
  std::string message = std::string("tarn: ") + error.what();
  const bool is_of_program =
      error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
      app->got_subcommand("record");
  if (is_of_program) message += "; the program and what belongs to it come behind --";
  return message + "\ntarn --help and tarn COMMAND --help say what there is\n";
}

int run(int argument_count, char** arguments) {
  if (tarn::trial::is_child(argument_count, arguments)) return tarn::trial::run_child(arguments);
  CLI::App app{introduction, "tarn"};
  app.footer(closing);
  app.require_subcommand(1);
  app.set_version_flag("--version", "tarn " TARN_VERSION);
  int exit_code = 0;
  tarn::tool::add_record(app, exit_code);
  tarn::tool::add_stat(app);
  tarn::tool::add_replay(app);
  tarn::tool::add_convert(app);
  tarn::tool::add_doctor(app, exit_code);
  app.failure_message(message_for);
  try {
    refuse_unknown_command(app, arguments[1]);
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrong_usage;
  }
  return exit_code;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tarn: %s\n", tarn::tool::printable(error.what()).c_str());
    return not_done;
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "app/manual.h"

#include <functional>
#include <string_view>
#include <vector>

namespace nodedb::app {

namespace {

constexpr std::string_view program = "nodedb-cluster";

using Visit = std::function<void(const std::string& path, const CLI::App& command)>;

/// Every command, the whole first; `path` is how it is called below the program, as "migration start".
void each_command(const CLI::App& app, const std::string& path, const Visit& visit) {
  visit(path, app);
  for (const CLI::App* const one : app.get_subcommands([](const CLI::App*) { return true; }))
    each_command(*one, path.empty() ? one->get_name() : path + " " + one->get_name(), visit);
}

/// "--node" and the like, as they are typed.
std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* const option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

std::vector<std::string> words_of(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* const one : command.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(one->get_name());
  for (std::string& flag : flags_of(command)) words.push_back(std::move(flag));
  return words;
}

std::string in_a_row(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// For roff: a backslash, a leading dot or quote, and a hyphen that is typed.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// "program: what it is", as whatis(1) wants it.
std::string name_line(const std::string& description) {
  const std::size_t colon = description.find(": ");
  if (colon == std::string::npos) return roff(description);
  return roff(description.substr(0, colon)) + " \\- " + roff(description.substr(colon + 2));
}

std::string man_option(const CLI::Option& option) {
  std::string text = ".TP\n";
  if (option.get_positional()) {
    text += ".I " + roff(option.get_name(true)) + "\n";
  } else {
    std::string names;
    for (const std::string& name : option.get_snames())
      names += (names.empty() ? "\\-" : ", \\-") + roff(name);
    for (const std::string& name : option.get_lnames())
      names += (names.empty() ? "\\-\\-" : ", \\-\\-") + roff(name);
    text += ".B " + names + "\n";
  }
  text += roff(option.get_description());
  if (!option.get_envname().empty()) text += " (environment: " + roff(option.get_envname()) + ")";
  if (option.get_required()) text += " (required)";
  return text + "\n";
}

}  // namespace

std::string man_page(const CLI::App& app) {
  std::string text = ".TH NODEDB\\-CLUSTER 1 \"\" \"nodedb\\-cluster " + roff(NODEDB_VERSION) +
                     "\" \"User Commands\"\n.SH NAME\n" + name_line(app.get_description()) +
                     "\n.SH SYNOPSIS\n.B " + roff(program) +
                     "\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  each_command(app, "", [&](const std::string& path, const CLI::App& command) {
    if (path.empty()) return;
    if (command.get_require_subcommand_min() == 0) text += ".SS " + roff(path) + "\n";
    if (command.get_require_subcommand_min() != 0) return;
    text += roff(command.get_description()) + ".\n";
    for (const CLI::Option* const option : command.get_options())
      if (option != command.get_help_ptr()) text += man_option(*option);
  });
  text += ".SH EXIT STATUS\n" + roff(app.get_footer()) +
          "\n.SH FILES\n.TP\n.I /etc/nodedb\\-cluster/node.toml\nthe options of the service's node\n.TP\n"
          ".I /var/lib/nodedb\\-cluster\nits data and certificates\n.SH SEE ALSO\n"
          ".I /usr/share/doc/nodedb\\-cluster\\-server/operating.md\n";
  return text;
}

std::string bash_completion(const CLI::App& app) {
  std::string text =
      "# Made by: nodedb-cluster completion bash\n"
      "_nodedb_cluster() {\n"
      "  local path= word i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    [[ $word == -* ]] && break\n"
      "    path+=${path:+ }$word\n"
      "  done\n"
      "  local words\n"
      "  while :; do\n"
      "    case $path in\n";
  each_command(app, "", [&](const std::string& path, const CLI::App& command) {
    text +=
        "      " + shell_word(path) + ") words=" + shell_word(in_a_row(words_of(command))) + "; break ;;\n";
  });
  return text +
         "      *' '*) path=${path% *} ;;\n"
         "      *) return ;;\n"
         "    esac\n"
         "  done\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "  ((${#COMPREPLY[@]})) || compopt -o default\n"
         "}\n"
         "complete -F _nodedb_cluster nodedb-cluster\n";
}

std::string zsh_completion(const CLI::App& app) {
  std::string text =
      "#compdef nodedb-cluster\n"
      "# Made by: nodedb-cluster completion zsh\n"
      "local path_ word i\n"
      "for ((i = 2; i < CURRENT; ++i)); do\n"
      "  word=${words[i]}\n"
      "  [[ $word == -* ]] && break\n"
      "  path_+=${path_:+ }$word\n"
      "done\n"
      "while :; do\n"
      "  case $path_ in\n";
  each_command(app, "", [&](const std::string& path, const CLI::App& command) {
    text += "    " + shell_word(path) + ") compadd -- " + in_a_row(words_of(command)) + "; break ;;\n";
  });
  return text +
         "    *' '*) path_=${path_% *} ;;\n"
         "    *) return 1 ;;\n"
         "  esac\n"
         "done\n"
         "_files\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string text = "# Made by: nodedb-cluster completion fish\n";
  each_command(app, "", [&](const std::string& path, const CLI::App& command) {
    std::string when = path.empty() ? "__fish_use_subcommand" : "";
    for (std::size_t from = 0; from < path.size();) {
      const std::size_t end = std::min(path.find(' ', from), path.size());
      when +=
          (when.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + path.substr(from, end - from));
      from = end + 1;
    }
    const std::string begin = "complete -c nodedb-cluster -n " + shell_word(when);
    for (const CLI::App* const one : command.get_subcommands([](const CLI::App*) { return true; }))
      text += begin + " -f -a " + one->get_name() + " -d " + shell_word(one->get_description()) + "\n";
    for (const CLI::Option* const option : command.get_options())
      for (const std::string& name : option->get_lnames())
        text += begin + " -l " + name + " -d " + shell_word(option->get_description()) + "\n";
  });
  return text;
}

}  // namespace nodedb::app

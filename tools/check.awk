# SPDX-License-Identifier: Apache-2.0
# Layers and the bans inside `core`, for tools/check. Reads C++ files, prints "file:line: rule: what".
# Works on text with comments and literals blanked out; relies on clang-format's layout (namespace scope is
# not indented) to tell globals from locals.

BEGIN {
  # What each layer may include, from DESIGN.md section 4: down only, never sideways.
  may["base"] = " base "
  may["raft"] = " base raft "
  may["swim"] = " base swim "
  may["meta"] = " base meta nodedb "
  may["kv"] = " base kv nodedb "
  may["wire"] = " base raft swim meta kv wire nodedb "
  may["node"] = " base raft swim meta kv wire node nodedb "
  may["client"] = " base meta wire client nodedb "
  may["nodedb"] = " base nodedb "
  may["history"] = " base history "
  may["sim"] = " base raft swim meta kv wire node nodedb history sim "
  may["edge"] = " base raft swim meta kv wire node nodedb client edge "
  may["load"] = " base history kv edge load "
  may["app"] = " base raft swim meta kv wire node nodedb client history edge load app "
  may["door"] = " base raft swim meta kv wire node nodedb client edge app door "
  core = " base raft swim meta kv wire node client nodedb history sim "

  # Standard headers that `core` may use: containers, algorithms, numbers, text.
  std = " algorithm any array bit bitset cctype cerrno charconv climits cmath compare concepts cstddef cstdint" \
        " cstdio cstdlib cstring deque exception expected format functional initializer_list iterator limits" \
        " list map memory new numbers numeric optional ostream queue ranges ratio set source_location span" \
        " sstream stack stdexcept string string_view tuple type_traits typeinfo utility valarray variant" \
        " unordered_map unordered_set vector version " \
        " nmmintrin.h "  # the processor's CRC-32C
  banned_header = " atomic barrier chrono condition_variable csignal ctime filesystem fstream future iostream" \
                  " latch mutex random semaphore shared_mutex stop_token syncstream thread "

  banned["std::(chrono|this_thread|thread|jthread|async|future|promise)"] = "clock or thread"
  banned["std::(mutex|recursive_mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|condition_variable)"] = "lock"
  banned["std::(atomic|call_once|once_flag|counting_semaphore)"] = "shared state between threads"
  banned["std::(random_device|mt19937|rand|srand|default_random_engine)"] = "luck that was not given"
  banned["std::(cout|cerr|clog|cin|ifstream|ofstream|fstream|filesystem)"] = "file or stream"
  banned["[^A-Za-z0-9_.>](fopen|freopen|fprintf|printf|puts|fputs|fwrite|fread|perror|getenv|system) *[(]"] = "file or stream"
  banned["[^A-Za-z0-9_.>](clock_gettime|gettimeofday|nanosleep|usleep|sleep) *[(]"] = "clock"
  banned["[^A-Za-z0-9_.>](clock *[(] *[)]|time *[(] *(nullptr|NULL|0|&))"] = "clock"
  banned["(^|[^A-Za-z0-9_>])::(open|read|write|close|socket|bind|connect|send|recv|fsync|fdatasync|poll|epoll_wait|mmap) *[(]"] = "system call"
  banned["[^A-Za-z0-9_]thread_local[^A-Za-z0-9_]"] = "mutable global"
}

function complain(rule, what) { printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, what }

# The layer that owns a path below the root, or that an include names.
function layer_of(path, parts, n) {
  n = split(path, parts, "/")
  if (parts[1] == "src") return parts[2]
  if (parts[1] == "include") return "nodedb"
  if (parts[1] == "sim") return "sim"
  return ""
}

FNR == 1 {
  path = FILENAME
  sub(/^\.\//, "", path)
  layer = layer_of(path)
  # The simulator's command line measures its own speed, sweeps seeds in processes and writes files. A node's part of
  # the door is about threads; core includes none of it.
  in_core = index(core, " " layer " ") > 0 && path !~ /^sim\/(main\.cc$|cli\/)/ &&
            path != "include/nodedb/cluster/node.h"
  aborts = path == "src/base/check.cc"  # the one place that speaks before it dies
  in_comment = 0
  split("", unordered)
  if (path ~ /\.cc$/) recall_header(path)
}

/^#include/ {
  check_include()
  next
}

{
  line = blank($0)
  if (!in_core || aborts) next
  for (pattern in banned)
    if ((" " line " ") ~ pattern) complain("core", banned[pattern])
  check_globals()
  check_hash_order()
}

# Blanks literals and comments, also those that span lines.
function blank(text, at) {
  if (in_comment) {
    at = index(text, "*/")
    if (at == 0) return ""
    text = substr(text, at + 2)
    in_comment = 0
  }
  gsub(/'(\\.|[^'\\])'/, "0", text)
  gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
  sub(/\/\/.*/, "", text)
  while ((at = index(text, "/*")) > 0) {
    rest = substr(text, at + 2)
    if (index(rest, "*/") == 0) {
      in_comment = 1
      return substr(text, 1, at - 1)
    }
    text = substr(text, 1, at - 1) " " substr(rest, index(rest, "*/") + 2)
  }
  return text
}

function check_include(name, parts, target) {
  if ($0 ~ /^#include +"/) {
    name = $0
    sub(/^#include +"/, "", name)
    sub(/".*/, "", name)
    split(name, parts, "/")
    target = parts[1]
    if (index(name, "/") == 0) complain("layers", "include \"" name "\" by its path from the source root")
    else if (layer in may && index(may[layer], " " target " ") == 0)
      complain("layers", layer " may not include " name)
    return
  }
  name = $0
  sub(/^#include +</, "", name)
  sub(/>.*/, "", name)
  if (!in_core) return
  if (name == "msgpack.hpp" && (layer == "wire" || layer == "meta")) return
  if (index(banned_header, " " name " ")) complain("core", "<" name "> is banned in core")
  else if (index(std, " " name " ") == 0) complain("layers", "<" name "> is third-party or not for core")
}

# A variable at namespace scope, or a static local, that is not constant.
function check_globals() {
  if (line ~ /(^|[^A-Za-z0-9_])(const|constexpr|constinit const)[^A-Za-z0-9_]/) return
  if (line ~ /^[A-Za-z_]/ && line !~ /[()]/ &&
      line !~ /^(using|namespace|class|struct|enum|union|typedef|template|friend|concept|return|static_assert|public|private|protected|requires|case|default)[^A-Za-z0-9_]/ &&
      line ~ /^(static |inline |extern )*[A-Za-z_][A-Za-z0-9_:<>,*& ]*[ *&>][A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])* *(;|=|\{)/)
    complain("core", "mutable global")
  else if (line ~ /^ +static +[A-Za-z_][A-Za-z0-9_:<>,*& ]*[ *&>][A-Za-z_][A-Za-z0-9_]* *(;|=|\{)/)
    complain("core", "mutable static")
}

# The unordered members that a .cc file's own header declares.
function recall_header(path, text) {
  sub(/\.cc$/, ".h", path)
  while ((getline text < path) > 0) note_unordered(text)
  close(path)
}

function note_unordered(text) {
  if (text !~ /std::unordered_(multi)?(map|set)</) return
  sub(/.*>[&* ]*/, "", text)
  if (match(text, /^[A-Za-z_][A-Za-z0-9_]*/)) unordered[substr(text, RSTART, RLENGTH)] = 1
}

# Names declared with an unordered type, here or in the file's header, and loops over them.
function check_hash_order(name) {
  note_unordered(line)
  for (name in unordered)
    if (line ~ ("for *[(].*: *([A-Za-z0-9_]+(\\.|->))*" name " *[)]") ||
        line ~ ("(^|[^A-Za-z0-9_])" name "(\\.|->)c?begin *[(]"))
      complain("core", "iteration over the unordered container " name)
}

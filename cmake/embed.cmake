# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C++ file with the content of FILES as nodedb::app::dashboard_files(): index.html is `/`, the others
# are `/dashboard/NAME`. Run as a script, when one of them has changed.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(arrays)
set(rows)
set(number 0)
separate_arguments(FILES)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  file(READ ${file} content HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," content "${content}")
  set(path /dashboard/${name})
  if(name STREQUAL index.html)
    set(path /)
  endif()
  string(APPEND arrays "constexpr char file_${number}[] = {${content}};\n")
  string(APPEND rows "    {\"${path}\", \"${type_${extension}}\", {file_${number}, sizeof file_${number}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "#include \"app/dashboard.h\"

namespace nodedb::app {

namespace {

${arrays}
constexpr DashboardFile files[] = {
${rows}};

}  // namespace

std::span<const DashboardFile> dashboard_files() {
  return files;
}

}  // namespace nodedb::app
")

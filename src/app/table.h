// SPDX-License-Identifier: Apache-2.0
#pragma once

// Columns of text for people: a heading and rows, padded to the widest cell of each column.

#include <string>
#include <vector>

namespace nodedb::app {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  /// Missing cells are blank; extra ones are dropped.
  void add(std::vector<std::string> row);
  /// Lines end in a newline, none in blanks.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace nodedb::app

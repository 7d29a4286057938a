// SPDX-License-Identifier: Apache-2.0
// The one translation unit that holds asio's compiled half (ASIO_SEPARATE_COMPILATION).
#include <asio/impl/src.hpp>

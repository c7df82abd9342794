#pragma once
// SPDX-License-Identifier: Apache-2.0
// Catch2 version 2 (Debian 12) or 3 (newer); tests use what both have.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

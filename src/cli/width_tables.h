/* SPDX-License-Identifier: MIT AND Unicode-DFS-2016
 *
 * width_tables - widths, made by generate.py from the Unicode Character Database. Do not
 * edit. The data is Copyright (c) 1991-2022 Unicode, Inc. All rights reserved. Distributed under
 * the Terms of Use in https://www.unicode.org/copyright.html; this form of it has been modified.
 */
#ifndef CLI_WIDTH_TABLES_H
#define CLI_WIDTH_TABLES_H

#include <stdint.h>

/* In ascending order the code points at which a run of characters of one width begins, each moved
 * left by two, and in these bits the width. The first is 0. */
#define WIDTH_RUNS 948
extern const uint32_t width_runs[WIDTH_RUNS];

#endif

/* SPDX-License-Identifier: MIT
 *
 * lines - what is done with FILEs where nobody says otherwise: cuts behind newlines.
 */
#ifndef ENGINE_LINES_H
#define ENGINE_LINES_H

#include "engine/mapreduce.h"

/* Cuts behind newlines. Nothing crosses one. */
extern const struct mr_cuts lines_cuts;

/* The map of who brings none: every line is a key, with a 1. MR_PAD bytes that can be read follow
 * the split's. */
mr_map lines_map;

#endif

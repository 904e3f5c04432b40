/* SPDX-License-Identifier: MIT
 *
 * lines - what is done with FILEs where nobody says otherwise: cuts behind newlines.
 */
#ifndef ENGINE_LINES_H
#define ENGINE_LINES_H

#include "engine/mapreduce.h"

/* Cuts behind newlines. Nothing crosses one. */
extern const struct mr_cuts lines_cuts;

#endif

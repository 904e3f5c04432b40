/* SPDX-License-Identifier: MIT
 *
 * library - libraries that are loaded when they are needed first: to a run of a millisecond,
 * linking them all at its start would add as much again.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Loads the library of that file name and puts the addresses of its functions, `count` of them,
 * into `calls`. Returns false where it is not there or lacks one of them. It is never unloaded:
 * code and data of it may be in use to the end. */
bool library_load(const char *file, const char *const *names, size_t count, void **calls);

/* For lists of functions as macros: #define X_CALLS(call) call(open) call(close) */
#define LIBRARY_TEXT_OF(name) #name
/* The name as a text, after what it is a macro for. */
#define LIBRARY_TEXT(name) LIBRARY_TEXT_OF(name)

#endif

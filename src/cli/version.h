/* SPDX-License-Identifier: MIT
 *
 * version - the program's version, which is the library's: mapreduce.h is the one place that says
 * it. The Makefile reads it there for the library's file name and soname, for pkg-config and for
 * the tarball; tests hold against it what is written by hand, as in debian/changelog.
 */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include "engine/mapreduce.h"

#define VERSION_STRING(number) #number
#define VERSION_JOIN(major, minor, patch)                                                          \
    VERSION_STRING(major) "." VERSION_STRING(minor) "." VERSION_STRING(patch)

#define VERSION_TEXT VERSION_JOIN(MR_VERSION_MAJOR, MR_VERSION_MINOR, MR_VERSION_PATCH)

#endif

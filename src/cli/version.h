/* SPDX-License-Identifier: MIT
 *
 * version - the one place that says which version this is. The Makefile reads it for the library's
 * file name and soname, for pkg-config and for the tarball; tests hold against it what is written
 * by hand, as in debian/changelog.
 */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#define VERSION_TEXT "1.0.0"

/* Of the library's binary interface: one more where a program that was linked against the last one
 * could not run with this. */
#define VERSION_INTERFACE 0

#endif

/* SPDX-License-Identifier: MIT
 *
 * normalize_form - the forms that keys can be brought to: see normalize.h.
 */
#ifndef TEXT_NORMALIZE_FORM_H
#define TEXT_NORMALIZE_FORM_H

enum normalize_form {
    NORMALIZE_NONE, /* bytes as they are */
    NORMALIZE_NFC,
    NORMALIZE_NFKC,
    NORMALIZE_NFKC_CASEFOLD, /* also folds case, and drops what is Default_Ignorable */
};

#endif

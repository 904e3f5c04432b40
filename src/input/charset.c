/* SPDX-License-Identifier: MIT
 *
 * charset - which charset text is in; see charset.h.
 */
#include "input/charset.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset_kind.h"
#include "input/charset_pool.h"

/* The longest character that is looked for where a charset is tried out: TSCII has one of 12. */
#define LONGEST 32

/* ---- One byte a character ----------------------------------------------------------------- */

static unsigned char *bytes_convert(const struct charset *charset, const unsigned char *from,
                                    size_t size, unsigned char *to)
{
    const struct charset_byte *const table = charset->table;
    const unsigned char *const end = from + size;

    while (from < end) {
        const struct charset_byte *byte = &table[*from++];
        to[0] = byte->text[0];
        if (byte->size == 1) {
            to++;
            continue;
        }
        /* All four may be written: each byte has room for the longest. */
        memcpy(to, byte->text, sizeof byte->text);
        to += byte->size;
    }
    return to;
}

static size_t bytes_whole(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    (void)charset;
    (void)bytes;
    return size;
}

/* What a byte at the start of a text is: fills *byte. Returns 0 where it is a character by itself,
 * or none at all; 1 where that depends on those behind it; 2 where it is held back to see these. */
static int charset_try_byte(iconv_t conversion, unsigned value, struct charset_byte *byte)
{
    char from[1] = {(char)value}, text[LONGEST];
    char *in = from, *out = text;
    size_t left = 1, room = sizeof text;

    (void)iconv(conversion, NULL, NULL, NULL, NULL);
    if (iconv(conversion, &in, &left, &out, &room) == (size_t)-1) {
        *byte = (struct charset_byte){{charset_kind_invalid((unsigned char)value)}, 1};
        return errno == EILSEQ ? 0 : 1;
    }
    const size_t size = sizeof text - room;
    (void)iconv(conversion, NULL, NULL, &out, &room);
    if (sizeof text - room > size)
        return 2;
    if (size == 0 || size > sizeof byte->text)
        return 1;
    memcpy(byte->text, text, size);
    byte->size = (unsigned char)size;
    return 0;
}

/* Fills the table, and says how much text a byte becomes at most; 0 where it is no charset of one
 * byte a character. */
static size_t charset_try_bytes(struct charset *charset, iconv_t conversion)
{
    size_t longest = 1;
    bool divides = true;

    for (unsigned value = 0; value < 256; value++) {
        struct charset_byte *byte = &charset->table[value];
        const int found = charset_try_byte(conversion, value, byte);
        if (found == 2)
            charset_pool_set_holds_back(charset->pool);
        divides = divides && found == 0;
        if (divides && byte->size > longest)
            longest = byte->size;
    }
    return divides ? longest : 0;
}

/* The fewest NULs that are a character. */
static size_t charset_try_unit(iconv_t conversion)
{
    for (size_t unit = 1; unit < 4; unit *= 2) {
        char from[4] = {0}, text[LONGEST];
        char *in = from, *out = text;
        size_t left = unit, room = sizeof text;
        (void)iconv(conversion, NULL, NULL, NULL, NULL);
        if (iconv(conversion, &in, &left, &out, &room) != (size_t)-1 || errno != EINVAL)
            return unit;
    }
    return 4;
}

/* ---- Opening ------------------------------------------------------------------------------ */

/* The charsets that are converted without iconv. */
static const struct charset *charset_of_ours(const char *name)
{
    static const struct {
        const char *name;
        const struct charset *charset;
    } known[] = {
        {"UTF8", &charset_kind_utf8},       {"UTF16", &charset_kind_utf16},
        {"UTF16LE", &charset_kind_utf16le}, {"UTF16BE", &charset_kind_utf16be},
        {"UTF32", &charset_kind_utf32},     {"UTF32LE", &charset_kind_utf32le},
        {"UTF32BE", &charset_kind_utf32be},
    };
    char plain[16]; /* in capitals, without the hyphens that some leave out */
    size_t size = 0;

    for (; *name != '\0'; name++) {
        if (*name == '-')
            continue;
        if (size == sizeof plain - 1)
            return NULL;
        plain[size++] = (char)toupper((unsigned char)*name);
    }
    plain[size] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(plain, known[i].name) == 0)
            return known[i].charset;
    return NULL;
}

/* Finds out what kind of charset it is. Returns 0 or an errno value. */
static int charset_try(struct charset *charset)
{
    iconv_t conversion;
    const int status = charset_pool_take(charset->pool, &conversion);

    if (status != 0)
        return status;
    charset->unit = charset_try_unit(conversion);
    const size_t longest = charset_try_bytes(charset, conversion);
    charset_pool_give(charset->pool, conversion);
    if (longest > 0) {
        charset->growth = (unsigned)(2 * longest);
        charset->convert = bytes_convert;
        charset->whole = bytes_whole;
    }
    return 0;
}

int charset_open(const char *name, const struct charset **opened, struct mr_error *error)
{
    *opened = charset_of_ours(name);
    if (*opened != NULL)
        return 0;
    struct charset *charset = calloc(1, sizeof *charset);
    if (charset != NULL)
        charset->table = calloc(256, sizeof *charset->table);
    int status = charset == NULL || charset->table == NULL ? ENOMEM : 0;
    /* To some "" and "char" are the charset of the locale; behind slashes stand wishes. */
    if (*name == '\0' || strcmp(name, "char") == 0 || strstr(name, "//") != NULL)
        status = EINVAL;
    if (status == 0)
        status = charset_pool_open(name, &charset->pool);
    if (status == 0)
        status = charset_try(charset);
    if (status == 0) {
        *opened = charset;
        return 0;
    }
    charset_close(charset);
    mr_error_set(error,
                 status == EINVAL   ? MR_INVALID
                 : status == ENOMEM ? MR_NOMEM
                                    : MR_INPUT,
                 status, "%s", strerror(status));
    return -1;
}

void charset_close(const struct charset *charset)
{
    if (charset == NULL || (charset->table == NULL && charset->pool == NULL && charset->unit > 0))
        return; /* one of ours */
    charset_pool_close(charset->pool);
    free(charset->table);
    free((struct charset *)charset);
}

/* ---- Choosing ----------------------------------------------------------------------------- */

static bool charset_begins(const unsigned char *head, size_t size, const char *mark,
                           size_t mark_size)
{
    return size >= mark_size && memcmp(head, mark, mark_size) == 0;
}

/* What a charset is, given the mark that the text begins with; that one's size. */
static const struct charset *charset_marked(const struct charset *charset,
                                            const unsigned char *head, size_t size, size_t *skip)
{
    const size_t unit = charset->unit;
    const struct charset *const plain = charset->little != NULL ? charset->little : charset->big;

    *skip = 0;
    if (charset == &charset_kind_utf8) {
        *skip = charset_begins(head, size, "\xEF\xBB\xBF", 3) ? 3 : 0;
        return NULL;
    }
    if (plain == NULL)
        return charset;
    *skip = unit;
    if (charset->little != NULL && charset_begins(head, size, "\xFF\xFE\0", unit))
        return charset->little;
    if (charset->big != NULL &&
        charset_begins(head, size, unit == 4 ? "\0\0\xFE\xFF" : "\xFE\xFF", unit))
        return charset->big;
    *skip = 0;
    return plain;
}

const struct charset *charset_choose(const struct charset_rule *rule, const unsigned char *head,
                                     size_t size, size_t *skip)
{
    /* In this order: the mark of UTF-32 in little-endian order begins as that of UTF-16. */
    static const struct charset *const marked[] = {&charset_kind_utf32, &charset_kind_utf16, NULL};

    *skip = 0;
    if (rule->none)
        return NULL;
    if (rule->named != NULL)
        return charset_marked(rule->named, head, size, skip);
    for (const struct charset *const *next = marked; *next != NULL; next++) {
        const struct charset *found = charset_marked(*next, head, size, skip);
        if (*skip > 0)
            return found;
    }
    return charset_marked(&charset_kind_utf8, head, size, skip);
}

const char *charset_guess(const unsigned char *head, size_t size)
{
    size_t nuls[2] = {0, 0};

    size &= ~(size_t)1;
    if (size < 2 || memchr(head, '\0', size) == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++)
        nuls[i % 2] += head[i] == '\0';
    if (nuls[0] == 0 && nuls[1] == size / 2)
        return "UTF-16LE";
    return nuls[1] == 0 && nuls[0] == size / 2 ? "UTF-16BE" : NULL;
}

/* ---- In pieces ---------------------------------------------------------------------------- */

bool charset_divides(const struct charset *charset)
{
    return charset->convert != NULL;
}

size_t charset_whole(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    return charset->whole(charset, bytes, size);
}

size_t charset_grown(const struct charset *charset, size_t size)
{
    return size / 2 * charset->growth + charset->growth;
}

int charset_convert(const struct charset *charset, const unsigned char *bytes, size_t size,
                    struct mr_buffer *text)
{
    /* Behind the last character whole words may be written. */
    unsigned char *to = mr_buffer_reserve(text, charset_grown(charset, size) + 8);

    if (to == NULL)
        return -1;
    mr_buffer_commit(text, (size_t)(charset->convert(charset, bytes, size, to) - to));
    return 0;
}

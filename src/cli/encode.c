/* SPDX-License-Identifier: MIT
 *
 * encode - records as text; see encode.h.
 */
#include "cli/encode.h"

#include <stdbool.h>
#include <string.h>

#include "base/copy.h"
#include "base/digits.h"
#include "base/utf8.h"

/* Keys longer than this are encoded in pieces, so that the room for the worst case of an escape
 * stays a small multiple of the key. A multiple of three, for base64. */
#define ENCODE_PIECE ((size_t)3 << 14)

unsigned char *encode_number(unsigned char *out, uint64_t number)
{
    if (number < 10) { /* by far the most of them, where there are many */
        *out = (unsigned char)('0' + number);
        return out + 1;
    }
    return digits_put(out, number, digits_width(number));
}

/* Always two bytes, of which form->end_size count: the room has one to spare. */
static inline unsigned char *encode_finish(unsigned char *out, const struct encode_form *form)
{
    memcpy(out, form->end, 2);
    return out + form->end_size;
}

/* Room for what stands beside a key in a line of tsv or uniq. */
#define ENCODE_BESIDE (DIGITS_MOST + 1 + 2)

/* The letter that stands for a byte behind a backslash; 0 where the byte stands for itself. */
static unsigned char encode_letter(unsigned char c)
{
    return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
}

/* How many bytes of a key need a backslash. */
static size_t encode_special(const unsigned char *key, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++) /* no branches: compilers make vectors of it */
        count += (unsigned)(key[i] == '\t') | (unsigned)(key[i] == '\n') |
                 (unsigned)(key[i] == '\r') | (unsigned)(key[i] == '\\');
    return count;
}

static unsigned char *encode_copy_escaped(unsigned char *out, const unsigned char *key, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char letter = encode_letter(key[i]);
        if (letter != 0) {
            *out++ = '\\';
            *out++ = letter;
        } else {
            *out++ = key[i];
        }
    }
    return out;
}

/* Room for records with `beside` bytes beside each key; `escaped` for keys in which each special
 * byte takes two. */
static inline unsigned char *encode_room(struct mr_buffer *bytes, const struct mr_record *records,
                                         size_t count, size_t beside, bool escaped)
{
    size_t room = 0;

    for (size_t i = 0; i < count; i++) {
        size_t size = records[i].key_size;
        if ((escaped &&
             __builtin_add_overflow(size, encode_special(records[i].key, size), &size)) ||
            __builtin_add_overflow(size, beside, &size) ||
            __builtin_add_overflow(room, size, &room))
            return NULL;
    }
    return mr_buffer_reserve(bytes, room);
}

static inline unsigned char *encode_record_key_escaped(unsigned char *out,
                                                       const struct mr_record *record)
{
    return encode_special(record->key, record->key_size) == 0
               ? copy_bytes(out, record->key, record->key_size)
               : encode_copy_escaped(out, record->key, record->key_size);
}

/* An escaped key, a TAB, the count. */
static inline unsigned char *encode_record_escaped(unsigned char *out,
                                                   const struct mr_record *record)
{
    out = encode_record_key_escaped(out, record);
    *out++ = '\t';
    return encode_number(out, record->rank);
}

/* A record without what ends its line. */
typedef unsigned char *encode_record(unsigned char *out, const struct mr_record *record);

/* A line each. Compiled for each `record`, which is inlined. */
__attribute__((always_inline)) static inline int
encode_lines(const struct mr_record *records, size_t count, const struct encode_form *form,
             struct mr_buffer *bytes, bool escaped, encode_record *record)
{
    unsigned char *start = encode_room(bytes, records, count, ENCODE_BESIDE, escaped);
    unsigned char *out = start;

    if (out == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        out = record(out, &records[i]);
        out = encode_finish(out, form);
    }
    mr_buffer_commit(bytes, (size_t)(out - start));
    return 0;
}

static inline unsigned char *encode_record_tsv(unsigned char *out, const struct mr_record *record)
{
    out = copy_bytes(out, record->key, record->key_size);
    *out++ = '\t';
    return encode_number(out, record->rank);
}

int encode_tsv(const struct mr_record *records, size_t count, const struct encode_form *form,
               struct mr_buffer *bytes)
{
    return encode_lines(records, count, form, bytes, false, encode_record_tsv);
}

int encode_escaped(const struct mr_record *records, size_t count, const struct encode_form *form,
                   struct mr_buffer *bytes)
{
    return encode_lines(records, count, form, bytes, true, encode_record_escaped);
}

static inline unsigned char *encode_record_key(unsigned char *out, const struct mr_record *record)
{
    return copy_bytes(out, record->key, record->key_size);
}

int encode_keys(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes)
{
    return encode_lines(records, count, form, bytes, false, encode_record_key);
}

int encode_keys_escaped(const struct mr_record *records, size_t count,
                        const struct encode_form *form, struct mr_buffer *bytes)
{
    return encode_lines(records, count, form, bytes, true, encode_record_key_escaped);
}

static inline unsigned char *encode_record_uniq(unsigned char *out, const struct mr_record *record)
{
    unsigned width = digits_width(record->rank);

    if (width < 7) {
        memset(out, ' ', 7);
        out += 7 - width;
    }
    out = digits_put(out, record->rank, width);
    *out++ = ' ';
    return copy_bytes(out, record->key, record->key_size);
}

int encode_uniq(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes)
{
    return encode_lines(records, count, form, bytes, false, encode_record_uniq);
}

/* FNV-1a with 64 bits (Fowler, Noll and Vo). */
static uint64_t encode_hash(const unsigned char *key, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Records whose bundles are told apart at a time. */
#define ENCODE_BATCH 256

static unsigned char *encode_bundles(unsigned char *out, const struct mr_record *records,
                                     size_t count, const struct encode_form *form)
{
    uint16_t next[ENCODE_BATCH]; /* in a bundle: the record's number and 1, or 0 for none */
    uint16_t first[ENCODE_BUNDLES];

    memset(first, 0, form->bundles * sizeof *first);
    for (size_t i = 0; i < count; i++) {
        uint64_t bundle = encode_hash(records[i].key, records[i].key_size) % form->bundles;
        next[i] = first[bundle];
        first[bundle] = (uint16_t)(i + 1);
    }
    for (size_t bundle = 0; bundle < form->bundles; bundle++) {
        if (first[bundle] == 0)
            continue;
        out = encode_number(out, bundle);
        for (size_t i = first[bundle]; i > 0; i = next[i - 1]) {
            *out++ = '\t';
            out = encode_record_escaped(out, &records[i - 1]);
        }
        out = encode_finish(out, form);
    }
    return out;
}

int encode_bundled(const struct mr_record *records, size_t count, const struct encode_form *form,
                   struct mr_buffer *bytes)
{
    /* Each record may be a line of its own: another TAB, and the bundle's number. */
    unsigned char *start =
        encode_room(bytes, records, count, ENCODE_BESIDE + 1 + DIGITS_MOST, true);
    unsigned char *out = start;

    if (out == NULL)
        return -1;
    for (size_t i = 0; i < count; i += ENCODE_BATCH)
        out = encode_bundles(out, records + i, count - i < ENCODE_BATCH ? count - i : ENCODE_BATCH,
                             form);
    mr_buffer_commit(bytes, (size_t)(out - start));
    return 0;
}

int encode_literal(struct mr_buffer *bytes, const void *from, size_t size)
{
    unsigned char *out = mr_buffer_reserve(bytes, size);

    if (out == NULL)
        return -1;
    memcpy(out, from, size);
    mr_buffer_commit(bytes, size);
    return 0;
}

static int encode_count(struct mr_buffer *bytes, const char *before, uint64_t count,
                        const char *after, const struct encode_form *form)
{
    unsigned char tail[64];
    unsigned char *out = tail;

    out = (unsigned char *)stpcpy((char *)out, before);
    out = encode_number(out, count);
    out = (unsigned char *)stpcpy((char *)out, after);
    out = encode_finish(out, form);
    return encode_literal(bytes, tail, (size_t)(out - tail));
}

static int encode_csv_quoted(struct mr_buffer *bytes, const unsigned char *key, size_t size)
{
    if (encode_literal(bytes, "\"", 1) != 0)
        return -1;
    while (size > 0) {
        size_t piece = size < ENCODE_PIECE ? size : ENCODE_PIECE;
        unsigned char *start = mr_buffer_reserve(bytes, 2 * piece);
        unsigned char *out = start;
        if (out == NULL)
            return -1;
        for (size_t i = 0; i < piece; i++) {
            if (key[i] == '"')
                *out++ = '"';
            *out++ = key[i];
        }
        mr_buffer_commit(bytes, (size_t)(out - start));
        key += piece;
        size -= piece;
    }
    return encode_literal(bytes, "\"", 1);
}

static bool encode_csv_plain(const unsigned char *key, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (key[i] == ',' || key[i] == '"' || key[i] == '\n' || key[i] == '\r')
            return false;
    return true;
}

int encode_csv_key(struct mr_buffer *bytes, const unsigned char *key, size_t size)
{
    return encode_csv_plain(key, size) ? encode_literal(bytes, key, size)
                                       : encode_csv_quoted(bytes, key, size);
}

int encode_csv(const struct mr_record *records, size_t count, const struct encode_form *form,
               struct mr_buffer *bytes)
{
    for (size_t i = 0; i < count; i++) {
        const struct mr_record *record = &records[i];
        if (encode_csv_key(bytes, record->key, record->key_size) != 0 ||
            encode_count(bytes, ",", record->rank, "", form) != 0)
            return -1;
    }
    return 0;
}

int encode_keys_csv(const struct mr_record *records, size_t count, const struct encode_form *form,
                    struct mr_buffer *bytes)
{
    for (size_t i = 0; i < count; i++)
        if (encode_csv_key(bytes, records[i].key, records[i].key_size) != 0 ||
            encode_literal(bytes, form->end, form->end_size) != 0)
            return -1;
    return 0;
}

/* The inside of a JSON string (RFC 8259): what must be escaped is, in the short form where there is
 * one, and nothing else. */
static int encode_json_string(struct mr_buffer *bytes, const unsigned char *key, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };

    while (size > 0) {
        size_t piece = size < ENCODE_PIECE ? size : ENCODE_PIECE;
        unsigned char *start = mr_buffer_reserve(bytes, 6 * piece);
        unsigned char *out = start;
        if (out == NULL)
            return -1;
        for (size_t i = 0; i < piece; i++) {
            unsigned char c = key[i];
            if (c >= 0x20 && c != '"' && c != '\\') {
                *out++ = c;
                continue;
            }
            *out++ = '\\';
            if (c >= 0x20) {
                *out++ = c;
            } else if (shorts[c] != '\0') {
                *out++ = (unsigned char)shorts[c];
            } else {
                memcpy(out, "u00", 3);
                out[3] = (unsigned char)hex[c >> 4];
                out[4] = (unsigned char)hex[c & 15];
                out += 5;
            }
        }
        mr_buffer_commit(bytes, (size_t)(out - start));
        key += piece;
        size -= piece;
    }
    return 0;
}

/* RFC 4648, section 4. */
static int encode_base64(struct mr_buffer *bytes, const unsigned char *key, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    while (size > 0) {
        size_t piece = size < ENCODE_PIECE ? size : ENCODE_PIECE;
        unsigned char *start = mr_buffer_reserve(bytes, piece / 3 * 4 + 4);
        unsigned char *out = start;
        if (out == NULL)
            return -1;
        for (size_t i = 0; i < piece; i += 3) {
            size_t left = piece - i;
            uint32_t group = (uint32_t)key[i] << 16;
            group |= left > 1 ? (uint32_t)key[i + 1] << 8 : 0;
            group |= left > 2 ? key[i + 2] : 0;
            *out++ = (unsigned char)digits[group >> 18];
            *out++ = (unsigned char)digits[group >> 12 & 63];
            *out++ = (unsigned char)(left > 1 ? digits[group >> 6 & 63] : '=');
            *out++ = (unsigned char)(left > 2 ? digits[group & 63] : '=');
        }
        mr_buffer_commit(bytes, (size_t)(out - start));
        key += piece;
        size -= piece;
    }
    return 0;
}

int encode_json_key(struct mr_buffer *bytes, const unsigned char *key, size_t size)
{
    static const char text[] = "{\"key\":\"";
    static const char raw[] = "{\"key_base64\":\"";
    const bool valid = utf8_valid_size(key, size) == size;
    const int status = valid ? encode_literal(bytes, text, sizeof text - 1) != 0 ||
                                   encode_json_string(bytes, key, size) != 0
                             : encode_literal(bytes, raw, sizeof raw - 1) != 0 ||
                                   encode_base64(bytes, key, size) != 0;

    return status != 0 ? -1 : encode_literal(bytes, "\"", 1);
}

int encode_json(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes)
{
    for (size_t i = 0; i < count; i++) {
        const struct mr_record *record = &records[i];
        if (encode_json_key(bytes, record->key, record->key_size) != 0 ||
            encode_count(bytes, ",\"count\":", record->rank, "}", form) != 0)
            return -1;
    }
    return 0;
}

int encode_keys_json(const struct mr_record *records, size_t count, const struct encode_form *form,
                     struct mr_buffer *bytes)
{
    for (size_t i = 0; i < count; i++)
        if (encode_json_key(bytes, records[i].key, records[i].key_size) != 0 ||
            encode_literal(bytes, "}", 1) != 0 ||
            encode_literal(bytes, form->end, form->end_size) != 0)
            return -1;
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * charset_file - a FILE whose bytes are text in a charset; see charset_file.h.
 *
 * Where pieces can be converted each by itself, a piece is as many bytes as become the text that is
 * wanted at most, and what is cut off of its last character goes before the next. Else they are
 * converted as they are read.
 */
#include "input/charset_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are read at a time where they are converted in order. */
#define READ_SIZE ((size_t)1 << 16)
/* The longest character of a charset that divides. */
#define CHARACTER_MOST 4

struct charset_file {
    const struct charset *charset;
    struct charset_stream *stream; /* NULL: it divides */
    size_t skip;                   /* what is left of the mark to be read */
    unsigned char cut[CHARACTER_MOST];
    size_t cut_size;
};

static int file_no_memory(struct mr_error *error)
{
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

int charset_file_open(const struct charset *charset, size_t skip, struct mr_encoded *encoded,
                      struct charset_file **opened, struct mr_error *error)
{
    struct charset_file *file = calloc(1, sizeof *file);

    *opened = NULL;
    if (file == NULL)
        return file_no_memory(error);
    file->charset = charset;
    file->skip = skip;
    encoded->in_order = !charset_divides(charset);
    if (encoded->in_order && charset_stream_open(charset, &file->stream, error) != 0) {
        free(file);
        return -1;
    }
    *opened = file;
    return 0;
}

void charset_file_close(struct charset_file *file)
{
    charset_stream_close(file->stream);
    free(file);
}

/* Reads up to `size` bytes of the FILE behind its mark, fewer only where it ends or breaks off, or
 * others still write it. Returns 1, or what that read returned; *got is how many came. */
static long file_read(struct charset_file *file, struct mr_encoded *encoded, unsigned char *bytes,
                      size_t size, size_t *got)
{
    long come = 1;

    *got = 0;
    while (file->skip > 0 && come > 0) {
        come = encoded->read(encoded, bytes, file->skip < size ? file->skip : size);
        if (come > 0)
            file->skip -= (size_t)come;
    }
    while (*got < size && come > 0 && (*got == 0 || encoded->regular)) {
        come = encoded->read(encoded, bytes + *got, size - *got);
        if (come > 0)
            *got += (size_t)come;
    }
    return come > 0 ? 1 : come;
}

static int file_take_whole(struct charset_file *file, struct mr_encoded *encoded,
                           struct mr_piece *piece, struct mr_error *error)
{
    const size_t most =
        piece->wanted * CHARACTER_MOST / charset_grown(file->charset, CHARACTER_MOST);
    const size_t size = most > CHARACTER_MOST ? most : CHARACTER_MOST;
    unsigned char *bytes = mr_buffer_reserve(piece->bytes, CHARACTER_MOST + size);
    size_t got;

    if (bytes == NULL)
        return file_no_memory(error);
    memcpy(bytes, file->cut, file->cut_size);
    piece->length = file->skip;
    const long come = file_read(file, encoded, bytes + file->cut_size, size, &got);
    piece->length += got;
    got += file->cut_size;
    const size_t whole = come > 0 ? charset_whole(file->charset, bytes, got) : got;
    mr_buffer_commit(piece->bytes, whole);
    file->cut_size = got - whole;
    memcpy(file->cut, bytes + whole, file->cut_size);
    return (int)come;
}

static int file_take_in_order(struct charset_file *file, struct mr_encoded *encoded,
                              struct mr_piece *piece, struct mr_error *error)
{
    unsigned char *bytes = mr_buffer_reserve(piece->bytes, READ_SIZE);
    long come = 1;
    size_t size = 0, got;

    if (bytes == NULL)
        return file_no_memory(error);
    piece->length = file->skip;
    do {
        come = file_read(file, encoded, bytes, READ_SIZE, &got);
        piece->length += got;
        if (charset_stream_convert(file->stream, bytes, got, come <= 0, piece->text) != 0)
            return file_no_memory(error);
        (void)mr_buffer_data(piece->text, &size);
    } while (come > 0 && encoded->regular && size < piece->wanted);
    return (int)come;
}

int charset_file_take(struct charset_file *file, struct mr_encoded *encoded, struct mr_piece *piece,
                      struct mr_error *error)
{
    return file->stream == NULL ? file_take_whole(file, encoded, piece, error)
                                : file_take_in_order(file, encoded, piece, error);
}

int charset_file_decode(struct charset_file *file, struct mr_piece *piece, struct mr_error *error)
{
    size_t size;
    const unsigned char *bytes = mr_buffer_data(piece->bytes, &size);

    return charset_convert(file->charset, bytes, size, piece->text) == 0 ? 1
                                                                         : file_no_memory(error);
}
